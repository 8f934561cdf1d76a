using System.Buffers.Binary;
using System.Text;

namespace Cutaway.Models.Tokenizers.Reading;

/// <summary>
/// Reads SentencePiece's own <c>tokenizer.model</c>: Protocol Buffers messages, of which only the fields that a tokenizer needs are looked at. Field numbers are those of
/// sentencepiece_model.proto; a field is a number that joins its field number and one of four ways to write a value, and then the value.
/// </summary>
internal static class SentencePieceFile
{
    private const long LongestFile = 64 << 20;
    private const int Unigram = 1, Pairs = 2;

    /// <summary>The vocabulary and settings of a file.</summary>
    /// <param name="path">The file.</param>
    /// <exception cref="CutawayException">It cannot be read, or holds another kind of model.</exception>
    public static SentencePieces Open(string path)
    {
        try
        {
            long length = new FileInfo(path).Length;
            return length <= LongestFile
                ? Parse(File.ReadAllBytes(path), path)
                : throw CutawayException.Model($"{path} has {length} bytes; a tokenizer of at most {LongestFile} was expected");
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            throw CutawayException.Input($"{path} could not be read: {fault.Message}", fault);
        }
    }

    /// <summary>The vocabulary and settings in memory.</summary>
    public static SentencePieces Parse(ReadOnlySpan<byte> data, string source)
    {
        List<(string Token, float Score, PieceKind Kind)> pieces = [];
        long kind = Unigram, unknown = 0, begin = 1, end = 2;
        bool prefix = true, drops = true;
        byte[] rules = [];
        for (Fields model = new(data, source); model.Next();)
        {
            if (model.Number == 1)
            {
                pieces.Add(Piece(model.Bytes, source));
            }
            else if (model.Number == 2)
            {
                for (Fields trainer = new(model.Bytes, source); trainer.Next();)
                {
                    switch (trainer.Number)
                    {
                        case 3: kind = trainer.Value; break;
                        case 40: unknown = trainer.Value; break;
                        case 41: begin = trainer.Value; break;
                        case 42: end = trainer.Value; break;
                    }
                }
            }
            else if (model.Number == 3)
            {
                for (Fields normalizer = new(model.Bytes, source); normalizer.Next();)
                {
                    switch (normalizer.Number)
                    {
                        case 2: rules = normalizer.Bytes.ToArray(); break;
                        case 3: prefix = normalizer.Value != 0; break;
                        case 4: drops = normalizer.Value != 0; break;
                    }
                }
            }
        }

        if (pieces.Count == 0 || kind is not (Unigram or Pairs))
        {
            throw CutawayException.Model($"{source} holds {pieces.Count} tokens for a model of the kind {kind}; a vocabulary for unigram (1) or byte-pair encoding (2) was expected");
        }

        int? Id(long id) => id >= 0 && id < pieces.Count ? (int)id : null;
        return new SentencePieces([.. pieces.Select(piece => piece.Token)], [.. pieces.Select(piece => piece.Kind)], [.. pieces.Select(piece => piece.Score)], source)
        {
            IsUnigram = kind == Unigram,
            PrefixSpace = prefix,
            DropsExtraSpaces = drops,
            Rules = rules,
            Unknown = Id(unknown),
            BeginOfText = Id(begin),
            EndOfText = Id(end),
        };
    }

    private static (string Token, float Score, PieceKind Kind) Piece(ReadOnlySpan<byte> data, string source)
    {
        (string Token, float Score, PieceKind Kind) piece = ("", 0, PieceKind.Normal);
        for (Fields fields = new(data, source); fields.Next();)
        {
            switch (fields.Number)
            {
                case 1: piece.Token = Encoding.UTF8.GetString(fields.Bytes); break;
                case 2: piece.Score = BitConverter.Int32BitsToSingle((int)fields.Value); break;
                case 3: piece.Kind = (PieceKind)fields.Value; break;
            }
        }

        return piece;
    }

    /// <summary>Goes through the fields of one message.</summary>
    private ref struct Fields(ReadOnlySpan<byte> data, string source)
    {
        private ReadOnlySpan<byte> rest = data;

        /// <summary>The number of the field.</summary>
        public long Number { get; private set; }

        /// <summary>Its value, if it is a number.</summary>
        public long Value { get; private set; }

        /// <summary>Its value, if it is a text, bytes or a message.</summary>
        public ReadOnlySpan<byte> Bytes { get; private set; }

        /// <summary>Goes to the next field, if there is one.</summary>
        public bool Next()
        {
            if (rest.IsEmpty)
            {
                return false;
            }

            long tag = Variable();
            Number = tag >> 3;
            Bytes = default;
            Value = 0;
            switch (tag & 7)
            {
                case 0:
                    Value = Variable();
                    break;
                case 1:
                    Value = BinaryPrimitives.ReadInt64LittleEndian(Take(8));
                    break;
                case 2:
                    Bytes = Take(Variable());
                    break;
                case 5:
                    Value = BinaryPrimitives.ReadInt32LittleEndian(Take(4));
                    break;
                default:
                    throw Damaged();
            }

            return true;
        }

        private ReadOnlySpan<byte> Take(long count)
        {
            if (count < 0 || count > rest.Length)
            {
                throw Damaged();
            }

            ReadOnlySpan<byte> taken = rest[..(int)count];
            rest = rest[(int)count..];
            return taken;
        }

        /// <summary>A number in groups of seven bits, the lowest first; the highest bit of a byte says that more follow.</summary>
        private long Variable()
        {
            long value = 0;
            for (int shift = 0; shift < 64; shift += 7)
            {
                byte part = Take(1)[0];
                value |= (long)(part & 0x7F) << shift;
                if (part < 0x80)
                {
                    return value;
                }
            }

            throw Damaged();
        }

        private readonly CutawayException Damaged() => CutawayException.Model($"{source} is damaged or no SentencePiece model: a field reaches beyond its end");
    }
}
