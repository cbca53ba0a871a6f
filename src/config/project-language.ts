import { isFile, readSourceFile } from "./source-file.js";
import { childScalar, parseTree } from "./tree.js";

/** The language a `sync.yaml` asks for, also where something else in it is wrong; English where that cannot be told. */
export function languageOf(file: string): "en" | "zh" {
  const source = isFile(file) ? readSourceFile(file, "", []) : null;
  const tree = source === null ? null : parseTree(source, []);
  return tree !== null && childScalar(tree, "language")?.text === "zh" ? "zh" : "en";
}
