using Cutaway.Models.Formats;
using Cutaway.Models.Network;
using Cutaway.Tensors.Storage;

namespace Cutaway.Models.Architectures;

/// <summary>
/// Puts the weights of a network back into the tensors of the checkpoint that it was read from, under the names, shapes and
/// types that those have, for every family alike: a matrix is a view of its tensor's bytes, so its place is known, and the
/// places of vectors are found by <see cref="VectorOrigins"/>. What did not change is copied byte by byte.
/// </summary>
public sealed unsafe class CheckpointEdit
{
    private readonly ReadOnlyMemory<byte> json;
    private readonly string source;
    private readonly ITensorSource checkpoint;
    private readonly string where;
    private readonly Dictionary<string, TensorChange> changes = new(StringComparer.Ordinal);

    private CheckpointEdit(ReadOnlyMemory<byte> json, string source, ITensorSource checkpoint, string where)
    {
        this.json = json;
        this.source = source;
        this.checkpoint = checkpoint;
        this.where = where;
    }

    /// <summary>The tensors of a checkpoint with a network's weights in them.</summary>
    /// <param name="config">The checkpoint's configuration, as JSON.</param>
    /// <param name="source">What to call the configuration in messages.</param>
    /// <param name="checkpoint">The tensors that the network was read from.</param>
    /// <param name="where">What to call them in messages.</param>
    /// <param name="read">What was read from them.</param>
    /// <param name="now">The network to write: weights that are the same objects as those read count as unchanged.</param>
    /// <exception cref="CutawayException">The checkpoint has no place for something that the network now has.</exception>
    public static IReadOnlyList<OutputTensor> Tensors(
        ReadOnlyMemory<byte> config, string source, ITensorSource checkpoint, string where, (NetworkConfig Config, NetworkWeights Weights) read, (NetworkConfig Config, NetworkWeights Weights) now)
    {
        if (read.Config != now.Config)
        {
            string processing = now.Config.AppliedProcessing.Count > 0 ? $" (its weights were processed: {string.Join(", ", now.Config.AppliedProcessing)})" : "";
            throw CutawayException.Usage($"the network's arithmetic is no longer that of {source}{processing}, so a checkpoint of this family cannot hold it; write the network as it was read");
        }

        CheckpointEdit edit = new(config, source, checkpoint, where);
        edit.Compare(NamedWeight.Of(read.Weights), NamedWeight.Of(now.Weights), read.Config);
        edit.FollowCopies(read.Weights.Embedding);
        return [.. checkpoint.Tensors.Values.Select(tensor => edit.changes.TryGetValue(tensor.Name, out TensorChange? change) ? change.ToOutput(tensor) : OutputTensor.Copy(tensor))];
    }

    private void Compare(IReadOnlyList<NamedWeight> before, IReadOnlyList<NamedWeight> after, NetworkConfig config)
    {
        if (!before.Select(weight => (weight.Name, weight.Length)).SequenceEqual(after.Select(weight => (weight.Name, weight.Length))))
        {
            string[] added = [.. after.Select(weight => weight.Name).Except(before.Select(weight => weight.Name)).Take(3)];
            throw CutawayException.Usage($"{where} has no place for {(added.Length == 0 ? "weights of other sizes" : string.Join(", ", added))}: the network has other weights than it was read with");
        }

        Dictionary<string, VectorOrigin?[]>? origins = null;
        foreach ((NamedWeight was, NamedWeight now) in before.Zip(after).Where(pair => !ReferenceEquals(pair.First.Weight, pair.Second.Weight)))
        {
            if (now.Matrix is { } matrix)
            {
                StoredTensor tensor = Holding(was) ?? throw CutawayException.Usage($"{was.Name} is no part of a tensor of {where} as it is stored there, so a changed one cannot be put back");
                ChangeOf(tensor).Add(was.Matrix!, matrix);
                continue;
            }

            origins ??= VectorOrigins.Find(values => ArchitectureCatalogue.Map(ConfigReader.Parse(json, source), config, new WeightReader(checkpoint, where) { Values = values }));
            AddVector(was, now.Vector!, origins[was.Name]);
        }
    }

    private void AddVector(NamedWeight was, WeightVector now, VectorOrigin?[] places)
    {
        for (int i = 0; i < places.Length; i++)
        {
            if (places[i] is { } place)
            {
                ChangeOf(place.Tensor).Add(place.Index, now.Float64[i] / place.Factor);
            }
            else if (was.Vector!.Float64[i] != now.Float64[i])
            {
                throw CutawayException.Usage($"{where} has no place for the changed value {i} of {was.Name}");
            }
        }
    }

    // A checkpoint may hold a tied embedding twice; both must say the same.
    private void FollowCopies(WeightMatrix embedding)
    {
        if (Holding(embedding.Data) is not { } tensor || !changes.TryGetValue(tensor.Name, out TensorChange? change))
        {
            return;
        }

        foreach (StoredTensor other in checkpoint.Tensors.Values)
        {
            if (!changes.ContainsKey(other.Name) && other.Type == tensor.Type && other.Shape.SequenceEqual(tensor.Shape) && SameBytes(other, tensor))
            {
                changes.Add(other.Name, change);
            }
        }
    }

    private StoredTensor? Holding(NamedWeight weight) => Holding(weight.Matrix!.Data) is { } tensor && tensor.Type == weight.Matrix.Type ? tensor : null;

    private StoredTensor? Holding(byte* data) => checkpoint.Tensors.Values.FirstOrDefault(tensor => data >= tensor.Data && data < tensor.Data + tensor.ByteLength);

    private TensorChange ChangeOf(StoredTensor tensor)
    {
        if (!changes.TryGetValue(tensor.Name, out TensorChange? change))
        {
            change = new TensorChange(tensor);
            changes.Add(tensor.Name, change);
        }

        return change;
    }

    private static bool SameBytes(StoredTensor left, StoredTensor right)
    {
        for (long start = 0; start < left.ByteLength; start += int.MaxValue)
        {
            int length = (int)Math.Min(int.MaxValue, left.ByteLength - start);
            if (!new ReadOnlySpan<byte>(left.Data + start, length).SequenceEqual(new ReadOnlySpan<byte>(right.Data + start, length)))
            {
                return false;
            }
        }

        return true;
    }
}
