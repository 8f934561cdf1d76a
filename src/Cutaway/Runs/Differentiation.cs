using System.Numerics;
using Cutaway.Interventions;
using Cutaway.Metrics;
using Cutaway.Models.Network;
using Cutaway.Tensors.Autograd;

namespace Cutaway.Runs;

/// <summary>Runs a plan on a tape, reads a metric off the logits, and goes back from it.</summary>
internal static class Differentiation
{
    public static GradientRun Run<T>(
        LanguageModel model, ForwardPass<T> pass, Tape<T> tape, TokenBatch tokens, Metric metric, IReadOnlyList<PlanItem> plan, CancellationToken cancellation)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        if (!metric.Differentiable)
        {
            throw CutawayException.Usage($"the metric '{metric.Name}' has no gradient; choose logit-difference, log-probability, probability, kl or cross-entropy");
        }

        CompiledPlan compiled = CompiledPlan.Compile(model.Network.Hooks, plan, tokens, gradients: true);
        PlanListener<T> listener = new(compiled);

        // A hook on the logits sees the whole vocabulary; otherwise only what the metric reads is computed.
        IReadOnlyList<int>? columns = compiled.At(model.Network.Hooks.IndexOf(HookKind.UnembedOut)) is null ? metric.Columns : null;
        ForwardRequest request = new(tokens.Ids, tokens.Batch, tokens.Length)
        {
            AttentionMask = tokens.Mask,
            Logits = metric.Scope,
            Unembedding = columns is null ? null : model.Network.UnembeddingOf(columns),
        };
        pass.Record(request, tape, listener, cancellation);
        double[] values = Seed(pass, metric, tokens.Batch, columns is null ? metric.Columns : null, columns?.Count ?? model.Config.Vocabulary);
        pass.Backward(cancellation);
        listener.CheckFired(tokens.Length);
        Run run = new(model, tokens, null, listener.Captured, compiled.Partial);
        return new GradientRun(run, values, listener.Gradients, listener.VectorGradients(), tape.PeakBytes);
    }

    // The metric of every item; its gradient becomes that of the logits, of which it reads some columns, or all where these are null.
    private static double[] Seed<T>(ForwardPass<T> pass, Metric metric, int batch, IReadOnlyList<int>? columns, int computed)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        ReadOnlySpan<T> logits = pass.Logits;
        Span<T> gradient = pass.LogitsGradient;
        gradient.Clear();
        int width = columns?.Count ?? computed;
        int positions = logits.Length / batch / computed;
        double[] read = new double[positions * width];
        double[] slope = new double[read.Length];
        double[] values = new double[batch];
        for (int item = 0; item < batch; item++)
        {
            for (int i = 0; i < read.Length; i++)
            {
                read[i] = double.CreateTruncating(logits[Place(item, i)]);
            }

            values[item] = metric.Value(item, read);
            metric.Gradient(item, read, slope);
            for (int i = 0; i < read.Length; i++)
            {
                gradient[Place(item, i)] = T.CreateTruncating(slope[i]);
            }
        }

        return values;

        int Place(int item, int i)
        {
            (int position, int column) = Math.DivRem(i, width);
            return (((item * positions) + position) * computed) + (columns?[column] ?? column);
        }
    }
}
