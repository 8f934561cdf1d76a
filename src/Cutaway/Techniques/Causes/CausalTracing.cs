using System.ComponentModel.DataAnnotations;
using Cutaway.Interventions;
using Cutaway.Metrics;
using Cutaway.Models.Network;
using Cutaway.Planning;
using Cutaway.Runs;
using Cutaway.Sites;
using Cutaway.Techniques.Reading;
using Cutaway.Tensors;
using Cutaway.Tensors.Storage;

namespace Cutaway.Techniques.Causes;

/// <summary>What is restored.</summary>
public enum TracedState
{
    /// <summary>The residual stream after one layer.</summary>
    Hidden,

    /// <summary>What attention adds, in a window of layers.</summary>
    Attention,

    /// <summary>What MLPs add, in a window of layers.</summary>
    Mlp,
}

/// <summary>What is cut off from a restored state, as a control.</summary>
public enum SeveredPart
{
    /// <summary>Nothing.</summary>
    None,

    /// <summary>Attention of later layers at the restored position.</summary>
    Attention,

    /// <summary>MLPs of later layers at the restored position.</summary>
    Mlp,
}

/// <summary>
/// Causal tracing (Meng et al. 2022, "Locating and Editing Factual Associations in GPT", §2): noise on the embeddings of a
/// subject makes the model forget the answer, and one clean state at a time is put back to see which brings it back. The total
/// effect is p(answer) clean less p(answer) with noise; the indirect effect of a state what restoring it adds to the latter.
/// The noise has <c>Noise</c> times the standard deviation of all numbers of the embedding matrix, and is drawn several times.
/// </summary>
/// <param name="Prompt">The text.</param>
/// <param name="Subject">Words of it whose embeddings get noise, wherever they occur.</param>
/// <param name="Answer">The token followed; by default the model's own first choice.</param>
/// <param name="Over">What is restored.</param>
/// <param name="Window">Layers of a window of attention or MLPs; by default a fifth of them, as 10 of GPT-2 XL's 48.</param>
/// <param name="Severed">What is held at what it was with noise, in later layers at the restored position.</param>
/// <param name="Noise">Size of the noise in standard deviations of the embeddings.</param>
/// <param name="Draws">How often noise is drawn.</param>
/// <param name="Seed">Draws it.</param>
/// <param name="Memory">Working memory that a batch of runs may take.</param>
/// <param name="Top">States listed.</param>
[Technique("causal-tracing", Section.Causes, "Make the model forget a subject by noise, and find the states that bring the answer back",
    Topic = "activation-patching",
    Examples = "causal-tracing\ncausal-tracing \"The Space Needle is in downtown\" --subject \"The Space Needle\" --over mlp --model path/to/model.gguf --html tracing.html")]
public sealed record CausalTracing(
    [property: Help("Text the model completes (default: Mary and John in the store)", Argument = true)] Prompt? Prompt = null,
    [property: Help("Words of the text whose embeddings get noise")] string? Subject = null,
    [property: Help("Token followed (default: the model's first choice)")] string? Answer = null,
    [property: Help("What is restored")] TracedState Over = TracedState.Hidden,
    [property: Help("Layers restored together, for attention and MLPs (default: a fifth)"), Range(1, 1000)] int? Window = null,
    [property: Help("What is cut off from the restored state")] SeveredPart Severed = SeveredPart.None,
    [property: Help("Size of the noise in standard deviations of the embeddings"), Range(0.0, 100.0)] double Noise = 3,
    [property: Help("How often noise is drawn"), Range(1, 1000)] int Draws = 10,
    [property: Help("Draws the noise")] int Seed = 0,
    [property: Help(PairHelp.Memory)] MemorySize? Memory = null,
    [property: Help("States listed"), Range(1, 200)] int Top = 10) : ITechnique<CausalTracingFinding>
{
    // "Mary" is the answer in the example's default text.
    private const string DefaultSubject = "Mary";

    /// <inheritdoc/>
    public CausalTracingFinding Run(LanguageModel model, Progress progress = default)
    {
        CheckParts(model);
        Prompt prompt = Prompt ?? Explain.DefaultPrompt;
        string subject = Subject ?? (Prompt is null ? DefaultSubject : throw CutawayException.Usage("--subject: name the words of the text whose embeddings get noise"));
        IReadOnlyList<int> ids = model.Encode(prompt);
        int[] noisy = PromptTokens.Of(model, prompt, subject, "--subject");
        TokenBatch prompts = TokenBatch.Pad([.. Enumerable.Repeat(ids, Draws)]);
        Run clean = model.Run(prompts, Capture.All(new Site($"blocks.*.{HookName(Over)}")), LogitScope.Last, progress.Cancellation);
        int answer = PromptTokens.Answer(model, Answer, clean.LastLogits());
        double spread = EmbeddingSpread(model);
        Add noise = NoiseAt(noisy, ids.Count, model.Config.DModel, Noise * spread);
        Run? corrupted = Severed == SeveredPart.None ? null : model.Run(prompts, [noise, .. Capture.All(new Site($"blocks.*.{HookName(SeveredState)}"))], LogitScope.None, progress.Cancellation);
        int window = Over == TracedState.Hidden ? 1 : Window ?? Math.Max(1, model.Config.Layers / 5);

        // Before the subject nothing changes, so nothing can be restored.
        int first = noisy[0];
        List<Variant> variants = [];
        for (int layer = 0; layer < model.Config.Layers; layer++)
        {
            for (int position = first; position < ids.Count; position++)
            {
                variants.Add(new Variant($"layer {layer}, position {position}", [.. Restore(clean, layer, position, window), .. Sever(corrupted, layer, position)]));
            }
        }

        Probability metric = new([.. Enumerable.Repeat(answer, Draws)]);
        SweepResult result = new Sweep(prompts, metric, variants) { Base = [noise], MemoryBudget = (Memory ?? MemorySize.Default).Bytes }.Run(model, progress);
        int columns = ids.Count - first;
        return new CausalTracingFinding
        {
            Request = this with { Window = window },
            Tokens = model.TokenTexts(ids),
            Subject = noisy,
            Answer = model.Tokenizer.TokenText(answer),
            Spread = spread,
            Clean = metric.Value(0, clean.LastLogits()),
            Corrupted = result.Baseline,
            Effects = [.. Enumerable.Range(0, model.Config.Layers).Select(layer => Enumerable.Range(0, ids.Count)
                .Select(position => position < first ? 0 : result.Mean((layer * columns) + position - first) - result.Baseline.Average()).ToArray())],
        };
    }

    private TracedState SeveredState => Severed == SeveredPart.Mlp ? TracedState.Mlp : TracedState.Attention;

    private static string HookName(TracedState state) => state switch
    {
        TracedState.Attention => "hook_attn_out",
        TracedState.Mlp => "hook_mlp_out",
        _ => "hook_resid_post",
    };

    private static Site At(TracedState state, int layer, int position) => new Site($"blocks.{layer}.{HookName(state)}").At(position);

    private void CheckParts(LanguageModel model)
    {
        if (model.Config.AttentionOnly && (Over == TracedState.Mlp || Severed == SeveredPart.Mlp))
        {
            throw CutawayException.Usage($"'{model.Name}' has no MLPs to restore or to sever");
        }

        if (Over == TracedState.Hidden && Window > 1)
        {
            throw CutawayException.Usage("--window joins layers of attention or MLPs; one residual stream holds what all layers before it wrote. Leave it out, or use it with --over attention or mlp");
        }

        if (Over != TracedState.Hidden && Severed != SeveredPart.None)
        {
            throw CutawayException.Usage("--severed is a control for restored residual streams; use it with --over hidden");
        }
    }

    private static IEnumerable<Replace> SitesOf(Run from, TracedState state, IEnumerable<int> layers, int position) =>
        layers.Select(layer => Replace.With(At(state, layer, position), from));

    private IEnumerable<Replace> Restore(Run clean, int layer, int position, int window)
    {
        int start = Math.Max(0, layer - (window / 2));
        int end = Math.Min(clean.Model.Config.Layers, layer - (window / 2) + window);
        return SitesOf(clean, Over, Enumerable.Range(start, end - start), position);
    }

    private IEnumerable<Replace> Sever(Run? corrupted, int layer, int position) => corrupted is null
        ? []
        : SitesOf(corrupted, SeveredState, Enumerable.Range(layer + 1, corrupted.Model.Config.Layers - layer - 1), position);

    private Add NoiseAt(int[] positions, int length, int width, double size)
    {
        SeededRandom random = new((ulong)(uint)Seed);
        double[] values = new double[Draws * length * width];
        for (int draw = 0; draw < Draws; draw++)
        {
            foreach (int position in positions)
            {
                foreach (ref double value in values.AsSpan(((draw * length) + position) * width, width))
                {
                    value = size * random.NextNormal();
                }
            }
        }

        return Add.Vector(new Site("hook_embed").At(positions), Tensor.Of(values, [Draws, length, width]));
    }

    /// <summary>The standard deviation of all numbers of the embedding matrix, as the network scales them.</summary>
    private static double EmbeddingSpread(LanguageModel model)
    {
        WeightMatrix embedding = model.Network.Weights.Embedding;
        double[] row = new double[embedding.Columns];
        double sum = 0;
        double squares = 0;
        for (int i = 0; i < embedding.Rows; i++)
        {
            embedding.DecodeRow<double>(i, row);
            foreach (double value in row)
            {
                sum += value;
                squares += value * value;
            }
        }

        double count = (double)embedding.Rows * embedding.Columns;
        return model.Config.EmbeddingScale * Math.Sqrt(Math.Max(0, (squares / count) - (sum / count * (sum / count))));
    }
}
