// npm run build: one program of a few files, because a night starts it hundreds of times and each file that Node must find costs.
import { copyFileSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs";
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

mkdirSync(here("dist/licenses"), { recursive: true });
const folders = Object.keys(metafile.inputs).flatMap((file) => file.match(/^.*node_modules\/(?:@[^/]+\/)?[^/]+/) ?? []);
for (const folder of new Set(folders)) {
  const name = folder.replace(/^.*node_modules\//, "");
  const licence = readdirSync(here(folder)).find((file) => /^licen[cs]e/i.test(file));
  if (licence === undefined) throw new Error(`${name} is in the program, and has no licence that could be put beside it`);
  copyFileSync(here(`${folder}/${licence}`), here(`dist/licenses/${name.replace("/", "-")}.txt`));
}
