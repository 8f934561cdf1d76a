using System.Text;

namespace Cutaway;

/// <summary>Names as command lines write them.</summary>
internal static class KebabCase
{
    /// <summary>A C# name in kebab case: <c>TopTokens</c> becomes <c>top-tokens</c>, <c>ResidPreQKV</c> becomes <c>resid-pre-qkv</c>.</summary>
    public static string Of(string name)
    {
        StringBuilder kebab = new(name.Length + 4);
        for (int i = 0; i < name.Length; i++)
        {
            bool starts = char.IsUpper(name[i]) && i > 0 && (!char.IsUpper(name[i - 1]) || (i + 1 < name.Length && char.IsLower(name[i + 1])));
            if (starts)
            {
                kebab.Append('-');
            }

            kebab.Append(char.ToLowerInvariant(name[i]));
        }

        return kebab.ToString();
    }
}
