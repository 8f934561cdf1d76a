namespace Cutaway.Tensors.Parallel;

/// <summary>One unit of parallel work; a struct, so that calls are inlined and nothing is allocated.</summary>
public interface IParallelWork
{
    /// <summary>Does item <paramref name="index"/>. Items must write disjoint memory, so that results do not depend on threads.</summary>
    void Invoke(int index);
}
