using System.Runtime.CompilerServices;
using Cutaway.Decoding.Grammar;
using Cutaway.Models.Tokenizers;

namespace Cutaway.Decoding;

/// <summary>What a generated text must match as a whole: a regular expression or a grammar. It works on the bytes of UTF-8, so tokens may begin or end within a character.</summary>
public sealed class Constraint
{
    /// <summary>JSON (RFC 8259) with an object or an array outermost, and at most single white space between its parts.</summary>
    public const string JsonGrammar = """
        root   ::= object | array
        value  ::= object | array | string | number | "true" | "false" | "null"
        object ::= "{" ws (member ("," ws member)*)? "}" ws
        member ::= string ":" ws value
        array  ::= "[" ws (value ("," ws value)*)? "]" ws
        string ::= "\"" ([^"\\\x00-\x1F] | "\\" (["\\/bfnrt] | "u" [0-9a-fA-F]{4}))* "\"" ws
        number ::= "-"? ("0" | [1-9] [0-9]*) ("." [0-9]+)? ([eE] [-+]? [0-9]+)? ws
        ws     ::= [ \n\t]?
        """;

    private readonly GrammarProgram program;
    private readonly string description;
    private readonly ConditionalWeakTable<ITokenizer, TokenConstraint> forTokenizers = [];

    private Constraint(GrammarProgram program, string description)
    {
        this.program = program;
        this.description = description;
    }

    /// <summary>JSON, by <see cref="JsonGrammar"/>.</summary>
    public static Constraint Json { get; } = FromGrammar(JsonGrammar);

    /// <summary>
    /// A text that a regular expression matches from its first character to its last: literals, <c>.</c>, classes such as
    /// <c>[a-z]</c> and <c>\d \w \s</c> (of ASCII, as in RE2), groups, <c>|</c>, <c>* + ? {m,n}</c>.
    /// </summary>
    /// <param name="pattern">The expression.</param>
    /// <exception cref="CutawayException">It cannot be read, or uses what no finite automaton can follow.</exception>
    public static Constraint FromRegex(string pattern) =>
        new(GrammarProgram.Compile(new Dictionary<string, GrammarNode> { [GrammarReader.Root] = RegexReader.Read(pattern) }), $"the regular expression {pattern}");

    /// <summary>
    /// A text that a context-free grammar derives from its rule <c>root</c>, written as llama.cpp writes grammars (GBNF):
    /// <c>name ::= "text" [a-z] other-name (…) | … * + ? {m,n}</c>, with <c>#</c> before comments.
    /// </summary>
    /// <param name="text">The grammar.</param>
    /// <exception cref="CutawayException">It cannot be read, names a rule that is not there, or is left-recursive.</exception>
    public static Constraint FromGrammar(string text) => new(GrammarProgram.Compile(GrammarReader.Read(text)), "the grammar");

    /// <summary>The constraint over a tokenizer's tokens; what is learnt of it is kept for the next use.</summary>
    internal TokenConstraint For(ITokenizer tokenizer) =>
        forTokenizers.GetValue(tokenizer, key => new TokenConstraint(new ByteAutomaton(program), TokenTrie.Of(key), description));

    /// <inheritdoc/>
    public override string ToString() => description;
}
