import { readdirSync, readFileSync, statSync } from "node:fs";
import { join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { cruise, type ICruiseResult } from "dependency-cruiser";
import extractTSConfig from "dependency-cruiser/config-utl/extract-ts-config";
import { beforeAll, describe, expect, test } from "vitest";
import { connectors } from "../src/connectors/index.js";
import { sandboxes } from "../src/connectors/sandboxes.js";

const root = fileURLToPath(new URL("..", import.meta.url));

/** What each folder of src may import, beside itself. `type:` allows type imports only. */
const MAY_IMPORT: Record<string, readonly string[]> = {
  model: [],
  expression: ["model"],
  steps: ["model", "expression", "type:config"],
  explain: ["model"],
  config: ["model", "expression", "connectors/contract"],
  report: ["model"],
  store: ["model"],
  connectors: ["model", "connectors/contract", "connectors/files", "connectors/http"],
  notify: ["model", "config", "store", "connectors/http"],
  observe: ["model", "type:config", "connectors/http"],
  run: ["model", "expression", "steps", "config", "report", "store", "connectors/contract"],
  cli: ["model", "expression", "steps", "explain", "config", "report", "store", "connectors", "run", "notify", "observe"],
};

/**
 * `src/connectors/csv/source.ts` is in room `connectors/csv`; `src/model/money.ts` in room `model`; `connectors/files` is shared by connectors.
 * A stand-in, such as `connectors/hesi/sandbox`, is a room of its own: sharing code with the connector, both would be wrong together.
 */
function roomOf(path: string): string {
  const [, folder = "", second = "", third = ""] = path.split("/");
  if (folder === "connectors" && third === "sandbox") return `connectors/${second}/sandbox`;
  return folder === "connectors" ? `connectors/${second.replace(/\.ts$/, "")}` : folder;
}

function isAllowed(from: string, to: string, isTypeOnly: boolean): boolean {
  const source = roomOf(from);
  const target = roomOf(to);
  if (source === target) return true;
  if (source === "connectors/sandbox") return false;
  if (isSandbox(source)) return target === "connectors/sandbox";
  // The list of stand-ins names them all, and nothing else.
  if (source === "connectors/sandboxes") return target === "connectors/sandbox" || isSandbox(target);
  // The list of connectors names them all; that is its whole purpose. Its type of list is the configuration's.
  if (source === "connectors/index") return target.startsWith("connectors/") || (target === "config" && isTypeOnly);
  const allowed = MAY_IMPORT[source.split("/")[0] as string] ?? [];
  return allowed.some((each) => {
    if (each.startsWith("type:")) return isTypeOnly && target === each.slice(5);
    return target === each || (each === "connectors" && target.startsWith("connectors/"));
  });
}

function isSandbox(room: string): boolean {
  return /^connectors\/[^/]+\/sandbox$/.test(room);
}

function filesBelow(folder: string): string[] {
  return readdirSync(folder).flatMap((name) => {
    const path = join(folder, name);
    return statSync(path).isDirectory() ? filesBelow(path) : path.endsWith(".ts") ? [path] : [];
  });
}

const sources = filesBelow(join(root, "src")).map((path) => ({
  path: relative(root, path).replaceAll("\\", "/"),
  text: readFileSync(path, "utf8"),
}));

describe("the import table", () => {
  let modules: ICruiseResult["modules"] = [];

  beforeAll(async () => {
    const result = await cruise(
      ["src"],
      {
        baseDir: root,
        tsPreCompilationDeps: "specify",
        tsConfig: { fileName: "tsconfig.json" },
        doNotFollow: { path: "node_modules" },
        enhancedResolveOptions: { extensions: [".ts", ".js"] },
      },
      undefined,
      { tsConfig: extractTSConfig(join(root, "tsconfig.json")) },
    );
    modules = (result.output as ICruiseResult).modules.filter((module) => module.source.startsWith("src/"));
  });

  test("every file of src was looked at, with its imports", () => {
    expect(modules.length).toBe(sources.length);
    expect(modules.flatMap((module) => module.dependencies.filter((each) => each.resolved.startsWith("src/"))).length).toBeGreaterThan(
      sources.length,
    );
  });

  test("imports go one way", () => {
    const wrong = modules.flatMap((module) =>
      module.dependencies
        .filter((each) => each.resolved.startsWith("src/"))
        .filter((each) => !isAllowed(module.source, each.resolved, each.dependencyTypes.includes("type-only")))
        .map((each) => `${module.source} must not import ${each.resolved}`),
    );
    expect(wrong).toEqual([]);
  });

  test("the pages about problem codes are loaded by `explain` alone, so that no other command waits for them", () => {
    const users = (isWanted: (path: string) => boolean): string[] =>
      modules.filter(({ dependencies }) => dependencies.some((each) => isWanted(each.resolved))).map(({ source }) => source);
    const outside = users((path) => path.startsWith("src/explain/")).filter((path) => !path.startsWith("src/explain/"));
    expect(outside).toEqual(["src/cli/commands/explain.ts", "src/cli/render/explain.ts"]);
    expect(users((path) => path === "src/cli/render/explain.ts")).toEqual(["src/cli/commands/explain.ts"]);
  });

  test("what writes logs, metrics and traces is loaded where one of them is asked for, and by no other run", () => {
    const graph = new Map(
      modules.map(({ source, dependencies }) => [
        source,
        dependencies
          .filter(({ dynamic, dependencyTypes }) => !dynamic && !dependencyTypes.includes("type-only"))
          .map(({ resolved }) => resolved),
      ]),
    );
    const loadedBy = (start: string): Set<string> => {
      const seen = new Set<string>();
      const visit = (file: string): void => {
        if (seen.has(file)) return;
        seen.add(file);
        for (const next of graph.get(file) ?? []) visit(next);
      };
      visit(start);
      return seen;
    };
    const isOfObserving = (path: string): boolean =>
      /^src\/observe\/|^src\/cli\/(observation|metrics)\.ts$|node_modules\/pino\b/.test(path);
    for (const name of ["run", "watch", "plan", "apply", "recover", "status", "quarantine-decide"])
      expect([...loadedBy(`src/cli/commands/${name}.ts`)].filter(isOfObserving), name).toEqual([]);
    // Metrics and traces do without the library of logs.
    const loaded = [...loadedBy("src/cli/observation.ts")].filter(isOfObserving);
    expect(loaded).toContain("src/observe/spans.ts");
    expect(loaded.filter((path) => path.includes("pino"))).toEqual([]);
    expect([...loadedBy("src/observe/log.ts")].some((path) => /node_modules\/pino\b/.test(path))).toBe(true);
  });

  test("there are no cycles, type imports included", () => {
    const graph = new Map(
      modules.map((module) => [module.source, module.dependencies.map((each) => each.resolved).filter((each) => each.startsWith("src/"))]),
    );
    const done = new Set<string>();
    const cycles: string[] = [];
    const visit = (file: string, path: readonly string[]): void => {
      if (path.includes(file)) {
        cycles.push([...path.slice(path.indexOf(file)), file].join(" → "));
        return;
      }
      if (done.has(file)) return;
      for (const next of graph.get(file) ?? []) visit(next, [...path, file]);
      done.add(file);
    };
    for (const file of graph.keys()) visit(file, []);
    expect(cycles).toEqual([]);
  });
});

test("model, expression, steps and explain are pure: no waiting, clock, randomness or files", () => {
  const impure = /\basync\b|\bawait\b|\bnew Date\(\)|Date\.now|performance\.now|Math\.random|randomUUID|from "node:(?!crypto)|process\./;
  const wrong = sources
    .filter(({ path }) => /^src\/(model|expression|steps|explain)\//.test(path))
    .filter(({ text }) => impure.test(withoutComments(text)));
  expect(wrong.map(({ path }) => path)).toEqual([]);
});

test("only the store, connectors whose system speaks it, and the state file of the sandboxes know SQL", () => {
  const allowed = /^src\/(store\/|connectors\/(ledger|sql)\/|connectors\/sandbox\/state\.ts$)/;
  const wrong = sources.filter(
    ({ path, text }) =>
      !allowed.test(path) && /better-sqlite3|\bSELECT\b[\s\S]+\bFROM\b|\bINSERT INTO\b|\bDELETE FROM\b/.test(withoutComments(text)),
  );
  expect(wrong.map(({ path }) => path)).toEqual([]);
});

test("each folder of connectors is in the list, under its own name, and the other way round", async () => {
  const folders = readdirSync(join(root, "src/connectors")).filter(
    // What is shared is no connector, and a stand-in alone makes none.
    (name) =>
      name !== "files" &&
      name !== "sandbox" &&
      sources.some(({ path }) => roomOf(path) === `connectors/${name}` && path.split("/").length > 3),
  );
  expect([...connectors.keys()].sort()).toEqual(folders.sort());
  for (const [name, load] of connectors) expect((await load()).name).toBe(name);
});

test("each stand-in is in the list, under the name of its folder, and the other way round", async () => {
  const folders = readdirSync(join(root, "src/connectors")).filter((name) => hasFile(`src/connectors/${name}/sandbox/index.ts`));
  expect([...sandboxes.keys()].sort()).toEqual(folders.sort());
  const ports = new Set<number>();
  for (const [name, load] of sandboxes) {
    const definition = await load();
    expect(definition.name).toBe(name);
    ports.add(definition.port);
  }
  expect(ports.size).toBe(sandboxes.size);
});

test("no file hides three ideas: files stay readable in one sitting", () => {
  const long = sources.filter(({ text }) => text.split("\n").length > 420);
  expect(long.map(({ path, text }) => `${path}: ${text.split("\n").length} lines`)).toEqual([]);
});

function hasFile(path: string): boolean {
  return sources.some((each) => each.path === path);
}

function withoutComments(text: string): string {
  return text.replace(/\/\*[\s\S]*?\*\//g, "").replace(/(^|\s)\/\/.*$/gm, "");
}
