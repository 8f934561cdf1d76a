using System.Diagnostics;
using System.IO.Compression;
using System.Text;
using Cutaway.Interventions;
using Cutaway.Models.Architectures;
using Cutaway.Models.Formats;
using Cutaway.Models.Formats.Numpy;
using Cutaway.Models.Formats.Pickle;
using Cutaway.Models.Tokenizers;
using Cutaway.Tensors.Storage;

namespace Cutaway.Fuzzing;

/// <summary>What a reader did with damaged files.</summary>
/// <param name="Cases">How many it was given.</param>
/// <param name="Refused">How many it refused with an error for the user.</param>
/// <param name="MostBytes">The most that one of them made it allocate on the collected heap.</param>
/// <param name="Slowest">The longest that one of them took.</param>
internal sealed record FuzzOutcome(int Cases, int Refused, long MostBytes, TimeSpan Slowest);

/// <summary>Gives readers damaged copies of valid files: each must be read, or refused by an error for the user, within memory of the file's size class.</summary>
internal sealed class ReaderFuzz
{
    private const int HeaderBytes = 4096;

    private readonly byte[] valid;
    private readonly Action<byte[]> read;

    private ReaderFuzz(string name, byte[] valid, Action<byte[]> read)
    {
        Name = name;
        this.valid = valid;
        this.read = read;
    }

    /// <summary>The reader.</summary>
    public string Name { get; }

    /// <summary>The readers of files that come from elsewhere.</summary>
    /// <param name="root">The repository's folder, whose files are damaged.</param>
    public static IReadOnlyList<ReaderFuzz> All(string root)
    {
        string wired = Path.Combine(root, "models", "wired");
        byte[] config = File.ReadAllBytes(Path.Combine(wired, "config.json"));
        SafetensorsFile weights = SafetensorsFile.Open(Path.Combine(wired, "model.safetensors"));
        string plan = Plans.ToJson(
        [
            Capture.At("blocks.0.attn.hook_z"),
            Ablate.Zero("blocks.1.attn.hook_pattern"),
            Add.Vector("blocks.0.hook_resid_pre", Tensors.Tensor.Of(new double[] { 1, 2, 3, 4 }, [2, 2]), 2),
        ]);
        string architectures = Path.Combine(root, "tests", "Goldens", "architectures", "llama", "config.json");
        return
        [
            new("safetensors", Safetensors(), bytes => Use(SafetensorsFile.FromBytes(bytes, "a.safetensors"))),
            new("gguf", File.ReadAllBytes(Path.Combine(root, "tests", "Goldens", "gguf", "quants.gguf")), ReadGguf),
            new("PyTorch", Pickle(root, "protocol2.pt"), bytes => Use(TorchFile.FromBytes(bytes, "a.pt"))),
            new("PyTorch (protocol 4)", Pickle(root, "protocol4.pt"), bytes => Use(TorchFile.FromBytes(bytes, "a.pt"))),
            new("PyTorch (legacy)", Pickle(root, "legacy.pt"), bytes => Use(TorchFile.FromBytes(bytes, "a.pt"))),
            new("npz", Npz(), bytes => Use(NpzFile.FromBytes(bytes, "a.npz"))),
            new("tokenizer.json", File.ReadAllBytes(Path.Combine(wired, "tokenizer.json")), bytes => ReadTokenizer(bytes, config)),
            new("tokenizer.json (BPE)", File.ReadAllBytes(Path.Combine(root, "tests", "Goldens", "tokenizers", "bpe-digits", "tokenizer.json")), bytes => ReadTokenizer(bytes, config)),
            new("tokenizer.json (unigram)", File.ReadAllBytes(Path.Combine(root, "tests", "Goldens", "tokenizers", "unigram", "tokenizer.json")), bytes => ReadTokenizer(bytes, config)),
            new("tokenizer.json (WordPiece)", File.ReadAllBytes(Path.Combine(root, "tests", "Goldens", "tokenizers", "wordpiece", "tokenizer.json")), bytes => ReadTokenizer(bytes, config)),
            new("config.json", config, bytes => ArchitectureCatalogue.Read(bytes, "config.json", weights, "a folder")),
            new("config.json (Llama)", File.ReadAllBytes(architectures), bytes => ArchitectureCatalogue.Read(bytes, "config.json", weights, "a folder")),
            new("plan", Encoding.UTF8.GetBytes(plan), bytes => Plans.FromJson(Encoding.UTF8.GetString(bytes))),
        ];
    }

    /// <summary>Reads damaged files; the first fault of the reader ends it.</summary>
    /// <exception cref="InvalidOperationException">The reader crashed, or allocated too much; the message says how to see it again.</exception>
    public FuzzOutcome Run(int cases, ulong seed)
    {
        long usual = Measure(valid, out _);
        (int refused, long most, TimeSpan slowest) = (0, 0, TimeSpan.Zero);
        for (int i = 0; i < cases; i++)
        {
            ulong caseSeed = seed + (ulong)i;
            byte[] damaged = new Mutator(caseSeed).Mutate(valid, HeaderBytes);
            long started = Stopwatch.GetTimestamp();
            try
            {
                long bytes = Measure(damaged, out bool refusal);
                refused += refusal ? 1 : 0;
                most = Math.Max(most, bytes);

                // A few copies of the file, and what its valid form took.
                if (bytes > (4 * usual) + (64L * damaged.Length) + (1 << 20))
                {
                    throw new InvalidOperationException($"allocated {bytes} bytes for a file of {damaged.Length}");
                }
            }
            catch (Exception error) when (error is not CutawayException)
            {
                throw new InvalidOperationException($"{Name}, seed {caseSeed}: {error.Message}", error);
            }

            TimeSpan taken = Stopwatch.GetElapsedTime(started);
            slowest = taken > slowest ? taken : slowest;
        }

        return new FuzzOutcome(cases, refused, most, slowest);
    }

    private long Measure(byte[] file, out bool refused)
    {
        long before = GC.GetAllocatedBytesForCurrentThread();
        refused = false;
        try
        {
            read(file);
        }
        catch (CutawayException error)
        {
            refused = true;
            if (error.Message.Length > 2000 || error.Message.Any(character => char.IsControl(character) && character != '\n'))
            {
                throw new InvalidOperationException($"its message is not fit to print: {error.Message.Length} characters");
            }
        }

        return GC.GetAllocatedBytesForCurrentThread() - before;
    }

    private static void ReadGguf(byte[] bytes)
    {
        GgufFile file = GgufFile.FromBytes(bytes, "a.gguf");
        foreach (GgufValue value in file.Metadata.Values.Values)
        {
            _ = value.ToString();
        }

        Use(file);
    }

    private static void ReadTokenizer(byte[] json, byte[] config)
    {
        ITokenizer tokenizer = TokenizerLoader.FromJson(json, config, "a folder");
        IReadOnlyList<Token> tokens = tokenizer.Encode("When Mary went, John's 12 dogs…  ok");
        tokenizer.Decode([.. tokens.Select(token => token.Id)]);
    }

    private static void Use(ITensorSource source)
    {
        foreach (StoredTensor tensor in source.Tensors.Values)
        {
            _ = tensor.Type.IsWeight() ? tensor.ToDoubles().Length : tensor.ToIntegers().Length;
        }
    }

    private static byte[] Pickle(string root, string name) => File.ReadAllBytes(Path.Combine(root, "tests", "Goldens", "pickle", name));

    private static byte[] Npz()
    {
        using MemoryStream stream = new();
        using (ZipArchive zip = new(stream, ZipArchiveMode.Create, leaveOpen: true))
        {
            foreach ((string name, CompressionLevel level, string order) in (ReadOnlySpan<(string, CompressionLevel, string)>)
                [("a.npy", CompressionLevel.NoCompression, "False"), ("b.npy", CompressionLevel.Optimal, "True")])
            {
                using Stream entry = zip.CreateEntry(name, level).Open();
                string header = $"{{'descr': '<f4', 'fortran_order': {order}, 'shape': (3, 2), }}\n";
                entry.Write([0x93, .. "NUMPY"u8, 1, 0, (byte)header.Length, 0, .. Encoding.ASCII.GetBytes(header), .. new byte[24]]);
            }
        }

        return stream.ToArray();
    }

    private static byte[] Safetensors()
    {
        string path = Path.Combine(Path.GetTempPath(), $"cutaway-fuzz-{Guid.NewGuid():N}");
        try
        {
            SafetensorsWriter.Write(
                path,
                [
                    OutputTensor.Create("weight", [4, 3], new float[12]),
                    OutputTensor.Create("half", [5], new float[5], ElementType.Float16),
                    OutputTensor.Create("ids", [2], new long[] { 1, 2 }),
                    OutputTensor.Create("empty", [0, 7], Array.Empty<float>()),
                ],
                new Dictionary<string, string> { ["format"] = "pt" });
            return File.ReadAllBytes(path);
        }
        finally
        {
            File.Delete(path);
        }
    }
}
