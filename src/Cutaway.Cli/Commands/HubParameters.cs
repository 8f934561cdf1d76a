using Cutaway.Cli.Parsing;

namespace Cutaway.Cli.Commands;

/// <summary>What the commands about the hub and its cache share.</summary>
internal static class HubParameters
{
    /// <summary>Which model.</summary>
    public static readonly Parameter Name = new("NAME", "OWNER/NAME", "The model's hub id, owner/name or owner/name@revision") { IsArgument = true, Required = true };

    /// <summary>Options of every such command.</summary>
    public static readonly IReadOnlyList<Parameter> Shared =
        [SharedParameters.Json, SharedParameters.Width, SharedParameters.Plain, SharedParameters.Quiet, SharedParameters.Debug, SharedParameters.Help];
}
