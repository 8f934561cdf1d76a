using Cutaway.Cli.Commands;
using Cutaway.Cli.Parsing;

namespace Cutaway.Cli.Tests;

public class HelpTests
{
    public static TheoryData<string> Commands => [.. AllCommands.List().Select(command => command.Name)];

    [Fact]
    public void Alone_it_lists_every_command_under_its_section()
    {
        Outcome outcome = Cli.Run();
        Assert.Equal(0, outcome.Code);
        Assert.All(AllCommands.List(), command =>
        {
            Assert.Contains($"\n  {command.Name} ", outcome.Output, StringComparison.Ordinal);
            Assert.Contains($"\n{command.Group}\n", outcome.Output, StringComparison.Ordinal);
        });
        Assert.Equal(outcome, Cli.Run("--help"));
        Assert.Equal(outcome, Cli.Run("help"));
    }

    [Theory]
    [MemberData(nameof(Commands))]
    public void Every_command_has_help_with_every_parameter_and_examples(string name)
    {
        Outcome outcome = Cli.Run(name, "--help");
        Assert.Equal(0, outcome.Code);
        Assert.Equal(outcome, Cli.Run("help", name));
        Command command = AllCommands.Find(name);
        Assert.All(command.All, parameter => Assert.Contains("\n  " + parameter.Display, outcome.Output, StringComparison.Ordinal));
        Assert.NotEmpty(command.Examples);
        Assert.All(command.Examples, example => Assert.Contains("  cutaway " + example, outcome.Output, StringComparison.Ordinal));
        Assert.All(outcome.Output.Split('\n').TakeWhile(line => line != "Examples"), line => Assert.InRange(line.Length, 0, 80));
    }

    [Theory]
    [MemberData(nameof(Commands))]
    public void No_technique_has_an_option_that_all_commands_share(string name)
    {
        string[] names = [.. AllCommands.Find(name).All.Select(parameter => parameter.Name)];
        Assert.Equal(names.Distinct(), names);
    }

    [Fact]
    public void The_version_is_the_assemblys() => Assert.Equal($"cutaway {typeof(CommandLine).Assembly.GetName().Version!.ToString(3)}\n", Cli.Run("--version").Output);
}
