using System.Xml.Linq;
using Cutaway.Testing;

namespace Cutaway.House.Tests;

/// <summary>The house has floors: each project may use those below it and nothing above.</summary>
public sealed class LayerTests
{
    private static readonly string[] Floors = ["Cutaway.Tensors", "Cutaway.Models", "Cutaway", "Cutaway.Cli"];

    [Fact]
    public void Every_project_under_src_has_its_floor()
    {
        string[] projects = [.. Directory.GetDirectories(Path.Combine(Fixtures.Root, "src")).Select(folder => Path.GetFileName(folder)).Order(StringComparer.Ordinal)];

        Assert.Equal(Floors.Order(StringComparer.Ordinal), projects);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void A_project_references_only_the_floors_below_it(int floor)
    {
        string[] referenced = [.. References(Floors[floor])];

        Assert.All(referenced, name => Assert.Contains(name, Floors[..floor]));
        Assert.Equal(floor > 0, referenced.Length > 0);
    }

    [Fact]
    public void The_numbers_need_no_package_but_the_platforms_own_primitives()
    {
        Assert.Equal(["System.Numerics.Tensors"], Packages("Cutaway.Tensors"));
        Assert.Empty(Packages("Cutaway.Models"));
    }

    private static IEnumerable<string> References(string project) => Items(project, "ProjectReference")
        .Select(path => Path.GetFileNameWithoutExtension(path.Replace('\\', '/')));

    private static IEnumerable<string> Packages(string project) => Items(project, "PackageReference");

    private static IEnumerable<string> Items(string project, string kind) => XDocument
        .Load(Path.Combine(Fixtures.Root, "src", project, project + ".csproj"))
        .Descendants(kind)
        .Select(item => item.Attribute("Include")!.Value);
}
