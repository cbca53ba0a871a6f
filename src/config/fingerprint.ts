import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { plainValue } from "./read.js";
import type { SchemaNode } from "./schema-node.js";
import type { MapTree } from "./tree.js";

/** The value as JSON with sorted keys: equal settings give equal text, whatever their order in the file. */
export function canonicalJson(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(",")}]`;
  if (typeof value !== "object" || value === null) return JSON.stringify(value) ?? "null";
  const entries = Object.entries(value).filter(([, part]) => part !== undefined);
  entries.sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0));
  return `{${entries.map(([key, part]) => `${JSON.stringify(key)}:${canonicalJson(part)}`).join(",")}}`;
}

/** SHA-256, 64 hexadecimal digits. */
export function sha256(content: string | Uint8Array): string {
  return createHash("sha256").update(content).digest("hex");
}

export function fileHash(path: string): string {
  return sha256(readFileSync(path));
}

/** The options without secrets and without paths: neither decides what is posted, and both differ between machines. */
export function withoutSecretsAndPaths(value: unknown, schema: SchemaNode): unknown {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return value;
  const kept = Object.entries(value).flatMap(([key, part]) => {
    const described = schema.properties?.[key];
    if (described === undefined) return [[key, part] as const];
    if (described.secret === true || described.path !== undefined) return [];
    return [[key, withoutSecretsAndPaths(part, described)] as const];
  });
  return Object.fromEntries(kept);
}

/** What a mapping says, as it is written: numbers with every digit, no places, no comments. */
export function writtenValue(tree: MapTree, leaveOut: readonly string[] = []): unknown {
  const entries = [...tree.entries.values()].filter((entry) => !leaveOut.includes(entry.key));
  return Object.fromEntries(entries.map((entry) => [entry.key, plainValue(entry.value, true)]));
}
