using System.Reflection;

namespace Cutaway.Techniques;

/// <summary>The techniques there are: every public surface (command line, web, textbook) is generated from this list.</summary>
public sealed class TechniqueCatalogue
{
    private static readonly Lazy<TechniqueCatalogue> Own = new(() => Of(typeof(TechniqueCatalogue).Assembly.GetTypes()));

    private readonly Dictionary<string, TechniqueDescription> byName = new(StringComparer.Ordinal);

    private TechniqueCatalogue(List<TechniqueDescription> techniques)
    {
        Techniques = techniques;
        foreach (TechniqueDescription technique in techniques)
        {
            if (!byName.TryAdd(technique.Name, technique))
            {
                throw new InvalidOperationException(
                    $"two techniques are called '{technique.Name}': {byName[technique.Name].RequestType.Name} and {technique.RequestType.Name}");
            }
        }
    }

    /// <summary>The techniques of this library, found once, on first use.</summary>
    public static TechniqueCatalogue Default => Own.Value;

    /// <summary>All techniques, by section, then by name.</summary>
    public IReadOnlyList<TechniqueDescription> Techniques { get; }

    /// <summary>A catalogue of those of the given types that carry a <see cref="TechniqueAttribute"/>.</summary>
    /// <param name="types">Types to look through; the others are passed over.</param>
    /// <exception cref="InvalidOperationException">Two techniques share a name, or one is not a technique's shape.</exception>
    public static TechniqueCatalogue Of(params IEnumerable<Type> types) =>
        new([.. types
            .Where(type => type.IsDefined(typeof(TechniqueAttribute), inherit: false))
            .Select(type => new TechniqueDescription(type, type.GetCustomAttribute<TechniqueAttribute>()!))
            .OrderBy(technique => technique.Section)
            .ThenBy(technique => technique.Name, StringComparer.Ordinal)]);

    /// <summary>The technique of a name, or null.</summary>
    public TechniqueDescription? TryFind(string name) => byName.GetValueOrDefault(name);

    /// <summary>The technique of a name.</summary>
    /// <exception cref="CutawayException">There is none; the message lists the nearest names.</exception>
    public TechniqueDescription Find(string name) =>
        TryFind(name) ?? throw CutawayException.Usage(
            $"there is no technique '{name}'{NearNames.Suggest(name, byName.Keys)}");

    /// <summary>The description of the technique that a request belongs to.</summary>
    /// <exception cref="InvalidOperationException">Its type carries no <see cref="TechniqueAttribute"/>.</exception>
    public static TechniqueDescription Describe(Type request) =>
        Own.IsValueCreated && Default.Techniques.FirstOrDefault(technique => technique.RequestType == request) is { } known
            ? known
            : new TechniqueDescription(request, request.GetCustomAttribute<TechniqueAttribute>()
                ?? throw new InvalidOperationException($"{request.Name} carries no [Technique]"));
}
