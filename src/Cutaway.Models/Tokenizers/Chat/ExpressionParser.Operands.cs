using System.Globalization;

namespace Cutaway.Models.Tokenizers.Chat;

// What operators stand between: literals, names, brackets, and the members, calls, filters and tests that follow them.
internal sealed partial class ExpressionParser
{
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
                object number = token.Text.AsSpan().ContainsAny('.', 'e', 'E') ? (object)double.Parse(token.Text, CultureInfo.InvariantCulture)
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
                value = scope => TemplateMembers.Attribute(Handled(target, scope), name);
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
            return scope => TemplateMembers.Slice(Handled(target, scope), parts[0]?.Invoke(scope), parts[1]?.Invoke(scope), parts[2]?.Invoke(scope));
        }

        Expression index = parts[0] ?? throw Unexpected("an index");
        return scope => TemplateMembers.Item(Handled(target, scope), index(scope));
    }

    /// <summary>A value whose length is counted, so that work on long ones comes to an end.</summary>
    private static object? Handled(Expression value, TemplateScope scope)
    {
        object? computed = value(scope);
        scope.Run.Handle(computed);
        return computed;
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
                value = scope => filter(Handled(target, scope), TemplateArguments.Evaluate(scope, arguments, named));
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

        return scope => test(Handled(target, scope), argument?.Invoke(scope)) != negated;
    }
}
