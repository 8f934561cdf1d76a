namespace Cutaway.Decoding;

/// <summary>Changes the logits of the next token before one is chosen; one that removes tokens sets their logits to minus infinity.</summary>
public interface ILogitsProcessor
{
    /// <summary>Changes the logits in place. It may be called for several sequences in turn, so it keeps nothing of them.</summary>
    /// <param name="step">The logits, and the tokens so far.</param>
    void Apply(StepLogits step);
}
