using System.Runtime.CompilerServices;

namespace Cutaway.Tensors.Tests;

public sealed class NativeBufferTests
{
    [Fact]
    public void More_numbers_than_an_index_can_count_are_an_error_that_says_what_to_do()
    {
        CutawayException error = Assert.Throws<CutawayException>(() => new NativeBuffer<float>(1L << 32));
        Assert.Contains("4294967296 numbers", error.Message, StringComparison.Ordinal);
        Assert.Contains("shorter prompt", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_buffer_that_could_not_be_made_does_not_disturb_the_finalizer()
    {
        Fail();
        GC.Collect();
        GC.WaitForPendingFinalizers();

        // In a method of its own, so that nothing here refers to the half-made object any more.
        [MethodImpl(MethodImplOptions.NoInlining)]
        static void Fail() => Assert.Throws<ArgumentOutOfRangeException>(() => new NativeBuffer<float>(-1));
    }

    [Fact]
    public void Memory_is_aligned_to_the_widest_vectors_and_written_where_it_is_read()
    {
        NativeBuffer<double> buffer = new(37);
        buffer.Span.Fill(2);
        buffer.Span[36] = 3;
        unsafe
        {
            Assert.Equal(0, (nint)buffer.Pointer % 64);
            Assert.Equal(3, buffer.Pointer[36]);
        }

        Assert.Equal(37, buffer.Length);
        GC.KeepAlive(buffer);
    }
}
