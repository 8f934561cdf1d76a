using System.Diagnostics;
using Cutaway.Cli.Commands;
using Cutaway.Cli.Output;
using Cutaway.Cli.Parsing;
using Cutaway.Techniques;

namespace Cutaway.Cli.Tests;

public class ReproductionTests
{
    private static readonly string[] Texts =
    [
        "When Mary and John", "", " Mary", "it's", "say \"hi\"", "$HOME `id` \\ !", "-dash", "--top", "a=b", "@file", "[x]", "*?~#&;|<>()", "two\nlines", "tab\there", "naïve 日本 🙂", "--", "-3",
    ];

    public static TheoryData<string> Commands => [.. TechniqueCatalogue.Default.Techniques.Select(technique => technique.Name)];

    [SkippableTheory]
    [MemberData(nameof(Commands))]
    public void The_printed_command_read_again_gives_the_same_request(string name)
    {
        Skip.IfNot(File.Exists("/bin/sh"), "needs a POSIX shell");
        TechniqueDescription technique = TechniqueCatalogue.Default.Find(name);
        Command command = AllCommands.Find(name);
        Random random = new(1);
        for (int i = 0; i < Texts.Length; i++)
        {
            Dictionary<string, IReadOnlyList<string>> values = [];
            foreach (TechniqueParameter parameter in technique.Parameters.Where(parameter => parameter.ValueHint == "TEXT" && (parameter.Required || random.Next(3) > 0)))
            {
                values[parameter.Name] = parameter.IsList ? [Texts[i], Texts[random.Next(Texts.Length)]] : [Texts[(i + values.Count) % Texts.Length]];
            }

            object request;
            try
            {
                request = technique.CreateRequest(values);
            }
            catch (CutawayException)
            {
                continue;
            }

            string line = Reproduction.CommandLine(technique, request, "a model's \"place\"", "float64");
            string[] words = Words(line);
            Assert.Equal(["cutaway", name], words[..2]);
            Invocation call = new(command, ArgumentParser.Parse(command, words[2..]), new Terminal(Stream.Null, TextWriter.Null), default);
            object again = TechniqueCommand.Request(technique, call);
            Assert.All(technique.Parameters, parameter => Assert.Equal(parameter.ValueIn(request), parameter.ValueIn(again)));
            Assert.Equal("a model's \"place\"", call.Text("model"));
            Assert.Equal("float64", call.Text("dtype"));
        }
    }

    // The words as a shell cuts them.
    private static string[] Words(string line)
    {
        using Process shell = Process.Start(new ProcessStartInfo("/bin/sh", ["-c", "printf '%s\\0' " + line]) { RedirectStandardOutput = true })!;
        string output = shell.StandardOutput.ReadToEnd();
        shell.WaitForExit();
        return output.Split('\0')[..^1];
    }
}
