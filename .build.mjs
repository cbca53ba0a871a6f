// npm run build: one program of a few files, because a night starts it hundreds of times and each file that Node must find costs.
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const here = (path) => fileURLToPath(new URL(path, import.meta.url));
const { dependencies } = JSON.parse(readFileSync(here("package.json"), "utf8"));

/** The files of one build are written within less. */
const BUILD_MS = 10_000;

if (process.argv.includes("--clean")) rmSync(here("dist"), { recursive: true, force: true });
const main = here("dist/cli/main.js");
const formerAt = existsSync(main) ? statSync(main).mtimeMs : 0;
const { metafile } = await build({
  entryPoints: [here("src/cli/main.ts")],
  absWorkingDir: here("."),
  outdir: here("dist/cli"),
  bundle: true,
  splitting: true,
  format: "esm",
  platform: "node",
  target: "node20.18",
  // What each start needs is in the program, with its licences beside it. What is compiled for a machine, or large and seldom used, stays outside.
  external: Object.keys(dependencies),
  // Some of it is CommonJS, and asks for parts of Node when it is loaded.
  banner: { js: 'import { createRequire as makeRequire } from "node:module"; const require = makeRequire(import.meta.url);' },
  sourcemap: true,
  sourcesContent: false,
  metafile: true,
  logLevel: "warning",
});
// A run that began with the former build may still have to load a part of it; what is older can go.
for (const name of readdirSync(here("dist/cli"))) {
  const file = here(`dist/cli/${name}`);
  if (statSync(file).mtimeMs < formerAt - BUILD_MS) rmSync(file, { force: true });
}

rmSync(here("dist/licenses"), { recursive: true, force: true });
mkdirSync(here("dist/licenses"), { recursive: true });
for (const folder of packagesIn(Object.keys(metafile.inputs))) {
  const { name } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
  const licence = readdirSync(folder).find((file) => /^licen[cs]e/i.test(file));
  if (licence === undefined) throw new Error(`${name} is in the program, and has no licence that could be put beside it`);
  writeFileSync(here(`dist/licenses/${name.replace("/", "-")}.txt`), readFileSync(join(folder, licence)));
}

/** The folders of the packages that these files belong to. */
function packagesIn(files) {
  const folders = new Set();
  for (const file of files) {
    if (!file.includes("node_modules/")) continue;
    let folder = dirname(here(file));
    while (!existsSync(join(folder, "package.json")) || JSON.parse(readFileSync(join(folder, "package.json"), "utf8")).name === undefined) folder = dirname(folder);
    folders.add(folder);
  }
  return folders;
}
