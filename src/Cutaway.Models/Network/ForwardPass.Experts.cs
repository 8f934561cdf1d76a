using System.Numerics.Tensors;
using Cutaway.Tensors;
using Cutaway.Tensors.Autograd;
using Cutaway.Tensors.Kernels;
using Cutaway.Tensors.Parallel;

namespace Cutaway.Models.Network;

public sealed unsafe partial class ForwardPass<T>
{
    private static readonly ExpertRouting SharedRouting = new(ExpertScoring.Sigmoid, Renormalize: false);
    private readonly Scratch routerLogits = new();
    private readonly Scratch expertChoices = new();
    private readonly Scratch expertWeights = new();
    private readonly Scratch expertIn = new();
    private readonly Scratch expertOut = new();
    private readonly Scratch sharedWeights = new();
    private int[] everyRow = [];
    private int[] onlyExpert = [];
    private int[] chosenExperts = [];
    private int[] expertRows = [];
    private int[] expertPlaces = [];
    private int[] expertStarts = [];

    /// <summary>What the experts that a router chooses for each row of <c>read</c> write together; experts that no row chose are not computed.</summary>
    private void Experts(int layer, ExpertWeights experts, Scratch target)
    {
        ExpertConfig c = config.LayerConfigs[layer].Experts!;
        Route(layer, experts, c);
        SharedExpert(experts, c, target);
        GroupByExpert(c);
        for (int expert = 0; expert < c.Count; expert++)
        {
            (int start, int count) = (expertStarts[expert], expertStarts[expert + 1] - expertStarts[expert]);
            if (count == 0)
            {
                continue;
            }

            GatherRows(start, count);
            Neurons(-1, experts.Experts[expert], expertIn, count, expertOut, c.Limit);
            AddWeighted(expertWeights, expertRows, expertPlaces, start, count, target);
        }
    }

    private void Route(int layer, ExpertWeights experts, ExpertConfig c)
    {
        Linear(read, rows, experts.Router, routerLogits);
        Visit(HookKind.RouterLogits, layer, routerLogits, request.Batch, request.Length, c.Count);
        if (tape is not null || chosenExperts.Length < rows * c.Chosen)
        {
            // What a tape recorded keeps the choice it was made with.
            chosenExperts = new int[rows * c.Chosen];
        }

        T* choices = Reserve(expertChoices, rows, c.Chosen);
        ChoiceWork choose = new(c, routerLogits.Pointer, Values(experts.SelectionBias), chosenExperts, choices);
        network.Pool.ForRows(rows, (long)rows * c.Count * c.Chosen, ref choose);
        Visit(HookKind.ExpertIndices, layer, expertChoices, request.Batch, request.Length, c.Chosen);
        ReadChoices(layer, c);
        WeightWork weigh = new(
            c.Routing,
            c.Count,
            c.Chosen,
            routerLogits.Pointer,
            chosenExperts,
            Reserve(expertWeights, rows, c.Chosen, tape is null ? null : ExpertWeightsOperation<T>.Record(tape, routerLogits.Variable, c.Routing, chosenExperts, c.Count)));
        network.Pool.ForRows(rows, (long)rows * c.Count, ref weigh);
        Visit(HookKind.ExpertWeights, layer, expertWeights, request.Batch, request.Length, c.Chosen);
    }

    // A hook may have chosen others.
    private void ReadChoices(int layer, ExpertConfig c)
    {
        ReadOnlySpan<T> choices = expertChoices.Span;
        for (int i = 0; i < choices.Length; i++)
        {
            int expert = int.CreateSaturating(choices[i]);
            if ((uint)expert >= (uint)c.Count || T.CreateTruncating(expert) != choices[i] || chosenExperts.AsSpan(i - (i % c.Chosen), i % c.Chosen).Contains(expert))
            {
                throw CutawayException.Usage(
                    $"blocks.{layer}.mlp.hook_expert_indices was changed to {choices[i]}; {c.Chosen} different whole numbers from 0 to {c.Count - 1} were expected at each position");
            }

            chosenExperts[i] = expert;
        }
    }

    // The expert that every row passes, times its own gate where it has one; zero where there is none.
    private void SharedExpert(ExpertWeights experts, ExpertConfig c, Scratch target)
    {
        int d = config.DModel;
        if (experts.Shared is null)
        {
            new Span<T>(Reserve(target, rows, d), rows * d).Clear();
            return;
        }

        if (experts.SharedGate is null)
        {
            Neurons(-1, experts.Shared, read, rows, target);
            return;
        }

        Neurons(-1, experts.Shared, read, rows, expertOut);
        Linear(read, rows, experts.SharedGate, expertIn);
        if (everyRow.Length < rows)
        {
            everyRow = [.. Enumerable.Range(0, rows)];
            onlyExpert = new int[rows];
        }

        WeightWork weigh = new(
            SharedRouting, 1, 1, expertIn.Pointer, onlyExpert, Reserve(sharedWeights, rows, 1, tape is null ? null : ExpertWeightsOperation<T>.Record(tape, expertIn.Variable, SharedRouting, onlyExpert[..rows], 1)));
        network.Pool.ForRows(rows, rows, ref weigh);
        new Span<T>(Reserve(target, rows, d), rows * d).Clear();
        AddWeighted(sharedWeights, everyRow, everyRow, 0, rows, target);
    }

    // Rows in the order of the experts they chose: those of expert e are from expertStarts[e] on.
    private void GroupByExpert(ExpertConfig c)
    {
        int count = rows * c.Chosen;
        if (expertRows.Length < count)
        {
            (expertRows, expertPlaces) = (new int[count], new int[count]);
        }

        if (expertStarts.Length < c.Count + 1)
        {
            expertStarts = new int[c.Count + 1];
        }

        Array.Clear(expertStarts);
        for (int i = 0; i < count; i++)
        {
            expertStarts[chosenExperts[i] + 1]++;
        }

        for (int expert = 0; expert < c.Count; expert++)
        {
            expertStarts[expert + 1] += expertStarts[expert];
        }

        // Each start is moved over the rows that are put there, and ends where the next expert's begins.
        for (int i = 0; i < count; i++)
        {
            int at = expertStarts[chosenExperts[i]]++;
            (expertRows[at], expertPlaces[at]) = (i / c.Chosen, i);
        }

        for (int expert = c.Count; expert > 0; expert--)
        {
            expertStarts[expert] = expertStarts[expert - 1];
        }

        expertStarts[0] = 0;
    }

    private void GatherRows(int start, int count)
    {
        int d = config.DModel;
        T* x = Reserve(expertIn, count, d, tape is null ? null : GatherOperation<T>.Record(tape, read.Variable, expertRows.AsSpan(start, count).ToArray(), count, d));
        for (int i = 0; i < count; i++)
        {
            new ReadOnlySpan<T>(read.Pointer + ((nint)expertRows[start + i] * d), d).CopyTo(new Span<T>(x + ((nint)i * d), d));
        }
    }

    // target[row] += weight · expertOut, one row after the other of a run.
    private void AddWeighted(Scratch weights, int[] into, int[] places, int start, int count, Scratch target)
    {
        int d = config.DModel;
        ScatterOperation<T>? by = tape is null ? null : ScatterOperation<T>.Record(
            tape, target.Variable, expertOut.Variable, weights.Variable, into.AsSpan(start, count).ToArray(), places.AsSpan(start, count).ToArray(), d);
        ScatterWork work = new(expertOut.Pointer, weights.Pointer, into, places, start, Renew(target, by), d);
        network.Pool.ForRows(count, (long)count * d, ref work);
    }

    private readonly struct ChoiceWork(ExpertConfig c, T* logits, T* bias, int[] chosen, T* choices) : IParallelWork
    {
        public void Invoke(int index)
        {
            NativeBuffer<T> scratch = RowScratch<T>.Take(c.Count);
            Span<int> own = chosen.AsSpan(index * c.Chosen, c.Chosen);
            c.Routing.Choose(new ReadOnlySpan<T>(logits + ((nint)index * c.Count), c.Count), Row(bias, 0, c.Count), scratch.Span[..c.Count], own);
            for (int i = 0; i < own.Length; i++)
            {
                choices[((nint)index * c.Chosen) + i] = T.CreateTruncating(own[i]);
            }
        }
    }

    private readonly struct WeightWork(ExpertRouting routing, int experts, int count, T* logits, int[] chosen, T* weights) : IParallelWork
    {
        public void Invoke(int index)
        {
            NativeBuffer<T> scratch = RowScratch<T>.Take(experts);
            routing.Weigh(
                new ReadOnlySpan<T>(logits + ((nint)index * experts), experts), chosen.AsSpan(index * count, count), scratch.Span[..experts], new Span<T>(weights + ((nint)index * count), count));
        }
    }

    private readonly struct ScatterWork(T* x, T* weights, int[] into, int[] places, int start, T* target, int width) : IParallelWork
    {
        public void Invoke(int index)
        {
            Span<T> sum = new(target + ((nint)into[start + index] * width), width);
            TensorPrimitives.MultiplyAdd(new ReadOnlySpan<T>(x + ((nint)index * width), width), weights[places[start + index]], sum, sum);
        }
    }
}
