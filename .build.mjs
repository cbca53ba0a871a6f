// npm run build: one program of a few files, because a night starts it hundreds of times and each file that Node must find costs.
import { copyFileSync, mkdirSync, readFileSync, rmSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const here = (path) => fileURLToPath(new URL(path, import.meta.url));
const { dependencies } = JSON.parse(readFileSync(here("package.json"), "utf8"));

/** Only a small part of it is used, and it is hundreds of files; so that part is in the program, and its licence beside it. */
const BUNDLED = "typebox";

rmSync(here("dist"), { recursive: true, force: true });
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
mkdirSync(here("dist/licenses"));
copyFileSync(here(`node_modules/${BUNDLED}/license`), here(`dist/licenses/${BUNDLED}.txt`));
