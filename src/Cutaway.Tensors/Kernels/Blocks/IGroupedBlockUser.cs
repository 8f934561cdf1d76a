namespace Cutaway.Tensors.Kernels.Blocks;

/// <summary>What is to be done with a kind of block that is known only when it runs.</summary>
internal interface IGroupedBlockUser
{
    /// <summary>Does it.</summary>
    void Use<TBlock>()
        where TBlock : struct, IGroupedBlock;
}
