using System.Globalization;
using Cutaway.Tensors;
using Cutaway.Tensors.Kernels;
using Cutaway.Tensors.Kernels.Backward;
using Cutaway.Tensors.Parallel;

namespace Cutaway.Bench;

/// <summary>The kernels of the way back at the shapes of a small language model's training step: products against the peak, the rest against memory.</summary>
internal static unsafe class BackwardBench
{
    private const int Rows = 3072;
    private const int Width = 128;
    private const int Wide = 512;
    private const int Vocabulary = 2600;

    /// <summary>Prints one table for one thread and one for all.</summary>
    public static void Run(string[] args)
    {
        int[] counts = args.Length > 0 ? [int.Parse(args[0], CultureInfo.InvariantCulture)] : Environment.ProcessorCount > 1 ? [1, Environment.ProcessorCount] : [1];
        foreach (int threads in counts)
        {
            WorkerPool pool = new(threads);
            double peak = Machine.PeakGflops(pool);
            double bandwidth = Machine.ReadGigabytes(pool);
            Console.WriteLine($"{threads} thread(s): peak {peak:F0} GFLOP/s, reading {bandwidth:F1} GB/s");
            Console.WriteLine($"{"rows×inputs×outputs",-34}{"x·wᵀ",10}{"dy·w",10}{"dyᵀ·x",10}{"ratio",9}{"ratio",9}");
            BackwardProducts.Print(pool, peak, Rows, Width, Width);
            BackwardProducts.Print(pool, peak, Rows, Width, Wide);
            BackwardProducts.Print(pool, peak, Rows, Wide, Width);
            BackwardProducts.Print(pool, peak, Rows, Vocabulary, Width);
            BackwardProducts.Print(pool, peak, Rows, Width, Vocabulary);
            BackwardProducts.Print(pool, peak, 120, 768, 3072);
            BackwardProducts.Print(pool, peak, 120, 768, 3072, transposed: true);
            BackwardProducts.Print(pool, peak, 120, 3072, 768, transposed: true);
            Console.WriteLine($"{"rows×columns",-34}{"GB/s",10}{"of read",10}{"µs",10}");
            Sums(pool, bandwidth, Rows, Width);
            Sums(pool, bandwidth, Rows, Vocabulary);
            Sums(pool, bandwidth, 15, Width);
            Scatter(pool, bandwidth, Rows);
            Scatter(pool, bandwidth, 15);
            if (threads == 1)
            {
                RowKernels(bandwidth);
            }
        }
    }

    // Kernels of one row know no threads.
    private static void RowKernels(double bandwidth)
    {
        NativeBuffer<float> a = BenchModels.Values(Rows * Wide);
        NativeBuffer<float> b = BenchModels.Values(Rows * Wide);
        NativeBuffer<float> c = BenchModels.Values(Rows * Wide);
        NativeBuffer<float> d = BenchModels.Values(Rows * Wide);
        NativeBuffer<float> e = BenchModels.Values(Rows * Wide);
        foreach (ActivationKind kind in new[] { ActivationKind.Silu, ActivationKind.GeluTanh, ActivationKind.GeluExact })
        {
            double plain = Machine.Best(() => ActivationsBackward.Apply<float>(kind, a.Span, c.Span, d.Span));
            Print($"{kind}", 3L * Rows * Wide, plain, bandwidth);
            double gated = Machine.Best(() => ActivationsBackward.ApplyGated<float>(kind, a.Span, b.Span, c.Span, d.Span, e.Span));
            Print($"{kind}, gated", 5L * Rows * Wide, gated, bandwidth);
        }

        double rms = Machine.Best(() => EachRow(Rows * 4, Width, (start, count) => NormalizationBackward.Rms<float>(
            a.Span.Slice(start, count), 1.5f, c.Span.Slice(start, count), d.Span.Slice(start, count))));
        Print("RMS norm", 3L * Rows * Wide, rms, bandwidth);
        double softmax = Machine.Best(() => EachRow(Rows * 4, Width, (start, count) => SoftmaxBackward.Row<float>(
            a.Span.Slice(start, count), c.Span.Slice(start, count), d.Span.Slice(start, count))));
        Print("softmax", 3L * Rows * Wide, softmax, bandwidth);
        double loss = Machine.Best(() => EachRow(Rows * Wide / Vocabulary, Vocabulary, (start, count) => CrossEntropy.Row<float>(
            a.Span.Slice(start, count), 7, 1e-3f, d.Span.Slice(start, count))));
        Print("cross-entropy", 2L * Rows * Wide, loss, bandwidth);
        double divergence = Machine.Best(() => EachRow(Rows * Wide / Vocabulary, Vocabulary, (start, count) => Divergence.Row<float>(
            b.Span.Slice(start, count), a.Span.Slice(start, count), 1e-3f, d.Span.Slice(start, count))));
        Print("divergence", 3L * Rows * Wide, divergence, bandwidth);
        AdamUpdate adam = new(1e-9, 0.9, 0.99, 1, 10);
        c.Span.Clear();
        Print("Adam", 7L * Rows * Wide, Machine.Best(() => adam.Apply<float>(a.Span, b.Span, d.Span, c.Span)), bandwidth);
        MomentumUpdate momentum = new(1e-9, 0.5);
        Print("momentum", 5L * Rows * Wide, Machine.Best(() => momentum.Apply<float>(a.Span, b.Span, d.Span)), bandwidth);
        double kept = 0;
        Print("squared norm", (long)Rows * Wide, Machine.Best(() => kept += SquaredNorm.Of<float>(b.Span)), bandwidth);
        GC.KeepAlive((a, b, c, d, e));
    }

    private static void EachRow(int rows, int width, Action<int, int> action)
    {
        for (int i = 0; i < rows; i++)
        {
            action(i * width, width);
        }
    }

    private static void Sums(WorkerPool pool, double bandwidth, int rows, int columns)
    {
        NativeBuffer<float> x = BenchModels.Values(rows * columns);
        NativeBuffer<float> sums = new(columns);
        sums.Span.Clear();
        double seconds = Machine.Best(() => ColumnSums.Add(pool, new MatrixView<float>(x.Pointer, rows, columns, columns), sums.Pointer));
        GC.KeepAlive((x, sums));
        Print($"column sums {rows}×{columns}", (long)rows * columns, seconds, bandwidth);
    }

    private static void Scatter(WorkerPool pool, double bandwidth, int rows)
    {
        NativeBuffer<float> x = BenchModels.Values(rows * Width);
        NativeBuffer<float> table = BenchModels.Values(Vocabulary * Width);
        int[] ids = BenchModels.Ids(rows, Vocabulary);
        double seconds = Machine.Best(() => EmbeddingBackward.Add(
            pool, ids, new MatrixView<float>(x.Pointer, rows, Width, Width), new MatrixView<float>(table.Pointer, Vocabulary, Width, Width)));
        GC.KeepAlive((x, table));
        Print($"scatter {rows}×{Width}", 3L * rows * Width, seconds, bandwidth);
    }

    private static void Print(string name, long values, double seconds, double bandwidth)
    {
        double gigabytes = sizeof(float) * values / seconds / 1e9;
        Console.WriteLine($"{name,-34}{gigabytes,10:F1}{gigabytes / bandwidth,10:P0}{seconds * 1e6,10:F1}");
    }
}
