using System.Diagnostics;
using System.Runtime.Intrinsics;

namespace Cutaway.Tensors.Tests;

/// <summary>Runs the kernel tests again on narrower processors: the same one with parts of it switched off.</summary>
public sealed class InstructionSetTests
{
    private const string Guard = "CUTAWAY_KERNEL_TESTS_AGAIN";

    /// <summary>The switches of the .NET 10 runtime (EnableAVX512F, of earlier ones, leaves vectors as wide as they were) and the widest vectors that are left, in bits.</summary>
    public static TheoryData<string, int> Switches => new()
    {
        { "DOTNET_EnableAVX512", 256 },
        { "DOTNET_EnableAVX2", 128 },
        { "DOTNET_EnableHWIntrinsic", 0 },
    };

    [SkippableTheory]
    [MemberData(nameof(Switches))]
    public void Kernel_tests_pass_without(string name, int widest)
    {
        Skip.If(Environment.GetEnvironmentVariable(Guard) is not null, "already inside such a run");
        Skip.If(Widest <= widest, $"this processor has vectors of {Widest} bits to begin with");
        ProcessStartInfo start = new("dotnet")
        {
            RedirectStandardOutput = true,
            ArgumentList = { "vstest", typeof(InstructionSetTests).Assembly.Location, "--TestCaseFilter:Category=Kernel" },
        };
        start.Environment[name] = "0";
        start.Environment[Guard] = widest.ToString(System.Globalization.CultureInfo.InvariantCulture);
        using Process process = Process.Start(start)!;
        string output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        Assert.True(process.ExitCode == 0, output);
    }

    [SkippableFact]
    [Trait("Category", "Kernel")]
    public void The_processor_is_as_narrow_as_was_asked_for()
    {
        string? widest = Environment.GetEnvironmentVariable(Guard);
        Skip.If(widest is null, "not inside a run on a narrower processor");
        Assert.Equal(int.Parse(widest!, System.Globalization.CultureInfo.InvariantCulture), Widest);
    }

    private static int Widest =>
        Vector512.IsHardwareAccelerated ? 512 : Vector256.IsHardwareAccelerated ? 256 : Vector128.IsHardwareAccelerated ? 128 : 0;
}
