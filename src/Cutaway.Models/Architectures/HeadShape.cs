namespace Cutaway.Models.Architectures;

/// <summary>How a layer's attention is divided into heads.</summary>
/// <param name="Heads">Query heads.</param>
/// <param name="KeyValueHeads">Key and value heads.</param>
/// <param name="Width">Width of a head.</param>
internal readonly record struct HeadShape(int Heads, int KeyValueHeads, int Width)
{
    /// <summary>Reads and checks <c>num_attention_heads</c>, <c>num_key_value_heads</c> and <c>head_dim</c>.</summary>
    public static HeadShape Read(ConfigReader config, int dModel)
    {
        int heads = config.Size(Limits.Width, "num_attention_heads");
        int keyValueHeads = config.OptionalSize(Limits.Width, "num_key_value_heads") ?? heads;
        if (heads % keyValueHeads != 0)
        {
            throw config.Fault("num_key_value_heads", keyValueHeads, $"a divisor of 'num_attention_heads' ({heads}) was expected");
        }

        return new HeadShape(heads, keyValueHeads, config.OptionalSize(Limits.Width, "head_dim") ?? Divide(config, "num_attention_heads", heads, "hidden_size", dModel))
            .Checked(config, "head_dim");
    }

    /// <summary>The width of a head where the configuration leaves it to a division.</summary>
    public static int Divide(ConfigReader config, string headsKey, int heads, string widthKey, int width) => width % heads == 0
        ? width / heads
        : throw config.Fault(headsKey, heads, $"a divisor of '{widthKey}' ({width}) was expected");

    /// <summary>The same, if all heads together are of a possible width.</summary>
    public HeadShape Checked(ConfigReader config, string key) => (long)Heads * Width <= Limits.Width
        ? this
        : throw config.Fault(key, Width, $"{Heads} heads of that width are wider than {Limits.Width}");
}
