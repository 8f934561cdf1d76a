using Cutaway.Tensors;
using Cutaway.Tensors.Kernels;
using Cutaway.Tensors.Parallel;
using Cutaway.Tensors.Storage;

namespace Cutaway.Bench;

/// <summary>Every way to store a weight: widening it alone, times one vector, and times a few rows.</summary>
internal static unsafe class QuantisedBench
{
    private const int Inputs = 768;
    private const int Outputs = 24576;
    private const int FewRows = 16;
    private const int FewOutputs = 1536;

    /// <summary>
    /// Prints one row a type: gigabytes stored a second; beside the vector product also its share of the machine's reading,
    /// and how many values it takes in a second, as a share of Q4_1's.
    /// </summary>
    public static void Run(string[] args)
    {
        WorkerPool pool = WorkerPool.Default;
        double bandwidth = Machine.ReadGigabytes(pool);
        double peak = Machine.PeakGflops(pool);
        Console.WriteLine($"quantised, {pool.Threads} thread(s), reading {bandwidth:F1} GB/s, peak {peak:F0} GFLOP/s");
        Console.WriteLine($"{"",-10}{"bits",6}{"widened GB/s",14}{$"1×{Inputs} GB/s",13}{"of read",9}{"of Q4_1",9}{$"{FewRows}×{Inputs}×{FewOutputs} of peak",23}");
        double reference = Vector(pool, ElementType.Q4_1);
        foreach (ElementType type in Enum.GetValues<ElementType>().Where(type => type.IsWeight() && (args.Length == 0 || args.Contains(type.ToString()))))
        {
            double bytes = type.BytesFor(Inputs) / (double)Inputs;
            double widened = Widen(type);
            double vector = Vector(pool, type);
            double few = Few(pool, type);
            Console.WriteLine(
                $"{type,-14}{8 * bytes,2:F0}{widened * bytes / 1e9,14:F1}{vector * bytes / 1e9,13:F1}{vector * bytes / 1e9 / bandwidth,9:P0}{vector / reference,9:F2}{few / 1e9 / peak,23:P0}");
        }
    }

    // Values widened a second, one thread, from the cache into the cache.
    private static double Widen(ElementType type)
    {
        WeightMatrix weight = Stored(type, 16, Inputs);
        float[] values = new float[Inputs];
        double seconds = Machine.Best(
            () =>
            {
                for (int row = 0; row < 16; row++)
                {
                    weight.DecodeRow<float>(row, values);
                }
            },
            0.15);
        return 16 * Inputs / seconds;
    }

    // Values multiplied a second.
    private static double Vector(WorkerPool pool, ElementType type) => (double)Inputs * Outputs / Seconds(pool, Stored(type, Outputs, Inputs), 1);

    // Operations a second.
    private static double Few(WorkerPool pool, ElementType type) => 2.0 * FewRows * Inputs * FewOutputs / Seconds(pool, Stored(type, FewOutputs, Inputs), FewRows);

    private static double Seconds(WorkerPool pool, WeightMatrix weight, int rows)
    {
        NativeBuffer<float> x = BenchModels.Values(rows * weight.Columns);
        NativeBuffer<float> y = new(rows * weight.Rows);
        MatrixView<float> source = new(x.Pointer, rows, weight.Columns, weight.Columns);
        MatrixView<float> target = new(y.Pointer, rows, weight.Rows, weight.Rows);
        double seconds = Machine.Best(() => MatrixProduct.Linear(pool, source, weight, null, target), 0.2);
        GC.KeepAlive((x, y));
        return seconds;
    }

    // Random bytes without the bits that would make a number of 16 bits large, denormal or not finite.
    private static WeightMatrix Stored(ElementType type, int rows, int columns)
    {
        NativeBuffer<byte> bytes = new(rows * type.BytesFor(columns));
        new Random(1).NextBytes(bytes.Span);
        foreach (ref byte stored in bytes.Span)
        {
            stored = (byte)((stored & 0x37) | 4);
        }

        return WeightMatrix.FromMemory(bytes, bytes.Pointer, type, rows, columns);
    }
}
