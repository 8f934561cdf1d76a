using System.Collections.Frozen;
using System.Text;

namespace Cutaway.Models.Formats.Pickle;

/// <summary>
/// The names that a pickle may refer to, and what a call of each means here. No name leads to code outside this file and
/// its neighbours; a name that is not listed is refused when it is read.
/// </summary>
internal static class PickleGlobals
{
    private static readonly FrozenDictionary<string, Func<object?[], object?>?> Allowed = List().ToFrozenDictionary(StringComparer.Ordinal);

    /// <summary>A name, if it is one of the list.</summary>
    /// <exception cref="FormatException">It is not; the message says that the file would run code.</exception>
    public static PickleGlobal Find(string module, string name, int at)
    {
        string full = $"{module}.{name}";
        return Allowed.ContainsKey(full)
            ? new PickleGlobal(full)
            : throw new FormatException(
                $"it would run code: its pickle refers to {Quote.Name(full)} at byte {at}, and only names of tensors and plain values are let through. Nothing was run. If you trust where it comes from, convert it to safetensors there");
    }

    /// <summary>What calling a name with arguments gives.</summary>
    /// <exception cref="FormatException">It cannot be called, or not with these.</exception>
    public static object? Call(object? callee, object? arguments, int at)
    {
        if (callee is not PickleGlobal { Name: { } name } || Allowed[name] is not { } function || arguments is not object?[] values)
        {
            string what = callee is PickleGlobal global ? Quote.Name(global.Name) : "a value that is no function";
            throw new FormatException($"its pickle calls {what} at byte {at}, which a file of tensors does not do; it may run code, and nothing of it was run");
        }

        return function(values);
    }

    /// <summary>Gives an object its state.</summary>
    /// <exception cref="FormatException">The object takes none, or not this.</exception>
    public static void Build(object? target, object? state, int at)
    {
        switch (target, state)
        {
            // What a state dictionary carries beside its tensors: versions of modules.
            case (PickleDictionary, _):
                break;
            case (PickleObject plain, PickleDictionary attributes):
                plain.State.Entries.AddRange(attributes.Entries);
                break;
            case (PickleObject plain, object?[] and [PickleDictionary or null, PickleDictionary slots]):
                plain.State.Entries.AddRange(slots.Entries);
                break;
            case (NumpyArray array, object?[] and [long, object?[] shape, NumpyType type, false, byte[] bytes]):
                array.Content = (Numbers(shape, "the shape of an array"), type, bytes);
                break;
            case (NumpyType type, object?[] and [long, string order, ..]):
                type.IsBigEndian = order == ">";
                break;
            default:
                throw new FormatException($"its pickle sets the state of an object at byte {at} in a way that tensors and plain values do not need; it may run code, and nothing of it was run");
        }
    }

    /// <summary>Whole numbers of a tuple: a shape, strides.</summary>
    internal static long[] Numbers(object? tuple, string what) => tuple is object?[] items && items.Length <= TensorShape.MostAxes && items.All(item => item is >= 0L)
        ? [.. items.Select(item => (long)item!)]
        : throw new FormatException($"{what} in its pickle is not a tuple of at most {TensorShape.MostAxes} whole numbers");

    private static Dictionary<string, Func<object?[], object?>?> List()
    {
        Dictionary<string, Func<object?[], object?>?> names = new(StringComparer.Ordinal)
        {
            ["collections.OrderedDict"] = Dictionary,
            ["torch.Size"] = arguments => arguments is [object?[] size] ? size : throw Arguments("torch.Size"),
            ["torch.device"] = arguments => arguments is [string device, ..] ? device : throw Arguments("torch.device"),
            ["torch.nn.parameter.Parameter"] = Parameter,
            ["torch._utils._rebuild_parameter"] = Parameter,
            ["torch._utils._rebuild_parameter_with_state"] = Parameter,
            ["torch._utils._rebuild_tensor"] = TorchTensor.Rebuild,
            ["torch._utils._rebuild_tensor_v2"] = TorchTensor.Rebuild,
            ["torch._utils._rebuild_tensor_v3"] = TorchTensor.RebuildTyped,
            ["numpy.ndarray"] = null,
            ["numpy.dtype"] = arguments => arguments is [string code, ..] ? new NumpyType(code) : throw Arguments("numpy.dtype"),
            ["_codecs.encode"] = arguments => arguments is [string text, "latin1" or "latin-1"] ? Encoding.Latin1.GetBytes(text) : throw Arguments("_codecs.encode"),
        };
        foreach (string module in (ReadOnlySpan<string>)["numpy.core.multiarray", "numpy._core.multiarray"])
        {
            names[module + "._reconstruct"] = _ => new NumpyArray();
        }

        foreach (string module in (ReadOnlySpan<string>)["builtins", "__builtin__"])
        {
            names[module + ".set"] = arguments => arguments switch
            {
                [] => new PickleList(),
                [PickleList items] => items,
                _ => throw Arguments("set"),
            };
        }

        // Settings that are often saved beside weights.
        foreach (string settings in (ReadOnlySpan<string>)
            ["argparse.Namespace", "types.SimpleNamespace", "transformer_lens.HookedTransformerConfig.HookedTransformerConfig", "transformer_lens.config.HookedTransformerConfig.HookedTransformerConfig"])
        {
            names[settings] = _ => new PickleObject(settings);
        }

        foreach (string name in TorchStorage.Names.Concat(TorchStorage.TypeNames))
        {
            names[name] = null;
        }

        return names;
    }

    private static PickleDictionary Dictionary(object?[] arguments)
    {
        PickleDictionary result = new();
        foreach (object? pair in arguments is [PickleList pairs] ? pairs.Items : arguments is [] ? [] : throw Arguments("collections.OrderedDict"))
        {
            result.Entries.Add(pair switch
            {
                object?[] and [var key, var value] => new(key, value),
                PickleList { Items: [var key, var value] } => new(key, value),
                _ => throw Arguments("collections.OrderedDict"),
            });
        }

        return result;
    }

    private static TorchTensor Parameter(object?[] arguments) => arguments is [TorchTensor tensor, ..] ? tensor : throw Arguments("a parameter");

    private static FormatException Arguments(string name) => new($"its pickle calls {name} with arguments that it does not take");
}
