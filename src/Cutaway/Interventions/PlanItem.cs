using System.Text.Json.Serialization;
using Cutaway.Sites;

namespace Cutaway.Interventions;

/// <summary>One entry of a plan: what to read, or what to change, at a site.</summary>
[JsonPolymorphic(TypeDiscriminatorPropertyName = "kind")]
[JsonDerivedType(typeof(Capture), "capture")]
[JsonDerivedType(typeof(CaptureGradient), "capture-gradient")]
[JsonDerivedType(typeof(Replace), "replace")]
[JsonDerivedType(typeof(Freeze), "freeze")]
[JsonDerivedType(typeof(Add), "add")]
[JsonDerivedType(typeof(Scale), "scale")]
[JsonDerivedType(typeof(Ablate), "ablate")]
[JsonDerivedType(typeof(ProjectOut), "project-out")]
[JsonDerivedType(typeof(Affine), "affine")]
[JsonDerivedType(typeof(Clamp), "clamp")]
public abstract record PlanItem
{
    /// <summary>Where.</summary>
    public required Site Site { get; init; }
}
