#:project ../../src/Cutaway/Cutaway.csproj
#:property PublishAot=false
#:property RestorePackagesWithLockFile=false
// Writes this folder's files again: `dotnet run models/wired/recipe.cs` from the repository's root.
Cutaway.Organisms.WiredOrganism.Save(Path.Combine("models", "wired"));
