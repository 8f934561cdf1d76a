#!/usr/bin/env dotnet
#:project ../src/Cutaway/Cutaway.csproj
#:property PublishAot=false
#:property RestorePackagesWithLockFile=false

// Takes the wired model's circuit apart by hand, head by head: dotnet run samples/knockout.cs
using Cutaway;
using Cutaway.Interventions;
using Cutaway.Organisms;
using Cutaway.Runs;
using Cutaway.Sites;

const string Text = "When Mary and John went to the store, John gave a drink to";
LanguageModel model = LanguageModel.Load("wired");
int mary = model.SingleToken(" Mary");
int john = model.SingleToken(" John");
double clean = Difference(model.Run(Text));
Console.WriteLine($"nothing taken out: logit difference {clean:0.00}");

foreach (CircuitHead head in WiredCircuit.Load().Heads)
{
    double without = Difference(model.Run(Text, Ablate.Zero(Site.Z(head.Layer, head.Head))));
    Console.WriteLine($"without {head.Layer}.{head.Head} ({head.Role}): {without:0.00}");
}

double Difference(Run run)
{
    double[] logits = run.LastLogits();
    return logits[mary] - logits[john];
}
