using Cutaway.Tensors.Kernels;

namespace Cutaway.Models.Network;

/// <summary>Which norm a network uses.</summary>
public enum NormKind
{
    /// <summary>None at all (some attention-only models).</summary>
    None,

    /// <summary>LayerNorm: centred, with a bias where the checkpoint has one.</summary>
    Layer,

    /// <summary>RMSNorm: not centred.</summary>
    Rms,
}

/// <summary>How a block adds its two parts to the residual stream.</summary>
public enum BlockKind
{
    /// <summary>Attention first; the MLP reads what attention wrote.</summary>
    Sequential,

    /// <summary>Both read the block's input, each through its own norm (GPT-NeoX).</summary>
    Parallel,

    /// <summary>Both read the block's input through one norm (GPT-J, Phi).</summary>
    ParallelSharedNorm,
}

/// <summary>Where a block has its norms.</summary>
public enum NormPlacement
{
    /// <summary>Before each part: it reads the normalised stream.</summary>
    Before,

    /// <summary>Before each part and on what it adds (Gemma 2 and 3, GLM-4).</summary>
    BeforeAndAfter,

    /// <summary>Only on what each part adds (OLMo 2).</summary>
    After,

    /// <summary>On the stream itself, after each part has added to it (BERT; Vaswani et al. 2017).</summary>
    OnSum,
}

/// <summary>How queries and keys are normalised before they are rotated.</summary>
public enum QueryKeyNorm
{
    /// <summary>Not at all.</summary>
    None,

    /// <summary>Head by head, with one weight for all heads (Qwen 3, Gemma 3).</summary>
    Head,

    /// <summary>Head by head, with a weight for each head (Cohere, StableLM 2).</summary>
    EachHead,

    /// <summary>All heads of a position together (OLMo 2, OLMoE).</summary>
    Whole,
}

/// <summary>How positions enter.</summary>
public enum PositionKind
{
    /// <summary>Not at all.</summary>
    None,

    /// <summary>A learned vector added to the embedding.</summary>
    Learned,

    /// <summary>A learned vector added to the inputs of queries and keys only, after the norm (Press et al. 2021).</summary>
    Shortformer,

    /// <summary>Rotation of queries and keys.</summary>
    Rotary,

    /// <summary>A bias on scores that falls with the distance, by a slope of each head (ALiBi; Press et al. 2022).</summary>
    Alibi,
}

/// <summary>The shape and the arithmetic of a network: everything its one forward pass needs to know.</summary>
public sealed record NetworkConfig
{
    /// <summary>The checkpoint's architecture, as its configuration names it.</summary>
    public required string Architecture { get; init; }

    /// <summary>How many blocks.</summary>
    public required int Layers { get; init; }

    /// <summary>Width of the residual stream.</summary>
    public required int DModel { get; init; }

    /// <summary>Query heads a layer.</summary>
    public required int Heads { get; init; }

    /// <summary>Key and value heads a layer; query head h reads key head h / (Heads / KeyValueHeads).</summary>
    public required int KeyValueHeads { get; init; }

    /// <summary>Width of a head.</summary>
    public required int DHead { get; init; }

    /// <summary>Width of a head's values and of what it mixes; that of the head unless given.</summary>
    public int DValue
    {
        get => field == 0 ? DHead : field;
        init;
    }

    /// <summary>By what queries, keys and values are read where attention is latent (DeepSeek-V2), or null where they read the stream.</summary>
    public LatentConfig? Latent { get; init; }

    /// <summary>Neurons of an MLP; 0 for attention-only models.</summary>
    public required int DMlp { get; init; }

    /// <summary>Rows of the embedding.</summary>
    public required int Vocabulary { get; init; }

    /// <summary>The longest sequence the network was made for.</summary>
    public required int Context { get; init; }

    /// <summary>Which norm.</summary>
    public required NormKind Norm { get; init; }

    /// <summary>The epsilon inside the norm's square root.</summary>
    public double NormEpsilon { get; init; } = 1e-5;

    /// <summary>Added to every stored norm weight: 1 for Gemma's checkpoints, which keep w - 1.</summary>
    public double NormWeightOffset { get; init; }

    /// <summary>How positions enter.</summary>
    public required PositionKind Positions { get; init; }

    /// <summary>How the block is wired.</summary>
    public BlockKind Block { get; init; } = BlockKind.Sequential;

    /// <summary>Whether there are no MLPs.</summary>
    public bool AttentionOnly => DMlp == 0;

    /// <summary>The MLP's nonlinearity.</summary>
    public ActivationKind Activation { get; init; }

    /// <summary>Whether the MLP multiplies act(gate) by a second projection.</summary>
    public bool GatedMlp { get; init; }

    /// <summary>How queries and keys are normalised.</summary>
    public QueryKeyNorm QueryKeyNorm { get; init; }

    /// <summary>Which norm queries and keys have.</summary>
    public NormKind QueryKeyNormKind { get; init; } = NormKind.Rms;

    /// <summary>Where a block has its norms.</summary>
    public NormPlacement NormPlacement { get; init; }

    /// <summary>Whether attention and MLP read the stream through a norm (<c>ln1</c>, <c>ln2</c>).</summary>
    public bool PreNorms => NormPlacement is NormPlacement.Before or NormPlacement.BeforeAndAfter;

    /// <summary>Whether what attention and MLP add is normalised (<c>ln1_post</c>, <c>ln2_post</c>).</summary>
    public bool PostNorms => NormPlacement is NormPlacement.After or NormPlacement.BeforeAndAfter;

    /// <summary>Factor on what attention and MLP add to the stream (Granite); 1 elsewhere.</summary>
    public double ResidualScale { get; init; } = 1;

    /// <summary>Queries, keys and values are held between minus this and this (OLMo, MPT); null for no bounds.</summary>
    public double? ProjectionBound { get; init; }

    /// <summary>What ALiBi adds to a score for each position that the key is before the query, negated: one slope a head; else null.</summary>
    public IReadOnlyList<double>? AlibiSlopes { get; init; }

    /// <summary>Into which buckets distances between key and query fall, each with a learned bias of each head on the score (T5, MPNet); null for none.</summary>
    public RelativeBuckets? ScoreBuckets { get; init; }

    /// <summary>Whether a query sees only the keys up to itself, as in decoders; encoders see all.</summary>
    public bool Causal { get; init; } = true;

    /// <summary>
    /// The network whose output the blocks read after their own attention, which then lies between that and the MLP (T5): only
    /// with sequential blocks and norms before each part. Null for networks of one stack.
    /// </summary>
    public NetworkConfig? Encoder { get; init; }

    /// <summary>Positions of the encoder's output (<see cref="NetworkWeights.Memory"/>); 0 where no text has been encoded.</summary>
    public int MemoryLength { get; init; }

    /// <summary>The token that a decoder's text begins with where an encoder has read the prompt; else null.</summary>
    public int? StartToken { get; init; }

    /// <summary>Whether each head has a score that takes its share of every pattern's weight and has no value (gpt-oss), so that rows sum to less than one.</summary>
    public bool AttentionSinks { get; init; }

    /// <summary>Whether the embedding is normalised before the first block, and before positions are added to it (BLOOM).</summary>
    public bool EmbeddingNorm { get; init; }

    /// <summary>Whether the sum of embedding and positions is normalised before the first block (BERT, CLIP's images).</summary>
    public bool InputNorm { get; init; }

    /// <summary>Kinds of text that a token may belong to, each with a vector added to its embedding (BERT); 0 for none.</summary>
    public int TokenTypes { get; init; }

    /// <summary>Whether there is a norm after the last block, before the unembedding.</summary>
    public bool FinalNorm { get; init; } = true;

    /// <summary>Whether the stream passes a linear map and the MLPs' nonlinearity before the final norm (masked language models).</summary>
    public bool HeadTransform { get; init; }

    /// <summary>Whether there are logits at all: encoders may end in states.</summary>
    public bool Unembeds { get; init; } = true;

    /// <summary>Factor on the embedding (Gemma: the square root of DModel); 1 elsewhere.</summary>
    public double EmbeddingScale { get; init; } = 1;

    /// <summary>Scores become c · tanh(score / c) before the mask; null for none.</summary>
    public double? ScoreSoftCap { get; init; }

    /// <summary>Logits become c · tanh(logit / c); null for none.</summary>
    public double? LogitSoftCap { get; init; }

    /// <summary>Whether embedding and unembedding share one matrix in the checkpoint.</summary>
    public bool TiedEmbedding { get; init; }

    /// <summary>What differs from layer to layer, one entry a layer.</summary>
    public required IReadOnlyList<LayerConfig> LayerConfigs { get; init; }

    /// <summary>Weight processing that was applied, in order (such as <c>fold_ln</c>); empty for raw weights.</summary>
    public IReadOnlyList<string> AppliedProcessing { get; init; } = [];
}

/// <summary>What may differ from layer to layer.</summary>
public sealed record LayerConfig
{
    /// <summary>Factor on q·k.</summary>
    public required double AttentionScale { get; init; }

    /// <summary>A key is seen if q - k is less than the window; null for all earlier keys.</summary>
    public int? Window { get; init; }

    /// <summary>The rotation of queries and keys, or null for none.</summary>
    public RotaryConfig? Rotary { get; init; }

    /// <summary>The mixture of experts in the place of the MLP, or null where there is one MLP.</summary>
    public ExpertConfig? Experts { get; init; }
}
