using System.Collections.Concurrent;
using System.Numerics;
using Cutaway.Interventions;
using Cutaway.Metrics;
using Cutaway.Models.Network;
using Cutaway.Models.Tokenizers;
using Cutaway.Models.Tokenizers.Chat;
using Cutaway.Runs;
using Cutaway.Sentences;
using Cutaway.Tensors;
using Cutaway.Tensors.Autograd;
using Cutaway.Tensors.Storage;

namespace Cutaway;

/// <summary>A language model that can be opened: its network, its tokenizer, and the precision it computes in.</summary>
public sealed class LanguageModel
{
    private readonly ConcurrentBag<object> passes = [];
    private readonly ConcurrentBag<object> tapes = [];
    private readonly Lazy<ITokenizer> tokenizer;

    /// <summary>Joins a network and a tokenizer; <c>LanguageModel.Load</c> does it from files.</summary>
    /// <param name="name">How to call it.</param>
    /// <param name="network">The network.</param>
    /// <param name="tokenizer">The tokenizer.</param>
    /// <param name="dtype">The precision to compute in.</param>
    public LanguageModel(string name, TransformerNetwork network, ITokenizer tokenizer, DType dtype = DType.Float32)
        : this(name, network, new Lazy<ITokenizer>(tokenizer), dtype)
    {
    }

    /// <summary>As the public constructor; the tokenizer is read when a text is first encoded or decoded, so that runs on ids need none.</summary>
    internal LanguageModel(string name, TransformerNetwork network, Lazy<ITokenizer> tokenizer, DType dtype)
    {
        Name = name;
        Network = network;
        this.tokenizer = new Lazy<ITokenizer>(() => Loading.FittingTokenizer.Of(tokenizer.Value, network.Config.Vocabulary, name));
        DType = dtype;
    }

    /// <summary>Opens a model.</summary>
    /// <param name="name">A checkpoint folder in Hugging Face's layout, a .gguf file, a file of weights with its config.json beside it, a hub id (owner/name) already in the cache, or an embedded model's name.</param>
    /// <param name="dtype">The precision to compute in.</param>
    /// <exception cref="CutawayException">There is no such model, or its files cannot be read.</exception>
    public static LanguageModel Load(string name, DType dtype = DType.Float32) => Loading.ModelLoader.Load(name, dtype);

    /// <summary>The name the model was loaded by.</summary>
    public string Name { get; }

    /// <summary>Its network.</summary>
    public TransformerNetwork Network { get; }

    /// <summary>Its shape and arithmetic.</summary>
    public NetworkConfig Config => Network.Config;

    /// <summary>Its tokenizer.</summary>
    /// <exception cref="CutawayException">The model's files hold none that can be read.</exception>
    public ITokenizer Tokenizer => tokenizer.Value;

    /// <summary>Its chat template, or null.</summary>
    public string? ChatTemplate { get; init; }

    /// <summary>A hash of its weights (see <see cref="Models.Formats.WeightHash"/>), or empty where it was not made from files.</summary>
    public string Hash => LazyHash.Value;

    /// <summary>Where the hash comes from: it is computed when something first asks for it.</summary>
    internal Lazy<string> LazyHash { get; init; } = new("");

    /// <summary>How the model's makers generate with it (<c>generation_config.json</c>), to begin from where that is wanted; where they do not say, options that change nothing.</summary>
    /// <exception cref="CutawayException">The file cannot be read.</exception>
    public GenerationOptions GenerationDefaults => LazyGeneration.Value;

    /// <summary>Where those come from.</summary>
    internal Lazy<GenerationOptions> LazyGeneration { get; init; } = new(static () => new());

    /// <summary>How the model makes embeddings of texts, as sentence-transformers keeps it beside the weights; the mean of the last states where nothing is said.</summary>
    /// <exception cref="CutawayException">The files cannot be read, or ask for a step that is not supported.</exception>
    public SentenceSettings SentenceSettings => LazySentences.Value;

    /// <summary>Where those come from.</summary>
    internal Lazy<SentenceSettings> LazySentences { get; init; } = new(static () => new());

    /// <summary>What it was read from, if that can be written again.</summary>
    internal Loading.ModelOrigin? Origin { get; init; }

    /// <summary>The precision it computes in.</summary>
    public DType DType { get; }

    /// <summary>The text that its encoder has read (<see cref="Reading"/>), or null.</summary>
    public Prompt? Source { get; private init; }

    /// <summary>
    /// The encoder of a model of two stacks (T5) as a model of its own, whose runs are captured and changed as any other's; it has no
    /// logits. Null for models of one stack.
    /// </summary>
    public LanguageModel? Encoder => Network.Encoder is { } encoder ? new($"{Name} (encoder)", encoder, tokenizer, DType) : null;

    /// <summary>
    /// The decoder of a model of two stacks with a text that its encoder has read: a language model as any other, whose prompts are
    /// what the decoder has written so far (an empty one for nothing).
    /// </summary>
    /// <param name="source">The text that the encoder reads.</param>
    /// <param name="plan">What is changed in the encoder's run.</param>
    /// <param name="cancellation">Cancels the run.</param>
    /// <exception cref="CutawayException">The model has no encoder, or the plan does not fit it.</exception>
    public LanguageModel Reading(Prompt source, IReadOnlyList<PlanItem>? plan = null, CancellationToken cancellation = default)
    {
        LanguageModel encoder = Encoder ?? throw CutawayException.Usage($"'{Name}' has no encoder that reads a text of its own; leave the source out, and give the whole text as the prompt");
        Run run = encoder.Run(TokenBatch.Single(encoder.Encode(source)), [.. plan ?? [], Capture.At("unembed.hook_in")], LogitScope.None, cancellation);
        double[] output = run["unembed.hook_in"].ToDoubles();
        return With(Network.Reading(WeightMatrix.FromArray(output, output.Length / Config.DModel, Config.DModel)), DType, source);
    }

    /// <summary>The same model computing in another precision.</summary>
    public LanguageModel WithDType(DType dtype) => dtype == DType ? this : With(Network, dtype);

    /// <summary>The same model with another network, such as one with processed weights.</summary>
    public LanguageModel WithNetwork(TransformerNetwork network) => With(network, DType);

    /// <summary>
    /// Writes the model to a folder in Hugging Face's layout, as <c>transformers</c> and <see cref="Load"/> read it: config.json,
    /// weights as safetensors, the tokenizer's files. Tensors have the names, shapes and types of the files that the model was
    /// read from; one with changed weights takes a wider type where its own would round them. The folder appears whole or not at all.
    /// </summary>
    /// <param name="folder">Where: nothing is there yet, or an empty folder.</param>
    /// <exception cref="CutawayException">
    /// The model was not read from such files, or its weights no longer fit them; the folder cannot be written, or there is not room enough.
    /// </exception>
    public void Save(string folder) => Loading.ModelSaver.Save(this, folder);

    /// <summary>The ids of a prompt.</summary>
    /// <exception cref="CutawayException">The prompt is empty, too long for the model, or holds ids outside the vocabulary.</exception>
    public IReadOnlyList<int> Encode(Prompt prompt)
    {
        // A tokenizer may put a token before any text, but an empty text is a mistake all the same; not so for a decoder that has written nothing yet.
        IReadOnlyList<int> ids = prompt.Ids ?? (Config.StartToken is int start
            ? [start, .. Tokenizer.Encode(prompt.Text ?? "", addSpecialTokens: false).Select(token => token.Id)]
            : string.IsNullOrEmpty(prompt.Text) ? [] : [.. Tokenizer.Encode(prompt.Text).Select(token => token.Id)]);
        if (ids.Count == 0)
        {
            throw CutawayException.Input("the prompt is empty; give a text of at least one token");
        }

        if (ids.Count > Config.Context)
        {
            throw CutawayException.Input($"the prompt has {ids.Count} tokens; the context of '{Name}' is {Config.Context}. Shorten it");
        }

        return ids;
    }

    /// <summary>A conversation as the model was trained to read it: its chat template, up to the start of the assistant's next turn.</summary>
    /// <param name="messages">The turns, in order.</param>
    /// <exception cref="CutawayException">The model has no chat template, or the template refuses the conversation.</exception>
    public string ChatText(params IReadOnlyList<ChatMessage> messages) => ChatText(new Conversation(messages, new ChatOptions()));

    /// <summary>A conversation, with tools and whatever else its template is given, as the model was trained to read it.</summary>
    /// <param name="conversation">The turns, and what else the template is given; the tokens that start and end a text are this model's where it names none.</param>
    /// <exception cref="CutawayException">The model has no chat template, or the template refuses the conversation.</exception>
    public string ChatText(Conversation conversation)
    {
        if (ChatTemplate is null)
        {
            throw CutawayException.Usage($"'{Name}' has no chat template; give the text as the model should read it");
        }

        ChatOptions options = conversation.Options;
        return Models.Tokenizers.Chat.ChatTemplate.Parse(ChatTemplate).Render(conversation.Messages, options with
        {
            BosToken = options.BosToken ?? TextOf(Tokenizer.BeginOfText),
            EosToken = options.EosToken ?? TextOf(Tokenizer.EndOfText),
        });

        string? TextOf(int? id) => id is int known ? Tokenizer.TokenText(known) : null;
    }

    /// <summary>The prompt that a conversation makes; the template itself writes the special tokens.</summary>
    /// <param name="messages">The turns, in order.</param>
    /// <exception cref="CutawayException">The model has no chat template, or the template refuses the conversation.</exception>
    public Prompt Chat(params IReadOnlyList<ChatMessage> messages) =>
        Prompt.FromIds([.. Tokenizer.Encode(ChatText(messages), addSpecialTokens: false).Select(token => token.Id)]);

    /// <summary>The id of a text that must be exactly one token, such as " Mary".</summary>
    /// <exception cref="CutawayException">The text is several tokens, or none.</exception>
    public int SingleToken(string text)
    {
        IReadOnlyList<Token> tokens = Tokenizer.Encode(text, addSpecialTokens: false);
        if (tokens.Count == 1)
        {
            return tokens[0].Id;
        }

        string parts = string.Join(" ", tokens.Select(token => $"'{Tokenizer.TokenText(token.Id)}'"));
        string hint = text.StartsWith(' ') ? "" : $"; words inside a text start with a space: try ' {text}'";
        throw CutawayException.Input($"'{text}' is {tokens.Count} tokens in '{Name}' ({parts}); one was expected{hint}");
    }

    /// <summary>The text of each token of a sequence.</summary>
    public IReadOnlyList<string> TokenTexts(IEnumerable<int> ids) => [.. ids.Select(Tokenizer.TokenText)];

    /// <summary>Runs a prompt.</summary>
    /// <param name="prompt">A text or ids.</param>
    /// <param name="plan">What to capture and to change, in order.</param>
    public Run Run(Prompt prompt, params PlanItem[] plan) => Run(TokenBatch.Single(Encode(prompt)), plan);

    /// <summary>Runs a batch of sequences.</summary>
    /// <param name="tokens">The sequences.</param>
    /// <param name="plan">What to capture and to change, in order.</param>
    /// <param name="logits">Which logits to compute; with <see cref="LogitScope.None"/> the run ends after the last site of the plan.</param>
    /// <param name="cancellation">Cancels the run.</param>
    /// <exception cref="CutawayException">The plan does not fit the model, or the tokens do not.</exception>
    public Run Run(TokenBatch tokens, IReadOnlyList<PlanItem> plan, LogitScope logits = LogitScope.All, CancellationToken cancellation = default) =>
        DType == DType.Float32 ? Run<float>(tokens, plan, logits, cancellation) : Run<double>(tokens, plan, logits, cancellation);

    /// <summary>Runs a batch of sequences and takes the gradient of a metric back through the run.</summary>
    /// <param name="tokens">The sequences.</param>
    /// <param name="metric">The metric; its sum over the sequences is differentiated.</param>
    /// <param name="plan">What to capture and to change, in order; <see cref="CaptureGradient"/> says where gradients are kept. Those of vectors that the plan adds are kept always.</param>
    /// <param name="cancellation">Cancels the run.</param>
    /// <exception cref="CutawayException">The plan does not fit the model, the tokens do not, or a part of the plan has no gradient.</exception>
    public GradientRun Differentiate(TokenBatch tokens, Metric metric, IReadOnlyList<PlanItem> plan, CancellationToken cancellation = default)
    {
        return DType == DType.Float32 ? Differentiate<float>() : Differentiate<double>();

        GradientRun Differentiate<T>()
            where T : unmanaged, IBinaryFloatingPointIeee754<T> => UsePass<T, GradientRun>(pass =>
            {
                Tape<T> tape = tapes.TryTake(out object? kept) && kept is Tape<T> typed ? typed : new Tape<T>();
                GradientRun run = Differentiation.Run(this, pass, tape, tokens, metric, plan, cancellation);
                tapes.Add(tape);
                return run;
            });
    }

    /// <summary>Continues a prompt, with interventions held in every step.</summary>
    /// <param name="prompt">A text or ids.</param>
    /// <param name="options">How to choose tokens, and when to stop.</param>
    /// <param name="plan">Interventions.</param>
    /// <param name="cancellation">Cancels the generation.</param>
    public Generation Generate(Prompt prompt, GenerationOptions? options = null, IReadOnlyList<PlanItem>? plan = null, CancellationToken cancellation = default) =>
        Generate([prompt], options, plan, cancellation)[0];

    /// <summary>Continues several prompts at once, each as it would be alone (up to rounding in the last bits of its logits) with the seed of its place.</summary>
    /// <param name="prompts">Texts or ids, at least one.</param>
    /// <param name="options">How to choose tokens, and when to stop.</param>
    /// <param name="plan">Interventions; negative positions count from each prompt's end.</param>
    /// <param name="cancellation">Cancels the generation.</param>
    public IReadOnlyList<Generation> Generate(IReadOnlyList<Prompt> prompts, GenerationOptions? options = null, IReadOnlyList<PlanItem>? plan = null, CancellationToken cancellation = default)
    {
        IReadOnlyList<int>[] ids = prompts.Count > 0 ? [.. prompts.Select(Encode)] : throw CutawayException.Usage("there is no prompt to continue; give at least one");
        return DType == DType.Float32 ? Generate<float>() : Generate<double>();

        IReadOnlyList<Generation> Generate<T>()
            where T : unmanaged, IBinaryFloatingPointIeee754<T> =>
            UsePass<T, IReadOnlyList<Generation>>(pass => Generator.Generate(this, pass, ids, plan ?? [], options ?? new(), cancellation));
    }

    /// <summary>Continues a prompt, and gives the text piece by piece as it becomes certain: whole characters, and nothing that may begin a stop text.</summary>
    /// <inheritdoc cref="Generate(Prompt, GenerationOptions?, IReadOnlyList{PlanItem}?, CancellationToken)"/>
    public IAsyncEnumerable<string> Stream(Prompt prompt, GenerationOptions? options = null, IReadOnlyList<PlanItem>? plan = null, CancellationToken cancellation = default) =>
        TextStream.Of((hear, stop) => Generate(prompt, (options ?? new()) with { OnText = hear + options?.OnText }, plan, stop), cancellation);

    /// <summary>One vector for each text, made as the model's makers say (<see cref="SentenceSettings"/>); texts of like length run together.</summary>
    /// <param name="texts">The texts; one with more tokens than the model takes is cut at its end.</param>
    /// <param name="plan">Interventions held while the model reads; positions count within each text.</param>
    /// <param name="progress">Reports how many are done, and cancels.</param>
    /// <exception cref="CutawayException">There is no text, or one has no tokens; the plan does not fit the model.</exception>
    public SentenceEmbeddings Embed(IReadOnlyList<string> texts, IReadOnlyList<Intervention>? plan = null, Progress progress = default) => texts.Count > 0
        ? SentenceEncoder.Embed(this, SentenceSettings, [.. texts.Select(text => SentenceEncoder.Encode(this, SentenceSettings, text))], plan ?? [], progress)
        : throw CutawayException.Usage("there is no text to embed; give at least one");

    /// <summary>The logits of residual streams through the final norm and the unembedding: the logit lens (nostalgebraist 2020).</summary>
    /// <param name="residuals">[…, d_model].</param>
    /// <returns>[…, vocab].</returns>
    public Tensor Unembed(Tensor residuals)
    {
        if (!Config.Unembeds)
        {
            throw CutawayException.Usage($"'{Name}' is a {Config.Architecture} without a head, so there is no vocabulary to read its states in; use a checkpoint with a head");
        }

        int width = residuals.Shape[^1];
        if (width != Config.DModel)
        {
            throw CutawayException.Usage($"residual streams of '{Name}' are {Config.DModel} wide; got {width}");
        }

        return DType == DType.Float32 ? Unembed<float>() : Unembed<double>();

        Tensor Unembed<T>()
            where T : unmanaged, IBinaryFloatingPointIeee754<T>
        {
            int count = residuals.Count / width;
            T[] logits = new T[checked(count * Config.Vocabulary)];
            UsePass<T, int>(pass =>
            {
                pass.Project(residuals.To<T>(), count, logits);
                return 0;
            });
            return Tensor.CopyOf<T>(logits, [.. residuals.Shape.SkipLast(1), Config.Vocabulary], [.. residuals.Axes.SkipLast(1), "vocab"]);
        }
    }

    private LanguageModel With(TransformerNetwork network, DType dtype, Prompt? source = null) => new(Name, network, tokenizer, dtype)
    {
        ChatTemplate = ChatTemplate,
        Source = source ?? Source,
        LazyHash = LazyHash,
        LazyGeneration = LazyGeneration,
        LazySentences = LazySentences,
        Origin = Origin,
    };

    private Run Run<T>(TokenBatch tokens, IReadOnlyList<PlanItem> plan, LogitScope logits, CancellationToken cancellation)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        // A network that ends in states is run for its states; who asks the run for logits is told.
        LogitScope scope = Config.Unembeds ? logits : LogitScope.None;
        CompiledPlan compiled = CompiledPlan.Compile(Network.Hooks, plan, tokens);
        PlanListener<T> listener = new(compiled);
        return UsePass<T, Run>(pass =>
        {
            ForwardRequest request = new(tokens.Ids, tokens.Batch, tokens.Length) { AttentionMask = tokens.Mask, Logits = scope };
            pass.Run(request, plan.Count == 0 ? null : listener, cancellation);
            listener.CheckFired(tokens.Length);
            Tensor? values = scope switch
            {
                LogitScope.All => Tensor.CopyOf(pass.Logits, [tokens.Batch, tokens.Length, Config.Vocabulary], ["batch", "pos", "vocab"]),
                LogitScope.Last => Tensor.CopyOf(pass.Logits, [tokens.Batch, Config.Vocabulary], ["batch", "vocab"]),
                _ => null,
            };
            return new Run(this, tokens, values, listener.Captured, compiled.Partial);
        });
    }

    private TResult UsePass<T, TResult>(Func<ForwardPass<T>, TResult> use)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        ForwardPass<T> pass = passes.TryTake(out object? kept) && kept is ForwardPass<T> typed ? typed : new ForwardPass<T>(Network);
        TResult result = use(pass);

        // A pass that threw is dropped: its state is unknown.
        passes.Add(pass);
        return result;
    }
}
