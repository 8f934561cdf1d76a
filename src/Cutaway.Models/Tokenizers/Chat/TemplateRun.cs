using System.Text;

namespace Cutaway.Models.Tokenizers.Chat;

/// <summary>Computes a value where it is needed.</summary>
internal delegate object? Expression(TemplateScope scope);

/// <summary>Writes its part of the output, and says how to go on.</summary>
internal delegate TemplateFlow Statement(TemplateScope scope, StringBuilder output);

/// <summary>Something that can be called in a template.</summary>
internal delegate object? TemplateFunction(IReadOnlyList<object?> arguments, IReadOnlyDictionary<string, object?> named);

/// <summary>How to go on after a statement.</summary>
internal enum TemplateFlow
{
    /// <summary>With the next statement.</summary>
    Next,

    /// <summary>With the next turn of the loop.</summary>
    Continue,

    /// <summary>After the loop.</summary>
    Break,
}

/// <summary>One rendering: where it is, and how much it may still do, so that a template that loops is stopped.</summary>
internal sealed class TemplateRun
{
    /// <summary>How deep calls and values may be nested.</summary>
    public const int Deepest = 64;

    private const int MostSteps = 2_000_000;
    private const int Longest = 16 << 20;
    private const int LengthPerStep = 256;

    private int steps;
    private int depth;

    /// <summary>The line of the statement that is being carried out.</summary>
    public int Line { get; set; } = 1;

    /// <summary>Counts a step.</summary>
    /// <exception cref="TemplateFaultException">There were too many.</exception>
    public void Step()
    {
        if (++steps > MostSteps)
        {
            throw new TemplateFaultException($"the template did not finish within {MostSteps} steps");
        }
    }

    /// <summary>Counts the work on a value: more steps for a longer one.</summary>
    /// <exception cref="TemplateFaultException">There were too many.</exception>
    public void Handle(object? value)
    {
        int length = value switch
        {
            string text => text.Length,
            List<object?> list => list.Count,
            Dictionary<string, object?> mapping => mapping.Count,
            _ => 0,
        };
        steps += length / LengthPerStep;
        Step();
    }

    /// <summary>Goes one call deeper.</summary>
    /// <exception cref="TemplateFaultException">Calls are nested too deeply.</exception>
    public void Enter()
    {
        if (++depth > Deepest)
        {
            throw new TemplateFaultException($"macros call each other more than {Deepest} deep");
        }
    }

    /// <summary>Comes back from a call.</summary>
    public void Leave() => depth--;

    /// <summary>Checks the length of a text or list before it is made.</summary>
    /// <exception cref="TemplateFaultException">It is too long.</exception>
    public static void CheckLength(long length)
    {
        if (length > Longest)
        {
            throw new TemplateFaultException($"the template makes a value longer than {Longest}");
        }
    }
}

/// <summary>The variables in sight.</summary>
internal sealed class TemplateScope(TemplateRun run, TemplateScope? outer = null)
{
    private readonly Dictionary<string, object?> values = new(StringComparer.Ordinal);

    /// <summary>The rendering that it belongs to.</summary>
    public TemplateRun Run { get; } = run;

    /// <summary>Sets a variable of this scope, or finds one in this or an outer scope.</summary>
    public object? this[string name]
    {
        get
        {
            for (TemplateScope? scope = this; scope is not null; scope = scope.Outer)
            {
                if (scope.values.TryGetValue(name, out object? value))
                {
                    return value;
                }
            }

            return new Undefined($"'{name}'");
        }
        set => values[name] = value;
    }

    private TemplateScope? Outer { get; } = outer;
}

/// <summary>The value of what is not there; it prints as nothing, and using it any further is an error.</summary>
/// <param name="Name">What was asked for.</param>
internal sealed record Undefined(string Name);

/// <summary>An object with attributes that a template may set, also from within a loop.</summary>
internal sealed class TemplateNamespace(IReadOnlyDictionary<string, object?> values)
{
    /// <summary>The attributes.</summary>
    public Dictionary<string, object?> Values { get; } = new(values, StringComparer.Ordinal);
}
