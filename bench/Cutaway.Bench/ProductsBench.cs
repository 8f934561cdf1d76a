using System.Globalization;
using Cutaway.Tensors;
using Cutaway.Tensors.Kernels;
using Cutaway.Tensors.Parallel;
using Cutaway.Tensors.Storage;

namespace Cutaway.Bench;

/// <summary>Matrix products as a share of the multiply-adds this machine can do, and beside OpenBLAS.</summary>
internal static unsafe class ProductsBench
{
    /// <summary>Prints one table for one thread and one for all.</summary>
    public static void Run(string[] args)
    {
        int[] counts = args.Length > 0 ? [int.Parse(args[0], CultureInfo.InvariantCulture)] : Environment.ProcessorCount > 1 ? [1, Environment.ProcessorCount] : [1];
        Console.WriteLine(OpenBlas.IsAvailable ? $"OpenBLAS with its {OpenBlas.Core} kernels" : "OpenBLAS is not installed (Debian: libopenblas0)");
        foreach (int threads in counts)
        {
            WorkerPool pool = new(threads);
            double peak = Machine.PeakGflops(pool);
            double bandwidth = Machine.ReadGigabytes(pool);
            OpenBlas.SetThreads(threads);
            Console.WriteLine($"\n{threads} thread(s): peak {peak:F0} GFLOP/s, reading {bandwidth:F1} GB/s");
            Console.WriteLine($"{"product",-34}{"GFLOP/s",10}{"of peak",10}{"OpenBLAS",10}{"ratio",8}");
            Multiply(pool, peak, 1024, 1024, 1024);
            Multiply(pool, peak, 128, 768, 3072);
            Multiply(pool, peak, 32, 128, 64);
            Linear(pool, peak, ElementType.Float32, 1024, 1024, 1024);
            Linear(pool, peak, ElementType.Float32, 128, 768, 3072);
            Linear(pool, peak, ElementType.Float32, 128, 3072, 768);
            Linear(pool, peak, ElementType.Float32, 15, 768, 768);
            Linear(pool, peak, ElementType.Float32, 32, 64, 128);
            Linear(pool, peak, ElementType.Q4_1, 128, 576, 576);
            Linear(pool, peak, ElementType.Q4_1, 128, 576, 1536);
            Linear(pool, peak, ElementType.Q4_1, 128, 1536, 576);
            Linear(pool, peak, ElementType.Q4_1, 16, 576, 1536);
            Console.WriteLine($"{"vector times weight",-34}{"GB/s",10}{"of read",10}");
            foreach (ElementType type in new[] { ElementType.Float32, ElementType.Float16, ElementType.BFloat16, ElementType.Q8_0, ElementType.Q4_0, ElementType.Q4_1, ElementType.Q4_K, ElementType.Q5_K, ElementType.Q6_K })
            {
                Vector(pool, bandwidth, type, type.ValuesPerBlock() == 256 ? 768 : 576, 49152);
            }

            Vector(pool, bandwidth, ElementType.Float32, 768, 3072 * 8, transposed: true);
        }
    }

    private static void Multiply(WorkerPool pool, double peak, int m, int k, int n)
    {
        NativeBuffer<float> a = Random(m * k);
        NativeBuffer<float> b = Random(k * n);
        NativeBuffer<float> c = Random(m * n);
        double ours = Machine.Best(() => MatrixProduct.Multiply(
            pool, new MatrixView<float>(a.Pointer, m, k, k), new MatrixView<float>(b.Pointer, k, n, n), new MatrixView<float>(c.Pointer, m, n, n), 1f));
        double theirs = OpenBlas.IsAvailable ? Machine.Best(() => OpenBlas.Multiply(a.Pointer, b.Pointer, c.Pointer, m, k, n, transposed: false)) : double.NaN;
        GC.KeepAlive((a, b, c));
        Print($"a·b {m}×{k}×{n}", 2.0 * m * k * n, ours, theirs, peak);
    }

    private static void Linear(WorkerPool pool, double peak, ElementType type, int m, int k, int n)
    {
        NativeBuffer<float> x = Random(m * k);
        NativeBuffer<float> y = Random(m * n);
        WeightMatrix weight = Stored(type, n, k);
        NativeBuffer<float> wide = Random(n * k);
        double ours = Machine.Best(() => MatrixProduct.Linear(
            pool, new MatrixView<float>(x.Pointer, m, k, k), weight, null, new MatrixView<float>(y.Pointer, m, n, n)));
        double theirs = OpenBlas.IsAvailable ? Machine.Best(() => OpenBlas.Multiply(x.Pointer, wide.Pointer, y.Pointer, m, k, n, transposed: true)) : double.NaN;
        GC.KeepAlive((x, y, wide));
        Print($"x·wᵀ {m}×{k}×{n} {type}", 2.0 * m * k * n, ours, theirs, peak);
    }

    private static void Vector(WorkerPool pool, double bandwidth, ElementType type, int k, int n, bool transposed = false)
    {
        NativeBuffer<float> x = Random(k);
        NativeBuffer<float> y = Random(n);
        WeightMatrix weight = Stored(type, n, k, transposed);
        double seconds = Machine.Best(() => MatrixProduct.Linear(
            pool, new MatrixView<float>(x.Pointer, 1, k, k), weight, null, new MatrixView<float>(y.Pointer, 1, n, n)));
        GC.KeepAlive((x, y));
        double gigabytes = n * type.BytesFor(k) / seconds / 1e9;
        Console.WriteLine($"{$"1×{k}×{n} {type}{(transposed ? ", transposed" : "")}",-34}{gigabytes,10:F1}{gigabytes / bandwidth,10:P0}");
    }

    private static void Print(string name, double flops, double ours, double theirs, double peak) =>
        Console.WriteLine($"{name,-34}{flops / ours / 1e9,10:F1}{flops / ours / 1e9 / peak,10:P0}{flops / theirs / 1e9,10:F1}{theirs / ours,8:F2}");

    private static NativeBuffer<float> Random(int length)
    {
        NativeBuffer<float> values = new(length);
        Random random = new(1);
        for (int i = 0; i < length; i++)
        {
            values.Pointer[i] = random.NextSingle() - 0.5f;
        }

        return values;
    }

    // Any bytes do for speed as long as no value is denormal or not finite: 0x22 everywhere is a small number in every format.
    private static WeightMatrix Stored(ElementType type, int rows, int columns, bool transposed = false)
    {
        NativeBuffer<byte> bytes = new(rows * type.BytesFor(columns));
        bytes.Span.Fill(0x22);
        return transposed
            ? WeightMatrix.FromMemory(bytes, bytes.Pointer, type, columns, rows, transposed: true)
            : WeightMatrix.FromMemory(bytes, bytes.Pointer, type, rows, columns);
    }
}
