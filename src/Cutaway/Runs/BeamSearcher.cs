using System.Numerics;
using Cutaway.Decoding;
using Cutaway.Interventions;
using Cutaway.Models.Network;
using Cutaway.Tensors.Kernels;

namespace Cutaway.Runs;

/// <summary>Beam search: each running beam has a row of the batch and of the key/value cache, and rows are copied where a beam goes on in several ways.</summary>
internal sealed class BeamSearcher<T>(LanguageModel model, ForwardPass<T> pass, GenerationRules rules, GenerationOptions options, BeamSearch search)
    where T : unmanaged, IBinaryFloatingPointIeee754<T>
{
    private readonly int vocabulary = model.Config.Vocabulary;
    private readonly int[] chosenByOthers = new int[model.Config.Vocabulary];

    /// <summary>Continues a prompt.</summary>
    public Generation Search(IReadOnlyList<int> prompt, IReadOnlyList<PlanItem> plan, CancellationToken cancellation)
    {
        PlanListener<T>? listener = plan.Count == 0 ? null : new(CompiledPlan.Compile(model.Network.Hooks, plan, TokenBatch.Pad([.. Enumerable.Repeat(prompt, search.Beams)]), options.MaxTokens));
        KeyValueCache alone = KeyValueCache.Create<T>(model.Config, 1, prompt.Count);
        pass.Prefill(new ForwardRequest(prompt.ToArray(), 1, prompt.Count) { Cache = alone, Logits = LogitScope.Last }, listener, cancellation: cancellation);
        KeyValueCache cache = alone.Repeated<T>(search.Beams, prompt.Count + options.MaxTokens);
        int size = search.Beams / search.Groups;
        Group[] groups = [.. Enumerable.Range(0, search.Groups).Select(g => new Group(g * size, new Beam(rules.Begin(prompt), 0, 0, g * size)))];
        int[] next = new int[search.Beams];
        for (int generated = 1; ; generated++)
        {
            Array.Clear(chosenByOthers);
            foreach (Group group in groups.Where(group => !group.Done))
            {
                Advance(group, size, generated);
                foreach (Beam beam in group.Running)
                {
                    chosenByOthers[beam.Sequence.Last]++;
                }
            }

            if (groups.All(group => group.Done))
            {
                break;
            }

            foreach (Group group in groups.Where(group => !group.Done))
            {
                group.Seat(size, (from, to) => cache.CopySequence<T>(from, to, 0));
                foreach (Beam beam in group.Running)
                {
                    next[beam.Row] = beam.Sequence.Last;
                }
            }

            listener?.Step = generated;
            pass.Run(new ForwardRequest(next, search.Beams, 1) { Cache = cache, Logits = LogitScope.Last }, listener, cancellation);
        }

        listener?.CheckFired(cache.Length);
        Generation[] ranked = [.. groups.SelectMany(group => group.Finished).OrderByDescending(beam => beam.Score).Select(beam => beam.Sequence.ToGeneration(model, beam.Score))];
        foreach (int token in ranked[0].Ids)
        {
            options.OnToken?.Invoke(token);
        }

        options.OnText?.Invoke(ranked[0].Text);
        return ranked[0] with { Alternatives = ranked[1..] };
    }

    // The best continuations of a group's beams: those that end are kept aside, the others run on.
    private void Advance(Group group, int size, int generated)
    {
        List<Beam> running = [];
        int rank = 0;
        foreach ((Beam parent, int token, double score, double logProbability, double gap) in Candidates(group, Math.Max(2, 1 + rules.Ends) * size, generated == 1))
        {
            GeneratedSequence sequence = parent.Sequence.Fork();
            rules.Accept(sequence, token, logProbability, gap);
            if (sequence.Finish is null)
            {
                running.Add(new Beam(sequence, score, parent.Row, -1));
            }
            else if (rank < size)
            {
                // A text that ends counts only if it would have been kept had it gone on.
                group.Keep(new Beam(sequence, score / Math.Pow(generated, search.LengthPenalty), parent.Row, -1), size);
            }

            rank++;
            if (running.Count == size)
            {
                break;
            }
        }

        group.Running = running;
        group.Done = running.Count == 0 || (group.Finished.Count == size && !CouldImprove(group, generated));
    }

    private bool CouldImprove(Group group, int generated)
    {
        int length = search is { EarlyStopping: EarlyStopping.Never, LengthPenalty: > 0 } ? options.MaxTokens : generated;
        return search.EarlyStopping != EarlyStopping.WhenFull && group.Running[0].Score / Math.Pow(length, search.LengthPenalty) > group.Finished[^1].Score;
    }

    // The tokens of the highest scores over all beams of a group, best first; among equals the better beam and the lower id.
    private List<(Beam Parent, int Token, double Score, double LogProbability, double Gap)> Candidates(Group group, int count, bool first)
    {
        List<(Beam Parent, int Token, double Score, double LogProbability, double Gap)> all = [];
        foreach (Beam beam in group.Running)
        {
            ReadOnlySpan<T> logits = pass.Logits.Slice(first ? 0 : beam.Row * vocabulary, vocabulary);
            double logSum = Softmax.LogSumExp(logits);
            double gap = GenerationRules.Gap(logits);
            rules.Step.Begin(logits, beam.Sequence.Tokens, beam.Sequence.Prompt.Count);
            Span<double> scores = rules.Step.Logits;
            for (int i = 0; i < scores.Length; i++)
            {
                scores[i] -= logSum + (search.DiversityPenalty * chosenByOthers[i]);
            }

            rules.Process(beam.Sequence);
            foreach (int token in Reductions.TopK<double>(scores, count))
            {
                if (!double.IsNegativeInfinity(scores[token]))
                {
                    all.Add((beam, token, beam.Score + scores[token], double.CreateTruncating(logits[token]) - logSum, gap));
                }
            }
        }

        return [.. all.OrderByDescending(candidate => candidate.Score).Take(count)];
    }

    /// <summary>A text, its score, and the rows of the batch where it was and where it goes on.</summary>
    private sealed record Beam(GeneratedSequence Sequence, double Score, int ParentRow, int Row);

    /// <summary>Beams that compete with each other, best first.</summary>
    private sealed class Group(int firstRow, Beam start)
    {
        public List<Beam> Running { get; set; } = [start];

        public List<Beam> Finished { get; } = [];

        public bool Done { get; set; }

        /// <summary>Keeps a finished text if it is among the best.</summary>
        public void Keep(Beam beam, int most)
        {
            int at = Finished.FindIndex(other => other.Score < beam.Score);
            Finished.Insert(at < 0 ? Finished.Count : at, beam);
            if (Finished.Count > most)
            {
                Finished.RemoveAt(most);
            }
        }

        /// <summary>Gives every beam a row: the first that goes on from a row keeps it, so that a row is copied only over one that nobody needs.</summary>
        public void Seat(int size, Action<int, int> copy)
        {
            HashSet<int> taken = [];
            for (int i = 0; i < Running.Count; i++)
            {
                Running[i] = Running[i] with { Row = taken.Add(Running[i].ParentRow) ? Running[i].ParentRow : -1 };
            }

            Queue<int> free = new(Enumerable.Range(firstRow, size).Where(row => !taken.Contains(row)));
            for (int i = 0; i < Running.Count; i++)
            {
                if (Running[i].Row < 0)
                {
                    Running[i] = Running[i] with { Row = free.Dequeue() };
                    copy(Running[i].ParentRow, Running[i].Row);
                }
            }
        }
    }
}
