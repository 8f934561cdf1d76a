namespace Cutaway.Organisms;

/// <summary>Kinds of words that <c>wired</c> tells apart.</summary>
internal enum WordKind
{
    /// <summary>The token that begins a text.</summary>
    Start,

    /// <summary>Mary, John.</summary>
    Name,

    /// <summary>Store, park.</summary>
    Place,

    /// <summary>Drink, book.</summary>
    Object,

    /// <summary>Went, gave.</summary>
    Verb,

    /// <summary>To, for: a receiver may follow.</summary>
    Giving,

    /// <summary>The, a.</summary>
    Article,

    /// <summary>And, but.</summary>
    Joining,

    /// <summary>At, in.</summary>
    Preposition,

    /// <summary>He, she.</summary>
    Pronoun,

    /// <summary>When, then.</summary>
    Opener,

    /// <summary>The comma.</summary>
    Comma,

    /// <summary>The full stop.</summary>
    Stop,

    /// <summary>Anything else.</summary>
    Other,
}
