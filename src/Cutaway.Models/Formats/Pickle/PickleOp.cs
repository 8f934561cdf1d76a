namespace Cutaway.Models.Formats.Pickle;

/// <summary>The opcodes of pickle protocols 2 to 5 that build plain values, as Python's <c>pickletools</c> names them. There are others; they are refused.</summary>
internal enum PickleOp : byte
{
#pragma warning disable CS1591, SA1602 // The names are those of the format itself.
    Proto = 0x80, Frame = 0x95, Stop = (byte)'.', Mark = (byte)'(', Pop = (byte)'0', PopMark = (byte)'1', Dup = (byte)'2',
    None = (byte)'N', NewTrue = 0x88, NewFalse = 0x89,
    BinInt = (byte)'J', BinInt1 = (byte)'K', BinInt2 = (byte)'M', Long1 = 0x8a, Long4 = 0x8b, BinFloat = (byte)'G',
    BinString = (byte)'T', ShortBinString = (byte)'U',
    BinUnicode = (byte)'X', ShortBinUnicode = 0x8c, BinUnicode8 = 0x8d,
    BinBytes = (byte)'B', ShortBinBytes = (byte)'C', BinBytes8 = 0x8e, ByteArray8 = 0x96,
    EmptyList = (byte)']', Append = (byte)'a', Appends = (byte)'e', List = (byte)'l',
    EmptyTuple = (byte)')', Tuple = (byte)'t', Tuple1 = 0x85, Tuple2 = 0x86, Tuple3 = 0x87,
    EmptyDict = (byte)'}', Dict = (byte)'d', SetItem = (byte)'s', SetItems = (byte)'u',
    EmptySet = 0x8f, AddItems = 0x90, FrozenSet = 0x91,
    BinGet = (byte)'h', LongBinGet = (byte)'j', BinPut = (byte)'q', LongBinPut = (byte)'r', Memoize = 0x94,
    Global = (byte)'c', StackGlobal = 0x93, Reduce = (byte)'R', Build = (byte)'b', NewObj = 0x81, NewObjEx = 0x92,
    BinPersId = (byte)'Q',
#pragma warning restore CS1591, SA1602
}
