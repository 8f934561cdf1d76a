#!/usr/bin/env dotnet
#:project ../src/Cutaway/Cutaway.csproj
#:property PublishAot=false
#:property RestorePackagesWithLockFile=false

// Which streams and which heads carry the answer, by patching a clean run into a corrupted one: dotnet run samples/patching.cs [MODEL]
using Cutaway;
using Cutaway.Analysis;
using Cutaway.Data;
using Cutaway.Findings.Console;
using Cutaway.Findings.Html;
using Cutaway.Interventions;
using Cutaway.Metrics;
using Cutaway.Models.Network;
using Cutaway.Planning;
using Cutaway.Runs;
using Cutaway.Sites;
using Cutaway.Techniques.Causes;

LanguageModel model = LanguageModel.Load(args.ElementAtOrDefault(0) ?? "wired");
ConsoleStyle style = new(100, Colours: false, Unicode: true);

// The technique: a grid of layers by positions, and one of heads.
ActivationPatchingFinding streams = new ActivationPatching(Over: PatchSite.ResidPre).Run(model);
ActivationPatchingFinding heads = new ActivationPatching(Over: PatchSite.HeadZ).Run(model);
ConsoleReport.Write(Console.Out, streams, style);
ConsoleReport.Write(Console.Out, heads, style);
HtmlReport.Write("patching.html", "Which heads carry the answer", heads);
Console.WriteLine("wrote patching.html");

// Any other experiment is a sweep: here the two best heads, alone and together, put back at the last position only.
PairBatch pairs = PairBatch.Encode(model, PromptPair.Default);
Run clean = model.Run(pairs.Clean, Capture.All(Site.AllZ), LogitScope.None);
HeadName[] best = [.. heads.Ranked.Take(2).Select(entry => HeadName.Parse(entry.Place["head ".Length..]))];
Replace[] patches = [.. best.Select(head => Replace.With(Site.Z(head.Layer, head.Head).At(-1), clean))];
Sweep sweep = new(pairs.Corrupt, new LogitDifference(pairs.Answers, pairs.Versus),
    [new Variant($"{best[0]}", patches[0]), new Variant($"{best[1]}", patches[1]), new Variant($"{best[0]} and {best[1]}", [.. patches])]);
Console.WriteLine(sweep.Plan(model));
SweepResult result = sweep.Run(model);
Console.WriteLine($"corrupted: {result.Baseline[0]:0.00}");
for (int i = 0; i < sweep.Variants.Count; i++)
{
    Console.WriteLine($"{sweep.Variants[i].Name}: {result.Mean(i):0.00}");
}
