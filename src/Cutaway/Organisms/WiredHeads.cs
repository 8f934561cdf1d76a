using static Cutaway.Organisms.WiredLayout;

namespace Cutaway.Organisms;

/// <summary>
/// The heads of <c>wired</c>, after those found in GPT-2 small (Olsson et al. 2022 for induction; Wang et al. 2023 for
/// indirect objects). Strengths are set so that what a head looks for beats resting at the first position by about seven
/// nats, and resting beats everything else by about as much: attention is nearly sharp, but gradients still flow.
/// </summary>
internal static class WiredHeads
{
    /// <summary>How many layers there are.</summary>
    public const int Layers = 3;

    /// <summary>How many heads a layer has.</summary>
    public const int HeadsPerLayer = 3;

    /// <summary>The circuit that continues repeated sequences.</summary>
    public const string Induction = "induction";

    /// <summary>The circuit that names the receiver.</summary>
    public const string IndirectObject = "indirect-object";

    /// <summary>The heads by layer.</summary>
    public static IReadOnlyList<IReadOnlyList<HeadWiring>> All { get; } =
    [
        [PreviousToken(), DuplicateToken(), Diffuse()],
        [InductionHead(), SubjectInhibition(), FirstPosition()],
        [
            NameMover("name-mover", "From a giving word, attends to names except the inhibited one and predicts the name it finds.", 20),
            NameMover("negative-name-mover", "Attends as the name mover does, and speaks against the name it finds.", -4),
            CurrentToken(),
        ],
    ];

    /// <summary>Resting: the score of the first position.</summary>
    private static Match Rest(double score) => new(One, First, score);

    private static HeadWiring PreviousToken() => new(
        "previous-token",
        "Attends to the position before and writes down which token stands there.",
        [Induction],
        [new(Position, Position, 16, PositionClocks.StepBack()), Rest(9)],
        [new(Token, Previous, 1)]);

    private static HeadWiring DuplicateToken() => new(
        "duplicate-token",
        "Attends to an earlier occurrence of the same token, itself excluded, and writes down that and where there is one.",
        [IndirectObject],
        [new(Token, Token, 60), new(Position, Position, -26), Rest(41)],
        [new(One, Duplicate, 1), new(First, Duplicate, -1), new(Position, DuplicatePosition, 1)]);

    private static HeadWiring InductionHead() => new(
        "induction",
        "Attends to the token after an earlier occurrence of the same token and predicts it; rests at giving words, so that the two circuits do not meet.",
        [Induction],
        [new(Token, Previous, 20), Rest(13), new(Kinds[WordKind.Giving], First, 16)],
        [new(Token, Output, 6)]);

    private static HeadWiring SubjectInhibition() => new(
        "s-inhibition",
        "From a giving word, attends to a repeated name and writes down that there is one, which name it is, and where it stood first.",
        [IndirectObject],
        [new(Kinds[WordKind.Giving], Kinds[WordKind.Name], 15), new(Kinds[WordKind.Giving], Duplicate, 15), Rest(22)],
        [new(Kinds[WordKind.Name], Inhibit, 1), new(Token, InhibitToken, 1), new(DuplicatePosition, InhibitPosition, 1)]);

    private static HeadWiring NameMover(string role, string description, double strength) => new(
        role,
        description,
        [IndirectObject],
        [new(Inhibit, Kinds[WordKind.Name], 24), new(InhibitToken, Token, -20), new(InhibitPosition, Position, -6), Rest(14)],
        [new(Token, Output, strength)]);

    private static HeadWiring Diffuse() => new(
        "diffuse",
        "Idle: attends evenly to everything before it.",
        [],
        [],
        [new(Kinds[WordKind.Name], Unread[0], 1)]);

    private static HeadWiring FirstPosition() => new(
        "first-position",
        "Idle: attends to the first position only.",
        [],
        [Rest(9)],
        [new(One, Unread[1], 1)]);

    private static HeadWiring CurrentToken() => new(
        "current-token",
        "Idle: attends to the position it stands at.",
        [],
        [new(Position, Position, 16), Rest(9)],
        [new(Kinds[WordKind.Name], Unread[2], 1)]);
}
