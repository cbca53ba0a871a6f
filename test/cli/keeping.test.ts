import { spawnSync } from "node:child_process";
import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { generateX25519Identity } from "age-encryption";
import { beforeAll, describe, expect, test } from "vitest";
import { AuditChain, type AuditRow, auditBody, auditHash } from "../../src/model/audit.js";
import { AuditLog } from "../../src/store/audit-log.js";
import { Store } from "../../src/store/store.js";
import { command, type Said } from "./in-process.js";
import { emptyFolder, program } from "./sync.js";

const NOW = new Date("2026-11-20T18:00:00.000Z");
const DAY_MS = 86_400_000;

let folder = "";
const say = (now: Date, ...args: string[]): Promise<Said> => command(folder, now, args);
const later = (days: number): Date => new Date(NOW.getTime() + days * DAY_MS);
const storeFile = (): string => join(folder, ".sync/store.db");

/** A sample project that ran once. */
beforeAll(async () => {
  folder = join(emptyFolder(), "demo");
  await command(join(folder, ".."), NOW, ["init", "demo"]);
  const ran = await say(NOW, "run", "--quiet", "--no-color");
  expect(ran.err).toBe("");
});

function rows(): AuditRow[] {
  const log = AuditLog.open(storeFile());
  try {
    return [...log.rows()];
  } finally {
    log.close();
  }
}

describe("what a run leaves on the disk", () => {
  test("is its owner's: the store, what SQLite puts beside it, and their folder", () => {
    const modes = ["", ...readdirSync(join(folder, ".sync"))].map((name) => statSync(join(folder, ".sync", name)).mode & 0o077);
    expect(new Set(modes)).toEqual(new Set([0]));
  });

  test("a store that others may read is told by every run, and by doctor", async () => {
    chmodSync(storeFile(), 0o644);
    const { result } = { result: JSON.parse((await say(later(1), "run", "--quiet", "--json")).out) as { problems: { code: string }[] } };
    expect(result.problems.map(({ code }) => code)).toContain("CONFIG_EXPOSED");
    const looked = await say(later(1), "doctor", "--offline", "--no-color");
    expect(looked.out).toMatch(/permissions +look +others may read or change the store/);
    chmodSync(storeFile(), 0o600);
    const quiet = JSON.parse((await say(later(1), "run", "--quiet", "--json")).out) as { problems: { code: string }[] };
    expect(quiet.problems.map(({ code }) => code)).not.toContain("CONFIG_EXPOSED");
  });
});

describe("sync prune", () => {
  test("tries, then does it, and says what went", async () => {
    for (let n = 0; n < 4; n += 1) await say(later(2 + n), "run", "--quiet");
    const tried = JSON.parse((await say(later(600), "prune", "--dry-run", "--json")).out) as { pipelines: { runs: number }[] };
    expect(tried.pipelines[0]?.runs).toBeGreaterThan(0);
    const done = await say(later(600), "prune", "--compact", "--json");
    expect(done.code).toBe(0);
    const { pipelines, bytes } = JSON.parse(done.out) as { pipelines: { runs: number }[]; bytes: { before: number; after: number } };
    expect(pipelines[0]?.runs).toBe(tried.pipelines[0]?.runs);
    expect(bytes.after).toBeLessThanOrEqual(bytes.before);
    const again = await say(later(600), "prune", "--no-color");
    expect(again.out).toMatch(/expense-to-gl +0 +0 +0/);
    expect((await say(later(600), "audit", "log", "--json")).out).toContain('"store pruned"');
  });

  test("leaves a pipeline alone on which a run is at work", async () => {
    const store = Store.open(storeFile(), { create: false, now: () => later(601) });
    const at = later(601).toISOString();
    const lease = { name: "expense-to-gl", owner: "w", host: "elsewhere", pid: 1, acquiredAt: at, renewedAt: at };
    store.leases.put({ ...lease, expiresAt: later(602).toISOString() });
    const { code, out } = await say(later(601), "prune", "--no-color");
    expect(code).toBe(6);
    expect(out).toContain("a run is at work: another time");
    expect((await say(later(601), "prune", "--compact")).code).toBe(6);
    store.leases.release("expense-to-gl", "w");
    store.close();
  });

  test("moves old rows of the audit log to a file, and both parts still verify", async () => {
    writeFileSync(join(folder, "sync.yaml"), `${readFileSync(join(folder, "sync.yaml"), "utf8")}\nretention: { audit: 30d }\n`);
    const before = rows();
    const verified = JSON.parse((await say(NOW, "audit", "verify", "--json")).out) as { head: string };
    const moved = JSON.parse((await say(later(620), "prune", "--json")).out) as { audit: { rows: number; upTo: number; file: string } };
    expect(moved.audit.upTo).toBeGreaterThan(0);
    expect(statSync(moved.audit.file).mode & 0o077).toBe(0);
    const left = rows();
    expect(left[0]?.seq).toBe(moved.audit.upTo + 1);
    expect(JSON.parse((await say(NOW, "audit", "verify", "--json")).out)).toMatchObject({ ok: true, movedUpTo: moved.audit.upTo });
    expect((await say(NOW, "audit", "verify", "--head", verified.head, "--json")).code).toBe(0);
    // The file and the rest together are the log as anybody can verify it, without knowing of the file.
    const lines = readFileSync(moved.audit.file, "utf8").trimEnd().split("\n");
    const chain = new AuditChain();
    for (const line of lines) {
      const { detail, ...row } = JSON.parse(line) as Omit<AuditRow, "detail"> & { detail: object };
      expect(chain.accept({ ...row, detail: JSON.stringify(detail) })).toBe(true);
    }
    for (const row of left) expect(chain.accept(row)).toBe(true);
    expect(chain.verdict()).toMatchObject({ fault: null, rows: left.at(-1)?.seq });
    expect(lines.length + left.length).toBeGreaterThan(before.length);
    expect((await say(later(621), "run", "--quiet")).code).not.toBe(1);
    expect(JSON.parse((await say(NOW, "audit", "verify", "--json")).out)).toMatchObject({ ok: true });
  });

  test("rows that were taken away without a word are missed", () => {
    const all = rows();
    const anchor = all[1] as AuditRow;
    const chain = new AuditChain(null, { seq: anchor.seq, hash: anchor.hash });
    for (const row of all.slice(2)) expect(chain.accept(row)).toBe(true);
    const told = all.slice(2).some(({ event, detail }) => event === "log shortened" && detail.includes(anchor.hash));
    expect(told).toBe(false);
    expect(chain.verdict().fault).toMatchObject({ kind: "gap", expected: 1 });
    expect(auditHash(anchor.hash, auditBody(all[2] as AuditRow))).toBe(all[2]?.hash);
  });
});

describe("sync secrets", () => {
  const project = `secrets: { file: secrets.age }
connections:
  books: { connector: ledger, file: books.db, chart: "\${env.CHART}" }
pipelines: none/*.yaml
`;

  test("keeps values that never stood on a command line", async () => {
    const place = join(emptyFolder(), "safe");
    mkdirSync(place);
    writeFileSync(join(place, "sync.yaml"), project);
    const identity = await generateX25519Identity();
    const env = { SYNC_AGE_IDENTITY: identity };
    // Only a process of its own has a standard input.
    const set = (input: string, name: string): { status: number | null; stdout: string } =>
      spawnSync(process.execPath, [program, "secrets", "set", name], {
        cwd: place,
        input,
        encoding: "utf8",
        env: { ...process.env, ...env },
      });
    const secrets = (...args: string[]): Promise<Said> => command(place, NOW, ["secrets", ...args], { env });
    expect(set("chart.csv\n", "CHART")).toMatchObject({ status: 0, stdout: "CHART is set in secrets.age\n" });
    expect(statSync(join(place, "secrets.age")).mode & 0o077).toBe(0);
    expect(readFileSync(join(place, "secrets.age"), "utf8")).not.toContain("chart.csv");
    expect(await secrets("list")).toMatchObject({ code: 0, out: "CHART\n" });
    expect(set("two\nlines\n", "OTHER").status).toBe(2);
    expect((await secrets("re-encrypt")).out).toBe("secrets.age is encrypted anew, for the key at hand\n");
    expect((await secrets("remove", "CHARD")).err).toContain("did you mean `CHART`?");
    expect((await secrets("remove", "CHART")).code).toBe(0);
    expect((await secrets("list")).out).toBe("there is no secret in it\n");
  });

  test("does not write what the key at hand could not open again", async () => {
    const place = join(emptyFolder(), "locked");
    mkdirSync(place);
    const { identityToRecipient } = await import("age-encryption");
    const other = await identityToRecipient(await generateX25519Identity());
    writeFileSync(join(place, "sync.yaml"), `secrets: { file: secrets.age, recipients: [${other}] }\n`);
    const env = { ...process.env, SYNC_AGE_IDENTITY: await generateX25519Identity() };
    const done = spawnSync(process.execPath, [program, "secrets", "set", "A"], { cwd: place, input: "1", encoding: "utf8", env });
    expect(done.status).toBe(2);
    expect(existsSync(join(place, "secrets.age"))).toBe(false);
    expect(readdirSync(place)).toEqual(["sync.yaml"]);
  });
});
