using System.Numerics;
using System.Runtime.Intrinsics;
using Cutaway.Tensors.Parallel;

namespace Cutaway.Tensors.Kernels.Products;

/// <summary>The two ways to multiply, on the widest vectors that the processor has.</summary>
internal static class ProductKernels
{
    /// <summary>c = x · wᵀ by inner products.</summary>
    public static void Rows<T, TRows>(WorkerPool? pool, MatrixView<T> x, TRows source, ProductTarget<T> target)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
        where TRows : struct, IRowSource<T>
    {
        if (Vector512.IsHardwareAccelerated)
        {
            new RowProduct<T, ProductLanes512<T>, Vector512<T>, TRows>(x, source, target).Run(pool);
        }
        else if (Vector256.IsHardwareAccelerated)
        {
            new RowProduct<T, ProductLanes256<T>, Vector256<T>, TRows>(x, source, target).Run(pool);
        }
        else if (Vector128.IsHardwareAccelerated)
        {
            new RowProduct<T, ProductLanes128<T>, Vector128<T>, TRows>(x, source, target).Run(pool);
        }
        else
        {
            new RowProduct<T, ProductLanes1<T>, T, TRows>(x, source, target).Run(pool);
        }
    }

    /// <summary>c = a · b by outer products.</summary>
    public static void Panels<T, TColumns>(WorkerPool? pool, MatrixView<T> a, TColumns source, ProductTarget<T> target)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
        where TColumns : struct, IColumnSource<T>
    {
        int threads = pool?.Threads ?? 1;
        if (Vector512.IsHardwareAccelerated)
        {
            new PanelProduct<T, ProductLanes512<T>, Vector512<T>, TColumns>(a, source, target, threads).Run(pool);
        }
        else if (Vector256.IsHardwareAccelerated)
        {
            new PanelProduct<T, ProductLanes256<T>, Vector256<T>, TColumns>(a, source, target, threads).Run(pool);
        }
        else if (Vector128.IsHardwareAccelerated)
        {
            new PanelProduct<T, ProductLanes128<T>, Vector128<T>, TColumns>(a, source, target, threads).Run(pool);
        }
        else
        {
            new PanelProduct<T, ProductLanes1<T>, T, TColumns>(a, source, target, threads).Run(pool);
        }
    }
}
