#!/usr/bin/env dotnet
#:project ../src/Cutaway/Cutaway.csproj
#:property PublishAot=false
#:property RestorePackagesWithLockFile=false

// How a model knows who gets the drink (Wang et al. 2022), as numbers and as a page: dotnet run samples/ioi.cs [MODEL]
using Cutaway;
using Cutaway.Analysis;
using Cutaway.Data;
using Cutaway.Findings;
using Cutaway.Findings.Html;
using Cutaway.Techniques;
using Cutaway.Techniques.Causes;
using Cutaway.Techniques.Reading;

LanguageModel model = LanguageModel.Load(args.ElementAtOrDefault(0) ?? "fable");
(Prompt clean, Prompt corrupt, string answer, string versus) = PromptPair.Default;
Console.WriteLine($"{clean} …{answer} or{versus}?");

// What each part writes to the answer directly.
AttributionFinding direct = TechniqueDescription.Run(new DirectLogitAttribution(clean, answer, versus), model);
IEnumerable<(string Name, double Value)> heads = direct.Heads.SelectMany((row, layer) => row.Select((value, head) => ($"{layer}.{head}", value)));
Console.WriteLine("heads that write most: " + string.Join(", ", heads.OrderByDescending(head => Math.Abs(head.Value)).Take(3).Select(head => $"{head.Name} {head.Value:+0.00;-0.00;0.00}")));

// Where the information is, layer by layer; which heads carry it; what they send to the logits past all other heads.
Finding[] findings =
[
    direct,
    TechniqueDescription.Run(new ActivationPatching(clean, corrupt, answer, versus, Over: PatchSite.ResidPre), model),
    TechniqueDescription.Run(new ActivationPatching(clean, corrupt, answer, versus, Over: PatchSite.HeadZ), model),
    TechniqueDescription.Run(new PathPatching(clean, corrupt, answer, versus), model),
];
foreach (Finding finding in findings)
{
    Console.WriteLine(finding.Headline);
}

HtmlReport.Write("ioi.html", "Who gets the drink?", findings);
Console.WriteLine("wrote ioi.html");
