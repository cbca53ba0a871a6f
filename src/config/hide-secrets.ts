import type { SchemaNode } from "./schema-node.js";
import type { Tree } from "./tree.js";

/** Covers secrets that are written out, before any excerpt is made: the value of a misspelt `password` is as secret as that of `password`. */
export function hideSecrets(tree: Tree, schema: SchemaNode | undefined): void {
  if (tree.kind === "map") {
    for (const { key, value } of tree.entries.values()) hideSecrets(value, propertyOf(schema, key));
  } else if (tree.kind === "list") {
    const items = schema?.items ?? schema?.anyOf?.find((each) => each.items !== undefined)?.items;
    for (const item of tree.items) hideSecrets(item, items);
  } else if ((schema === undefined || schema.secret === true) && !tree.text.includes("${")) {
    tree.file.hide(tree.start, tree.end);
  }
}

/** What is known of the value of a key; undefined when nothing is. */
function propertyOf(schema: SchemaNode | undefined, key: string): SchemaNode | undefined {
  if (schema === undefined) return undefined;
  if (schema.properties !== undefined && Object.hasOwn(schema.properties, key)) return schema.properties[key];
  const [pattern] = Object.values(schema.patternProperties ?? {});
  return pattern;
}
