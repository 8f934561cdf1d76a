using System.ComponentModel.DataAnnotations;

namespace Cutaway.Training;

/// <summary>Ways for the learning rate to go after the warm-up.</summary>
public enum ScheduleKind
{
    /// <summary>It stays.</summary>
    Constant,

    /// <summary>Down along half a cosine (Loshchilov and Hutter 2017, equation 5).</summary>
    Cosine,

    /// <summary>Down along a line.</summary>
    Linear,
}

/// <summary>How the learning rate goes from step to step: up along a line during the warm-up, then as the kind says.</summary>
public sealed record Schedule
{
    /// <summary>The way after the warm-up.</summary>
    public ScheduleKind Kind { get; init; } = ScheduleKind.Cosine;

    /// <summary>Steps of the warm-up.</summary>
    [Range(0, int.MaxValue)]
    public int WarmUp { get; init; }

    /// <summary>The share of the highest rate that is left in the end.</summary>
    [Range(0.0, 1.0)]
    public double Final { get; init; } = 0.1;

    /// <summary>The factor on the highest rate in a step.</summary>
    /// <param name="step">From 0.</param>
    /// <param name="steps">Steps of the whole run.</param>
    public double Factor(int step, int steps)
    {
        if (step < WarmUp)
        {
            return (step + 1.0) / WarmUp;
        }

        double share = steps - 1 > WarmUp ? Math.Min(1, (double)(step - WarmUp) / (steps - 1 - WarmUp)) : 0;
        return Kind switch
        {
            ScheduleKind.Cosine => Final + ((1 - Final) * 0.5 * (1 + Math.Cos(Math.PI * share))),
            ScheduleKind.Linear => 1 - ((1 - Final) * share),
            _ => 1,
        };
    }
}
