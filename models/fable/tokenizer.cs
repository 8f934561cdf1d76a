#:project ../../src/Cutaway/Cutaway.csproj
#:property PublishAot=false
#:property RestorePackagesWithLockFile=false
// Trains the tokenizer again: `dotnet run models/fable/tokenizer.cs` from the repository's root.
Cutaway.Organisms.Fable.FableTokenizer.Save(Path.Combine("models", "fable", "tokenizer.json"));
