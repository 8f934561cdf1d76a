@echo off
rem Starts Cutaway from a clone: builds it on first use and when a source is newer than the last build.
setlocal
set "root=%~dp0"
set "program=%root%artifacts\bin\Cutaway.Cli\release\Cutaway.Cli.dll"
set "stamp=%root%artifacts\cutaway.built"

where dotnet >nul 2>nul
if errorlevel 1 (
    echo cutaway: the .NET 10 SDK is needed and 'dotnet' was not found; install it from https://dotnet.microsoft.com/download 1>&2
    exit /b 1
)

if not exist "%program%" goto build
if not exist "%stamp%" goto build
powershell -NoProfile -Command "$built = (Get-Item -LiteralPath $env:stamp).LastWriteTimeUtc; $places = 'src', 'models', 'Directory.Build.props', 'Directory.Packages.props', 'global.json' | ForEach-Object { Join-Path $env:root $_ } | Where-Object { Test-Path -LiteralPath $_ }; if (Get-ChildItem -LiteralPath $places -Recurse | Where-Object { $_.LastWriteTimeUtc -gt $built } | Select-Object -First 1) { exit 1 }"
if errorlevel 1 goto build
goto start

:build
echo cutaway: building (once; this takes about a minute) ... 1>&2
if not exist "%root%artifacts" mkdir "%root%artifacts"
set "DOTNET_CLI_TELEMETRY_OPTOUT=1"
set "MSBUILDDISABLENODEREUSE=1"
dotnet build "%root%src\Cutaway.Cli" -c Release -v quiet -p:UseSharedCompilation=false -p:RunAnalyzers=false -p:TreatWarningsAsErrors=false >"%root%artifacts\cutaway.log" 2>&1
if errorlevel 1 (
    type "%root%artifacts\cutaway.log" 1>&2
    echo cutaway: the build failed 1>&2
    exit /b 1
)
type nul >"%stamp%"

:start
dotnet "%program%" %*
exit /b %errorlevel%
