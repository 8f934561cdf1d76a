using Cutaway.Tensors.Kernels;
using Cutaway.Tensors.Kernels.Backward;

namespace Cutaway.Tensors.Tests;

/// <summary>Kernels write through plain addresses, so they must refuse places that are too short before they touch any.</summary>
[Trait("Category", "Kernel")]
public sealed class KernelBoundsTests
{
    private static readonly float[] Values = KernelData.Normal(40, 1);
    private static readonly AdamUpdate Adam = new(0.1, 0.9, 0.99, 1e-8, 1);

    public static TheoryData<string> Kernels => [.. Calls.Keys];

    private static Dictionary<string, Action<float[]>> Calls { get; } = new()
    {
        ["activation"] = target => Activations.Apply<float>(ActivationKind.Silu, Values, target),
        ["gated activation, target"] = target => Activations.ApplyGated<float>(ActivationKind.Silu, Values, Values, target),
        ["gated activation, factor"] = factor => Activations.ApplyGated<float>(ActivationKind.Silu, Values, factor, new float[40]),
        ["LayerNorm"] = target => Normalization.Layer<float>(Values, target, 1e-5f),
        ["RMSNorm"] = target => Normalization.Rms<float>(Values, target, 1e-5f),
        ["affine, target"] = target => Normalization.Affine<float>(Values, Values, Values, target),
        ["affine, weight"] = weight => Normalization.Affine<float>(Values, weight, Values, new float[40]),
        ["affine, bias"] = bias => Normalization.Affine<float>(Values, Values, bias, new float[40]),
        ["softmax"] = target => Softmax.Row<float>(Values, target),
        ["rotation of halves"] = vector => Rotary.HalfSplit<float>(vector, Values, Values),
        ["rotation of halves, sines"] = sines => Rotary.HalfSplit<float>(new float[80], Values, sines),
        ["rotation of pairs"] = vector => Rotary.Interleaved<float>(vector, Values, Values),
        ["rotation of pairs, sines"] = sines => Rotary.Interleaved<float>(new float[80], Values, sines),
        ["activation backward, gradient"] = gradient => ActivationsBackward.Apply<float>(ActivationKind.Silu, Values, gradient, new float[40]),
        ["activation backward, target"] = target => ActivationsBackward.Apply<float>(ActivationKind.Silu, Values, Values, target),
        ["gated activation backward, up"] = up => ActivationsBackward.ApplyGated<float>(ActivationKind.Silu, Values, up, Values, new float[40], new float[40]),
        ["gated activation backward, target"] = target => ActivationsBackward.ApplyGated<float>(ActivationKind.Silu, Values, Values, Values, new float[40], target),
        ["LayerNorm backward, gradient"] = gradient => NormalizationBackward.Layer<float>(Values, 1, gradient, new float[40]),
        ["LayerNorm backward, target"] = target => NormalizationBackward.Layer<float>(Values, 1, Values, target),
        ["RMSNorm backward, target"] = target => NormalizationBackward.Rms<float>(Values, 1, Values, target),
        ["softmax backward, gradient"] = gradient => SoftmaxBackward.Row<float>(Values, gradient, new float[40]),
        ["softmax backward, target"] = target => SoftmaxBackward.Row<float>(Values, Values, target),
        ["soft cap backward"] = target => SoftCapBackward.Apply<float>(Values, Values, target, 1),
        ["rotation of halves back"] = vector => RotaryBackward.HalfSplit<float>(vector, Values, Values),
        ["divergence, logits"] = logits => Divergence.Row<float>(Values, logits, 1, new float[40]),
        ["divergence, target"] = target => Divergence.Row<float>(Values, Values, 1, target),
        ["Adam, gradient"] = gradient => Adam.Apply<float>(new float[40], gradient, new float[40], new float[40]),
        ["Adam, mean"] = mean => Adam.Apply<float>(new float[40], Values, mean, new float[40]),
        ["Adam, square"] = square => Adam.Apply<float>(new float[40], Values, new float[40], square),
        ["momentum, gradient"] = gradient => new MomentumUpdate(0.1, 0.9).Apply<float>(new float[40], gradient, new float[40]),
        ["momentum, direction"] = direction => new MomentumUpdate(0.1, 0.9).Apply<float>(new float[40], Values, direction),
        ["cross-entropy"] = target => CrossEntropy.Row<float>(Values, 0, 1, target),
    };

    [Theory]
    [MemberData(nameof(Kernels))]
    public void A_place_that_is_too_short_is_refused_untouched(string kernel)
    {
        float[] place = KernelData.Normal(39, 2);
        float[] before = [.. place];
        Assert.Throws<ArgumentOutOfRangeException>(() => Calls[kernel](place));
        Assert.Equal(before, place);
    }
}
