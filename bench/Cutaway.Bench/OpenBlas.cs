using System.Reflection;
using System.Runtime.InteropServices;

namespace Cutaway.Bench;

/// <summary>OpenBLAS, to compare with; used where the system has it (Debian: libopenblas0) and nowhere but here.</summary>
internal static unsafe class OpenBlas
{
    private const int RowMajor = 101;
    private const int NoTranspose = 111;
    private const int Transpose = 112;

    private static readonly nint Library = NativeLibrary.TryLoad("libopenblas.so.0", Assembly.GetExecutingAssembly(), null, out nint handle) ? handle : 0;

    private static readonly delegate* unmanaged<int, int, int, int, int, int, float, float*, int, float*, int, float, float*, int, void> Sgemm =
        (delegate* unmanaged<int, int, int, int, int, int, float, float*, int, float*, int, float, float*, int, void>)Find("cblas_sgemm");

    /// <summary>Whether it is there.</summary>
    public static bool IsAvailable => Sgemm is not null;

    /// <summary>The kernels that it chose for this processor.</summary>
    public static string Core
    {
        get
        {
            delegate* unmanaged<byte*> name = (delegate* unmanaged<byte*>)Find("openblas_get_corename");
            return name is null ? "unknown" : Marshal.PtrToStringUTF8((nint)name()) ?? "unknown";
        }
    }

    /// <summary>Sets how many threads it uses.</summary>
    public static void SetThreads(int threads)
    {
        delegate* unmanaged<int, void> set = (delegate* unmanaged<int, void>)Find("openblas_set_num_threads");
        if (set is not null)
        {
            set(threads);
        }
    }

    /// <summary>c = a · b, or a · bᵀ with b as [n, k]; all row-major without gaps.</summary>
    public static void Multiply(float* a, float* b, float* c, int m, int k, int n, bool transposed) =>
        Sgemm(RowMajor, NoTranspose, transposed ? Transpose : NoTranspose, m, n, k, 1, a, k, b, transposed ? k : n, 0, c, n);

    private static nint Find(string name) => Library != 0 && NativeLibrary.TryGetExport(Library, name, out nint address) ? address : 0;
}
