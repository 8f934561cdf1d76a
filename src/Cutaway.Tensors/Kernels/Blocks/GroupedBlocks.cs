using Cutaway.Tensors.Storage;

namespace Cutaway.Tensors.Kernels.Blocks;

/// <summary>The types stored in blocks that <see cref="IGroupedBlock"/> takes apart.</summary>
internal static class GroupedBlocks
{
    /// <summary>Calls the user with the type's block.</summary>
    /// <returns>False, and nothing was done, if the type is none of these.</returns>
    public static bool TryUse<TUser>(ElementType type, TUser user)
        where TUser : struct, IGroupedBlockUser
    {
        switch (type)
        {
            case ElementType.Q5_0:
                user.Use<BlockQ5_0>();
                return true;
            case ElementType.Q5_1:
                user.Use<BlockQ5_1>();
                return true;
            case ElementType.Q2_K:
                user.Use<BlockQ2_K>();
                return true;
            case ElementType.Q3_K:
                user.Use<BlockQ3_K>();
                return true;
            case ElementType.Q4_K:
                user.Use<BlockQ4_K>();
                return true;
            case ElementType.Q5_K:
                user.Use<BlockQ5_K>();
                return true;
            case ElementType.Q6_K:
                user.Use<BlockQ6_K>();
                return true;
            case ElementType.IQ1_S:
                user.Use<BlockIQ1_S>();
                return true;
            case ElementType.IQ1_M:
                user.Use<BlockIQ1_M>();
                return true;
            case ElementType.IQ2_XXS:
                user.Use<BlockIQ2_XXS>();
                return true;
            case ElementType.IQ2_XS:
                user.Use<BlockIQ2_XS>();
                return true;
            case ElementType.IQ2_S:
                user.Use<BlockIQ2_S>();
                return true;
            case ElementType.IQ3_XXS:
                user.Use<BlockIQ3_XXS>();
                return true;
            case ElementType.IQ3_S:
                user.Use<BlockIQ3_S>();
                return true;
            case ElementType.IQ4_NL:
                user.Use<BlockIQ4_NL>();
                return true;
            case ElementType.IQ4_XS:
                user.Use<BlockIQ4_XS>();
                return true;
            case ElementType.TQ1_0:
                user.Use<BlockTQ1_0>();
                return true;
            case ElementType.TQ2_0:
                user.Use<BlockTQ2_0>();
                return true;
            case ElementType.MXFP4:
                user.Use<BlockMXFP4>();
                return true;
            case ElementType.NVFP4:
                user.Use<BlockNVFP4>();
                return true;
            default:
                return false;
        }
    }
}
