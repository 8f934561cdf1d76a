using Cutaway.Tensors;
using Cutaway.Tensors.Autograd;

namespace Cutaway.Models.Network;

public sealed unsafe partial class ForwardPass<T>
{
    /// <summary>Room for the values of a step, which the next step that uses the same place may change.</summary>
    /// <param name="place">Which values.</param>
    /// <param name="count">Rows.</param>
    /// <param name="width">Of a row.</param>
    /// <param name="by">What the tape recorded of the step, if anything.</param>
    private T* Reserve(Scratch place, long count, long width, Operation<T>? by = null) =>
        tape is null ? place.Reserve(count, width) : place.Record(tape, count * width, by);

    /// <summary>Room for a step that works in place: what was there is there again, in memory of its own where the tape holds the old values.</summary>
    private T* Renew(Scratch place, Operation<T>? by)
    {
        if (tape is null)
        {
            return place.Pointer;
        }

        Span<T> before = place.Span;
        T* after = place.Record(tape, before.Length, by);
        if (!before.IsEmpty && !System.Runtime.CompilerServices.Unsafe.AreSame(ref before[0], ref *after))
        {
            before.CopyTo(place.Span);
        }

        return after;
    }

    /// <summary>Working memory that grows to what was needed most and is reused; while a tape records, the variable that is in this place.</summary>
    private sealed class Scratch
    {
        private NativeBuffer<T>? buffer;
        private int length;
        private Variable<T>? variable;
        private Tape<T>? tape;
        private int run;

        /// <summary>Elements there is room for.</summary>
        public long Capacity => buffer?.Length ?? 0;

        public T* Pointer => variable is not null ? variable.Pointer : buffer is null ? null : buffer.Pointer;

        public Span<T> Span => variable is not null ? variable.Span : buffer is null ? default : buffer.Span[..length];

        /// <summary>What is in this place; only while a tape records.</summary>
        public Variable<T> Variable => variable!;

        /// <summary>Room for [rows, width]; what was there is lost where it grows.</summary>
        public T* Reserve(long rows, long width = 1)
        {
            // The largest product that can occur is a square of positions for every head: below 2⁶³.
            long count = rows * width;
            variable = null;
            if (buffer is null || buffer.Length < count)
            {
                buffer = new NativeBuffer<T>(count);
            }

            length = (int)count;
            return buffer.Pointer;
        }

        /// <summary>Puts a variable of the tape's run in this place.</summary>
        public void Hold(Tape<T> recorder, Variable<T> known) => (tape, run, variable) = (recorder, recorder.Run, known);

        /// <summary>A new variable; the memory of the last one is given back first, unless the tape holds it.</summary>
        public T* Record(Tape<T> recorder, long count, Operation<T>? by)
        {
            if (tape == recorder && run == recorder.Run)
            {
                variable?.ReleaseUnlessKept();
            }

            (tape, run) = (recorder, recorder.Run);
            variable = recorder.Make(count, by);
            return variable.Pointer;
        }
    }
}
