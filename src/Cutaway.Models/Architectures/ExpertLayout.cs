using Cutaway.Models.Network;
using Cutaway.Tensors.Storage;

namespace Cutaway.Models.Architectures;

/// <summary>Where a layer keeps its mixture of experts. The defaults are Qwen's; a family states what it has otherwise. Names are relative to the layer.</summary>
internal sealed record ExpertLayout
{
    /// <summary>The router.</summary>
    public string Router { get; init; } = "mlp.gate";

    /// <summary>Whether it has a bias.</summary>
    public bool RouterBias { get; init; }

    /// <summary>The experts' folder.</summary>
    public string Experts { get; init; } = "mlp.experts";

    /// <summary>An expert's projections: in (<c>up</c>), out (<c>down</c>) and gate.</summary>
    public (string In, string Out, string Gate) Mlp { get; init; } = ("up_proj", "down_proj", "gate_proj");

    /// <summary>The expert that every position passes.</summary>
    public string Shared { get; init; } = "mlp.shared_expert";

    /// <summary>Its gate.</summary>
    public string SharedGate { get; init; } = "mlp.shared_expert_gate";

    /// <summary>What is added to scores for the choice only, where there is such a thing.</summary>
    public string SelectionBias { get; init; } = "mlp.gate.e_score_correction_bias";

    /// <summary>All experts' gate and up, and all experts' down, as two tensors of three axes; null where each expert has its own.</summary>
    public FusedExperts? Fused { get; init; }

    /// <summary>Finds the weights.</summary>
    /// <param name="network">The shape.</param>
    /// <param name="experts">The mixture.</param>
    /// <param name="weights">The checkpoint.</param>
    /// <param name="layer">The layer's name.</param>
    public ExpertWeights Map(NetworkConfig network, ExpertConfig experts, WeightReader weights, string layer)
    {
        int dModel = network.DModel;
        return new(
            weights.Linear($"{layer}.{Router}", experts.Count, dModel, RouterBias),
            Fused is null
                ? [.. Enumerable.Range(0, experts.Count).Select(expert => One($"{layer}.{Experts}.{expert}", experts.Width))]
                : Fused.Map(dModel, experts, weights, layer),
            experts.SharedWidth == 0 ? null : One($"{layer}.{Shared}", experts.SharedWidth),
            experts.SharedGate ? weights.Linear($"{layer}.{SharedGate}", 1, dModel, bias: false) : null,
            experts.SelectionBias ? weights.Vector($"{layer}.{SelectionBias}", experts.Count) : null);

        MlpWeights One(string name, int width) => new(
            weights.Linear($"{name}.{Mlp.In}", width, dModel, bias: false),
            weights.Linear($"{name}.{Mlp.Out}", dModel, width, bias: false),
            weights.Linear($"{name}.{Mlp.Gate}", width, dModel, bias: false));
    }
}

/// <summary>Experts stored together, sliced without copying.</summary>
/// <param name="GateUp">Gate and up of all experts, by its whole name in the layer.</param>
/// <param name="Down">Their output.</param>
/// <param name="InputsFirst">Whether tensors are [experts, inputs, outputs] rather than [experts, outputs, inputs].</param>
/// <param name="Interleaved">Whether gate and up take turns, rather than follow each other.</param>
/// <param name="BiasEnding">What the names of biases end in, or null where there are none.</param>
internal sealed record FusedExperts(string GateUp, string Down, bool InputsFirst, bool Interleaved, string? BiasEnding = null)
{
    /// <summary>Finds the weights.</summary>
    public IReadOnlyList<MlpWeights> Map(int dModel, ExpertConfig experts, WeightReader weights, string layer)
    {
        (int count, int width) = (experts.Count, experts.Width);
        WeightMatrix[] gateUp = weights.Slices($"{layer}.{GateUp}", count, 2 * width, dModel, InputsFirst);
        WeightMatrix[] down = weights.Slices($"{layer}.{Down}", count, dModel, width, InputsFirst);
        double[]? gateUpBias = Bias(GateUp, 2 * width);
        double[]? downBias = Bias(Down, dModel);
        return [.. Enumerable.Range(0, count).Select(expert => new MlpWeights(In(expert, 1), new LinearWeights(down[expert], Part(downBias, expert, dModel)), In(expert, 0)))];

        LinearWeights In(int expert, int part)
        {
            LinearWeights both = new(gateUp[expert], Part(gateUpBias, expert, 2 * width));
            return Interleaved ? both.Select([.. Enumerable.Range(0, width).Select(row => (2 * row) + part)]) : both.Rows(part * width, width);
        }

        double[]? Bias(string name, int length) => BiasEnding is null ? null : weights.Vector($"{layer}.{name}{BiasEnding}", count, length).Float64.ToArray();

        static WeightVector? Part(double[]? bias, int expert, int length) => bias is null ? null : new(bias.AsSpan(expert * length, length).ToArray());
    }
}
