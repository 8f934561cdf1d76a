using System.Globalization;
using System.Text;
using Cutaway.Tensors.Storage;

namespace Cutaway.Training;

/// <summary>What was measured in each step of a training run.</summary>
internal sealed class TrainingCurve
{
    /// <summary>The loss of each step in nats a token.</summary>
    public List<double> Loss { get; } = [];

    /// <summary>The length of each step's gradient before it was clipped.</summary>
    public List<double> GradientNorm { get; } = [];

    /// <summary>The learning rate of each step.</summary>
    public List<double> Rate { get; } = [];

    /// <summary>Steps after which the held-out loss was measured.</summary>
    public List<double> HeldOutStep { get; } = [];

    /// <summary>The loss on held-out text after those.</summary>
    public List<double> HeldOutLoss { get; } = [];

    /// <summary>The lists by name, as states and files name them.</summary>
    public IEnumerable<(string Name, List<double> Values)> Lists =>
        [("loss", Loss), ("gradient_norm", GradientNorm), ("rate", Rate), ("held_out_step", HeldOutStep), ("held_out_loss", HeldOutLoss)];

    /// <summary>The mean loss of the last steps.</summary>
    /// <param name="steps">How many at the most.</param>
    public double Recent(int steps = 20) => Loss.Count == 0 ? double.NaN : Loss.TakeLast(steps).Average();

    /// <summary>Writes a row for each step to a CSV file; its numbers depend on the recipe alone, not on how long anything took.</summary>
    /// <exception cref="CutawayException">The file cannot be written.</exception>
    public void Write(string path)
    {
        Dictionary<int, double> heldOut = HeldOutStep.Zip(HeldOutLoss).ToDictionary(pair => (int)pair.First, pair => pair.Second);
        StringBuilder text = new("step,loss,learning_rate,gradient_norm,held_out_loss\n");
        if (heldOut.TryGetValue(0, out double untrained))
        {
            text.Append(CultureInfo.InvariantCulture, $"0,,,,{untrained:R}\n");
        }

        for (int i = 0; i < Loss.Count; i++)
        {
            string apart = heldOut.TryGetValue(i + 1, out double loss) ? loss.ToString("R", CultureInfo.InvariantCulture) : "";
            text.Append(CultureInfo.InvariantCulture, $"{i + 1},{Loss[i]:R},{Rate[i]:R},{GradientNorm[i]:R},{apart}\n");
        }

        AtomicFile.Write(path, stream => stream.Write(Encoding.UTF8.GetBytes(text.ToString())));
    }
}
