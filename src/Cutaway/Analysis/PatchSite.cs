namespace Cutaway.Analysis;

/// <summary>What kind of activation a patching sweep goes over.</summary>
public enum PatchSite
{
    /// <summary>The residual stream before each block.</summary>
    ResidPre,

    /// <summary>The residual stream between attention and MLP.</summary>
    ResidMid,

    /// <summary>The residual stream after each block.</summary>
    ResidPost,

    /// <summary>What attention adds.</summary>
    AttnOut,

    /// <summary>What the MLP adds.</summary>
    MlpOut,

    /// <summary>A head's mixed values.</summary>
    HeadZ,

    /// <summary>What a head writes to the residual stream.</summary>
    HeadResult,

    /// <summary>A head's queries.</summary>
    HeadQ,

    /// <summary>A head's keys.</summary>
    HeadK,

    /// <summary>A head's values.</summary>
    HeadV,

    /// <summary>A head's attention scores.</summary>
    HeadScores,

    /// <summary>A head's attention pattern.</summary>
    HeadPattern,

    /// <summary>Neurons of an MLP, after the nonlinearity.</summary>
    Neurons,
}

/// <summary>How finely a patching sweep goes over its sites.</summary>
public enum PatchBy
{
    /// <summary>What is usual for the site: positions of streams and outputs, heads, neurons.</summary>
    Auto,

    /// <summary>A layer at a time, all positions and heads together.</summary>
    Layer,

    /// <summary>A position of a layer at a time, all heads together.</summary>
    Position,

    /// <summary>A head at a time, all positions together.</summary>
    Head,

    /// <summary>A position of a head at a time (of patterns and scores: of the query).</summary>
    HeadPosition,

    /// <summary>One entry of a pattern or of scores at a time: from a query to a key.</summary>
    Edge,

    /// <summary>A neuron at a time, all positions together.</summary>
    Neuron,
}
