using System.ComponentModel.DataAnnotations;
using Cutaway.Analysis;
using Cutaway.Findings;
using Cutaway.Interventions;
using Cutaway.Models.Network;
using Cutaway.Runs;
using Cutaway.Sites;
using Cutaway.Tensors;

namespace Cutaway.Techniques.Internals;

/// <summary>
/// Reads neurons as memories: a key that fires on some inputs, a value that promotes some tokens (Geva et al. 2021, "Transformer
/// Feed-Forward Layers Are Key-Value Memories", section 2). The value is read as the logit lens reads a residual stream, without
/// its norm's scale: value · (final norm weight ∘ W_U).
/// </summary>
/// <param name="Prompt">A text; its strongest neurons are shown.</param>
/// <param name="Layer">Only this layer.</param>
/// <param name="Neuron">Only this neuron of the layer.</param>
/// <param name="Position">The position whose neurons are ranked; negative counts from the end.</param>
/// <param name="Neurons">How many neurons to show.</param>
/// <param name="Top">Tokens listed for each key and value.</param>
[Technique("mlp-memory", Section.Internals, "MLP neurons as key-value memories: what makes them fire, and which tokens they promote",
    Topic = "mlps-in-transformers",
    Examples = "mlp-memory \"The Eiffel Tower is located in the city of\" --model path/to/model.gguf\nmlp-memory \"The capital of France is\" --layer 20 --neuron 17 --model path/to/model.gguf")]
public sealed record MlpMemory(
    [property: Help("Text whose strongest neurons are shown", Argument = true)] Prompt Prompt,
    [property: Help("Only this layer"), Range(0, 10000)] int? Layer = null,
    [property: Help("Only this neuron (with --layer)"), Range(0, 10000000)] int? Neuron = null,
    [property: Help("Position whose neurons are ranked; negative counts from the end")] int Position = -1,
    [property: Help("Neurons shown"), Range(1, 100)] int Neurons = 8,
    [property: Help("Tokens listed for each key and value"), Range(1, 50)] int Top = 6) : ITechnique<MlpMemoryFinding>
{
    /// <inheritdoc/>
    public MlpMemoryFinding Run(LanguageModel model, Progress progress = default)
    {
        NetworkConfig config = model.Config;
        if (config.AttentionOnly)
        {
            throw CutawayException.Usage($"'{model.Name}' is an attention-only model: it has no MLP neurons. Choose a model with MLPs (--model)");
        }

        if (Layer >= config.Layers || Neuron >= config.DMlp || (Neuron is not null && Layer is null))
        {
            throw CutawayException.Usage($"--layer goes from 0 to {config.Layers - 1} and --neuron, given with it, from 0 to {config.DMlp - 1}");
        }

        TokenBatch tokens = TokenBatch.Single(model.Encode(Prompt));
        int position = PromptTokens.Position(tokens, Position);
        int[] layers = [.. (Layer is int only ? [only] : Enumerable.Range(0, config.Layers)).Where(layer => config.LayerConfigs[layer].Experts is null)];
        if (layers.Length == 0)
        {
            throw CutawayException.Usage($"{(Layer is null ? "every layer" : $"layer {Layer}")} of '{model.Name}' has a mixture of experts in the place of an MLP; attribution and patching work on hook_mlp_out, and on mlp.hook_expert_weights");
        }

        Run run = model.Run(tokens, Capture.All([.. layers.Select(Site.MlpPost)]), LogitScope.None, progress.Cancellation);
        List<(int Layer, int Neuron, double Activation, double Strength)> ranked = [];
        foreach (int layer in layers)
        {
            Tensor post = run[Site.MlpPost(layer)].Select("batch", 0).Select("pos", position);
            double[] norms = ValueNorms(model, layer);
            for (int neuron = 0; neuron < config.DMlp; neuron++)
            {
                double activation = post.At(neuron);
                ranked.Add((layer, neuron, activation, Math.Abs(activation) * norms[neuron]));
            }

            progress.Step("ranking neurons", layer + 1, config.Layers);
        }

        IEnumerable<(int Layer, int Neuron, double Activation, double Strength)> chosen = Neuron is int n
            ? ranked.Where(entry => entry.Neuron == n)
            : ranked.OrderByDescending(entry => entry.Strength).Take(Neurons);
        IReadOnlyList<string> texts = model.TokenTexts(tokens.Row(0).ToArray());
        List<NeuronMemory> memories = [.. chosen.Select(entry => Read(model, run, texts, entry.Layer, entry.Neuron, entry.Activation, entry.Strength))];
        return new MlpMemoryFinding { Tokens = texts, Position = position, Memories = memories };
    }

    private NeuronMemory Read(LanguageModel model, Run run, IReadOnlyList<string> texts, int layer, int neuron, double activation, double strength)
    {
        Tensor post = run[Site.MlpPost(layer)].Select("batch", 0);
        List<double> along = [.. Enumerable.Range(0, texts.Count).Select(i => post[i, neuron])];
        MlpWeights mlp = model.Network.Weights.Blocks[layer].Mlp!;
        double[] key = new double[model.Config.DModel];
        (mlp.Gate ?? mlp.In).Weight.DecodeRow<double>(neuron, key);
        double[] value = [.. WeightColumns.Of(mlp.Out.Weight, neuron, 1).Select(row => model.Config.ResidualScale * row[0])];
        double[] promoted = VocabularyReader.Logits(model, value, model.Network.Weights.Blocks[layer].MlpPostNorm);

        // A key reads the normalised stream, so embeddings are weighted as its norm weighs them.
        double[] fires = VocabularyReader.EmbeddingScores(model, key, model.Network.Weights.Blocks[layer].MlpNorm ?? model.Network.Weights.Blocks[layer].AttentionNorm);
        int sign = activation < 0 ? -1 : 1;
        return new NeuronMemory(layer, neuron, activation, strength, along, VocabularyReader.Top(model, fires, Top), VocabularyReader.Top(model, promoted, Top, sign));
    }

    private static double[] ValueNorms(LanguageModel model, int layer)
    {
        LinearWeights output = model.Network.Weights.Blocks[layer].Mlp!.Out;
        double[] row = new double[output.Weight.Columns];
        double[] squares = new double[row.Length];
        for (int i = 0; i < output.Weight.Rows; i++)
        {
            output.Weight.DecodeRow<double>(i, row);
            for (int j = 0; j < row.Length; j++)
            {
                squares[j] += row[j] * row[j];
            }
        }

        return Array.ConvertAll(squares, Math.Sqrt);
    }
}

/// <summary>One neuron as a memory.</summary>
/// <param name="Layer">Its layer.</param>
/// <param name="Neuron">Its index.</param>
/// <param name="Activation">What it was at the chosen position (what multiplies its value).</param>
/// <param name="Strength">|activation| times the length of its value: the length of what it wrote.</param>
/// <param name="Along">Its activation at every position.</param>
/// <param name="Key">Tokens whose embedding its key matches best.</param>
/// <param name="Value">Tokens that what it wrote promotes most.</param>
public sealed record NeuronMemory(
    int Layer, int Neuron, double Activation, double Strength, IReadOnlyList<double> Along, IReadOnlyList<ScoredToken> Key, IReadOnlyList<ScoredToken> Value);

/// <summary>The strongest memories of a text.</summary>
public sealed record MlpMemoryFinding : Finding
{
    /// <summary>The tokens.</summary>
    public required IReadOnlyList<string> Tokens { get; init; }

    /// <summary>The position whose neurons were ranked.</summary>
    public required int Position { get; init; }

    /// <summary>Strongest first.</summary>
    public required IReadOnlyList<NeuronMemory> Memories { get; init; }

    /// <inheritdoc/>
    public override string Headline => Memories.Count == 0
        ? "No neuron was asked for"
        : $"At '{Tokens[Position]}' neuron {Memories[0].Layer}.{Memories[0].Neuron} writes most; it promotes {string.Join(", ", Memories[0].Value.Take(3).Select(token => $"'{token.Text}'"))}";

    /// <inheritdoc/>
    public override IReadOnlyList<View> Views =>
    [
        new TableView("Neurons as memories", ["neuron", "activation", "written", "key: fires on", "value: promotes"],
        [
            .. Memories.Select(memory => (IReadOnlyList<object>)
            [
                $"{memory.Layer}.{memory.Neuron}", memory.Activation, memory.Strength,
                string.Join(" ", memory.Key.Select(token => $"'{token.Text}'")),
                string.Join(" ", memory.Value.Select(token => $"'{token.Text}'")),
            ]),
        ])
        {
            Caption = "A key is compared with token embeddings (a guess at what it reads in early layers); a value with the unembedding.",
        },
        .. Memories.Take(3).Select(memory => new TokensView($"Where neuron {memory.Layer}.{memory.Neuron} fires", Tokens, memory.Along) { Unit = "activation" }),
    ];
}
