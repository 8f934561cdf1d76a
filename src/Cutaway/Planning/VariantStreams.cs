using System.Numerics;
using Cutaway.Models.Network;
using TensorPrimitives = System.Numerics.Tensors.TensorPrimitives;

namespace Cutaway.Planning;

/// <summary>Makes the residual streams that variants start with: those of the base run, with what the variant changes at its entry.</summary>
internal sealed class VariantStreams<T>(ForwardPass<T> pass, BaseRun<T> run, VariantPlanner<T> planner)
    where T : unmanaged, IBinaryFloatingPointIeee754<T>
{
    private readonly NetworkConfig config = pass.Network.Config;

    private TokenBatch Prompts => run.Prompts;

    /// <summary>Writes the streams of a variant.</summary>
    /// <param name="variant">The variant.</param>
    /// <param name="target">[prompt, position from its first, d_model].</param>
    public void Fill(PlannedVariant variant, Span<T> target)
    {
        int d = config.DModel;
        int length = Prompts.Length - variant.First;
        Gather(run.Streams(pass.Network.Hooks, variant.Step), d, target);
        if (variant.Entry is not { } point)
        {
            return;
        }

        ReadOnlySpan<T> before = run.At(point);
        ReadOnlySpan<T> after = planner.Change(variant.Entering);
        if (point.Kind is HookKind.ResidPre or HookKind.ResidMid or HookKind.ResidPost)
        {
            Gather(after, d, target);
        }
        else if (point.Kind == HookKind.Z)
        {
            T[] change = new T[Prompts.Batch * length * config.DValue];
            foreach (int head in SweepBatch.HeadsOf(variant, config))
            {
                for (int row = 0; row < Prompts.Batch * length; row++)
                {
                    int at = ((Source(row, length, variant.First) * config.Heads) + head) * config.DValue;
                    TensorPrimitives.Subtract(after.Slice(at, config.DValue), before.Slice(at, config.DValue), change.AsSpan(row * config.DValue, config.DValue));
                }

                pass.AddHead(point.Layer, head, change, target);
            }
        }
        else
        {
            int parts = point.Kind == HookKind.Result ? config.Heads : 1;
            T[] change = new T[d];
            for (int row = 0; row < Prompts.Batch * length; row++)
            {
                for (int part = 0; part < parts; part++)
                {
                    int at = ((Source(row, length, variant.First) * parts) + part) * d;
                    TensorPrimitives.Subtract(after.Slice(at, d), before.Slice(at, d), change);
                    TensorPrimitives.Add(target.Slice(row * d, d), change, target.Slice(row * d, d));
                }
            }
        }

        void Gather(ReadOnlySpan<T> source, int width, Span<T> rows)
        {
            for (int row = 0; row < rows.Length / width; row++)
            {
                source.Slice(Source(row, length, variant.First) * width, width).CopyTo(rows[(row * width)..]);
            }
        }
    }

    // The row of the base run that a variant's row stands for.
    private int Source(int row, int length, int first) => (row / length * Prompts.Length) + first + (row % length);
}
