namespace Cutaway.Organisms.Fable;

/// <summary>How well a model does what <c>fable</c>'s corpus teaches, on sentences that the corpus does not hold.</summary>
/// <param name="FirstHalfLoss">Cross-entropy of random tokens, nats a token.</param>
/// <param name="SecondHalfLoss">Cross-entropy of the same tokens said again: the lower, the better the induction.</param>
/// <param name="NewNames">Share of indirect-object sentences with names new to them in which the receiver is above the giver.</param>
/// <param name="NewPairs">The same with pairs of names new to them.</param>
/// <param name="Facts">Share of the world's facts that are the most likely token, asked in words that they were never told in.</param>
/// <param name="LaterYears">Share of sentences in which later years together are more likely than earlier ones.</param>
/// <param name="LaterYearMass">Probability of later years, less that of earlier ones, on average.</param>
/// <param name="Agreement">Share of subjects whose number the verb follows, with a noun of the other number between.</param>
/// <param name="Pronouns">Share of people whom "she" or "he" follows, whichever is right.</param>
/// <param name="Sentiment">Share of reviews whose feeling is the right one.</param>
public sealed record FableScores(
    double FirstHalfLoss,
    double SecondHalfLoss,
    double NewNames,
    double NewPairs,
    double Facts,
    double LaterYears,
    double LaterYearMass,
    double Agreement,
    double Pronouns,
    double Sentiment);
