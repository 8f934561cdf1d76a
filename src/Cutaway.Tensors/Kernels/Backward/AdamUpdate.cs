using System.Numerics;
using System.Runtime.Intrinsics;
using Cutaway.Tensors.Kernels.Rows;

namespace Cutaway.Tensors.Kernels.Backward;

/// <summary>
/// One step of Adam (Kingma and Ba 2015, algorithm 1) for a run of parameters, with decoupled weight decay (Loshchilov and
/// Hutter 2019, algorithm 2) or with the decay as part of the gradient.
/// </summary>
/// <param name="LearningRate">Of this step.</param>
/// <param name="Beta1">Decay of the mean of gradients.</param>
/// <param name="Beta2">Decay of the mean of squared gradients.</param>
/// <param name="Epsilon">Added to the root of the corrected mean of squares.</param>
/// <param name="Step">1 for the first.</param>
public readonly record struct AdamUpdate(double LearningRate, double Beta1, double Beta2, double Epsilon, long Step)
{
    /// <summary>λ of AdamW: parameters shrink by the learning rate times this.</summary>
    public double DecoupledDecay { get; init; }

    /// <summary>λ of L2 regularisation: this times the parameter is added to the gradient.</summary>
    public double GradientDecay { get; init; }

    /// <summary>A factor on the gradient: clipping.</summary>
    public double GradientScale { get; init; } = 1;

    /// <summary>Changes parameters and moments; all four are as long as the parameters or longer.</summary>
    public unsafe void Apply<T>(Span<T> parameters, ReadOnlySpan<T> gradient, Span<T> mean, Span<T> square)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        gradient = gradient[..parameters.Length];
        mean = mean[..parameters.Length];
        square = square[..parameters.Length];
        double pace = LearningRate / (1 - Math.Pow(Beta1, Step));
        double correction = 1 / Math.Sqrt(1 - Math.Pow(Beta2, Step));
        double kept = 1 - (LearningRate * DecoupledDecay);
        if (typeof(T) == typeof(float) && Vector128.IsHardwareAccelerated)
        {
            fixed (T* p = parameters)
            fixed (T* g = gradient)
            fixed (T* m = mean)
            fixed (T* v = square)
            {
                AdamRow.Apply(this, (float)pace, (float)correction, (float)kept, (float*)p, (float*)g, (float*)m, (float*)v, parameters.Length);
            }

            return;
        }

        T beta1 = T.CreateTruncating(Beta1);
        T beta2 = T.CreateTruncating(Beta2);
        for (int i = 0; i < parameters.Length; i++)
        {
            T slope = (gradient[i] * T.CreateTruncating(GradientScale)) + (parameters[i] * T.CreateTruncating(GradientDecay));
            mean[i] = (beta1 * mean[i]) + ((T.One - beta1) * slope);
            square[i] = (beta2 * square[i]) + ((T.One - beta2) * slope * slope);
            T root = (T.Sqrt(square[i]) * T.CreateTruncating(correction)) + T.CreateTruncating(Epsilon);
            parameters[i] = (parameters[i] * T.CreateTruncating(kept)) - (T.CreateTruncating(pace) * mean[i] / root);
        }
    }
}
