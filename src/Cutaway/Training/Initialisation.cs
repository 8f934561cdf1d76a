using System.ComponentModel.DataAnnotations;
using Cutaway.Models.Network;
using Cutaway.Tensors;

namespace Cutaway.Training;

/// <summary>Where training starts: matrices of normal draws, norms of 1, biases of 0.</summary>
public sealed record Initialisation
{
    /// <summary>Seed of the draws.</summary>
    [Range(0, int.MaxValue)]
    public int Seed { get; init; }

    /// <summary>Standard deviation of every matrix.</summary>
    [Range(0.0, 10.0)]
    public double Deviation { get; init; } = 0.02;

    /// <summary>
    /// Whether the matrices that write to the residual stream are smaller by √(2 · layers), so that its size does not grow
    /// with depth (Radford et al. 2019, section 2.3).
    /// </summary>
    public bool ScaleResidual { get; init; } = true;

    /// <summary>Draws the values of a network's parameters, in the order of their places.</summary>
    internal void Fill(NetworkParameters parameters)
    {
        SeededRandom random = new((ulong)Seed);
        double smaller = ScaleResidual ? 1 / Math.Sqrt(2 * parameters.Network.Config.Layers) : 1;
        foreach (NetworkParameter parameter in parameters.All)
        {
            Span<float> values = parameters.ValuesOf(parameter);
            if (parameter.Shape.Count == 1)
            {
                values.Fill(parameter.Name.EndsWith(".w", StringComparison.Ordinal) ? 1 : 0);
                continue;
            }

            bool writes = parameter.Name.EndsWith("attn.W_O", StringComparison.Ordinal) || parameter.Name.EndsWith("mlp.W_out", StringComparison.Ordinal);
            double deviation = Deviation * (writes ? smaller : 1);
            foreach (ref float value in values)
            {
                value = (float)(deviation * random.NextNormal());
            }
        }
    }
}
