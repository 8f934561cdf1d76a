using Cutaway.Models.Network;
using Cutaway.Tensors;
using Cutaway.Tensors.Autograd;
using Cutaway.Tensors.Parallel;
using Cutaway.Tensors.Storage;

namespace Cutaway.Training;

/// <summary>A network whose weights are trained: it reads them in place, and each has a place for its gradient.</summary>
/// <param name="Network">The network.</param>
/// <param name="Tensors">Its weights under their names in a checkpoint; the parts of what the file joins (GPT-2's c_attn) are apart.</param>
/// <param name="Gradients">Where a tape sums the weights' gradients.</param>
internal sealed record TrainedNetwork(TransformerNetwork Network, IReadOnlyList<TrainedTensor> Tensors, ParameterGradients<float> Gradients)
{
    /// <summary>How many numbers are trained.</summary>
    public long Parameters => Tensors.Sum(tensor => (long)tensor.Values.Length);

    /// <summary>Makes a network with the weights that the recipe's initialisation draws.</summary>
    /// <param name="config">Its shape.</param>
    /// <param name="recipe">The recipe.</param>
    /// <param name="pool">Threads.</param>
    public static TrainedNetwork Create(NetworkConfig config, Recipe recipe, WorkerPool pool)
    {
        Builder builder = new(config, recipe);
        NetworkWeights weights = recipe.Model.Family == ModelFamily.Llama ? builder.Llama() : builder.Gpt2();
        return new TrainedNetwork(new TransformerNetwork(config, weights, pool), builder.Tensors, builder.Gradients);
    }

    private sealed class Builder(NetworkConfig config, Recipe recipe)
    {
        private readonly SeededRandom random = new((ulong)recipe.Initialisation.Seed);

        public List<TrainedTensor> Tensors { get; } = [];

        public ParameterGradients<float> Gradients { get; } = new();

        private int DModel => config.DModel;

        public NetworkWeights Llama()
        {
            WeightMatrix embedding = Matrix("model.embed_tokens.weight", config.Vocabulary, DModel, decays: false);
            BlockWeights[] blocks = [.. Enumerable.Range(0, config.Layers).Select(layer => LlamaBlock($"model.layers.{layer}"))];
            NormWeights final = Norm("model.norm", bias: false);
            return new NetworkWeights(embedding, blocks, Unembedding(embedding)) { FinalNorm = final };
        }

        public NetworkWeights Gpt2()
        {
            WeightMatrix embedding = Matrix("transformer.wte.weight", config.Vocabulary, DModel, decays: false);
            WeightMatrix positions = Matrix("transformer.wpe.weight", config.Context, DModel, decays: false);
            BlockWeights[] blocks = [.. Enumerable.Range(0, config.Layers).Select(layer => Gpt2Block($"transformer.h.{layer}"))];
            NormWeights final = Norm("transformer.ln_f", bias: true);
            return new NetworkWeights(embedding, blocks, Unembedding(embedding)) { Positions = positions, FinalNorm = final };
        }

        private BlockWeights LlamaBlock(string name)
        {
            int queries = config.Heads * config.DHead;
            int keys = config.KeyValueHeads * config.DHead;
            NormWeights attentionNorm = Norm($"{name}.input_layernorm", bias: false);
            AttentionWeights attention = new(
                Linear($"{name}.self_attn.q_proj", queries, DModel, bias: false),
                Linear($"{name}.self_attn.k_proj", keys, DModel, bias: false),
                Linear($"{name}.self_attn.v_proj", keys, DModel, bias: false),
                Linear($"{name}.self_attn.o_proj", DModel, queries, bias: false, toResidual: true));
            NormWeights mlpNorm = Norm($"{name}.post_attention_layernorm", bias: false);
            MlpWeights mlp = new(
                Linear($"{name}.mlp.up_proj", config.DMlp, DModel, bias: false),
                Linear($"{name}.mlp.down_proj", DModel, config.DMlp, bias: false, toResidual: true),
                Linear($"{name}.mlp.gate_proj", config.DMlp, DModel, bias: false));
            return new BlockWeights(attention, mlp) { AttentionNorm = attentionNorm, MlpNorm = mlpNorm };
        }

        private BlockWeights Gpt2Block(string name)
        {
            NormWeights attentionNorm = Norm($"{name}.ln_1", bias: true);
            AttentionWeights attention = new(
                Linear($"{name}.attn.c_attn.0", DModel, DModel, bias: true),
                Linear($"{name}.attn.c_attn.1", DModel, DModel, bias: true),
                Linear($"{name}.attn.c_attn.2", DModel, DModel, bias: true),
                Linear($"{name}.attn.c_proj", DModel, DModel, bias: true, toResidual: true));
            NormWeights mlpNorm = Norm($"{name}.ln_2", bias: true);
            MlpWeights mlp = new(
                Linear($"{name}.mlp.c_fc", config.DMlp, DModel, bias: true),
                Linear($"{name}.mlp.c_proj", DModel, config.DMlp, bias: true, toResidual: true));
            return new BlockWeights(attention, mlp) { AttentionNorm = attentionNorm, MlpNorm = mlpNorm };
        }

        private LinearWeights Unembedding(WeightMatrix embedding) =>
            new(config.TiedEmbedding ? embedding : Matrix("lm_head.weight", config.Vocabulary, DModel, decays: false));

        private LinearWeights Linear(string stem, int outputs, int inputs, bool bias, bool toResidual = false) => new(
            Matrix($"{stem}.weight", outputs, inputs, decays: true, toResidual && recipe.Initialisation.ScaleResidual ? 1 / Math.Sqrt(2 * config.Layers) : 1),
            bias ? Vector($"{stem}.bias", outputs, 0) : null);

        private NormWeights Norm(string stem, bool bias) =>
            new(Vector($"{stem}.weight", DModel, 1), bias ? Vector($"{stem}.bias", DModel, 0) : null);

        private unsafe WeightMatrix Matrix(string name, int rows, int columns, bool decays, double factor = 1)
        {
            TrainedTensor tensor = Add(name, [rows, columns], decays);
            foreach (ref float value in tensor.Values.Span)
            {
                value = (float)(recipe.Initialisation.Deviation * factor * random.NextNormal());
            }

            WeightMatrix matrix = WeightMatrix.FromMemory(tensor.Values, (byte*)tensor.Values.Pointer, ElementType.Float32, rows, columns);
            Gradients.Want(matrix, tensor.Gradient, 0, tensor.Gradient.Length);
            return matrix;
        }

        private unsafe WeightVector Vector(string name, int length, float value)
        {
            TrainedTensor tensor = Add(name, [length], decays: false);
            tensor.Values.Span.Fill(value);
            WeightVector vector = WeightVector.FromMemory(tensor.Values, tensor.Values.Pointer, length);
            Gradients.Want(vector, tensor.Gradient, 0, length);
            return vector;
        }

        private TrainedTensor Add(string name, int[] shape, bool decays)
        {
            int length = checked(shape.Aggregate((a, b) => a * b));
            TrainedTensor tensor = new(name, shape, new NativeBuffer<float>(length), new NativeBuffer<float>(length), decays || recipe.Optimiser.DecayAll);
            tensor.Gradient.Span.Clear();
            Tensors.Add(tensor);
            return tensor;
        }
    }
}
