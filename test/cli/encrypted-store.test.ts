import { spawnSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { beforeAll, describe, expect, it, test } from "vitest";
import { loadProject } from "../../src/config/project.js";
import { connectors } from "../../src/connectors/index.js";
import { command, type Said } from "./in-process.js";
import { emptyFolder, program, sync } from "./sync.js";

/** It compiles while it is installed and is needed by few; `.ci/run` puts it where `NODE_PATH` says. */
const hasCiphers = ((): boolean => {
  try {
    createRequire(import.meta.url).resolve("better-sqlite3-multiple-ciphers");
    return true;
  } catch {
    return false;
  }
})();

const NOW = new Date("2026-11-20T18:00:00.000Z");
const KEY = "0123456789abcdef'0123456789abcdef";
const PLAIN = "store: .sync/store.db\n";
const ENCRYPTED = 'store: { file: .sync/store.db, key: "${env.SYNC_STORE_KEY}" }\n';

describe("what sync.yaml says of the store", () => {
  const projectOf = async (text: string, env: Record<string, string> = {}) => {
    const folder = emptyFolder();
    writeFileSync(join(folder, "sync.yaml"), text);
    return loadProject(join(folder, "sync.yaml"), { env, connectors, environment: text.includes("uat") ? "uat" : null });
  };

  it("is a file, or a file with a key, also in an environment", async () => {
    expect((await projectOf("store: a.db\n")).value).toMatchObject({ store: expect.stringMatching(/\/a\.db$/), storeKey: null });
    expect((await projectOf("project: x\n")).value).toMatchObject({ store: expect.stringMatching(/\/\.sync\/store\.db$/), storeKey: null });
    const own = "environments: { uat: { store: { file: b.db, key: '${env.K}' } } }\n";
    expect((await projectOf(own, { K: KEY })).value).toMatchObject({
      store: expect.stringMatching(/\/b\.db$/),
      storeKey: KEY,
      secrets: [KEY],
    });
  });

  it("with a key that is short or missing is a mistake", async () => {
    const codes = async (env: Record<string, string>) =>
      (await projectOf("store: { file: a.db, key: '${env.K}' }\n", env)).problems.map(({ code }) => code);
    expect(await codes({ K: "short" })).toEqual(["CONFIG_WRONG_VALUE"]);
    expect(await codes({})).toEqual(["CONFIG_MISSING_SECRET"]);
    expect(await codes({ K: KEY })).toEqual([]);
  });
});

/** Somebody installed it here for good. */
const isOwn = existsSync(new URL("../../node_modules/better-sqlite3-multiple-ciphers", import.meta.url));

test.skipIf(isOwn)("without the package, an encrypted store says what to install", () => {
  const folder = emptyFolder();
  sync(folder, "init");
  const file = join(folder, "sync.yaml");
  writeFileSync(file, readFileSync(file, "utf8").replace(PLAIN, ENCRYPTED));
  const env = { ...process.env, SYNC_STORE_KEY: KEY, NODE_PATH: "" };
  const { status, stderr } = spawnSync(process.execPath, [program, "run", "--quiet"], { cwd: folder, encoding: "utf8", env });
  expect([status, stderr]).toEqual([
    1,
    expect.stringMatching(/STORE_UNREADABLE: [\s\S]*npm install better-sqlite3-multiple-ciphers@12\.11\.1/),
  ]);
});

describe.skipIf(!hasCiphers)("an encrypted store (skipped where better-sqlite3-multiple-ciphers is not installed)", () => {
  let folder = "";
  const say = (...args: string[]): Promise<Said> => command(folder, NOW, args, { env: { SYNC_STORE_KEY: KEY } });
  const write = (from: string, to: string): void => {
    const file = join(folder, "sync.yaml");
    writeFileSync(
      file,
      readFileSync(file, "utf8").replace(from, () => to),
    );
  };
  const store = (): string => join(folder, ".sync/store.db");
  const isReadable = (file: string): boolean => {
    const bytes = readFileSync(file);
    return bytes.subarray(0, 6).toString() === "SQLite" || bytes.includes("BX26110001");
  };

  beforeAll(async () => {
    folder = join(emptyFolder(), "demo");
    await command(dirname(folder), NOW, ["init", "demo"]);
    expect((await say("run", "--quiet")).err).toBe("");
    write(PLAIN, ENCRYPTED);
  });

  test("is refused while it is not encrypted, and then takes the place of the one that was not", async () => {
    expect(isReadable(store())).toBe(true);
    expect((await say("run", "--quiet")).err).toContain("`sync state encrypt`");
    expect(await say("state", "encrypt")).toMatchObject({ code: 0, err: "" });
    for (const name of readdirSync(join(folder, ".sync")).filter((each) => /^store\.db(-|$)/.test(each)))
      expect([name, isReadable(join(folder, ".sync", name))]).toEqual([name, false]);
  });

  test("is worked with like any other", async () => {
    const again = JSON.parse((await say("run", "--quiet", "--json")).out) as { counts: { posted: number; kept: number } };
    expect(again.counts.posted).toBe(0);
    expect(again.counts.kept).toBeGreaterThan(0);
    for (const args of [["status"], ["runs"], ["reconcile"], ["audit", "verify"], ["prune", "--compact"], ["quarantine", "list"]])
      expect([args, (await say(...args, "--json")).err]).toEqual([args, ""]);
    expect((await say("doctor", "--offline", "--no-color")).out).toMatch(/store +ok +.*sound/);
  });

  test("is copied as it is, and put back", async () => {
    expect((await say("state", "export", "copy.db")).code).toBe(0);
    expect(isReadable(join(folder, "copy.db"))).toBe(false);
    expect((await say("state", "import", "copy.db", "--replace")).code).toBe(0);
    expect(isReadable(store())).toBe(false);
  });

  test("is not opened with another key, or without one", async () => {
    const other = await command(folder, NOW, ["status"], { env: { SYNC_STORE_KEY: KEY.toUpperCase() } });
    expect(other).toMatchObject({ code: 1, err: expect.stringContaining("the key does not open the store") });
    write(ENCRYPTED, PLAIN);
    expect((await say("status")).err).toContain("one that is encrypted needs its `key` in sync.yaml");
    write(PLAIN, ENCRYPTED);
  });

  test("is one that is not again, when somebody asks for it", async () => {
    expect((await say("state", "decrypt")).out).toContain("take `key` out");
    write(ENCRYPTED, PLAIN);
    const last = JSON.parse((await say("run", "--quiet", "--json")).out) as { counts: { posted: number } };
    expect(last.counts.posted).toBe(0);
    expect(isReadable(store())).toBe(true);
    expect(JSON.parse((await say("audit", "verify", "--json")).out)).toMatchObject({ ok: true });
    expect((await say("audit", "log", "--json")).out.split('"store key changed"')).toHaveLength(3);
  });
});
