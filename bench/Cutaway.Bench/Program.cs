using Cutaway.Bench;

(string Name, Action<string[]> Run)[] benches =
[
    ("products", ProductsBench.Run),
    ("quantised", QuantisedBench.Run),
    ("storage", StorageBench.Run),
    ("backward", BackwardBench.Run),
    ("fuzz", FuzzBench.Run),
    ("load", LoadBench.Run),
    ("forward", ForwardBench.Run),
    ("gradients", GradientsBench.Run),
    ("generation", GenerationBench.Run),
    ("mixtures", MixturesBench.Run),
    ("decoding", DecodingBench.Run),
    ("steering", SteeringBench.Run),
    ("attribution", AttributionBench.Run),
    ("training", TrainingBench.Run),
    ("startup", StartupBench.Run),
    ("sweeps", SweepsBench.Run),
    ("tokenizers", TokenizersBench.Run),
    ("embeddings", EmbeddingBench.Run),
];

string chosen = args.Length > 0 ? args[0] : "";
string[] rest = args.Length > 0 ? args[1..] : [];
bool found = false;
foreach ((string name, Action<string[]> run) in benches)
{
    if (chosen == name || chosen == "all")
    {
        found = true;
        run(rest);
    }
}

if (!found)
{
    Console.Error.WriteLine($"usage: dotnet run -c Release --project bench/Cutaway.Bench -- {string.Join('|', benches.Select(bench => bench.Name))}|all");
    return 2;
}

return 0;
