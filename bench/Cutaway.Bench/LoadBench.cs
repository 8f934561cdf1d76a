using System.Diagnostics;
using System.Globalization;
using Cutaway.Models.Architectures;
using Cutaway.Models.Formats;
using Cutaway.Models.Network;

namespace Cutaway.Bench;

/// <summary>
/// Opening large random checkpoints: the time until every byte of the weights has been seen once through the network's own
/// views, beside the time to read the same files; then one token, and the memory that is not the files'. Files are in the
/// page cache both times, and both sides use one thread.
/// </summary>
internal static unsafe class LoadBench
{
    private const int BufferBytes = 1 << 20;

    /// <summary>Prints one row a format.</summary>
    /// <param name="args">Formats by name; none for all.</param>
    public static void Run(string[] args)
    {
        Console.WriteLine("load: random checkpoints in a temporary folder, one thread, files in the page cache");
        Console.WriteLine($"{"format",-34}{"file MB",9}{"read s",8}{"load s",8}{"ratio",7}{"token s",9}{"private MB",12}{"token MB",10}");
        foreach ((string name, Action<string> write) in RandomCheckpoints.All.Where(format => args.Length == 0 || args.Any(wanted => format.Name.Contains(wanted, StringComparison.OrdinalIgnoreCase))))
        {
            string folder = Directory.CreateTempSubdirectory("cutaway-load-").FullName;
            try
            {
                write(folder);
                Measure(name, folder);
            }
            finally
            {
                Directory.Delete(folder, recursive: true);
            }
        }
    }

    private static void Measure(string name, string folder)
    {
        string[] files = [.. Directory.GetFiles(folder).Where(file => !file.EndsWith(".json", StringComparison.Ordinal))];
        double megabytes = files.Sum(file => new FileInfo(file).Length) / 1e6;
        double read = double.PositiveInfinity;
        double load = double.PositiveInfinity;
        Read(files);
        (double loaded, double token, double ran) = Memory(folder);
        for (int round = 0; round < 5; round++)
        {
            read = Math.Min(read, Machine.Once(() => Read(files)));
            load = Math.Min(load, Machine.Once(() => Touch(Open(folder).Tensors)));
            GC.Collect();
            GC.WaitForPendingFinalizers();
        }

        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"{name,-34}{megabytes,9:F0}{read,8:F2}{load,8:F2}{load / read,7:F2}{token,9:F2}{loaded,12:F0}{ran,10:F0}"));
    }

    // Before anything is timed: memory that was freed may stay with the process.
    private static (double LoadedMegabytes, double TokenSeconds, double RanMegabytes) Memory(string folder)
    {
        using PrivateMemory memory = new();
        (ITensorSource tensors, NetworkConfig config, NetworkWeights weights) = Open(folder);
        Touch(tensors);
        double loaded = memory.PeakMegabytes;
        ForwardPass<float> pass = new(new TransformerNetwork(config, weights));
        double token = Machine.Once(() => pass.Run(new ForwardRequest(new[] { 1 }, 1, 1) { Logits = LogitScope.Last }));
        GC.KeepAlive(tensors);
        return (loaded, token, memory.PeakMegabytes);
    }

    private static (ITensorSource Tensors, NetworkConfig Config, NetworkWeights Weights) Open(string folder)
    {
        if (ModelFolder.GgufIn(folder) is { } gguf)
        {
            GgufFile file = GgufFile.Open(gguf);
            (NetworkConfig config, NetworkWeights weights) = ModelFolder.Read(file);
            return (file, config, weights);
        }

        ITensorSource tensors = ModelFolder.OpenWeights(folder);
        (NetworkConfig read, NetworkWeights mapped) = ModelFolder.Read(folder, tensors);
        return (tensors, read, mapped);
    }

    private static ulong Read(string[] files)
    {
        byte[] buffer = GC.AllocateUninitializedArray<byte>(BufferBytes);
        ulong sum = 0;
        foreach (string file in files)
        {
            using FileStream stream = new(file, FileMode.Open, FileAccess.Read, FileShare.Read, bufferSize: 0);
            int bytes;
            while ((bytes = stream.Read(buffer)) > 0)
            {
                fixed (byte* first = buffer)
                {
                    sum ^= Seen(first, bytes);
                }
            }
        }

        return sum;
    }

    private static ulong Touch(ITensorSource tensors)
    {
        ulong sum = 0;
        foreach (StoredTensor tensor in tensors.Tensors.Values)
        {
            sum ^= Seen(tensor.Data, tensor.ByteLength);
        }

        GC.KeepAlive(tensors);
        return sum;
    }

    private static ulong Seen(byte* bytes, long count)
    {
        (ulong first, ulong second, ulong third, ulong fourth) = (0, 0, 0, 0);
        long i = 0;
        for (; i + 32 <= count; i += 32)
        {
            ulong* four = (ulong*)(bytes + i);
            first ^= four[0];
            second ^= four[1];
            third ^= four[2];
            fourth ^= four[3];
        }

        for (; i < count; i++)
        {
            first ^= bytes[i];
        }

        return first ^ second ^ third ^ fourth;
    }

    /// <summary>Watches how far the process's memory that is backed by no file (the kernel's RssAnon) grows.</summary>
    private sealed class PrivateMemory : IDisposable
    {
        private readonly Thread watcher;
        private readonly long start = Kilobytes();
        private volatile bool stopped;
        private long peak;

        public PrivateMemory()
        {
            watcher = new Thread(() =>
            {
                while (!stopped)
                {
                    peak = Math.Max(peak, Kilobytes());
                    Thread.Sleep(2);
                }
            });
            watcher.Start();
        }

        public double PeakMegabytes => (Math.Max(peak, Kilobytes()) - start) * 1024 / 1e6;

        public void Dispose()
        {
            stopped = true;
            watcher.Join();
        }

        private static long Kilobytes()
        {
            const string status = "/proc/self/status", row = "RssAnon:";
            string? line = File.Exists(status) ? File.ReadLines(status).FirstOrDefault(text => text.StartsWith(row, StringComparison.Ordinal)) : null;
            return line is null ? Process.GetCurrentProcess().PrivateMemorySize64 / 1024 : long.Parse(line.AsSpan(row.Length, line.Length - row.Length - 3).Trim(), CultureInfo.InvariantCulture);
        }
    }
}
