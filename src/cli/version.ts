import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

/** The version in package.json, which lies two folders above the built file and above the source alike. */
export function programVersion(): string {
  const file = fileURLToPath(new URL("../../package.json", import.meta.url));
  return (JSON.parse(readFileSync(file, "utf8")) as { version: string }).version;
}
