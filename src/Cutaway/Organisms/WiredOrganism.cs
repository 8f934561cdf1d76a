using System.Text.Json;
using Cutaway.Models.Formats;
using Cutaway.Tensors.Storage;
using static Cutaway.Organisms.WiredLayout;

namespace Cutaway.Organisms;

/// <summary>
/// Builds <c>wired</c>, the embedded model: three layers of attention and nothing else, every weight set by the code beside
/// this file, so that what it does is known to the last edge. It continues repeated sequences and identifies indirect objects.
/// </summary>
public static class WiredOrganism
{
    /// <summary>The model's name.</summary>
    public const string Name = "wired";

    // Added to the logits of what is never predicted inside a text.
    private const double Never = -24;

    // How much more likely a text begins with an opener than with a name.
    private const double BeginsWithOpener = 2, BeginsWithName = 1;

    // What the kind of a token says about the kind of the next: a table of bigrams on the direct path (Elhage et al. 2021).
    private static readonly (WordKind This, WordKind Next, double Logit)[] Bigrams =
    [
        (WordKind.Name, WordKind.Verb, 2), (WordKind.Name, WordKind.Joining, 1), (WordKind.Name, WordKind.Comma, 1),
        (WordKind.Place, WordKind.Comma, 2), (WordKind.Place, WordKind.Stop, 2),
        (WordKind.Object, WordKind.Giving, 2), (WordKind.Object, WordKind.Stop, 1),
        (WordKind.Verb, WordKind.Article, 2), (WordKind.Verb, WordKind.Giving, 1), (WordKind.Verb, WordKind.Preposition, 1),
        (WordKind.Giving, WordKind.Article, 2), (WordKind.Giving, WordKind.Name, 1),
        (WordKind.Article, WordKind.Object, 2), (WordKind.Article, WordKind.Place, 2),
        (WordKind.Joining, WordKind.Name, 2), (WordKind.Preposition, WordKind.Article, 2), (WordKind.Pronoun, WordKind.Verb, 2),
        (WordKind.Opener, WordKind.Name, 2), (WordKind.Comma, WordKind.Name, 2), (WordKind.Stop, WordKind.Opener, 1), (WordKind.Stop, WordKind.Name, 1),
    ];

    /// <summary>Writes the model to a folder in Hugging Face's layout, with its circuit and a description beside it.</summary>
    /// <param name="folder">An existing folder.</param>
    /// <exception cref="CutawayException">The folder cannot be written to.</exception>
    public static void Save(string folder)
    {
        SafetensorsWriter.Write(Path.Combine(folder, "model.safetensors"), Tensors(), new Dictionary<string, string> { ["format"] = "pt" });
        Write("config.json", JsonText.Write(WriteConfig));
        Write("tokenizer.json", JsonText.Write(WiredTokenizer.Write));
        Write("circuit.json", WiredCircuit.Derive().ToJson());
        Write("README.md", WiredReadme.Text());

        void Write(string file, string text) => AtomicFile.Write(Path.Combine(folder, file), stream => stream.Write(System.Text.Encoding.UTF8.GetBytes(text)));
    }

    /// <summary>The kinds of words that the unembedding reads.</summary>
    internal static IEnumerable<WordKind> KindsRead => Bigrams.Select(bigram => bigram.This).Append(WordKind.Start).Distinct();

    /// <summary>Width of a head: that of the widest.</summary>
    internal static int HeadWidth => WiredHeads.All.SelectMany(layer => layer).Max(head => head.Width);

    private static void WriteConfig(Utf8JsonWriter json)
    {
        json.WriteStartArray("architectures");
        json.WriteStringValue("AttentionOnlyTransformer");
        json.WriteEndArray();
        json.WriteString("model_type", "attention_only");
        json.WriteNumber("bos_token_id", WiredVocabulary.Id(WiredVocabulary.Start));
        json.WriteNumber("n_layers", WiredHeads.Layers);
        json.WriteNumber("d_model", Width);
        json.WriteNumber("n_heads", WiredHeads.HeadsPerLayer);
        json.WriteNumber("d_head", HeadWidth);
        json.WriteNumber("d_vocab", WiredVocabulary.Tokens.Count);
        json.WriteNumber("n_ctx", PositionClocks.Context);
        json.WriteBoolean("attn_only", true);
        json.WriteBoolean("use_attn_scale", false);
        json.WriteString("normalization_type", "none");
        json.WriteString("positional_embedding_type", "standard");
    }

    private static IEnumerable<OutputTensor> Tensors()
    {
        yield return Tensor("embed.W_E", [WiredVocabulary.Tokens.Count, Width], Embedding());
        yield return Tensor("pos_embed.W_pos", [PositionClocks.Context, Width], Positions());
        for (int layer = 0; layer < WiredHeads.Layers; layer++)
        {
            double[][] parts = Attention(WiredHeads.All[layer]);
            string name = $"blocks.{layer}.attn";
            yield return Tensor($"{name}.W_Q", [WiredHeads.HeadsPerLayer, Width, HeadWidth], parts[0]);
            yield return Tensor($"{name}.W_K", [WiredHeads.HeadsPerLayer, Width, HeadWidth], parts[1]);
            yield return Tensor($"{name}.W_V", [WiredHeads.HeadsPerLayer, Width, HeadWidth], parts[2]);
            yield return Tensor($"{name}.W_O", [WiredHeads.HeadsPerLayer, HeadWidth, Width], parts[3]);
        }

        yield return Tensor("unembed.W_U", [Width, WiredVocabulary.Tokens.Count], Unembedding());
    }

    // Half precision holds every strength and code exactly; only the clocks' hands are rounded.
    private static OutputTensor Tensor(string name, long[] shape, double[] values) => OutputTensor.Create(name, shape, values, ElementType.Float16);

    private static double[] Embedding()
    {
        double[] rows = new double[WiredVocabulary.Tokens.Count * Width];
        for (int id = 0; id < WiredVocabulary.Tokens.Count; id++)
        {
            WiredToken token = WiredVocabulary.Tokens[id];
            token.Code.CopyTo(rows, (id * Width) + Token.Start);
            rows[(id * Width) + Kinds[token.Kind].Start] = 1;
        }

        return rows;
    }

    private static double[] Positions()
    {
        double[] rows = new double[PositionClocks.Context * Width];
        for (int position = 0; position < PositionClocks.Context; position++)
        {
            rows[(position * Width) + One.Start] = 1;
            if (position == 0)
            {
                rows[First.Start] = 1;
            }
            else
            {
                PositionClocks.Code(position).CopyTo(rows, (position * Width) + Position.Start);
            }
        }

        return rows;
    }

    private static double[][] Attention(IReadOnlyList<HeadWiring> heads)
    {
        int size = Width * HeadWidth;
        double[][] parts = [.. Enumerable.Range(0, 4).Select(_ => new double[heads.Count * size])];
        for (int head = 0; head < heads.Count; head++)
        {
            int at = head * size;
            heads[head].Write(parts[0].AsSpan(at, size), parts[1].AsSpan(at, size), parts[2].AsSpan(at, size), parts[3].AsSpan(at, size), Width, HeadWidth);
        }

        return parts;
    }

    private static double[] Unembedding()
    {
        int count = WiredVocabulary.Tokens.Count;
        double[] columns = new double[Width * count];
        for (int id = 0; id < count; id++)
        {
            WiredToken token = WiredVocabulary.Tokens[id];
            for (int i = 0; i < Output.Width; i++)
            {
                columns[((Output.Start + i) * count) + id] = token.Code[i];
            }

            if (token.Initial || token.Text is WiredVocabulary.Start or WiredVocabulary.Unknown)
            {
                columns[(One.Start * count) + id] = Never;
            }

            if (token.Initial)
            {
                columns[(Kinds[WordKind.Start].Start * count) + id] = (token.Kind == WordKind.Name ? BeginsWithName : BeginsWithOpener) - Never;
            }

            foreach ((WordKind before, WordKind next, double logit) in Bigrams)
            {
                if (next == token.Kind)
                {
                    columns[(Kinds[before].Start * count) + id] = logit;
                }
            }
        }

        return columns;
    }
}
