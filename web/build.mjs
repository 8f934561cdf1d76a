// Bundles src/ into the two assets that Cutaway.dll embeds, and writes down whose work is inside.
import { build } from "esbuild";
import { readFile, writeFile, readdir } from "node:fs/promises";

const assets = new URL("../src/Cutaway/Findings/Html/Assets/", import.meta.url);
const notices = new URL("../THIRD-PARTY-NOTICES.md", import.meta.url);
const here = new URL("./", import.meta.url);

const options = { bundle: true, minify: true, legalComments: "none", charset: "utf8", target: "es2022", write: false, metafile: true, absWorkingDir: here.pathname };
const script = await build({ ...options, entryPoints: ["src/report.js"], format: "iife" });
const style = await build({ ...options, entryPoints: ["src/report.css"] });

const used = new Set(Object.entries(Object.values(script.metafile.outputs)[0].inputs)
  .filter(([, input]) => input.bytesInOutput > 0)
  .map(([path]) => /node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(path)?.[1])
  .filter(Boolean));
used.add("internmap"); // d3-array ships with it built in

const packages = await Promise.all([...used].sort().map(async (name) => {
  const folder = new URL(`node_modules/${name}/`, here);
  const { version, license } = JSON.parse(await readFile(new URL("package.json", folder), "utf8"));
  const file = (await readdir(folder)).find((entry) => /^licen[cs]e/i.test(entry));
  if (!file) throw new Error(`${name} ships no licence`);
  return { name, version, license, text: (await readFile(new URL(file, folder), "utf8")).trim() };
}));

// The same licence text is printed once, for all that share it.
const texts = new Map();
for (const one of packages) texts.set(one.text, [...(texts.get(one.text) ?? []), one]);
const groups = [...texts].map(([text, members]) => ({ text, members, names: members.map((one) => `${one.name} ${one.version}`).join(", ") }));

const banner = `/*! Cutaway report, MIT. Bundles the following works under their licences.\n\n${
  groups.map((group) => `${group.names}\n\n${group.text}`).join("\n\n----\n\n").replaceAll("*/", "* /")}\n*/\n`;

await writeFile(new URL("report.js", assets), banner + script.outputFiles[0].text);
await writeFile(new URL("report.css", assets), style.outputFiles[0].text);
await writeFile(notices, `# Third-party notices

HTML reports carry a script that bundles these works (built from \`web/\`; versions as in \`web/package-lock.json\`).

${groups.map((group) => `## ${group.members[0].license}: ${group.names}\n\n\`\`\`\n${group.text}\n\`\`\``).join("\n\n")}
`);

const size = script.outputFiles[0].contents.length;
console.log(`report.js ${(size / 1024).toFixed(0)} kB with ${packages.length} packages, report.css ${(style.outputFiles[0].contents.length / 1024).toFixed(0)} kB`);
