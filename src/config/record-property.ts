import type { Field } from "../model/record.js";
import { child, type MapTree, type Tree } from "./tree.js";

/** One property of a record schema: the field it makes, and its schema with `$ref` followed. */
export interface Property {
  readonly field: Field;
  readonly schema: MapTree;
  /** A number: given as text, so that its rules are checked exactly. */
  readonly isNumber: boolean;
}

/** The mapping itself, or what its `$ref` names, with the keys beside `$ref` laid over it. Null when there is no end to it. */
export function followReference(tree: Tree, root: MapTree, depth = 0): MapTree | null {
  if (tree.kind !== "map" || depth > 20) return null;
  const reference = child(tree, "$ref");
  if (reference === undefined) return tree;
  if (reference.kind !== "scalar" || !reference.text.startsWith("#/")) return null;
  let found: Tree | undefined = root;
  for (const part of reference.text.slice(2).split("/"))
    found = child(found, decodeURIComponent(part).replaceAll("~1", "/").replaceAll("~0", "~"));
  const base = found === undefined ? null : followReference(found, root, depth + 1);
  if (base === null) return null;
  const entries = new Map([...base.entries, ...tree.entries]);
  entries.delete("$ref");
  return { ...tree, entries };
}
