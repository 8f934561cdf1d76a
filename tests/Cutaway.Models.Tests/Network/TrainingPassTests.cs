using Cutaway.Models.Parity;
using Cutaway.Tensors.Parallel;

namespace Cutaway.Models.Network;

/// <summary>Losses and gradients of parameters that change.</summary>
public sealed class TrainingPassTests
{
    private const int Batch = 3;
    private const int Length = 11;

    private static readonly int[] Ids = RandomNetworks.Ids(Batch * Length, 3);

    [Theory]
    [MemberData(nameof(RandomNetworks.Names), MemberType = typeof(RandomNetworks))]
    public void The_gradient_of_every_parameter_equals_the_central_difference_of_the_loss(string name)
    {
        TransformerNetwork network = RandomNetworks.Create(name);
        Random random = new(5);
        GradientRun exact = GradientRun.OfLoss<double>(network, [.. Ids.Chunk(Length)]);
        foreach (NamedWeight weight in network.NamedWeights)
        {
            double[] direction = [.. Enumerable.Range(0, (int)weight.Length).Select(_ => random.NextDouble() - 0.5)];
            double expected = (Loss(1e-6) - Loss(-1e-6)) / 2e-6;
            double found = exact.Parameters[weight.Name].Zip(direction, (g, d) => g * d).Sum();
            Assert.True(Math.Abs(found - expected) < 1e-7 * (1 + Math.Abs(expected)), $"{weight.Name}: {found}, {expected} was expected");

            double Loss(double step) => GradientRun.OfLoss<double>(MovedWeights.Create(network, weight, direction, step), [.. Ids.Chunk(Length)], parameters: false).Loss;
        }
    }

    [Theory]
    [MemberData(nameof(RandomNetworks.Names), MemberType = typeof(RandomNetworks))]
    public void Gradients_are_the_same_bits_for_any_number_of_threads(string name)
    {
        float[][] gradients = [.. new[] { 1, 2, 3 }.Select(threads =>
        {
            NetworkParameters parameters = NetworkParameters.From(RandomNetworks.Create(name, new WorkerPool(threads)));
            new TrainingPass(parameters).Accumulate(Ids, Batch, Length);
            return parameters.Gradients.Span.ToArray();
        })];
        Assert.True(gradients[0].AsSpan().SequenceEqual(gradients[1]));
        Assert.True(gradients[0].AsSpan().SequenceEqual(gradients[2]));
        Assert.Contains(gradients[0], value => value != 0);
    }

    [Theory]
    [MemberData(nameof(RandomNetworks.Names), MemberType = typeof(RandomNetworks))]
    public void Blocks_that_are_run_again_give_the_same_bits_in_less_memory(string name)
    {
        NetworkParameters held = NetworkParameters.From(RandomNetworks.Create(name));
        NetworkParameters again = NetworkParameters.From(RandomNetworks.Create(name));
        TrainingPass holding = new(held);
        TrainingPass running = new(again, checkpoints: true);
        Assert.Equal(holding.Accumulate(Ids, Batch, Length), running.Accumulate(Ids, Batch, Length));
        Assert.True(held.Gradients.Span.SequenceEqual(again.Gradients.Span));
        Assert.True(running.PeakBytes < 0.8 * holding.PeakBytes, $"{running.PeakBytes} of {holding.PeakBytes} bytes");
    }

    [Fact]
    public void Gradients_of_single_precision_are_near_those_of_double_precision_and_add_up()
    {
        TransformerNetwork network = RandomNetworks.Create("llama");
        NetworkParameters parameters = NetworkParameters.From(network);
        TrainingPass pass = new(parameters);
        GradientRun exact = GradientRun.OfLoss<double>(network, [.. Ids.Chunk(Length)]);
        Assert.Equal(exact.Loss, pass.Accumulate(Ids, Batch, Length), 1e-5);
        pass.Accumulate(Ids, Batch, Length);
        Assert.Equal(exact.Loss, pass.Loss(Ids, Batch, Length), 1e-5);
        Assert.All(parameters.All, parameter => Closeness.Require(
            parameter.Name, [.. exact.Parameters[parameter.Name].Select(value => 2 * value)], NetworkRun.ToDoubles<float>(parameters.GradientOf(parameter)), 1e-5));
        parameters.ClearGradients();
        Assert.All(parameters.Gradients.Span.ToArray(), value => Assert.Equal(0, value));
    }

    [Fact]
    public void The_network_sees_what_was_changed()
    {
        NetworkParameters parameters = NetworkParameters.From(RandomNetworks.Create("gpt2"));
        TrainingPass pass = new(parameters);
        double before = pass.Accumulate(Ids, Batch, Length);
        for (int i = 0; i < parameters.Values.Length; i++)
        {
            parameters.Values.Span[i] -= 0.05f * parameters.Gradients.Span[i];
        }

        double after = pass.Loss(Ids, Batch, Length);
        Assert.True(after < before - 0.01, $"{before} became {after}");

        // Biases and norms are read in double precision too.
        Assert.Equal(after, GradientRun.OfLoss<double>(parameters.Network, [.. Ids.Chunk(Length)], parameters: false).Loss, 1e-5);
    }

    [Fact]
    public void What_a_head_adds_is_computed_from_the_weights_of_the_last_run()
    {
        NetworkParameters parameters = NetworkParameters.From(RandomNetworks.Create("gpt2"));
        NetworkConfig config = parameters.Network.Config;
        ForwardPass<float> pass = new(parameters.Network);
        float[] before = Added();
        foreach (ref float value in parameters.ValuesOf(parameters.Find("blocks.0.attn.W_O")))
        {
            value *= 2;
        }

        Assert.Contains(before, value => value != 0);
        Assert.Equal(before.Select(value => 2 * value), Added());

        float[] Added()
        {
            float[] streams = new float[config.DModel];
            pass.Run(new ForwardRequest(Ids, Batch, Length));
            pass.AddHead(0, 1, Enumerable.Repeat(1f, config.DHead).ToArray(), streams);
            return streams;
        }
    }

    [Fact]
    public void Only_marked_tokens_count()
    {
        NetworkParameters parameters = NetworkParameters.From(RandomNetworks.Create("gpt2"));
        TrainingPass pass = new(parameters);
        bool[] counted = new bool[Ids.Length];
        (counted[Length + 4], counted[(2 * Length) + 1], counted[Length]) = (true, true, true);
        double[] logits = NetworkRun.Of<float>(parameters.Network, [.. Ids.Chunk(Length)]).Logits;
        double[] logProbabilities = LogProbabilities.Of(logits, parameters.Network.Config.Vocabulary);

        // The first token of a sequence is predicted by nothing.
        double expected = -(At(Length + 4) + At((2 * Length) + 1)) / 2;
        Assert.Equal(expected, pass.Accumulate(Ids, Batch, Length, counted), 1e-5);
        CutawayException error = Assert.Throws<CutawayException>(() => pass.Loss(Ids, Batch, Length, new bool[Ids.Length]));
        Assert.Contains("counts", error.Message, StringComparison.Ordinal);

        double At(int token) => logProbabilities[((token - 1) * parameters.Network.Config.Vocabulary) + Ids[token]];
    }

    [Fact]
    public void Ids_that_fill_no_batch_and_a_way_back_from_nothing_are_refused()
    {
        TransformerNetwork network = RandomNetworks.Create("gpt2");
        TrainingPass pass = new(NetworkParameters.From(network));
        Assert.Contains("33 ids", Assert.Throws<CutawayException>(() => pass.Accumulate(Ids, Batch, Length - 1)).Message, StringComparison.Ordinal);
        Assert.Contains("0 ids", Assert.Throws<CutawayException>(() => pass.Loss(ReadOnlyMemory<int>.Empty, 0, 0)).Message, StringComparison.Ordinal);
        ForwardPass<float> plain = new(network);
        plain.Run(new ForwardRequest(Ids, Batch, Length));
        Assert.Contains("not recorded", Assert.Throws<InvalidOperationException>(() => plain.Backward()).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_step_allocates_nothing_after_the_first()
    {
        NetworkParameters parameters = NetworkParameters.From(RandomNetworks.Create("gemma", new WorkerPool(1)));
        TrainingPass pass = new(parameters);
        pass.Accumulate(Ids, Batch, Length);

        // The runtime itself takes a little now and then while it compiles code anew, on whichever thread needs that; a step that
        // allocated would do so every time.
        int free = 0;
        for (int step = 0; free < 5 && step < 200; step++)
        {
            long before = GC.GetAllocatedBytesForCurrentThread();
            pass.Accumulate(Ids, Batch, Length);
            free = GC.GetAllocatedBytesForCurrentThread() == before ? free + 1 : 0;
        }

        Assert.Equal(5, free);
        Assert.True(pass.PeakBytes > 0);
    }

    [Fact]
    public void An_offset_on_norms_becomes_part_of_the_parameters_and_ties_stay_one()
    {
        TransformerNetwork gemma = Families.Open("architectures/gemma2");
        NetworkParameters parameters = NetworkParameters.From(gemma);
        Assert.Equal(0, parameters.Network.Config.NormWeightOffset);
        Assert.DoesNotContain(parameters.All, parameter => parameter.Name == "unembed.W_U");
        Closeness.Require("logits", NetworkRun.Of<float>(gemma, [Families.Ids]).Logits, NetworkRun.Of<float>(parameters.Network, [Families.Ids]).Logits, 1e-6);
        CutawayException error = Assert.Throws<CutawayException>(() => parameters.Find("blocks.0.attn.W_q"));
        Assert.Contains("blocks.0.attn.W_Q", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [MemberData(nameof(RandomNetworks.Names), MemberType = typeof(RandomNetworks))]
    public void A_new_network_has_the_parameters_of_its_configuration(string name)
    {
        NetworkConfig config = RandomNetworks.Create(name).Config;
        if (config.Encoder is not null)
        {
            Assert.Contains("the encoder would learn nothing", Assert.Throws<CutawayException>(() => NetworkParameters.Create(config)).Message, StringComparison.Ordinal);
            return;
        }

        NetworkParameters parameters = NetworkParameters.Create(config);
        Assert.Equal(
            NetworkParameters.From(RandomNetworks.Create(name)).All.Select(parameter => (parameter.Name, parameter.Length)),
            parameters.All.Select(parameter => (parameter.Name, parameter.Length)));
        Assert.Equal(Math.Log(config.Vocabulary), new TrainingPass(parameters).Loss(Ids, Batch, Length), 1e-5);
    }
}
