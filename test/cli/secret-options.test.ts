import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { stringify } from "yaml";
import { CHANNEL_KINDS, CHANNELS } from "../../src/config/notify-schema.js";
import { readProject } from "../../src/config/project.js";
import { type SchemaNode, schemaNode } from "../../src/config/schema-node.js";
import { connectors } from "../../src/connectors/index.js";
import { Canaries } from "./canaries.js";
import { command } from "./in-process.js";

// Every option of every connector and channel that its schema marks as a secret, with a secret in it: also where the file is wrong beside it, and
// where the secret itself is what is wrong. A new connector is in it by its schema alone.

const NOW = new Date("2026-11-20T08:00:00.000Z");
let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "sync-secrets-"));
  writeFileSync(join(folder, "a.pem"), "");
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** How often a schema says `secret`, within what is a secret as a whole only once. */
function countSecrets(node: SchemaNode): number {
  if (node.secret === true) return 1;
  const children = [...Object.values(node.properties ?? {}), ...Object.values(node.patternProperties ?? {}), ...(node.anyOf ?? [])];
  return [...children, ...(node.items === undefined ? [] : [node.items])].reduce((sum, child) => sum + countSecrets(child), 0);
}

/** Values of all options; of several forms of one, each is taken in one of the values. */
function samplesOf(node: SchemaNode, secret: () => string): unknown[] {
  if (node.secret === true) return [isMap(node) ? { "X-Key": secret() } : secret()];
  if (node.anyOf !== undefined) return node.anyOf.flatMap((each) => samplesOf(each, secret));
  if (node.properties !== undefined) {
    const all = Object.entries(node.properties).map(([key, child]) => [key, samplesOf(child, secret)] as const);
    const most = Math.max(1, ...all.map(([, values]) => values.length));
    return Array.from({ length: most }, (_, n) => Object.fromEntries(all.map(([key, values]) => [key, values[n % values.length]])));
  }
  if (node.patternProperties !== undefined) return [{ name: "value" }];
  if (node.items !== undefined) return samplesOf(node.items, secret).map((each) => [each]);
  if (node.path !== undefined) return [{ file: "a.pem", folder: ".", "new file": "new.db" }[node.path]];
  return [node.const ?? node.enum?.[0] ?? node.default ?? node.examples?.[0] ?? (node.type === "boolean" ? false : "text")];
}

function isMap(node: SchemaNode): boolean {
  return node.patternProperties !== undefined || node.type === "object";
}

interface Described {
  readonly section: "connections" | "notify";
  readonly key: string;
  readonly name: string;
  readonly schema: SchemaNode;
}

async function everything(): Promise<Described[]> {
  const all: Described[] = [];
  for (const [name, load] of connectors)
    all.push({ section: "connections", key: "connector", name, schema: schemaNode((await load()).connection) });
  for (const name of CHANNEL_KINDS) all.push({ section: "notify", key: "channel", name, schema: schemaNode(CHANNELS[name]) });
  return all;
}

/** What people get wrong in the lines of a secret and beside it. */
const MISTAKES: Readonly<Record<string, (text: string, isSecret: (line: string) => boolean) => string>> = {
  none: (text) => text,
  "the key is misspelt": (text, isSecret) => lines(text, (line) => (isSecret(line) ? line.replace(":", "x:") : line)),
  "it stands twice": (text, isSecret) =>
    lines(text, (line) => (isSecret(line) && !line.trim().startsWith("-") ? `${line}\n${line}` : line)),
  "it is a list": (text, isSecret) => lines(text, (line) => (isSecret(line) ? line.replace(/: (.*)$/, ": [$1, 1]") : line)),
  "the connector is misspelt": (text) => text.replaceAll(/(connector|channel): (\S+)/g, "$1: $2x"),
  "the connector is not named": (text) => text.replaceAll(/(connector|channel): (\S+)/g, "kind: $2"),
  "the section is misspelt": (text) => text.replace("connections:", "conections:").replace("notify:", "notfy:"),
  "all of it is a text": (text) => text.replace(/^(connections|notify):\n/m, "$1: |\n"),
  "an environment changes it wrongly": (text) => `${text}environments:\n  uat:\n${text.replaceAll(/^/gm, "    ")}`,
};

const UNREADABLE: typeof MISTAKES = {
  "its quote is not closed": (text, isSecret) => lines(text, (line) => (isSecret(line) ? line.slice(0, -1) : line)),
  "the line after it is broken": (text, isSecret) => lines(text, (line) => (isSecret(line) ? `${line}\n  : [` : line)),
};

const AS_WRITTEN = { lineWidth: 0, defaultStringType: "QUOTE_DOUBLE", defaultKeyType: "PLAIN" } as const;

function lines(text: string, change: (line: string) => string): string {
  return text.split("\n").map(change).join("\n");
}

test("no mistake in a file of the project shows a secret beside it", async () => {
  const canaries = new Canaries("s");
  const samples: Record<string, object>[] = [];
  for (const { section, key, name, schema } of await everything()) {
    const before = canaries.all.length;
    samplesOf(schema, () => canaries.next()).forEach((sample, n) => {
      samples.push({ [section]: { [`${name}-${n}`]: { [key]: name, ...(sample as object) } } });
    });
    // A schema that marks a secret where this test does not put one would be a hole in it.
    expect([name, canaries.all.length - before]).toEqual([name, countSecrets(schema)]);
  }
  expect(canaries.all.length).toBeGreaterThan(20);
  const isSecret = (line: string): boolean => canaries.foundIn(line) !== null;
  const whole = stringify(
    Object.fromEntries(
      ["connections", "notify"].map((section) => [section, Object.assign({}, ...samples.map((each) => each[section] ?? {}))]),
    ),
    AS_WRITTEN,
  );
  let said = 0;
  const validate = async (text: string, mistake: string, ...args: string[]): Promise<void> => {
    writeFileSync(join(folder, "sync.yaml"), text);
    const { out, err } = await command(folder, NOW, [
      "validate",
      ...(mistake.startsWith("an environment") ? ["--env", "uat"] : []),
      ...args,
    ]);
    said += out.length + err.length;
    canaries.expectNoneIn(`${mistake}\n${text}`, out + err);
  };
  for (const [mistake, make] of Object.entries(MISTAKES)) {
    await validate(make(whole, isSecret), mistake);
    await validate(make(whole, isSecret), mistake, "--json");
  }
  // Of what cannot be read as YAML only the first fault is told.
  for (const [mistake, make] of Object.entries(UNREADABLE))
    for (const sample of samples) await validate(make(stringify(sample, AS_WRITTEN), isSecret), mistake);
  writeFileSync(join(folder, "sync.yaml"), whole);
  const { project } = await readProject(join(folder, "sync.yaml"), { environment: null, env: {}, connectors });
  const found = new Set(project?.secrets);
  expect(said).toBeGreaterThan(10_000);
  // What masks the words of other systems knows them all.
  expect(canaries.all.filter((secret) => !found.has(secret))).toEqual([]);
});
