// npm run build: one program of a few files, because a night starts it hundreds of times and each file that Node must find costs.
import { copyFileSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const here = (path) => fileURLToPath(new URL(path, import.meta.url));
const { dependencies } = JSON.parse(readFileSync(here("package.json"), "utf8"));

/** Only a small part of it is used, and it is hundreds of files; so that part is in the program, and its licence beside it. */
const BUNDLED = "typebox";
/** The files of one build are written within less. */
const BUILD_MS = 10_000;

if (process.argv.includes("--clean")) rmSync(here("dist"), { recursive: true, force: true });
const main = here("dist/cli/main.js");
const formerAt = existsSync(main) ? statSync(main).mtimeMs : 0;
await build({
  entryPoints: [here("src/cli/main.ts")],
  outdir: here("dist/cli"),
  bundle: true,
  splitting: true,
  format: "esm",
  platform: "node",
  target: "node20.18",
  external: Object.keys(dependencies),
  sourcemap: true,
  sourcesContent: false,
  logLevel: "warning",
});
// A run that began with the former build may still have to load a part of it; what is older can go.
for (const name of readdirSync(here("dist/cli"))) {
  const file = here(`dist/cli/${name}`);
  if (statSync(file).mtimeMs < formerAt - BUILD_MS) rmSync(file, { force: true });
}
mkdirSync(here("dist/licenses"), { recursive: true });
copyFileSync(here(`node_modules/${BUNDLED}/license`), here(`dist/licenses/${BUNDLED}.txt`));
