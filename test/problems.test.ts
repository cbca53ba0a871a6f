import { cpSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { describe, expect, it } from "vitest";
import { renderProblems } from "../src/cli/render/problem.js";
import { loadWorkspace } from "../src/config/load.js";
import { connectors } from "../src/connectors/index.js";
import type { Problem } from "../src/model/problem.js";
import type { Effects } from "../src/run/effects.js";
import { runPipeline } from "../src/run/pipeline.js";
import { Store } from "../src/store/store.js";

/**
 * Every folder of fixtures/problems is the smallest project with one mistake (or, where the name says so, several or none), and
 * expected.txt is what is printed about it, byte for byte. Where there are exports, they are run, into books; else the project is
 * only checked. `UPDATE=1` writes the files anew; read the difference. These are what `sync explain` and docs/problems.md show.
 */
const GALLERY = join(import.meta.dirname, "../fixtures/problems");
const folders = readdirSync(GALLERY, { withFileTypes: true })
  .filter((entry) => entry.isDirectory() && existsSync(join(GALLERY, entry.name, "sync.yaml")))
  .map((entry) => entry.name)
  .sort();

describe("fixtures/problems", () => {
  it("has a folder for every kind of mistake", () => expect(folders.length).toBeGreaterThanOrEqual(75));

  it.each(folders)("%s", async (name) => {
    const folder = join(GALLERY, name);
    const isRun = existsSync(join(folder, "exports"));
    const problems = isRun ? await problemsOfRun(folder) : await problemsOfFiles(folder);
    const printed = renderProblems(problems, { color: false });
    const expectedFile = join(folder, "expected.txt");
    if (process.env["UPDATE"] === "1") writeFileSync(expectedFile, printed);
    expect(printed).toBe(readFileSync(expectedFile, "utf8"));
    const codes = problems.map((each) => each.code);
    const [code] = name.split("-");
    if (/^[a-z]/.test(name)) return;
    // A record that cannot be used keeps its document waiting, which is a problem of its own.
    if (isRun) expect(codes).toContain(code);
    else expect(codes).toEqual([code]);
    expect(problems[0]?.at[0]?.line ?? "whole file").toBeDefined();
  });
});

async function problemsOfFiles(folder: string): Promise<readonly Problem[]> {
  const environmentFile = join(folder, "environment.txt");
  const environment = existsSync(environmentFile) ? readFileSync(environmentFile, "utf8").trim() : null;
  const { problems } = await loadWorkspace(join(folder, "sync.yaml"), { environment, env: {}, connectors });
  return problems;
}

/** One night with a new store: what the run says, and what waits afterwards. */
async function problemsOfRun(original: string): Promise<readonly Problem[]> {
  const folder = mkdtempSync(join(tmpdir(), "sync-problem-"));
  const store = Store.inMemory({ now: NIGHT.now });
  try {
    cpSync(original, folder, { recursive: true });
    for (const name of readdirSync(join(folder, "exports"))) utimesSync(join(folder, "exports", name), LONG_AGO, LONG_AGO);
    const { project, pipelines, problems } = await loadWorkspace(join(folder, "sync.yaml"), { env: {}, connectors });
    expect(problems).toEqual([]);
    const found: Problem[] = [];
    for (const pipeline of pipelines) {
      const { result } = await runPipeline({
        pipeline,
        store,
        effects: NIGHT,
        timeZone: project?.timeZone ?? "",
        folder: dirname(pipeline.file),
        kind: "run",
        full: false,
        only: null,
      });
      const id = store.pipelineId(pipeline.name);
      // Records that keep a document waiting are not listed beside it.
      const items = new Map([...store.quarantine.records(id), ...store.quarantine.list(id)].map((item) => [item.id, item.problem]));
      found.push(...result.problems, ...items.values());
    }
    return JSON.parse(JSON.stringify(found).replaceAll(`${folder}/`, "")) as Problem[];
  } finally {
    store.close();
    rmSync(folder, { recursive: true });
  }
}

const LONG_AGO = new Date("2020-01-01T00:00:00.000Z");

const NIGHT: Effects = {
  now: () => new Date("2026-11-20T18:00:00.000Z"),
  sleep: async () => undefined,
  every: () => () => undefined,
  signal: new AbortController().signal,
  actor: "test",
  host: "night",
  pid: 4711,
  isAlive: () => true,
  random: () => 0.5,
  randomWord: () => "one-of-its-kind",
  program: "test",
  onProgress: () => undefined,
};
