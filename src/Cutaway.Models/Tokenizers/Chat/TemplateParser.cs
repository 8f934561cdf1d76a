using System.Text;

namespace Cutaway.Models.Tokenizers.Chat;

/// <summary>Reads the statements of a template.</summary>
internal sealed class TemplateParser
{
    private const int Deepest = 100;

    private readonly ExpressionParser expressions;
    private int depth;

    private TemplateParser(List<TemplateToken> tokens) => expressions = new ExpressionParser(tokens);

    /// <summary>Reads a whole template.</summary>
    /// <exception cref="TemplateFaultException">It is not well formed.</exception>
    public static Statement Parse(List<TemplateToken> tokens)
    {
        TemplateParser parser = new(tokens);
        Statement body = parser.Body();
        return parser.expressions.Peek.Kind == TemplateTokenKind.End
            ? body
            : throw parser.expressions.Unexpected("the end of the template");
    }

    /// <summary>Reads statements up to one of the given keywords, which is left standing behind its <c>{%</c>, or to the end.</summary>
    private Statement Body(params ReadOnlySpan<string> ends)
    {
        if (++depth > Deepest)
        {
            throw new TemplateFaultException($"statements are nested more than {Deepest} deep", expressions.Peek.Line);
        }

        List<Statement> statements = [];
        while (expressions.Peek.Kind != TemplateTokenKind.End)
        {
            TemplateToken token = expressions.Next();
            if (token.Kind == TemplateTokenKind.Text)
            {
                statements.Add((scope, output) => Write(output, token.Text));
            }
            else if (token.Kind == TemplateTokenKind.OutputStart)
            {
                Expression value = expressions.Tuple();
                expressions.ExpectTagEnd();
                statements.Add(At(token.Line, (scope, output) => Write(output, TemplateValues.Text(value(scope)))));
            }
            else if (ends.Contains(expressions.Peek.Text))
            {
                break;
            }
            else
            {
                statements.Add(At(token.Line, Block()));
            }
        }

        depth--;
        Statement[] all = [.. statements];
        return (scope, output) =>
        {
            foreach (Statement statement in all)
            {
                if (statement(scope, output) is not TemplateFlow.Next and TemplateFlow flow)
                {
                    return flow;
                }
            }

            return TemplateFlow.Next;
        };
    }

    private Statement Block()
    {
        TemplateToken keyword = expressions.Next();
        switch (keyword.Text)
        {
            case "if":
                return If();
            case "for":
                return For();
            case "set":
                return Set();
            case "macro":
                return Macro();
            case "generation":
                // Marks what the model said, for training; it writes nothing itself.
                expressions.ExpectTagEnd();
                Statement body = Body("endgeneration");
                Close("endgeneration");
                return body;
            case "break" or "continue":
                expressions.ExpectTagEnd();
                TemplateFlow flow = keyword.Text == "break" ? TemplateFlow.Break : TemplateFlow.Continue;
                return (_, _) => flow;
            default:
                throw new TemplateFaultException(
                    $"'{keyword.Text}' is not a statement that is known here; if, for, set, macro, generation, break and continue are", keyword.Line);
        }
    }

    private Statement If()
    {
        Expression condition = expressions.Parse();
        expressions.ExpectTagEnd();
        Statement then = Body("elif", "else", "endif");
        Statement? otherwise = null;
        switch (expressions.Next().Text)
        {
            case "elif":
                depth = depth < Deepest ? depth + 1 : throw new TemplateFaultException($"an if has more than {Deepest} cases", expressions.Peek.Line);
                otherwise = If();
                depth--;
                break;
            case "else":
                expressions.ExpectTagEnd();
                otherwise = Body("endif");
                Close("endif");
                break;
            case "endif":
                expressions.ExpectTagEnd();
                break;
            default:
                throw expressions.Unexpected("{% endif %}");
        }

        return (scope, output) => TemplateValues.IsTrue(condition(scope))
            ? then(scope, output)
            : otherwise?.Invoke(scope, output) ?? TemplateFlow.Next;
    }

    private Statement For()
    {
        string[] names = expressions.Names();
        expressions.Expect("in");
        Expression source = expressions.WithoutCondition();
        Expression? condition = expressions.Accept("if") ? expressions.Parse() : null;
        expressions.ExpectTagEnd();
        Statement body = Body("else", "endfor");
        Statement? otherwise = null;
        if (expressions.Accept("else"))
        {
            expressions.ExpectTagEnd();
            otherwise = Body("endfor");
        }

        Close("endfor");
        return (scope, output) =>
        {
            List<object?> items = TemplateValues.Items(source(scope));
            if (condition is not null)
            {
                items = items.FindAll(item =>
                {
                    scope.Run.Step();
                    TemplateScope inner = new(scope.Run, scope);
                    TemplateValues.Assign(inner, names, item);
                    return TemplateValues.IsTrue(condition(inner));
                });
            }

            for (int i = 0; i < items.Count; i++)
            {
                scope.Run.Step();
                TemplateScope inner = new(scope.Run, scope) { ["loop"] = TemplateValues.Loop(items, i) };
                TemplateValues.Assign(inner, names, items[i]);
                if (body(inner, output) == TemplateFlow.Break)
                {
                    break;
                }
            }

            return items.Count == 0 && otherwise is not null ? otherwise(scope, output) : TemplateFlow.Next;
        };
    }

    private Statement Set()
    {
        string[] names = expressions.Names();
        string? attribute = names.Length == 1 && expressions.Accept(".") ? expressions.Name() : null;
        Expression value;
        if (expressions.Accept("="))
        {
            value = expressions.Tuple();
            expressions.ExpectTagEnd();
        }
        else
        {
            expressions.ExpectTagEnd();
            Statement body = Body("endset");
            Close("endset");
            value = scope => Rendered(body, new TemplateScope(scope.Run, scope));
        }

        return (scope, _) =>
        {
            object? result = value(scope);
            if (attribute is null)
            {
                TemplateValues.Assign(scope, names, result);
            }
            else if (scope[names[0]] is TemplateNamespace target)
            {
                target.Values[attribute] = result;
            }
            else
            {
                throw new TemplateFaultException($"'{names[0]}' is not a namespace, so that '{attribute}' cannot be set in it");
            }

            return TemplateFlow.Next;
        };
    }

    private Statement Macro()
    {
        string name = expressions.Name();
        List<(string Name, Expression? Default)> parameters = [];
        expressions.Expect("(");
        while (!expressions.Accept(")"))
        {
            parameters.Add((expressions.Name(), expressions.Accept("=") ? expressions.Parse() : null));
            if (expressions.Peek.Text != ")")
            {
                expressions.Expect(",");
            }
        }

        expressions.ExpectTagEnd();
        Statement body = Body("endmacro");
        Close("endmacro");
        return (scope, _) =>
        {
            scope[name] = (TemplateFunction)((arguments, named) =>
            {
                TemplateScope inner = new(scope.Run, scope);
                for (int i = 0; i < parameters.Count; i++)
                {
                    (string parameter, Expression? absent) = parameters[i];
                    inner[parameter] = i < arguments.Count ? arguments[i]
                        : named.TryGetValue(parameter, out object? value) ? value
                        : absent is null ? new Undefined($"'{parameter}'") : absent(scope);
                }

                scope.Run.Enter();
                string text = Rendered(body, inner);
                scope.Run.Leave();
                return text;
            });
            return TemplateFlow.Next;
        };
    }

    private void Close(string keyword)
    {
        expressions.Expect(keyword);
        expressions.ExpectTagEnd();
    }

    private static Statement At(int line, Statement statement) => (scope, output) =>
    {
        scope.Run.Step();
        scope.Run.Line = line;
        return statement(scope, output);
    };

    private static TemplateFlow Write(StringBuilder output, string text)
    {
        TemplateRun.CheckLength((long)output.Length + text.Length);
        output.Append(text);
        return TemplateFlow.Next;
    }

    private static string Rendered(Statement body, TemplateScope scope)
    {
        StringBuilder output = new();
        body(scope, output);
        return output.ToString();
    }
}
