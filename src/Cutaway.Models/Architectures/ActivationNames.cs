using Cutaway.Models.Formats;
using Cutaway.Tensors.Kernels;

namespace Cutaway.Models.Architectures;

/// <summary>The names of nonlinearities in configurations.</summary>
internal static class ActivationNames
{
    /// <summary>The nonlinearity that a key names.</summary>
    public static ActivationKind Read(ConfigReader config, string key) => Parse(config.Text(key)) ?? throw Unknown(config, key);

    /// <summary>As <see cref="Read"/>, or <paramref name="absent"/>.</summary>
    public static ActivationKind ReadOr(ConfigReader config, string key, ActivationKind absent) => config.Has(key) ? Read(config, key) : absent;

    private static CutawayException Unknown(ConfigReader config, string key) => config.Fault(
        key, Quote.Name(config.Text(key)), "known are gelu, gelu_new, gelu_fast, gelu_pytorch_tanh, quick_gelu, silu, swish, relu, relu2");

    /// <summary>The nonlinearity of a name, or null.</summary>
    public static ActivationKind? Parse(string name) => name switch
    {
        "gelu" or "gelu_python" => ActivationKind.GeluExact,
        "gelu_new" or "gelu_fast" or "gelu_pytorch_tanh" or "gelu_python_tanh" or "gelu_tanh" or "gelu_accurate" => ActivationKind.GeluTanh,
        "quick_gelu" => ActivationKind.QuickGelu,
        "silu" or "swish" => ActivationKind.Silu,
        "relu" => ActivationKind.Relu,
        "relu2" => ActivationKind.ReluSquared,
        _ => null,
    };
}
