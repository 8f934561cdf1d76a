using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics.X86;

namespace Cutaway.Tensors.Kernels.Products;

/// <summary>A strided matrix as second factor.</summary>
internal readonly unsafe struct ViewColumns<T>(MatrixView<T> b) : IColumnSource<T>
    where T : unmanaged
{
    private const int Chunk = 64;

    public T* Find(int k, int j, out nint stride)
    {
        stride = b.RowStride;
        return b.ColumnStride == 1 ? b.Pointer + (k * b.RowStride) + j : null;
    }

    public void Pack(int k, int count, int j, int columns, T* panel, int width)
    {
        T* first = b.Pointer + (k * b.RowStride) + (j * b.ColumnStride);
        if (b.ColumnStride == 1)
        {
            for (int row = 0; row < count; row++)
            {
                byte* source = (byte*)(first + (row * b.RowStride));
                byte* line = (byte*)(panel + ((nint)row * width));
                int bytes = columns * sizeof(T);
                int done = 0;
                if (Sse.IsSupported)
                {
                    // The columns beside these come next; lines so far apart are not foreseen by the processor.
                    Sse.Prefetch1(source + bytes);
                    Sse.Prefetch1(source + bytes + Chunk);
                }

                for (; done <= bytes - Chunk; done += Chunk)
                {
                    // A constant length becomes plain moves.
                    Unsafe.CopyBlockUnaligned(line + done, source + done, Chunk);
                }

                if (done < bytes)
                {
                    Unsafe.CopyBlockUnaligned(line + done, source + done, (uint)(bytes - done));
                }
            }

            return;
        }

        for (int column = 0; column < columns; column++)
        {
            T* source = first + (column * b.ColumnStride);
            for (int row = 0; row < count; row++)
            {
                panel[((nint)row * width) + column] = source[row * b.RowStride];
            }
        }
    }
}
