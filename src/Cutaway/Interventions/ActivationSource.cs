using System.Numerics;
using Cutaway.Models.Network;
using Cutaway.Tensors;

namespace Cutaway.Interventions;

/// <summary>Finds the values meant for a place in a tensor that is a vector, or has the activation's own axes, with or without batch.</summary>
internal static class ActivationSource
{
    /// <summary>Checks that a tensor can serve a hook point.</summary>
    public static void Validate(Tensor values, HookPoint point, string what)
    {
        int width = point.Extents[^1];
        bool vector = values.Shape.Count == 1;
        bool whole = values.Shape.Count == point.Axes.Count || values.Shape.Count == point.Axes.Count - 1;
        bool perHead = point.HeadAxis >= 0 && values.Shape.Count == 2 && values.Shape[0] == point.Extents[point.HeadAxis];
        if (!(vector || whole || perHead) || (width > 0 && values.Shape[^1] != width))
        {
            throw CutawayException.Usage(
                $"{what} for '{point.Name}' has shape [{string.Join(", ", values.Shape)}]; expected [{width}], or the activation's own ({string.Join(", ", point.Axes)})");
        }

        if (point.HeadAxis >= 0 && whole && !perHead)
        {
            int axis = point.HeadAxis - (point.Axes.Count - values.Shape.Count);
            if (values.Shape[axis] != point.Extents[point.HeadAxis])
            {
                throw CutawayException.Usage($"{what} for '{point.Name}' has {values.Shape[axis]} heads; the activation has {point.Extents[point.HeadAxis]}");
            }
        }
    }

    /// <summary>The vector for a place.</summary>
    /// <exception cref="CutawayException">The tensor has no such position or sequence.</exception>
    public static ReadOnlySpan<T> For<T>(Tensor values, in Place place, int length)
        where T : unmanaged, IBinaryFloatingPointIeee754<T> => values.To<T>().Slice(Offset(values, place, length), length);

    /// <summary>Where the vector for a place begins.</summary>
    /// <exception cref="CutawayException">The tensor has no such position or sequence.</exception>
    public static int Offset(Tensor values, in Place place, int length)
    {
        int width = values.Shape[^1];
        if (width != length)
        {
            throw CutawayException.Usage($"values for '{place.Point.Name}' are {width} wide; the activation is {length} wide here");
        }

        if (values.Shape.Count == 1)
        {
            return 0;
        }

        if (values.Shape.Count == 2 && place.Point.HeadAxis >= 0)
        {
            return place.Head * width;
        }

        int offset = 0;
        int first = place.Point.Axes.Count - values.Shape.Count;
        for (int i = 0; i < values.Shape.Count - 1; i++)
        {
            int axis = first + i;
            int index = axis == place.Point.HeadAxis ? place.Head : axis == place.Point.PositionAxis ? place.Position : place.Sequence;
            if (axis == 0 && values.Shape[0] == 1)
            {
                index = 0;
            }

            if (index >= values.Shape[i])
            {
                throw CutawayException.Usage($"values for '{place.Point.Name}' have {values.Shape[i]} along '{place.Point.Axes[axis]}'; {index} was needed");
            }

            offset = (offset * values.Shape[i]) + index;
        }

        return offset * width;
    }
}
