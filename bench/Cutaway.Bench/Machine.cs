using System.Diagnostics;
using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using Cutaway.Tensors;
using Cutaway.Tensors.Parallel;

namespace Cutaway.Bench;

/// <summary>What this machine can do at most, measured in this process: every other figure is a share of it.</summary>
internal static unsafe class Machine
{
    private const int Steps = 1 << 20;

    /// <summary>The best time of a repeated action, after it has run long enough to be compiled for good.</summary>
    /// <param name="action">What is timed.</param>
    /// <param name="seconds">How long to repeat it; a third more for warming up.</param>
    public static double Best(Action action, double seconds = 0.3)
    {
        long start = Stopwatch.GetTimestamp();
        while (Stopwatch.GetElapsedTime(start).TotalSeconds < seconds / 3)
        {
            action();
        }

        double best = double.PositiveInfinity;
        start = Stopwatch.GetTimestamp();
        while (Stopwatch.GetElapsedTime(start).TotalSeconds < seconds)
        {
            best = Math.Min(best, Once(action));
        }

        return best;
    }

    /// <summary>The time of doing something once, in seconds.</summary>
    public static double Once(Action action)
    {
        long before = Stopwatch.GetTimestamp();
        action();
        return Stopwatch.GetElapsedTime(before).TotalSeconds;
    }

    /// <summary>Single-precision multiply-adds with every operand in a register, in GFLOP/s, on all threads of a pool.</summary>
    public static double PeakGflops(WorkerPool pool)
    {
        PeakWork work = new(new NativeBuffer<float>(16 * pool.Threads));
        int lanes = Vector512.IsHardwareAccelerated ? 16 : Vector256.IsHardwareAccelerated ? 8 : Vector128.IsHardwareAccelerated ? 4 : 1;
        double seconds = Best(() => pool.For(pool.Threads, ref work));
        return 2.0 * lanes * PeakWork.Chains * Steps * pool.Threads / seconds / 1e9;
    }

    /// <summary>Reading memory far larger than the caches, in GB/s, on all threads of a pool.</summary>
    public static double ReadGigabytes(WorkerPool pool)
    {
        NativeBuffer<float> memory = new(64 << 20);
        memory.Span.Fill(1);
        ReadWork work = new(memory, new NativeBuffer<float>(16 * 64));
        double seconds = Best(() => pool.For(64, ref work));
        return (double)memory.Length * sizeof(float) / seconds / 1e9;
    }

    private readonly struct PeakWork(NativeBuffer<float> result) : IParallelWork
    {
        public const int Chains = 12;

        public void Invoke(int index)
        {
            float* target = result.Pointer + (16 * index);
            if (Vector512.IsHardwareAccelerated)
            {
                Wide(target);
            }
            else if (Vector256.IsHardwareAccelerated)
            {
                Middle(target);
            }
            else
            {
                Narrow(target);
            }
        }

        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        private static void Wide(float* target)
        {
            Vector512<float> m = Vector512.Create(0.999f), a = Vector512.Create(1e-3f);
            Vector512<float> c0 = a, c1 = a, c2 = a, c3 = a, c4 = a, c5 = a, c6 = a, c7 = a, c8 = a, c9 = a, c10 = a, c11 = a;
            for (int i = 0; i < Steps; i++)
            {
                c0 = Vector512.FusedMultiplyAdd(c0, m, a);
                c1 = Vector512.FusedMultiplyAdd(c1, m, a);
                c2 = Vector512.FusedMultiplyAdd(c2, m, a);
                c3 = Vector512.FusedMultiplyAdd(c3, m, a);
                c4 = Vector512.FusedMultiplyAdd(c4, m, a);
                c5 = Vector512.FusedMultiplyAdd(c5, m, a);
                c6 = Vector512.FusedMultiplyAdd(c6, m, a);
                c7 = Vector512.FusedMultiplyAdd(c7, m, a);
                c8 = Vector512.FusedMultiplyAdd(c8, m, a);
                c9 = Vector512.FusedMultiplyAdd(c9, m, a);
                c10 = Vector512.FusedMultiplyAdd(c10, m, a);
                c11 = Vector512.FusedMultiplyAdd(c11, m, a);
            }

            (c0 + c1 + c2 + c3 + c4 + c5 + c6 + c7 + c8 + c9 + c10 + c11).Store(target);
        }

        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        private static void Middle(float* target)
        {
            Vector256<float> m = Vector256.Create(0.999f), a = Vector256.Create(1e-3f);
            Vector256<float> c0 = a, c1 = a, c2 = a, c3 = a, c4 = a, c5 = a, c6 = a, c7 = a, c8 = a, c9 = a, c10 = a, c11 = a;
            for (int i = 0; i < Steps; i++)
            {
                c0 = Vector256.MultiplyAddEstimate(c0, m, a);
                c1 = Vector256.MultiplyAddEstimate(c1, m, a);
                c2 = Vector256.MultiplyAddEstimate(c2, m, a);
                c3 = Vector256.MultiplyAddEstimate(c3, m, a);
                c4 = Vector256.MultiplyAddEstimate(c4, m, a);
                c5 = Vector256.MultiplyAddEstimate(c5, m, a);
                c6 = Vector256.MultiplyAddEstimate(c6, m, a);
                c7 = Vector256.MultiplyAddEstimate(c7, m, a);
                c8 = Vector256.MultiplyAddEstimate(c8, m, a);
                c9 = Vector256.MultiplyAddEstimate(c9, m, a);
                c10 = Vector256.MultiplyAddEstimate(c10, m, a);
                c11 = Vector256.MultiplyAddEstimate(c11, m, a);
            }

            (c0 + c1 + c2 + c3 + c4 + c5 + c6 + c7 + c8 + c9 + c10 + c11).Store(target);
        }

        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        private static void Narrow(float* target)
        {
            Vector128<float> m = Vector128.Create(0.999f), a = Vector128.Create(1e-3f);
            Vector128<float> c0 = a, c1 = a, c2 = a, c3 = a, c4 = a, c5 = a, c6 = a, c7 = a, c8 = a, c9 = a, c10 = a, c11 = a;
            for (int i = 0; i < Steps; i++)
            {
                c0 = Vector128.MultiplyAddEstimate(c0, m, a);
                c1 = Vector128.MultiplyAddEstimate(c1, m, a);
                c2 = Vector128.MultiplyAddEstimate(c2, m, a);
                c3 = Vector128.MultiplyAddEstimate(c3, m, a);
                c4 = Vector128.MultiplyAddEstimate(c4, m, a);
                c5 = Vector128.MultiplyAddEstimate(c5, m, a);
                c6 = Vector128.MultiplyAddEstimate(c6, m, a);
                c7 = Vector128.MultiplyAddEstimate(c7, m, a);
                c8 = Vector128.MultiplyAddEstimate(c8, m, a);
                c9 = Vector128.MultiplyAddEstimate(c9, m, a);
                c10 = Vector128.MultiplyAddEstimate(c10, m, a);
                c11 = Vector128.MultiplyAddEstimate(c11, m, a);
            }

            (c0 + c1 + c2 + c3 + c4 + c5 + c6 + c7 + c8 + c9 + c10 + c11).Store(target);
        }
    }

    private readonly struct ReadWork(NativeBuffer<float> memory, NativeBuffer<float> result) : IParallelWork
    {
        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        public void Invoke(int index)
        {
            int count = memory.Length / 64;
            float* source = memory.Pointer + ((nint)index * count);
            Vector<float> a = default, b = default, c = default, d = default;
            int width = Vector<float>.Count;
            for (int i = 0; i < count; i += 4 * width)
            {
                a += Vector.Load(source + i);
                b += Vector.Load(source + i + width);
                c += Vector.Load(source + i + (2 * width));
                d += Vector.Load(source + i + (3 * width));
            }

            (a + b + c + d).Store(result.Pointer + (16 * index));
        }
    }
}
