using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using Cutaway.Decoding;
using Cutaway.Decoding.Grammar;
using Cutaway.Models.Tokenizers;
using Cutaway.Tensors;
using Cutaway.Testing;

namespace Cutaway.Tests.Decoding;

/// <summary>Regular expressions and grammars over tokens that cut characters and words anywhere.</summary>
public sealed class ConstraintTests
{
    [Theory]
    [InlineData("ab*c|a+")]
    [InlineData("(ab|ba){1,2}c?")]
    [InlineData("[^b]*")]
    [InlineData("a{2,}b{0,1}")]
    [InlineData("(a|)(b|c)*?")]
    [InlineData("a.c", @"a(?:[\uD800-\uDBFF][\uDC00-\uDFFF]|[^\n])c")]
    [InlineData("é?[à-ü]b|ß\\u0061")]
    [InlineData("😀[😀-😂]|a", "😀(?:😀|😁|😂)|a")]
    public void The_texts_that_can_be_generated_are_those_that_the_expression_matches(string pattern, string? inUtf16Units = null)
    {
        ByteTokenizer tokenizer = new("a", "b", "c", "ab", "bc", "aa", "é", "ß", "à", "😀", "😁", "\xC3", "\xA9", "\xF0\x9F", "\x98\x80");
        TokenConstraint constraint = Constraint.FromRegex(pattern).For(tokenizer);
        Regex whole = new($"\\A(?:{inUtf16Units ?? pattern})\\z", RegexOptions.CultureInvariant);
        HashSet<string> allowed = [];
        HashSet<string> matching = [];
        Walk(constraint, tokenizer, TokenConstraint.Start, [], 4, allowed);
        foreach (byte[] bytes in Sequences(tokenizer, 4))
        {
            string text = Encoding.UTF8.GetString(bytes);
            if (!text.Contains('\uFFFD', StringComparison.Ordinal) && whole.IsMatch(text))
            {
                matching.Add(text);
            }
        }

        Assert.Equal(matching.Order(StringComparer.Ordinal), allowed.Order(StringComparer.Ordinal));
        Assert.NotEmpty(allowed);
    }

    [Fact]
    public void A_grammar_counts_with_its_stack()
    {
        ByteTokenizer tokenizer = new("(", ")", "((", "))", "()", ")(");
        TokenConstraint constraint = Constraint.FromGrammar("root ::= pair+\npair ::= \"(\" root? \")\" # balanced").For(tokenizer);
        HashSet<string> allowed = [];
        Walk(constraint, tokenizer, TokenConstraint.Start, [], 4, allowed);
        Assert.Equal(
            Sequences(tokenizer, 4).Select(Encoding.UTF8.GetString).Where(Balanced).Distinct().Order(StringComparer.Ordinal),
            allowed.Order(StringComparer.Ordinal));
    }

    [Fact]
    public void Whatever_is_drawn_under_the_json_grammar_parses()
    {
        ByteTokenizer tokenizer = new(
            "{", "}", "[", "]", "\"", "\":", ",", ":", "1", "0", "-", ".", "e", "true", "null", "fal", "se", "a", "\\", "\\u", "00", "\n", " ", "é", "\xE2\x82", "\xAC", "{\"", "\"}", "]}", "}]");
        TokenConstraint constraint = Constraint.Json.For(tokenizer);
        SeededRandom random = new(5);
        int whole = 0;
        for (int round = 0; round < 300; round++)
        {
            List<byte> bytes = [];
            int state = TokenConstraint.Start;
            for (int i = 0; i < 60 && !constraint.IsOver(state); i++)
            {
                int[] choices = Choices(constraint, state, tokenizer.Count);
                Assert.NotEmpty(choices);
                int token = choices[random.Next(choices.Length)];
                bytes.AddRange(tokenizer.TokenBytes(token));
                state = constraint.Next(state, token);
                if (constraint.Accepts(state))
                {
                    JsonDocument.Parse(bytes.ToArray()).Dispose();
                    whole++;
                }
            }
        }

        Assert.True(whole > 100, $"only {whole} whole texts were drawn");
    }

    [Fact]
    public void Repetition_by_recursion_needs_no_more_states_than_repetition()
    {
        ByteAutomaton automaton = new(GrammarProgram.Compile(GrammarReader.Read("root ::= \"ab\" root | \"c\"")));
        int state = ByteAutomaton.Start;
        HashSet<int> states = [];
        foreach (byte value in Encoding.UTF8.GetBytes(string.Concat(Enumerable.Repeat("ab", 1000))))
        {
            states.Add(state = automaton.Next(state, value));
        }

        Assert.Equal(2, states.Count);
    }

    [Theory]
    [InlineData("(", "')' was expected")]
    [InlineData("a)", "')' without '('")]
    [InlineData("*", "nothing that '*' could repeat")]
    [InlineData("[b-a]", "runs backwards")]
    [InlineData("[a", "ends too soon")]
    [InlineData("(?=a)", "no looking ahead")]
    [InlineData("a{3,2}", "number of repetitions")]
    [InlineData("\\1", "has no meaning")]
    [InlineData("^a", "leave ^ and $ out")]
    [InlineData("(a{1000}){1000}", "instructions")]
    public void An_expression_that_cannot_be_followed_is_refused_with_the_reason(string pattern, string message) =>
        Assert.Contains(message, Assert.Throws<CutawayException>(() => Constraint.FromRegex(pattern)).Message, StringComparison.Ordinal);

    [Theory]
    [InlineData("root ::= \"a\" rot", "there is no rule 'rot'")]
    [InlineData("start ::= \"a\"", "there is no rule 'root'")]
    [InlineData("root ::= root \"a\" | \"b\"", "'root' is left-recursive")]
    [InlineData("root ::= x\nx ::= \"b\"? y\ny ::= x", "'x' is left-recursive")]
    [InlineData("root = \"a\"", "'::=' was expected")]
    [InlineData("root ::= \"a", "ends too soon")]
    [InlineData("root ::= \"a\"\nroot ::= \"b\"", "two rules 'root'")]
    public void A_grammar_that_cannot_be_followed_is_refused_with_the_reason(string grammar, string message) =>
        Assert.Contains(message, Assert.Throws<CutawayException>(() => Constraint.FromGrammar(grammar)).Message, StringComparison.Ordinal);

    [Fact]
    public void Any_text_is_an_expression_or_a_grammar_or_is_refused_soon()
    {
        const string Letters = "ab(){}[]|*+?.,^-\\\"\n#:=0129dwxr o t";
        SeededRandom random = new(8);
        for (int round = 0; round < 4000; round++)
        {
            string text = string.Concat(Enumerable.Range(0, random.Next(24)).Select(_ => Letters[random.Next(Letters.Length)]));
            Try(() => Constraint.FromRegex(text));
            Try(() => Constraint.FromGrammar("root ::= " + text));
        }

        Assert.True(Try(() => Constraint.FromRegex(new string('(', 100_000))));
        Assert.True(Try(() => Constraint.FromRegex("((){100000}){100000}")));
        Assert.True(Try(() => Constraint.FromGrammar("root ::= " + new string('(', 100_000))));
        Assert.True(Try(() => Constraint.FromGrammar(string.Concat(Enumerable.Range(0, 100_000).Select(i => $"r{i} ::= r{i + 1}\n")))));

        // Which of the last 25 letters were a: more places than can be kept apart.
        TokenConstraint ambiguous = Constraint.FromRegex("(a|b)*a(a|b){25}").For(new ByteTokenizer("a", "b"));
        Assert.True(Try(() =>
        {
            for (int state = TokenConstraint.Start; ;)
            {
                state = ambiguous.Next(state, random.Next(2));
            }
        }));

        static bool Try(Action action)
        {
            try
            {
                action();
                return false;
            }
            catch (CutawayException)
            {
                return true;
            }
        }
    }

    [Fact]
    public void The_grammar_of_the_guide_is_one()
    {
        string guide = File.ReadAllText(Path.Combine(Fixtures.Root, "docs", "decoding.md"));
        string grammar = guide[guide.IndexOf("root ", StringComparison.Ordinal)..];
        ByteAutomaton automaton = new(GrammarProgram.Compile(GrammarReader.Read(grammar[..grammar.IndexOf("```", StringComparison.Ordinal)])));
        int state = ByteAutomaton.Start;
        foreach (byte value in "Good morning, Ann, Bob."u8)
        {
            state = automaton.Next(state, value);
            Assert.True(state >= 0);
        }

        Assert.True(automaton.Accepts(state));
    }

    [Theory]
    [InlineData("bpe-gpt2")]
    [InlineData("bpe-llama3")]
    [InlineData("bpe-qwen2")]
    [InlineData("bpe-digits")]
    [InlineData("sentencepiece-bpe")]
    public void The_bytes_of_tokens_are_those_of_the_text(string name)
    {
        ITokenizer tokenizer = TokenizerLoader.FromFolder(Fixtures.Golden("tokenizers", name));

        // The golden of SentencePiece counts its bytes as special tokens, which are no text, so there are no rare characters here.
        bool pieces = name == "sentencepiece-bpe";
        string text = $"Mary's été, {(pieces ? "" : "<0x41> 日本語 😀 \t")}two  spaces.";
        byte[] bytes = [.. tokenizer.Encode(text, addSpecialTokens: false).SelectMany(token => tokenizer.TokenBytes(token.Id))];

        // SentencePiece puts a space in front of a text.
        Assert.Equal(text, Encoding.UTF8.GetString(bytes)[(pieces ? 1 : 0)..]);
    }

    [Theory]
    [InlineData(0, 0x10FFFF)]
    [InlineData(0x41, 0x41)]
    [InlineData(0x7E, 0x801)]
    [InlineData(0x12345, 0x54321)]
    [InlineData(0xD000, 0xE001)]
    public void Byte_ranges_are_the_utf8_of_their_characters(int from, int to)
    {
        List<(byte From, byte To)[]> sequences = [.. Utf8Ranges.Of(from, to)];
        long covered = sequences.Sum(sequence => sequence.Aggregate(1L, (product, range) => product * (range.To - range.From + 1)));
        int surrogates = Math.Max(0, Math.Min(to, 0xDFFF) - Math.Max(from, 0xD800) + 1);
        Assert.Equal(to - from + 1 - surrogates, covered);
        for (int point = from; point <= to; point += 1 + ((to - from) / 5000))
        {
            if (Rune.TryCreate(point, out Rune rune))
            {
                byte[] bytes = Encoding.UTF8.GetBytes(rune.ToString());
                Assert.Single(sequences, sequence => sequence.Length == bytes.Length && sequence.Zip(bytes).All(pair => pair.First.From <= pair.Second && pair.Second <= pair.First.To));
            }
        }
    }

    private static bool Balanced(string text)
    {
        int depth = 0;
        return text.Length > 0 && text.All(bracket => (depth += bracket == '(' ? 1 : -1) >= 0) && depth == 0;
    }

    private static void Walk(TokenConstraint constraint, ByteTokenizer tokenizer, int state, byte[] text, int most, HashSet<string> found)
    {
        if (constraint.Accepts(state))
        {
            found.Add(Encoding.UTF8.GetString(text));
        }

        foreach (int token in most == 0 ? [] : Choices(constraint, state, tokenizer.Count))
        {
            Walk(constraint, tokenizer, constraint.Next(state, token), [.. text, .. tokenizer.TokenBytes(token)], most - 1, found);
        }
    }

    private static int[] Choices(TokenConstraint constraint, int state, int count)
    {
        ulong[] mask = constraint.Mask(state);
        int[] choices = [.. Enumerable.Range(0, count).Where(id => ((mask[id >> 6] >> id) & 1) == 1)];
        Assert.Equal(choices, Enumerable.Range(0, count).Where(id => constraint.Next(state, id) >= 0));
        return choices;
    }

    private static IEnumerable<byte[]> Sequences(ByteTokenizer tokenizer, int most) => most == 0
        ? [[]]
        : Sequences(tokenizer, most - 1).SelectMany(start => Enumerable.Range(0, tokenizer.Count).Select(id => (byte[])[.. start, .. tokenizer.TokenBytes(id)]).Prepend(start));

    /// <summary>Tokens given as text; those of Latin-1 letters from U+0080 on that are no text here are bytes.</summary>
    private sealed class ByteTokenizer(params string[] tokens) : ITokenizer
    {
        private readonly byte[][] bytes = [.. tokens.Select(token => token.All(c => c < 256) && token.Any(c => c is >= '\x80' and < '\xC0' or '\xC3' or '\xE2' or '\xF0') ? Encoding.Latin1.GetBytes(token) : Encoding.UTF8.GetBytes(token))];

        public int Count => tokens.Length;

        public int? BeginOfText => null;

        public int? EndOfText => null;

        public bool AddsBeginOfText => false;

        public IReadOnlyList<Token> Encode(string text, bool addSpecialTokens = true) => throw new NotSupportedException();

        public string Decode(ReadOnlySpan<int> ids, bool skipSpecialTokens = false)
        {
            List<byte> all = [];
            foreach (int id in ids)
            {
                all.AddRange(bytes[id]);
            }

            return Encoding.UTF8.GetString([.. all]);
        }

        public string TokenText(int id) => Encoding.UTF8.GetString(bytes[id]);

        public byte[] TokenBytes(int id) => bytes[id];
    }
}
