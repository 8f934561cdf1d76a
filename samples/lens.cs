#!/usr/bin/env dotnet
#:project ../src/Cutaway/Cutaway.csproj
#:property PublishAot=false
#:property RestorePackagesWithLockFile=false

// What each layer of a model would say next, in the terminal and as a page: dotnet run samples/lens.cs [MODEL] [TEXT]
using Cutaway;
using Cutaway.Findings.Console;
using Cutaway.Findings.Html;
using Cutaway.Techniques.Reading;

LanguageModel model = LanguageModel.Load(args.ElementAtOrDefault(0) ?? "fable");
string text = args.ElementAtOrDefault(1) ?? "When Mary and John went to the store, John gave a drink to";

LogitLensFinding lens = new LogitLens(text).Run(model);
ConsoleReport.Write(Console.Out, lens, new ConsoleStyle(100, Colours: false, Unicode: true));
HtmlReport.Write("lens.html", text, lens);
Console.WriteLine("wrote lens.html");
