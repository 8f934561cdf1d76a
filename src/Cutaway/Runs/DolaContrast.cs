using System.Numerics;
using System.Numerics.Tensors;
using Cutaway.Decoding;
using Cutaway.Models.Network;
using Cutaway.Tensors.Kernels;

namespace Cutaway.Runs;

/// <summary>Contrasts a step's logits with those of an early layer (<see cref="Dola"/>).</summary>
internal sealed class DolaContrast<T>
    where T : unmanaged, IBinaryFloatingPointIeee754<T>
{
    private readonly ForwardPass<T> pass;
    private readonly Dola dola;
    private readonly int[] layers;
    private readonly int vocabulary;
    private readonly T[] rows;
    private readonly T[] early;
    private readonly double[] own;
    private readonly double[] other;
    private readonly double[] contrast;

    public DolaContrast(ForwardPass<T> pass, PlanListener<T>? plan, Dola dola)
    {
        this.pass = pass;
        this.dola = dola;
        layers = [.. dola.Layers ?? Dola.High(pass.Network.Config)];
        Taps = new TapListener<T>(plan, [.. layers.Select(layer => pass.Network.Hooks.IndexOf(HookKind.ResidPre, layer))]);
        vocabulary = pass.Network.Config.Vocabulary;
        rows = new T[layers.Length * pass.Network.Config.DModel];
        early = new T[layers.Length * vocabulary];
        own = new double[vocabulary];
        other = new double[vocabulary];
        contrast = new double[vocabulary];
    }

    /// <summary>What reads the early layers during the pass.</summary>
    public TapListener<T> Taps { get; }

    /// <summary>The contrasted logits of a sequence, valid until the next call.</summary>
    /// <param name="logits">Its logits.</param>
    /// <param name="row">Its last row among all rows of the pass.</param>
    public ReadOnlySpan<double> Apply(ReadOnlySpan<T> logits, int row)
    {
        int d = rows.Length / layers.Length;
        for (int i = 0; i < layers.Length; i++)
        {
            Taps[i].Slice(row * d, d).CopyTo(rows.AsSpan(i * d));
        }

        LogProbabilities(logits, own);
        pass.Project(rows, layers.Length, early);
        int furthest = 0;
        double most = double.NegativeInfinity;
        for (int i = 0; i < layers.Length; i++)
        {
            LogProbabilities(early.AsSpan(i * vocabulary, vocabulary), other);
            double divergence = JensenShannon(own, other);
            if (divergence > most)
            {
                (furthest, most) = (i, divergence);
            }
        }

        LogProbabilities(early.AsSpan(furthest * vocabulary, vocabulary), other);
        double least = TensorPrimitives.Max<double>(own) + Math.Log(dola.RelativeTop);
        for (int i = 0; i < vocabulary; i++)
        {
            contrast[i] = own[i] < least ? double.NegativeInfinity : own[i] - other[i];
        }

        return contrast;
    }

    /// <summary>The Jensen–Shannon divergence of two distributions, in nats (Lin 1991).</summary>
    internal static double JensenShannon(ReadOnlySpan<double> logP, ReadOnlySpan<double> logQ)
    {
        double sum = 0;
        for (int i = 0; i < logP.Length; i++)
        {
            double p = Math.Exp(logP[i]);
            double q = Math.Exp(logQ[i]);
            double middle = Math.Log((p + q) / 2);
            sum += (p > 0 ? p * (logP[i] - middle) : 0) + (q > 0 ? q * (logQ[i] - middle) : 0);
        }

        return sum / 2;
    }

    private static void LogProbabilities(ReadOnlySpan<T> logits, Span<double> result)
    {
        TensorPrimitives.ConvertTruncating(logits, result);
        TensorPrimitives.Subtract(result, Softmax.LogSumExp<double>(result), result);
    }
}
