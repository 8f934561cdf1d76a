using System.Numerics;

namespace Cutaway.Models.Formats.Pickle;

/// <summary>
/// Reads pickles (Python's pickle protocols 2 to 5) into plain values. A pickle is a program for a stack machine that may
/// import and call anything; this machine knows the opcodes that build values and the names of <see cref="PickleGlobals"/>,
/// and refuses all else before anything happens. Time and memory grow with the pickle's bytes, whatever it says.
/// </summary>
/// <param name="persistent">Makes a value of what a pickle calls a persistent id: the storage of a tensor.</param>
internal sealed class PickleMachine(Func<object?, object?> persistent)
{
    private const int NewestProtocol = 5;

    private static readonly object?[] EmptyTuple = [];
    private static readonly object True = true;
    private static readonly object False = false;

    private readonly List<object?> stack = [];
    private readonly Stack<int> marks = [];
    private readonly Dictionary<uint, object?> memo = [];

    private int Floor => marks.TryPeek(out int mark) ? mark : 0;

    /// <summary>Reads one pickle.</summary>
    /// <param name="data">The pickle, and perhaps more behind it.</param>
    /// <param name="consumed">Bytes of the pickle.</param>
    /// <exception cref="FormatException">It is damaged, or would run code.</exception>
    public object? Read(ReadOnlySpan<byte> data, out int consumed)
    {
        stack.Clear();
        marks.Clear();
        memo.Clear();
        PickleCursor cursor = new(data);
        while (true)
        {
            int at = cursor.Position;
            PickleOp op = (PickleOp)cursor.Byte();
            if (op == PickleOp.Stop)
            {
                consumed = cursor.Position;
                return stack.Count == 1 && marks.Count == 0 ? stack[0] : throw new FormatException($"its pickle ends with {stack.Count} values; one was expected");
            }

            if (!Constant(op, ref cursor) && !Collection(op) && !Remember(op, ref cursor) && !Object(op, ref cursor, at) && !Structure(op, ref cursor))
            {
                throw new FormatException(
                    $"its pickle uses the opcode 0x{(byte)op:x2} at byte {at}, which is not among those of tensors and plain values; it may run code, and nothing of it was run");
            }
        }
    }

    private bool Structure(PickleOp op, ref PickleCursor cursor)
    {
        switch (op)
        {
            case PickleOp.Proto:
                int protocol = cursor.Byte();
                return protocol <= NewestProtocol ? true : throw new FormatException($"its pickle has protocol {protocol}; at most {NewestProtocol} was expected");
            case PickleOp.Frame:
                cursor.UInt64();
                return true;
            case PickleOp.Mark:
                marks.Push(stack.Count);
                return true;
            case PickleOp.Pop when stack.Count == Floor && marks.Count > 0:
                marks.Pop();
                return true;
            case PickleOp.Pop:
                Pop();
                return true;
            case PickleOp.PopMark:
                PopToMark();
                return true;
            case PickleOp.Dup:
                return Push(Top());
            default:
                return false;
        }
    }

    private bool Constant(PickleOp op, ref PickleCursor cursor) => op switch
    {
        PickleOp.None => Push(null),
        PickleOp.NewTrue => Push(True),
        PickleOp.NewFalse => Push(False),
        PickleOp.BinInt => Push((long)cursor.Int32()),
        PickleOp.BinInt1 => Push((long)cursor.Byte()),
        PickleOp.BinInt2 => Push((long)cursor.UInt16()),
        PickleOp.Long1 => PushWhole(cursor.Take(cursor.Byte())),
        PickleOp.Long4 => PushWhole(cursor.Take(cursor.UInt32())),
        PickleOp.BinFloat => Push(cursor.Double()),
        PickleOp.BinString => Push(cursor.Latin1(cursor.UInt32())),
        PickleOp.ShortBinString => Push(cursor.Latin1(cursor.Byte())),
        PickleOp.BinUnicode => Push(cursor.Text(cursor.UInt32())),
        PickleOp.ShortBinUnicode => Push(cursor.Text(cursor.Byte())),
        PickleOp.BinUnicode8 => Push(cursor.Text(cursor.UInt64())),
        PickleOp.BinBytes => Push(cursor.Take(cursor.UInt32()).ToArray()),
        PickleOp.ShortBinBytes => Push(cursor.Take(cursor.Byte()).ToArray()),
        PickleOp.BinBytes8 or PickleOp.ByteArray8 => Push(cursor.Take(cursor.UInt64()).ToArray()),
        _ => false,
    };

    private bool Collection(PickleOp op)
    {
        switch (op)
        {
            case PickleOp.EmptyList or PickleOp.EmptySet:
                return Push(new PickleList());
            case PickleOp.EmptyDict:
                return Push(new PickleDictionary());
            case PickleOp.EmptyTuple:
                return Push(EmptyTuple);
            case PickleOp.Tuple:
                return Push(PopToMark());
            case PickleOp.Tuple1:
                return Push(PopMany(1));
            case PickleOp.Tuple2:
                return Push(PopMany(2));
            case PickleOp.Tuple3:
                return Push(PopMany(3));
            case PickleOp.List or PickleOp.FrozenSet:
                PickleList list = new();
                list.Items.AddRange(PopToMark());
                return Push(list);
            case PickleOp.Dict:
                object?[] pairs = PopToMark();
                Push(new PickleDictionary());
                return Fill(pairs);
            case PickleOp.Append:
                object? item = Pop();
                Top<PickleList>("a list").Items.Add(item);
                return true;
            case PickleOp.Appends or PickleOp.AddItems:
                object?[] items = PopToMark();
                Top<PickleList>("a list").Items.AddRange(items);
                return true;
            case PickleOp.SetItem:
                return Fill(PopMany(2));
            case PickleOp.SetItems:
                return Fill(PopToMark());
            default:
                return false;
        }
    }

    private bool Remember(PickleOp op, ref PickleCursor cursor)
    {
        switch (op)
        {
            case PickleOp.BinGet:
                return Push(Recall(cursor.Byte()));
            case PickleOp.LongBinGet:
                return Push(Recall(cursor.UInt32()));
            case PickleOp.BinPut:
                memo[cursor.Byte()] = Top();
                return true;
            case PickleOp.LongBinPut:
                memo[cursor.UInt32()] = Top();
                return true;
            case PickleOp.Memoize:
                memo[(uint)memo.Count] = Top();
                return true;
            default:
                return false;
        }
    }

    private bool Object(PickleOp op, ref PickleCursor cursor, int at)
    {
        switch (op)
        {
            case PickleOp.Global:
                string module = cursor.Line();
                return Push(PickleGlobals.Find(module, cursor.Line(), at));
            case PickleOp.StackGlobal:
                object?[] names = PopMany(2);
                return names is [string place, string name]
                    ? Push(PickleGlobals.Find(place, name, at))
                    : throw new FormatException($"its pickle names something by values that are not texts at byte {at}");
            case PickleOp.Reduce or PickleOp.NewObj:
                object?[] call = PopMany(2);
                return Push(PickleGlobals.Call(call[0], call[1], at));
            case PickleOp.NewObjEx:
                object?[] extended = PopMany(3);
                return extended[2] is PickleDictionary { Entries.Count: 0 }
                    ? Push(PickleGlobals.Call(extended[0], extended[1], at))
                    : throw new FormatException($"its pickle makes an object with named arguments at byte {at}");
            case PickleOp.Build:
                object? state = Pop();
                PickleGlobals.Build(Top(), state, at);
                return true;
            case PickleOp.BinPersId:
                return Push(persistent(Pop()));
            default:
                return false;
        }
    }

    private bool PushWhole(ReadOnlySpan<byte> bytes)
    {
        BigInteger value = new(bytes);
        return value >= long.MinValue && value <= long.MaxValue ? Push((long)value) : Push(value);
    }

    private bool Fill(object?[] pairs)
    {
        if (pairs.Length % 2 != 0)
        {
            throw new FormatException("its pickle has a key without a value");
        }

        List<KeyValuePair<object?, object?>> entries = Top() is PickleObject { State: { } state } ? state.Entries : Top<PickleDictionary>("a dictionary").Entries;
        for (int i = 0; i < pairs.Length; i += 2)
        {
            entries.Add(new(pairs[i], pairs[i + 1]));
        }

        return true;
    }

    private object? Recall(uint index) =>
        memo.TryGetValue(index, out object? value) ? value : throw new FormatException($"its pickle recalls the value {index}, which it never stored");

    private bool Push(object? value)
    {
        stack.Add(value);
        return true;
    }

    private object? Pop() => PopMany(1)[0];

    private object? Top() => stack.Count > Floor ? stack[^1] : throw Empty();

    private T Top<T>(string what)
        where T : class => Top() as T ?? throw new FormatException($"its pickle adds to something that is not {what}");

    private object?[] PopMany(int count)
    {
        if (stack.Count - Floor < count)
        {
            throw Empty();
        }

        object?[] values = [.. stack[^count..]];
        stack.RemoveRange(stack.Count - count, count);
        return values;
    }

    private object?[] PopToMark()
    {
        object?[] values = marks.Count > 0 ? PopMany(stack.Count - Floor) : throw Empty();
        marks.Pop();
        return values;
    }

    private static FormatException Empty() => new("its pickle takes more from its stack than is there");
}
