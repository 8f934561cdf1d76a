using Cutaway.Models.Network;
using Cutaway.Tensors.Storage;

namespace Cutaway.Models.Architectures;

/// <summary>
/// Where BERT and its descendants keep their weights: blocks that normalise the sum, an optional head that fills in masked
/// tokens. The defaults are BERT's; a family states what it has otherwise. Names of a block are relative to it.
/// </summary>
internal sealed record EncoderLayout
{
    /// <summary>What all names but the head's begin with in whole models, and not in those without a head.</summary>
    public required string Root { get; init; }

    /// <summary>Where the blocks are, with <c>{0}</c> for the layer.</summary>
    public string Block { get; init; } = "encoder.layer.{0}";

    /// <summary>Queries, keys, values and attention's output.</summary>
    public (string Query, string Key, string Value, string Output) Attention { get; init; } =
        ("attention.self.query", "attention.self.key", "attention.self.value", "attention.output.dense");

    /// <summary>The MLP's projections.</summary>
    public (string In, string Out) Mlp { get; init; } = ("intermediate.dense", "output.dense");

    /// <summary>The norms after attention and after the MLP.</summary>
    public (string Attention, string Mlp) Norms { get; init; } = ("attention.output.LayerNorm", "output.LayerNorm");

    /// <summary>The head: its map, its norm, its unembedding, the unembedding's bias.</summary>
    public (string Map, string Norm, string Unembedding, string Bias) Head { get; init; } =
        ("cls.predictions.transform.dense", "cls.predictions.transform.LayerNorm", "cls.predictions.decoder.weight", "cls.predictions.bias");

    /// <summary>Positions begin after this many rows.</summary>
    public int PositionOffset { get; init; }

    /// <summary>Learned biases by distance, or null where there are none.</summary>
    public string? ScoreBias { get; init; }

    /// <summary>Tensors that are not used: poolers, and buffers.</summary>
    public IReadOnlyList<string> Unused { get; init; } = ["embeddings.position_ids", "pooler.dense.weight", "pooler.dense.bias", "predictions.decoder.bias", "seq_relationship.weight", "seq_relationship.bias"];

    /// <summary>Finds the weights.</summary>
    /// <param name="network">The shape.</param>
    /// <param name="weights">The checkpoint.</param>
    public NetworkWeights Map(NetworkConfig network, WeightReader weights)
    {
        int dModel = network.DModel;
        string root = weights.Has($"{Root}embeddings.word_embeddings.weight") || !weights.Has("embeddings.word_embeddings.weight") ? Root : "";
        WeightMatrix embedding = weights.Matrix($"{root}embeddings.word_embeddings.weight", network.Vocabulary, dModel);

        // Checkpoints made for embeddings may keep the class of what they were trained from and leave its head out.
        bool head = network.Unembeds && weights.Has($"{Head.Map}.weight");
        NetworkWeights result = new(
            embedding,
            [.. Enumerable.Range(0, network.Layers).Select(layer => OneBlock(network, weights, root + string.Format(System.Globalization.CultureInfo.InvariantCulture, Block, layer)))],
            head ? weights.Head(Head.Unembedding, network, embedding, Head.Bias) : new LinearWeights(embedding))
        {
            Positions = weights.Matrix($"{root}embeddings.position_embeddings.weight", network.Context + PositionOffset, dModel).SliceRows(PositionOffset, network.Context),
            TokenTypes = network.TokenTypes > 0 ? weights.Matrix($"{root}embeddings.token_type_embeddings.weight", network.TokenTypes, dModel) : null,
            InputNorm = Norm(weights, $"{root}embeddings.LayerNorm", dModel),
            ScoreBias = ScoreBias is null ? null : weights.Matrix($"{root}{ScoreBias}.weight", network.ScoreBuckets!.Count, network.Heads),
            HeadTransform = head ? weights.Linear(Head.Map, dModel, dModel, bias: true) : null,
            FinalNorm = head ? Norm(weights, Head.Norm, dModel) : null,
        };
        weights.Finish([.. Unused]);
        return result;
    }

    private BlockWeights OneBlock(NetworkConfig network, WeightReader weights, string name)
    {
        int dModel = network.DModel;
        return new BlockWeights(
            new AttentionWeights(Square(Attention.Query), Square(Attention.Key), Square(Attention.Value), Square(Attention.Output)),
            new MlpWeights(weights.Linear($"{name}.{Mlp.In}", network.DMlp, dModel, bias: true), weights.Linear($"{name}.{Mlp.Out}", dModel, network.DMlp, bias: true)))
        {
            AttentionNorm = Norm(weights, $"{name}.{Norms.Attention}", dModel),
            MlpNorm = Norm(weights, $"{name}.{Norms.Mlp}", dModel),
        };

        LinearWeights Square(string part) => weights.Linear($"{name}.{part}", dModel, dModel, bias: true);
    }

    // Checkpoints converted from TensorFlow call a norm's weight and bias gamma and beta.
    private static NormWeights Norm(WeightReader weights, string stem, int width) => weights.Has($"{stem}.gamma")
        ? new NormWeights(weights.Vector($"{stem}.gamma", width), weights.Vector($"{stem}.beta", width))
        : weights.Norm(stem, width, bias: true);
}
