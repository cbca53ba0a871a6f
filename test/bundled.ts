import { createHash } from "node:crypto";
import { existsSync, mkdirSync, renameSync, writeFileSync } from "node:fs";
import { basename } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { buildSync } from "esbuild";

const root = fileURLToPath(new URL("..", import.meta.url));
const known = new Map<string, string>();

/**
 * A program of the tests as one file, for tests that start it often: to find, translate and load its sources takes a second
 * each time. Whatever of it asks where it lies is told where the program lies.
 */
export function bundled(source: string): string {
  const made = known.get(source) ?? bundle(source);
  known.set(source, made);
  return made;
}

/** Where node_modules is found from; named by what is in it, so that nobody changes a file that another process is about to load. */
function bundle(source: string): string {
  const { outputFiles } = buildSync({
    entryPoints: [source],
    bundle: true,
    write: false,
    format: "esm",
    platform: "node",
    packages: "external",
    define: { "import.meta.url": JSON.stringify(pathToFileURL(source).href) },
    logLevel: "error",
  });
  const text = outputFiles[0]?.text ?? "";
  const folder = `${root}node_modules/.cache/bundled`;
  const file = `${folder}/${basename(source, ".ts")}-${createHash("sha256").update(text).digest("hex").slice(0, 16)}.mjs`;
  if (existsSync(file)) return file;
  mkdirSync(folder, { recursive: true });
  writeFileSync(`${file}.${process.pid}`, text);
  renameSync(`${file}.${process.pid}`, file);
  return file;
}
