namespace Cutaway.Models.Tokenizers.Chat;

/// <summary>The arguments of a call, by place and by name.</summary>
internal sealed record TemplateArguments(IReadOnlyList<object?> Positional, IReadOnlyDictionary<string, object?> Named)
{
    /// <summary>Computes them.</summary>
    public static TemplateArguments Evaluate(TemplateScope scope, Expression[] arguments, (string Name, Expression Value)[] named) => new(
        [.. arguments.Select(argument => argument(scope))],
        named.ToDictionary(pair => pair.Name, pair => pair.Value(scope), StringComparer.Ordinal));

    /// <summary>The argument at a place (below 0: only by name) or under a name, or <paramref name="absent"/>.</summary>
    public object? Get(int index, string name, object? absent) =>
        index >= 0 && index < Positional.Count ? Positional[index] : Named.TryGetValue(name, out object? value) ? value : absent;

    /// <summary>A text among them.</summary>
    /// <exception cref="TemplateFaultException">It is something else.</exception>
    public string Text(int index, string name, string absent) => Get(index, name, absent) as string
        ?? throw new TemplateFaultException($"the argument '{name}' is {TemplateValues.Kind(Get(index, name, absent))}; a text was expected");
}
