using Cutaway.Models.Network;

namespace Cutaway.Interventions;

/// <summary>Multiplies an activation by a number.</summary>
public sealed record Scale : Intervention
{
    /// <summary>The number.</summary>
    public required double Factor { get; init; }

    internal override void Validate(HookPoint point) => _ = point;

    internal override void Apply<T>(Span<T> vector, in Place place)
    {
        T factor = T.CreateTruncating(Factor);
        for (int i = 0; i < vector.Length; i++)
        {
            vector[i] *= factor;
        }
    }
}
