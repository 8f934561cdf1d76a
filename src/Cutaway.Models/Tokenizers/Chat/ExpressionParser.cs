using System.Globalization;

namespace Cutaway.Models.Tokenizers.Chat;

/// <summary>Reads the expressions of a template, the loosest binding first: a condition, or, and, not, comparisons, sums, ~, products, powers, signs, filters and tests.</summary>
internal sealed class ExpressionParser(List<TemplateToken> tokens)
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
                    object? value = left(scope);
                    foreach ((string sign, Expression right) in chain)
                    {
                        object? other = right(scope);
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
            left = scope => TemplateOperators.Binary(sign, first(scope), second(scope));
        }

        return left;
    }

    private Expression Primary()
    {
        TemplateToken token = Next();
        switch (token.Kind)
        {
            case TemplateTokenKind.String:
                string text = token.Text;
                while (Peek.Kind == TemplateTokenKind.String)
                {
                    text += Next().Text;
                }

                return _ => text;
            case TemplateTokenKind.Number:
                object number = token.Text.Contains('.', StringComparison.Ordinal) ? (object)double.Parse(token.Text, CultureInfo.InvariantCulture)
                    : long.TryParse(token.Text, CultureInfo.InvariantCulture, out long whole) ? whole
                    : throw new TemplateFaultException($"the number {token.Text} is too large", token.Line);
                return _ => number;
            case TemplateTokenKind.Name:
                return Named(token.Text);
            case TemplateTokenKind.Operator when token.Text == "(":
                if (Accept(")"))
                {
                    return _ => new List<object?>();
                }

                Expression inner = Parse();
                inner = Peek.Text == "," ? TupleAfter(inner) : inner;
                Expect(")");
                return inner;
            case TemplateTokenKind.Operator when token.Text == "[":
                Expression[] items = List("]");
                return scope => items.Select(item => item(scope)).ToList();
            case TemplateTokenKind.Operator when token.Text == "{":
                return Mapping();
            default:
                position--;
                throw Unexpected("a value");
        }
    }

    private static Expression Named(string name) => name switch
    {
        "true" or "True" => _ => true,
        "false" or "False" => _ => false,
        "none" or "None" => _ => null,
        _ => scope => scope[name],
    };

    private Expression TupleAfter(Expression first)
    {
        List<Expression> items = [first];
        while (Accept(",") && Peek.Text != ")" && Peek.Kind != TemplateTokenKind.TagEnd)
        {
            items.Add(Parse());
        }

        return scope => items.Select(item => item(scope)).ToList();
    }

    private Expression[] List(string end)
    {
        List<Expression> items = [];
        while (!Accept(end))
        {
            items.Add(Parse());
            if (Peek.Text != end)
            {
                Expect(",");
            }
        }

        return [.. items];
    }

    private Expression Mapping()
    {
        List<(Expression Key, Expression Value)> pairs = [];
        while (!Accept("}"))
        {
            Expression key = Parse();
            Expect(":");
            pairs.Add((key, Parse()));
            if (Peek.Text != "}")
            {
                Expect(",");
            }
        }

        return scope =>
        {
            Dictionary<string, object?> mapping = new(StringComparer.Ordinal);
            foreach ((Expression key, Expression value) in pairs)
            {
                mapping[TemplateValues.Text(key(scope))] = value(scope);
            }

            return mapping;
        };
    }

    private Expression Postfix(Expression value)
    {
        while (true)
        {
            Expression target = value;
            if (Accept("."))
            {
                string name = Peek.Kind is TemplateTokenKind.Name or TemplateTokenKind.Number ? Next().Text : throw Unexpected("a name");
                value = scope => TemplateMembers.Attribute(target(scope), name);
            }
            else if (Accept("["))
            {
                value = Subscript(target);
            }
            else if (Accept("("))
            {
                (Expression[] arguments, (string, Expression)[] named) = Arguments();
                value = scope => TemplateValues.Call(target(scope), scope, arguments, named);
            }
            else
            {
                return value;
            }
        }
    }

    private Expression Subscript(Expression target)
    {
        Expression?[] parts = new Expression?[3];
        int part = 0;
        while (!Accept("]"))
        {
            if (Accept(":"))
            {
                part += part < 2 ? 1 : throw Unexpected("']'");
            }
            else
            {
                parts[part] = parts[part] is null ? Parse() : throw Unexpected("']'");
            }
        }

        if (part > 0)
        {
            return scope => TemplateMembers.Slice(target(scope), parts[0]?.Invoke(scope), parts[1]?.Invoke(scope), parts[2]?.Invoke(scope));
        }

        Expression index = parts[0] ?? throw Unexpected("an index");
        return scope => TemplateMembers.Item(target(scope), index(scope));
    }

    private (Expression[] Arguments, (string Name, Expression Value)[] Named) Arguments()
    {
        List<Expression> arguments = [];
        List<(string, Expression)> named = [];
        while (!Accept(")"))
        {
            if (Peek.Kind == TemplateTokenKind.Name && tokens[position + 1] is { Kind: TemplateTokenKind.Operator, Text: "=" })
            {
                string name = Name();
                Expect("=");
                named.Add((name, Parse()));
            }
            else
            {
                arguments.Add(Parse());
            }

            if (Peek.Text != ")")
            {
                Expect(",");
            }
        }

        return ([.. arguments], [.. named]);
    }

    private Expression Filtered(Expression value)
    {
        while (true)
        {
            Expression target = value;
            if (Accept("|"))
            {
                TemplateToken name = Next();
                TemplateFilter filter = TemplateFilters.Find(name.Text) ?? throw new TemplateFaultException(
                    $"the filter '{name.Text}' is not known here; known are {string.Join(", ", TemplateFilters.Names)}", name.Line);
                (Expression[] arguments, (string, Expression)[] named) = Accept("(") ? Arguments() : ([], []);
                value = scope => filter(target(scope), TemplateArguments.Evaluate(scope, arguments, named));
            }
            else if (Accept("is"))
            {
                value = Test(target);
            }
            else
            {
                return value;
            }
        }
    }

    private Expression Test(Expression target)
    {
        bool negated = Accept("not");
        TemplateToken name = Next();
        TemplateTest test = TemplateTests.Find(name.Text) ?? throw new TemplateFaultException(
            $"the test '{name.Text}' is not known here; known are {string.Join(", ", TemplateTests.Names)}", name.Line);
        Expression? argument = null;
        if (Accept("("))
        {
            argument = Arguments().Arguments.FirstOrDefault();
        }
        else if (Peek.Kind is TemplateTokenKind.String or TemplateTokenKind.Number
            || Peek is { Kind: TemplateTokenKind.Operator, Text: "[" or "{" }
            || (Peek.Kind == TemplateTokenKind.Name && Peek.Text is not ("and" or "or" or "else" or "is" or "if" or "not" or "in")))
        {
            argument = Postfix(Primary());
        }

        return scope => test(target(scope), argument?.Invoke(scope)) != negated;
    }
}
