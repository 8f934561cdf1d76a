namespace Cutaway.Techniques.Causes;

/// <summary>Help of the options that techniques on prompt pairs share, so that they read alike everywhere.</summary>
internal static class PairHelp
{
    public const string Clean = "Prompt whose behaviour is explained";

    public const string Corrupt = "Prompt without the information in question, of as many tokens";

    public const string Answer = "Token that continues the clean prompt, such as \" Mary\"";

    public const string Versus = "Token that continues the corrupted prompt, such as \" John\"";

    public const string Pairs = "Pairs of prompts instead: a file (.csv, .jsonl) or a generator such as ioi";

    public const string Count = "Pairs taken of the file or the generator";

    public const string Seed = "Draws generated pairs";

    public const string Metric = "What is measured";

    public const string Edges = "Edges of the circuit";

    public const string Choose = "Whether the circuit takes the best edges, or grows from the logits";

    public const string Check = "Best edges patched for real too";

    public const string AnswerTokens = "What is measured of answers of several tokens";

    public const string Memory = "Working memory that a batch of runs may take (default: 1GB)";
}
