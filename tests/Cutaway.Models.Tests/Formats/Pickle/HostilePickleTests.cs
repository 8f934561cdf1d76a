namespace Cutaway.Models.Formats.Pickle;

/// <summary>Pickles made to run code, to exhaust memory, or to read beyond their storages: each is refused, and says why.</summary>
public sealed class HostilePickleTests
{
    private static readonly byte[] EightFloats = new byte[32];

    [Theory]
    [InlineData("posix", "system")]
    [InlineData("nt", "system")]
    [InlineData("os", "system")]
    [InlineData("subprocess", "Popen")]
    [InlineData("builtins", "eval")]
    [InlineData("builtins", "exec")]
    [InlineData("__builtin__", "getattr")]
    [InlineData("builtins", "__import__")]
    [InlineData("torch.hub", "load")]
    [InlineData("torch", "load")]
    [InlineData("torch._utils", "_rebuild_wrapper_subclass")]
    [InlineData("numpy.testing._private.utils", "runstring")]
    [InlineData("runpy", "_run_code")]
    [InlineData("functools", "partial")]
    [InlineData("operator", "attrgetter")]
    [InlineData("collections", "OrderedDict.__init__")]
    [InlineData("transformer_lens", "HookedTransformer")]
    public void A_name_outside_the_list_is_refused_before_anything_else_is_read(string module, string name)
    {
        string message = Refused(new PickleBuilder().Global(module, name).Ops("(").Text("touch /tmp/cutaway-was-here").Ops("tR").ToArray());
        Assert.Contains("would run code", message, StringComparison.Ordinal);
        Assert.Contains($"'{module}.{name}'", message, StringComparison.Ordinal);
        message = Refused(new PickleBuilder(4).Text(module).Text(name).Raw(0x93).Text("id").Raw(0x85).Ops("R").ToArray());
        Assert.Contains($"'{module}.{name}'", message, StringComparison.Ordinal);
    }

    [Fact]
    public void Nothing_is_run_even_where_a_tensor_stands_before_the_attack()
    {
        byte[] pickle = Beside(builder => builder.Text("x").Global("posix", "system").Ops("(").Text("touch /tmp/cutaway-was-here").Ops("tR"));
        Assert.Contains("'posix.system'", Message(PickleBuilder.Zip(pickle, ("m/data/0", EightFloats))), StringComparison.Ordinal);
        Assert.Contains("'posix.system'", Message(PickleBuilder.Legacy(pickle, true, ("0", 8, EightFloats))), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("(S'id'\nios\nsystem\n", "0x53")]
    [InlineData("(ios\nsystem\n", "0x69")]
    [InlineData("(cos\nsystem\no", "'os.system'")]
    [InlineData("(o", "0x6f")]
    [InlineData("Pposix.system\n", "0x50")]
    [InlineData("\u0082\u0001", "0x82")]
    [InlineData("\u0097", "0x97")]
    [InlineData("I01\n", "0x49")]
    public void Opcodes_that_build_objects_of_any_class_are_unknown(string ops, string named) =>
        Assert.Contains(named, Refused(new PickleBuilder().Ops(ops).ToArray()), StringComparison.Ordinal);

    [Theory]
    [InlineData("FloatStorage")]
    [InlineData("float32")]
    public void A_name_that_is_no_function_cannot_be_called(string name) =>
        Assert.Contains($"calls 'torch.{name}'", Refused(new PickleBuilder().Global("torch", name).Ops(")R").ToArray()), StringComparison.Ordinal);

    [Fact]
    public void What_was_not_let_through_cannot_be_called_by_another_way()
    {
        Assert.Contains("no function", Refused(new PickleBuilder().Text("os.system").Text("id").Raw(0x85).Ops("R").ToArray()), StringComparison.Ordinal);
        Assert.Contains("no function", Refused(new PickleBuilder().Text("os.system").Ops(")").Raw(0x81).ToArray()), StringComparison.Ordinal);
        Assert.Contains("not texts", Refused(new PickleBuilder(4).Number(1).Number(2).Raw(0x93).ToArray()), StringComparison.Ordinal);
        Assert.Contains("sets the state", Refused(new PickleBuilder().Ops("])b").ToArray()), StringComparison.Ordinal);
        Assert.Contains("named arguments", Refused(new PickleBuilder(4).Global("collections", "OrderedDict").Ops(")}").Text("a").Number(1).Ops("s").Raw(0x92).ToArray()), StringComparison.Ordinal);
        Assert.Contains("outside itself", Refused(new PickleBuilder().Text("file:///etc/passwd").Ops("Q").ToArray()), StringComparison.Ordinal);
    }

    [Fact]
    public void A_list_of_itself_is_no_endless_loop()
    {
        byte[] pickle = Beside(builder => builder.Text("config").Ops("}").Text("loop").Ops("]").Raw((byte)'q', 9).Raw((byte)'h', 9).Ops("as"));
        TorchFile file = TorchFile.FromBytes(PickleBuilder.Zip(pickle, ("m/data/0", EightFloats)), "a.pt");
        Assert.Equal(["w"], file.Tensors.Keys);
        Assert.NotNull(file.Settings);
    }

    [Theory]
    [InlineData("unused", null)]
    [InlineData("config", "more than 10000 values")]
    public void Lists_that_unfold_to_a_billion_values_are_never_unfolded(string key, string? fault)
    {
        // Each level holds the one before it ten times: written out it would be 10¹² texts.
        byte[] file = PickleBuilder.Zip(Beside(builder =>
        {
            builder.Text(key).Ops("}").Text("a").Ops("]").Raw((byte)'q', 0);
            for (byte level = 1; level <= 12; level++)
            {
                builder.Ops("0](");
                for (int i = 0; i < 10; i++)
                {
                    builder.Raw((byte)'h', (byte)(level - 1));
                }

                builder.Ops("e").Raw((byte)'q', level);
            }

            return builder.Ops("s");
        }), ("m/data/0", EightFloats));
        long before = GC.GetAllocatedBytesForCurrentThread();
        if (fault is null)
        {
            Assert.Equal(["w"], TorchFile.FromBytes(file, "a.pt").Tensors.Keys);
        }
        else
        {
            Assert.Contains(fault, Message(file), StringComparison.Ordinal);
        }

        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 1 << 20);
    }

    [Theory]
    [InlineData(new byte[] { (byte)'X', 0xff, 0xff, 0xff, 0xff }, "ends within an opcode")]
    [InlineData(new byte[] { 0x8d, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff }, "ends within an opcode")]
    [InlineData(new byte[] { 0x8b, 0xff, 0xff, 0xff, 0xff, 1 }, "ends within an opcode")]
    [InlineData(new byte[] { (byte)'j', 0xff, 0xff, 0xff, 0xff }, "recalls the value 4294967295")]
    [InlineData(new byte[] { (byte)'N', (byte)'r', 0xff, 0xff, 0xff, 0xff }, "no dictionary of tensors")]
    [InlineData(new byte[] { (byte)'t' }, "takes more from its stack")]
    [InlineData(new byte[] { (byte)'0' }, "takes more from its stack")]
    [InlineData(new byte[] { (byte)'N', (byte)'(', 0x85 }, "takes more from its stack")]
    [InlineData(new byte[] { (byte)'N', (byte)'N' }, "ends with 2 values")]
    [InlineData(new byte[] { (byte)'}', (byte)'(', (byte)'N', (byte)'u' }, "a key without a value")]
    [InlineData(new byte[] { (byte)'N', (byte)'N', (byte)'a' }, "is not a list")]
    [InlineData(new byte[] { 0x80, 9 }, "has protocol 9")]
    [InlineData(new byte[] { (byte)'c', (byte)'o', (byte)'s' }, "ends within an opcode")]
    public void Damaged_pickles_are_refused(byte[] ops, string expected) => Assert.Contains(expected, Refused(new PickleBuilder().Raw(ops).ToArray()), StringComparison.Ordinal);

    [Fact]
    public void Depth_and_length_cost_their_bytes()
    {
        Assert.Contains("no dictionary", Refused(new PickleBuilder().Ops(")").Raw([.. Enumerable.Repeat((byte)0x85, 1_000_000)]).ToArray()), StringComparison.Ordinal);
        Assert.Contains("ends with 0 values", Refused(new PickleBuilder().Ops(new string('(', 1_000_000)).ToArray()), StringComparison.Ordinal);
        Assert.Contains("no dictionary", Refused(new PickleBuilder().Ops("N").Raw([.. Enumerable.Repeat((byte)0x94, 1_000_000)]).ToArray()), StringComparison.Ordinal);
    }

    [Fact]
    public void Every_cut_of_a_file_is_refused()
    {
        byte[] pickle = PickleBuilder.OneTensor(builder => builder.Tensor("FloatStorage", "0", 8, 0, [8], [1]));
        byte[] zip = PickleBuilder.Zip(pickle, ("m/data/0", EightFloats));
        byte[] legacy = PickleBuilder.Legacy(pickle, true, ("0", 8, EightFloats));
        foreach (byte[] file in (byte[][])[zip, legacy])
        {
            for (int length = 1; length < file.Length; length++)
            {
                Assert.Throws<CutawayException>(() => TorchFile.FromBytes(file.AsSpan(0, length), "cut.pt"));
            }
        }
    }

    // A dictionary of one tensor and an entry that is left unfinished but for its SETITEM.
    private static byte[] Beside(Func<PickleBuilder, PickleBuilder> entry) =>
        entry(new PickleBuilder().Ops("}").Text("w").Tensor("FloatStorage", "0", 8, 0, [8], [1]).Ops("s")).Ops("s").ToArray();

    private static string Refused(byte[] pickle) => Message(PickleBuilder.Zip(pickle));

    private static string Message(byte[] file)
    {
        CutawayException error = Assert.Throws<CutawayException>(() => TorchFile.FromBytes(file, "model.pt"));
        Assert.Equal(FaultKind.Model, error.Kind);
        Assert.StartsWith("model.pt ", error.Message, StringComparison.Ordinal);
        Assert.False(File.Exists("/tmp/cutaway-was-here"));
        return error.Message;
    }
}
