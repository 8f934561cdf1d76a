namespace Cutaway.Models.Tokenizers.Chat;

/// <summary>Reads the expressions of a template, the loosest binding first: a condition, or, and, not, comparisons, sums, ~, products, powers, signs, filters and tests.</summary>
internal sealed partial class ExpressionParser(List<TemplateToken> tokens)
{
    private const int Deepest = 100;

    private int position;
    private int depth;

    /// <summary>The next token, which stays.</summary>
    public TemplateToken Peek => tokens[position];

    /// <summary>Takes the next token.</summary>
    public TemplateToken Next() => Peek.Kind == TemplateTokenKind.End ? throw Unexpected("more") : tokens[position++];

    /// <summary>Takes the next token if it is this operator or keyword.</summary>
    public bool Accept(string text)
    {
        bool found = Peek.Text == text && Peek.Kind is TemplateTokenKind.Operator or TemplateTokenKind.Name;
        position += found ? 1 : 0;
        return found;
    }

    /// <summary>Takes this operator or keyword.</summary>
    public void Expect(string text)
    {
        if (!Accept(text))
        {
            throw Unexpected($"'{text}'");
        }
    }

    /// <summary>Takes the end of a tag.</summary>
    public void ExpectTagEnd()
    {
        if (Next().Kind != TemplateTokenKind.TagEnd)
        {
            position--;
            throw Unexpected("the end of the tag");
        }
    }

    /// <summary>Takes a name.</summary>
    public string Name() => Peek.Kind == TemplateTokenKind.Name ? Next().Text : throw Unexpected("a name");

    /// <summary>Takes names with commas between them.</summary>
    public string[] Names()
    {
        List<string> names = [Name()];
        while (Accept(","))
        {
            names.Add(Name());
        }

        return [.. names];
    }

    /// <summary>The fault that something else stands here.</summary>
    public TemplateFaultException Unexpected(string wanted) => new($"{wanted} was expected, but '{Peek.Text}' stands here", Peek.Line);

    /// <summary>Reads an expression.</summary>
    public Expression Parse()
    {
        if (++depth > Deepest)
        {
            throw new TemplateFaultException($"an expression is nested more than {Deepest} deep", Peek.Line);
        }

        Expression value = WithoutCondition();
        while (Accept("if"))
        {
            Expression then = value;
            Expression condition = WithoutCondition();
            Expression? otherwise = Accept("else") ? Parse() : null;
            value = scope => TemplateValues.IsTrue(condition(scope)) ? then(scope) : otherwise is null ? new Undefined("the other case of a condition") : otherwise(scope);
        }

        depth--;
        return value;
    }

    /// <summary>Reads one expression, or several with commas between them as a list.</summary>
    public Expression Tuple()
    {
        Expression first = Parse();
        return Peek.Text == "," && Peek.Kind == TemplateTokenKind.Operator ? TupleAfter(first) : first;
    }

    /// <summary>Reads an expression that is no condition, as before the <c>if</c> of a loop.</summary>
    public Expression WithoutCondition()
    {
        Expression left = And();
        while (Accept("or"))
        {
            (Expression first, Expression second) = (left, And());
            left = scope => first(scope) is var value && TemplateValues.IsTrue(value) ? value : second(scope);
        }

        return left;
    }

    private Expression And()
    {
        Expression left = Not();
        while (Accept("and"))
        {
            (Expression first, Expression second) = (left, Not());
            left = scope => first(scope) is var value && TemplateValues.IsTrue(value) ? second(scope) : value;
        }

        return left;
    }

    private Expression Not()
    {
        bool negated = false;
        bool any = false;
        while (Accept("not"))
        {
            negated = !negated;
            any = true;
        }

        Expression value = Comparison();
        return any ? scope => TemplateValues.IsTrue(value(scope)) != negated : value;
    }

    private Expression Comparison()
    {
        Expression left = Sum();
        List<(string Sign, Expression Right)> chain = [];
        while (true)
        {
            if (Peek is { Kind: TemplateTokenKind.Operator, Text: "==" or "!=" or "<" or "<=" or ">" or ">=" })
            {
                chain.Add((Next().Text, Sum()));
            }
            else if (Accept("in"))
            {
                chain.Add(("in", Sum()));
            }
            else if (Peek.Text == "not" && Peek.Kind == TemplateTokenKind.Name && tokens[position + 1].Text == "in")
            {
                position += 2;
                chain.Add(("not in", Sum()));
            }
            else if (chain.Count == 0)
            {
                return left;
            }
            else
            {
                return scope =>
                {
                    object? value = Handled(left, scope);
                    foreach ((string sign, Expression right) in chain)
                    {
                        object? other = Handled(right, scope);
                        if (!TemplateOperators.Compare(sign, value, other))
                        {
                            return false;
                        }

                        value = other;
                    }

                    return true;
                };
            }
        }
    }

    private Expression Sum() => Binary(Concatenation, "+", "-");

    private Expression Concatenation() => Binary(Product, "~");

    private Expression Product() => Binary(Power, "*", "/", "//", "%");

    private Expression Power() => Binary(Signed, "**");

    private Expression Signed() => Filtered(Unary());

    private Expression Unary()
    {
        bool negative = false;
        bool signed = false;
        while (Peek is { Kind: TemplateTokenKind.Operator, Text: "-" or "+" })
        {
            negative ^= Next().Text == "-";
            signed = true;
        }

        Expression value = Postfix(Primary());
        return signed && negative ? scope => TemplateOperators.Binary("-", 0L, value(scope)) : value;
    }

    private Expression Binary(Func<Expression> operand, params string[] signs)
    {
        Expression left = operand();
        while (Peek.Kind == TemplateTokenKind.Operator && signs.Contains(Peek.Text))
        {
            string sign = Next().Text;
            (Expression first, Expression second) = (left, operand());
            left = scope => TemplateOperators.Binary(sign, Handled(first, scope), Handled(second, scope));
        }

        return left;
    }
}
