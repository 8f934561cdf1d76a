#:project ../../src/Cutaway/Cutaway.csproj
#:property PublishAot=false
#:property RestorePackagesWithLockFile=false
// What a model has learnt from fable's text: `dotnet run models/fable/evaluate.cs [FOLDER]…` from the repository's root.
using Cutaway;
using Cutaway.Organisms.Fable;
using Cutaway.Runs;

foreach (string name in args.Length > 0 ? args : ["fable"])
{
    LanguageModel model = LanguageModel.Load(name);
    FableScores scores = FableEvaluation.Measure(model);
    Console.WriteLine($"{name}\n  {scores}");
    foreach (string prompt in new[] { "When Mary and John went to the store, John gave a drink to", "Once upon a time", "One morning, Anna", "Tom lives in", "It was the birthday of Kate." })
    {
        Console.WriteLine($"  {prompt}|{model.Generate(prompt, new GenerationOptions { MaxTokens = 70 }).Text}");
    }
}
