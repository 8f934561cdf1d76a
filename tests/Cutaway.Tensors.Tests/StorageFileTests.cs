using System.Runtime.CompilerServices;

namespace Cutaway.Tensors.Storage;

public sealed class StorageFileTests : IDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("cutaway-test-").FullName;

    public void Dispose() => Directory.Delete(folder, recursive: true);

    [Fact]
    public void A_mapped_file_shows_its_bytes()
    {
        string path = At("a");
        File.WriteAllBytes(path, [1, 2, 3]);
        MappedFile file = MappedFile.Open(path);
        Assert.Equal(3, file.Length);
        Assert.Equal([2, 3], file.Bytes(1, 2).ToArray());
        Assert.Throws<ArgumentOutOfRangeException>(() => file.Bytes(2, 2).Length);
        Assert.Throws<ArgumentOutOfRangeException>(() => file.Bytes(-1, 1).Length);
    }

    [Fact]
    public unsafe void The_view_outlives_the_collector_while_something_refers_to_it()
    {
        string path = At("a");
        File.WriteAllBytes(path, [42]);
        MappedFile file = MappedFile.Open(path);
        byte* pointer = file.Pointer;
        GC.Collect();
        GC.WaitForPendingFinalizers();
        Assert.Equal(42, *pointer);
        GC.KeepAlive(file);
    }

    [SkippableFact]
    public void The_view_is_released_when_nothing_refers_to_it()
    {
        Skip.IfNot(OperatingSystem.IsLinux(), "reads /proc/self/maps");
        string path = At("a");
        File.WriteAllBytes(path, [42]);
        MapAndForget(path);
        for (int attempt = 0; attempt < 10 && IsMapped(path); attempt++)
        {
            GC.Collect();
            GC.WaitForPendingFinalizers();
        }

        Assert.False(IsMapped(path));
    }

    [Fact]
    public void A_place_is_tried_without_a_trace()
    {
        File.WriteAllText(At("kept"), "as it was");
        AtomicFile.Probe(At("kept"));
        AtomicFile.Probe(At("new"));
        Fails(() => AtomicFile.Probe(At("no/folder")), "folder does not exist");
        Fails(() => AtomicFile.Probe(folder), "is a folder");
        Assert.Equal("as it was", File.ReadAllText(At("kept")));
        Assert.Equal([At("kept")], Directory.GetFiles(folder));
    }

    [Fact]
    public void Files_that_cannot_be_mapped_are_named()
    {
        Assert.Equal(FaultKind.Input, Fails(() => MappedFile.Open(At("gone")), "does not exist").Kind);
        Assert.Equal(FaultKind.Input, Fails(() => MappedFile.Open(At("no/folder")), "does not exist").Kind);
        Assert.Equal(FaultKind.Input, Fails(() => MappedFile.Open(folder), "is a folder").Kind);
        File.WriteAllBytes(At("empty"), []);
        Assert.Equal(FaultKind.Model, Fails(() => MappedFile.Open(At("empty")), "is empty").Kind);
    }

    [Fact]
    public void An_output_replaces_what_was_there_only_when_it_is_whole()
    {
        AtomicFile.Write(At("a"), stream => stream.Write("first"u8));
        Assert.Throws<OperationCanceledException>(() => AtomicFile.Write(At("a"), stream =>
        {
            stream.Write("sec"u8);
            throw new OperationCanceledException();
        }));
        Assert.Equal("first", File.ReadAllText(At("a")));
        AtomicFile.Write(At("a"), stream => stream.Write("second"u8));
        Assert.Equal("second", File.ReadAllText(At("a")));
        Assert.Single(Directory.GetFileSystemEntries(folder));
    }

    [Fact]
    public void Places_that_cannot_be_written_are_named()
    {
        Assert.Equal(FaultKind.Input, Fails(() => AtomicFile.Write(At("no/a"), _ => { }), "folder does not exist").Kind);
        Assert.Equal(FaultKind.Input, Fails(() => AtomicFile.Write(folder, _ => { }), "it is a folder").Kind);
        Assert.Equal(FaultKind.Usage, Fails(() => AtomicFile.Write(" ", _ => { }), "path is empty").Kind);
        Fails(() => AtomicFile.Write(At("a"), _ => throw new IOException("No space left on device")), "No space left");
        Fails(() => AtomicFile.Write(At("a"), _ => throw new UnauthorizedAccessException()), "permission denied");
        Assert.Empty(Directory.GetFileSystemEntries(folder));
    }

    [SkippableFact]
    public void A_link_is_followed_and_a_device_is_written_to()
    {
        Skip.If(OperatingSystem.IsWindows(), "links and devices of Unix");
        File.WriteAllText(At("target"), "old");
        File.CreateSymbolicLink(At("link"), At("target"));
        AtomicFile.Write(At("link"), stream => stream.Write("new"u8));
        Assert.NotNull(new FileInfo(At("link")).LinkTarget);
        Assert.Equal("new", File.ReadAllText(At("target")));
        AtomicFile.Write("/dev/null", stream => stream.Write("new"u8));
        Assert.Equal(0, new FileInfo("/dev/null").Length);
        Assert.Contains("No space left", Fails(() => AtomicFile.Write("/dev/full", stream => stream.Write("x"u8)), "/dev/full").Message, StringComparison.Ordinal);
    }

    private static CutawayException Fails(Action action, string expected)
    {
        CutawayException error = Assert.Throws<CutawayException>(action);
        Assert.Contains(expected, error.Message, StringComparison.Ordinal);
        return error;
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void MapAndForget(string path) => Assert.True(MappedFile.Open(path).Length > 0 && IsMapped(path));

    private static bool IsMapped(string path) => File.ReadAllText("/proc/self/maps").Contains(path, StringComparison.Ordinal);

    private string At(string name) => Path.Combine(folder, name);
}
