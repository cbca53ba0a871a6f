import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

/** The package's folder, two above the built files and above this source alike: what is built lies flat in `dist/cli`. */
const PACKAGE = new URL("../../", import.meta.url);

/** The command that starts this program here, as absolute paths. */
export function programCommand(): string[] {
  return [process.execPath, fileURLToPath(new URL("bin/sync.js", PACKAGE))];
}

/** The version in package.json. */
export function programVersion(): string {
  const file = fileURLToPath(new URL("package.json", PACKAGE));
  return (JSON.parse(readFileSync(file, "utf8")) as { version: string }).version;
}
