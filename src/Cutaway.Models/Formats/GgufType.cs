namespace Cutaway.Models.Formats;

/// <summary>The types of GGUF metadata, numbered as in the file.</summary>
public enum GgufType
{
#pragma warning disable CS1591 // The names are those of the format.
    UInt8, Int8, UInt16, Int16, UInt32, Int32, Float32, Bool, String, Array, UInt64, Int64, Float64,
#pragma warning restore CS1591
}
