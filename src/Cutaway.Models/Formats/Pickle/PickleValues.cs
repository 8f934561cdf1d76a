namespace Cutaway.Models.Formats.Pickle;

// What a pickle holds: null, bool, long, BigInteger, double, string, byte[], object?[] for tuples, and these.

/// <summary>A list or a set.</summary>
internal sealed class PickleList
{
    /// <summary>Its items.</summary>
    public List<object?> Items { get; } = [];
}

/// <summary>A dictionary, in the order in which it was filled. Keys are not hashed: a pickle may use anything as a key.</summary>
internal sealed class PickleDictionary
{
    /// <summary>Its entries.</summary>
    public List<KeyValuePair<object?, object?>> Entries { get; } = [];

    /// <summary>The value of a text key, or null.</summary>
    public object? this[string key] => Entries.FindLast(entry => entry.Key is string text && text == key).Value;
}

/// <summary>A name that a pickle refers to: one of <see cref="PickleGlobals"/>.</summary>
/// <param name="Name">Module and name, joined by a dot.</param>
internal sealed record PickleGlobal(string Name);

/// <summary>An object of a class that is known to hold settings only. It is kept as its state; nothing of the class is there.</summary>
/// <param name="type">The class.</param>
internal sealed class PickleObject(string type)
{
    /// <summary>The class.</summary>
    public string Type => type;

    /// <summary>Its attributes.</summary>
    public PickleDictionary State { get; } = new();
}

/// <summary>An array of numpy.</summary>
internal sealed class NumpyArray
{
    /// <summary>Its extents, element type and bytes, once its state has been read.</summary>
    public (long[] Shape, NumpyType Type, byte[] Bytes)? Content { get; set; }
}

/// <summary>An element type of numpy, such as <c>f4</c>.</summary>
/// <param name="code">A letter for the kind, and bytes an element.</param>
internal sealed class NumpyType(string code)
{
    /// <summary>A letter for the kind, and bytes an element.</summary>
    public string Code => code;

    /// <summary>Whether elements lie with their highest byte first.</summary>
    public bool IsBigEndian { get; set; }
}
