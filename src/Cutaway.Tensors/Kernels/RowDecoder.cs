using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using Cutaway.Tensors.Kernels.Blocks;
using Cutaway.Tensors.Kernels.Lanes;
using Cutaway.Tensors.Kernels.Products;
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
                Halves<IeeeHalf>((ushort*)source, destination, count);
                break;
            case ElementType.BFloat16:
                Halves<BrainHalf>((ushort*)source, destination, count);
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
            default:
                if (!Vector128.IsHardwareAccelerated || !GroupedBlocks.TryUse(type, new GroupedWidening(source, destination, count)))
                {
                    Reference(type, source, destination, count);
                }

                break;
        }
    }

    /// <summary>The same by way of the scalar decoder.</summary>
    internal static void Reference(ElementType type, byte* source, float* destination, int count) =>
        ElementDecoder.Decode(type, new ReadOnlySpan<byte>(source, checked((int)type.BytesFor(count))), new Span<float>(destination, count));

    private static void Halves<TFormat>(ushort* source, float* destination, int count)
        where TFormat : struct, IHalfFormat
    {
        int done = Vector512.IsHardwareAccelerated ? Halves<TFormat, Lanes512, Vector512<float>>(source, destination, count)
            : Vector256.IsHardwareAccelerated ? Halves<TFormat, Lanes256, Vector256<float>>(source, destination, count)
            : Vector128.IsHardwareAccelerated ? Halves<TFormat, Lanes128, Vector128<float>>(source, destination, count)
            : 0;
        for (int i = done; i < count; i++)
        {
            destination[i] = TFormat.Widen(source[i]);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static int Halves<TFormat, TLanes, TVector>(ushort* source, float* destination, int count)
        where TFormat : struct, IHalfFormat
        where TLanes : struct, ILanes<TVector>
        where TVector : unmanaged
    {
        int i = 0;
        for (; i <= count - TLanes.Count; i += TLanes.Count)
        {
            TLanes.Store(destination + i, TFormat.Widen<TLanes, TVector>(source + i));
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

    private readonly struct GroupedWidening(byte* source, float* destination, int count) : IGroupedBlockUser
    {
        public void Use<TBlock>()
            where TBlock : struct, IGroupedBlock
        {
            if (Vector512.IsHardwareAccelerated)
            {
                Widen<TBlock, Lanes512, Vector512<float>>(source, destination, count);
            }
            else if (Vector256.IsHardwareAccelerated)
            {
                Widen<TBlock, Lanes256, Vector256<float>>(source, destination, count);
            }
            else
            {
                Widen<TBlock, Lanes128, Vector128<float>>(source, destination, count);
            }
        }

        [SkipLocalsInit]
        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        private static void Widen<TBlock, TLanes, TVector>(byte* source, float* destination, int count)
            where TBlock : struct, IGroupedBlock
            where TLanes : struct, ILanes<TVector>
            where TVector : unmanaged
        {
            sbyte* q = stackalloc sbyte[IGroupedBlock.MostValues];
            float* scales = stackalloc float[IGroupedBlock.MostGroups];
            float* minima = stackalloc float[IGroupedBlock.MostGroups];
            for (int block = count / TBlock.Values; block > 0; block--)
            {
                TBlock.Unpack(source, q, scales, minima);
                for (int group = 0; group < TBlock.Values / TBlock.GroupSize; group++)
                {
                    TVector scale = TLanes.Broadcast(scales[group]);
                    TVector minimum = TBlock.HasMinima ? TLanes.Broadcast(minima[group]) : default;
                    for (int at = group * TBlock.GroupSize; at < (group + 1) * TBlock.GroupSize; at += TLanes.Count)
                    {
                        TVector scaled = TLanes.Multiply(scale, TLanes.SignedBytes(q + at));
                        TLanes.Store(destination + at, TBlock.HasMinima ? TLanes.Subtract(scaled, minimum) : scaled);
                    }
                }

                source += TBlock.Bytes;
                destination += TBlock.Values;
            }
        }
    }
}
