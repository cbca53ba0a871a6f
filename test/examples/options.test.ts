import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { stringify } from "yaml";
import { loadWorkspace } from "../../src/config/load.js";
import type { Pipeline } from "../../src/config/pipeline.js";
import { type SchemaNode, schemaNode } from "../../src/config/schema-node.js";
import { connectors } from "../../src/connectors/index.js";
import { ProblemError } from "../../src/model/problem.js";
import { BASES, complete, IDENTITY } from "./bases.js";
import { examplesOf, type OptionExample, withoutExample } from "./options.js";

type Role = "connection" | "source" | "target";

// Each example of the reference is written into a project, which is then checked as `sync validate` does and opened as `sync run` does.
let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "sync-examples-"));
});
afterAll(() => rmSync(folder, { recursive: true }));

const RECORD = {
  type: "object",
  required: ["单据编号"],
  properties: { 单据编号: { type: "string" }, 金额: { type: "string", format: "decimal" } },
};
const DOCUMENT = {
  type: "journal",
  key: "$" + "{单据编号}",
  header: { date: "2026-11-20", currency: "CNY", text: "x" },
  lines: [
    { debit: "$" + "{金额 ?? 0}", account: "6602" },
    { credit: "$" + "{金额 ?? 0}", account: "2241" },
  ],
};
const BOOKS = { connector: "ledger", file: "books.db", chart: "chart.csv" };

/** Loads a project with these options of a connector and opens what they describe. */
async function open(name: string, role: Role, options: Readonly<Record<string, unknown>>): Promise<string[]> {
  const connector = await connectors.get(name)?.();
  const base = BASES[name];
  if (connector === undefined || base === undefined) throw new Error(`no base for ${name}`);
  const connection = role === "connection" ? options : base.connection;
  const isTarget = role === "target" || connector.source === undefined;
  const ours = {
    connection: "it",
    ...(isTarget ? (role === "target" ? options : base.target) : role === "source" ? options : base.source),
  };
  const pipeline = {
    pipeline: "p",
    source: isTarget
      ? { connector: "csv", files: "*.csv", record: "record.json", key: ["单据编号"] }
      : { ...ours, record: "record.json", key: ["单据编号"] },
    document: (isTarget ? base.document : undefined) ?? {
      ...DOCUMENT,
      type: isTarget ? (connector.target?.documents[0] ?? "journal") : "journal",
    },
    target: isTarget ? ours : { connection: "books" },
  };
  rmSync(folder, { recursive: true });
  mkdirSync(folder);
  const project = { store: "s.db", connections: { it: { connector: name, ...connection }, books: BOOKS }, pipelines: "p.yaml" };
  write("sync.yaml", stringify(project));
  write("p.yaml", stringify(pipeline));
  write("record.json", JSON.stringify(RECORD));
  write("chart.csv", "code,name,type\n6602,费用,expense\n2241,应付,liability\n");
  for (const file of base.files ?? []) write(file.name, file.text);
  const env = Object.fromEntries([...JSON.stringify(project).matchAll(/\$\{env\.(\w+)\}/g)].map(([, variable]) => [variable, "a-value"]));
  const loaded = await loadWorkspace(join(folder, "sync.yaml"), { env, connectors });
  const [made] = loaded.pipelines;
  if (loaded.problems.length > 0 || made === undefined) return loaded.problems.map((each) => `${each.code}: ${each.message}`);
  try {
    await openBoth(made, isTarget);
    return [];
  } catch (cause) {
    if (!(cause instanceof ProblemError)) throw cause;
    // Some targets are asked as they are opened; that nobody answers here says nothing against the example.
    const found = cause.problems.filter((each) => each.code !== "TARGET_UNAVAILABLE");
    return found.map((each) => `${each.code}: ${each.message}`);
  }
}

async function openBoth(pipeline: Pipeline, isTarget: boolean): Promise<void> {
  const signal = new AbortController().signal;
  const context = { folder, timeZone: "Asia/Shanghai", now: () => new Date(), sleep: async () => {}, signal };
  const { connector, connectionOptions, options } = isTarget ? pipeline.target : pipeline.source;
  const opened = isTarget
    ? await connector.target?.open(connectionOptions as never, options as never, context)
    : connector.source?.open(connectionOptions as never, options as never, context);
  expect(opened).toBeDefined();
  await opened?.close?.();
}

function write(path: string, text: string | Buffer): void {
  mkdirSync(dirname(join(folder, path)), { recursive: true });
  writeFileSync(join(folder, path), text);
}

/** Paths in examples are those of somebody's machine; here each is that of a file that is there. */
function withOwnPaths(value: unknown, schema: SchemaNode | undefined): unknown {
  if (schema === undefined) return value;
  if (schema.path === "folder") return "there";
  if (schema.path === "file") return String(value).endsWith(".p12") ? "there/file.p12" : "there/file.txt";
  if (schema.path === "new file") return "new.db";
  if (schema.anyOf !== undefined) {
    const branch = schema.anyOf.find((each) => (Array.isArray(value) ? each.type === "array" : typeof value === each.type));
    return withOwnPaths(value, branch);
  }
  if (Array.isArray(value)) return value.map((each) => withOwnPaths(each, schema.items));
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, withOwnPaths(each, schema.properties?.[key])]));
}

for (const [name, load] of connectors) {
  const connector = await load();
  const roles: [Role, object | undefined][] = [
    ["connection", connector.connection],
    ["source", connector.source?.options],
    ["target", connector.target?.options],
  ];
  describe.each(roles.filter((each): each is [Role, object] => each[1] !== undefined))(`${name} as a %s`, (role, schema) => {
    const base = BASES[name]?.[role] ?? {};
    const companions = BASES[name]?.companions ?? [];
    const rows = examplesOf(schema, base, complete).map((each): [string, OptionExample] => [
      `${each.option}: ${JSON.stringify(each.example)}`,
      each,
    ]);

    const tryExample = async (_: string, { option, options }: OptionExample): Promise<void> => {
      const [, around] = companions.find(([where]) => where.test(`${role} ${option}`)) ?? [];
      const whole = around === undefined ? options : around(options);
      const own = withOwnPaths(whole, schemaNode(schema as never)) as Record<string, unknown>;
      expect(await open(name, role, own)).toEqual([]);
    };

    test("every option has an example", () => {
      expect(withoutExample(schema)).toEqual([]);
    });

    // A certificate and its key are made by OpenSSL, which is not everywhere.
    const needsOpenssl = ([name]: [string, OptionExample]): boolean => /^certificate\.(cert|key|pfx)/.test(name);
    const [apart, others] = [rows.filter(needsOpenssl), rows.filter((row) => !needsOpenssl(row))];
    test.skipIf(IDENTITY === null).each(apart)("%s (needs openssl)", tryExample);
    test.each(others)("%s", tryExample);
  });
}
