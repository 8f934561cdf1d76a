using System.Numerics.Tensors;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using Cutaway.Tensors.Kernels.Blocks;
using Cutaway.Tensors.Kernels.Lanes;
using Cutaway.Tensors.Storage;

namespace Cutaway.Tensors.Kernels;

/// <summary>Widens stored rows to single precision as fast as the machine allows; equal to <see cref="ElementDecoder"/> bit for bit.</summary>
internal static unsafe class RowDecoder
{
    /// <summary>Decodes <paramref name="count"/> values, a whole number of blocks.</summary>
    public static void Decode(ElementType type, byte* source, float* destination, int count)
    {
        switch (type)
        {
            case ElementType.Float32:
                Buffer.MemoryCopy(source, destination, (long)count * sizeof(float), (long)count * sizeof(float));
                break;
            case ElementType.Float16:
                TensorPrimitives.ConvertToSingle(new ReadOnlySpan<Half>(source, count), new Span<float>(destination, count));
                break;
            case ElementType.BFloat16:
                BFloat16((ushort*)source, destination, count);
                break;
            case ElementType.Q8_0 when Vector128.IsHardwareAccelerated:
                Blocks32<BlockQ8_0>(source, destination, count);
                break;
            case ElementType.Q4_0 when Vector128.IsHardwareAccelerated:
                Blocks32<BlockQ4_0>(source, destination, count);
                break;
            case ElementType.Q4_1 when Vector128.IsHardwareAccelerated:
                Blocks32<BlockQ4_1>(source, destination, count);
                break;
            case ElementType.Q4_K when Vector128.IsHardwareAccelerated:
                Blocks256<BlockQ4_K>(source, destination, count);
                break;
            case ElementType.Q5_K when Vector128.IsHardwareAccelerated:
                Blocks256<BlockQ5_K>(source, destination, count);
                break;
            case ElementType.Q6_K when Vector128.IsHardwareAccelerated:
                Blocks256<BlockQ6_K>(source, destination, count);
                break;
            default:
                Reference(type, source, destination, count);
                break;
        }
    }

    /// <summary>The same by way of the scalar decoder.</summary>
    internal static void Reference(ElementType type, byte* source, float* destination, int count) =>
        ElementDecoder.Decode(type, new ReadOnlySpan<byte>(source, checked((int)type.BytesFor(count))), new Span<float>(destination, count));

    private static void BFloat16(ushort* source, float* destination, int count)
    {
        int done = Vector512.IsHardwareAccelerated ? BFloat16<Lanes512, Vector512<float>>(source, destination, count)
            : Vector256.IsHardwareAccelerated ? BFloat16<Lanes256, Vector256<float>>(source, destination, count)
            : Vector128.IsHardwareAccelerated ? BFloat16<Lanes128, Vector128<float>>(source, destination, count)
            : 0;
        for (int i = done; i < count; i++)
        {
            destination[i] = BitConverter.Int32BitsToSingle(source[i] << 16);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static int BFloat16<TLanes, TVector>(ushort* source, float* destination, int count)
        where TLanes : struct, ILanes<TVector>
        where TVector : unmanaged
    {
        int i = 0;
        for (; i <= count - TLanes.Count; i += TLanes.Count)
        {
            TLanes.Store(destination + i, TLanes.BFloat16(source + i));
        }

        return i;
    }

    private static void Blocks32<TBlock>(byte* source, float* destination, int count)
        where TBlock : struct, IBlock32
    {
        if (Vector512.IsHardwareAccelerated)
        {
            Blocks32<TBlock, Lanes512, Vector512<float>>(source, destination, count / 32);
        }
        else if (Vector256.IsHardwareAccelerated)
        {
            Blocks32<TBlock, Lanes256, Vector256<float>>(source, destination, count / 32);
        }
        else
        {
            Blocks32<TBlock, Lanes128, Vector128<float>>(source, destination, count / 32);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Blocks32<TBlock, TLanes, TVector>(byte* source, float* destination, int blocks)
        where TBlock : struct, IBlock32
        where TLanes : struct, ILanes<TVector>
        where TVector : unmanaged
    {
        for (int block = 0; block < blocks; block++)
        {
            TVector scale = TLanes.Broadcast(HalfFormat.Read(source));
            TVector minimum = TLanes.Broadcast(TBlock.HasMinimum ? HalfFormat.Read(source + 2) : 0);
            for (int at = 0; at < 16; at += TLanes.Count)
            {
                TLanes.Store(destination + at, TBlock.First<TLanes, TVector>(source, at, scale, minimum));
                TLanes.Store(destination + 16 + at, TBlock.Second<TLanes, TVector>(source, at, scale, minimum));
            }

            source += TBlock.Bytes;
            destination += 32;
        }
    }

    private static void Blocks256<TBlock>(byte* source, float* destination, int count)
        where TBlock : struct, IBlock256
    {
        if (Vector512.IsHardwareAccelerated)
        {
            Blocks256<TBlock, Lanes512, Vector512<float>>(source, destination, count / 256);
        }
        else if (Vector256.IsHardwareAccelerated)
        {
            Blocks256<TBlock, Lanes256, Vector256<float>>(source, destination, count / 256);
        }
        else
        {
            Blocks256<TBlock, Lanes128, Vector128<float>>(source, destination, count / 256);
        }
    }

    [SkipLocalsInit]
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Blocks256<TBlock, TLanes, TVector>(byte* source, float* destination, int blocks)
        where TBlock : struct, IBlock256
        where TLanes : struct, ILanes<TVector>
        where TVector : unmanaged
    {
        sbyte* q = stackalloc sbyte[256];
        float* scales = stackalloc float[16];
        float* minima = stackalloc float[16];
        for (int block = 0; block < blocks; block++)
        {
            TBlock.Unpack(source, q, scales, minima);
            for (int group = 0; group < 256 / TBlock.GroupSize; group++)
            {
                TVector scale = TLanes.Broadcast(scales[group]);
                TVector minimum = TLanes.Broadcast(minima[group]);
                int end = (group + 1) * TBlock.GroupSize;
                for (int at = group * TBlock.GroupSize; at < end; at += TLanes.Count)
                {
                    TLanes.Store(destination + at, TLanes.Subtract(TLanes.Multiply(scale, TLanes.SignedBytes(q + at)), minimum));
                }
            }

            source += TBlock.Bytes;
            destination += 256;
        }
    }
}
