import { createHash } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import Database from "better-sqlite3";
import { Type } from "typebox";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { loadPipeline } from "../../src/config/load.js";
import { loadProject } from "../../src/config/project.js";
import type { ConnectorRegistry } from "../../src/config/registry.js";
import { connector as csv } from "../../src/connectors/csv/index.js";
import { auditLine } from "../../src/model/audit.js";
import { runPipeline } from "../../src/run/pipeline.js";
import { Store } from "../../src/store/store.js";
import { simConnector } from "../run/sim-target.js";
import { Workplace } from "../run/workplace.js";
import { rowsOf, verdictOf } from "./audit-store.js";

let place: Workplace;
beforeEach(() => {
  place = new Workplace();
});
afterEach(() => {
  place.dispose();
});

interface Seen {
  readonly event: string;
  readonly run: number | null;
  readonly actor: string;
  readonly pipeline: string | null;
  readonly subject: string | null;
  readonly detail: Readonly<Record<string, unknown>>;
}

function log(): Seen[] {
  return rowsOf(place.store.file).map((row) => ({ ...row, detail: JSON.parse(row.detail) as Record<string, unknown> }));
}

/** `event subject act/version outcome`, without what begins the store. */
function story(): string[] {
  return log()
    .slice(1)
    .map(({ event, subject, detail }) => {
      const { act, version, outcome, status } = detail as Record<string, string | number | undefined>;
      return [event, subject, act === undefined ? null : `${act}/${version}`, outcome ?? status].filter((part) => part != null).join(" ");
    });
}

describe("the log of a run", () => {
  test("says who ran what with which files, and what became of every document", async () => {
    place.target.faults.set("B", ["rejected"]);
    place.export("十一月", "A,1,好,,10.00,6601", "B,1,好,,7.00,6601");
    const { result } = await place.run();
    expect(story()).toEqual([
      "run started",
      "unit read",
      "attempt answered A post/1 accepted",
      "attempt answered B post/1 rejected",
      "run ended waiting",
    ]);
    const [, started, unit, accepted, rejected, ended] = log();
    for (const row of [started, unit, accepted, rejected, ended]) expect(row).toMatchObject({ actor: "test", run: 1, pipeline: "p" });
    expect(started?.detail).toEqual({
      kind: "run",
      full: false,
      program: "test",
      host: "night",
      pid: 4711,
      pipelineFingerprint: expect.stringMatching(/^[0-9a-f]{64}$/),
    });
    const content = readFileSync(join(place.folder, "exports/十一月.csv"));
    expect(unit?.detail).toEqual({
      unit: expect.stringContaining("十一月.csv"),
      fingerprint: createHash("sha256").update(content).digest("hex"),
      records: 2,
    });
    expect(accepted?.detail).toEqual({
      act: "post",
      version: 1,
      idempotencyKey: "p/A/1",
      fingerprint: place.target.entries[0]?.fingerprint,
      notedAt: place.now.toISOString(),
      outcome: "accepted",
      reference: "S-1",
      code: null,
      message: null,
    });
    expect(rejected?.detail).toMatchObject({
      outcome: "rejected",
      reference: null,
      code: "TARGET_REJECTED",
      message: "the simulated target says no",
    });
    expect(ended?.detail).toEqual({ status: "waiting", counts: { ...result.counts }, watermark: null, problems: [] });
    expect(verdictOf(place.store.file).fault).toBeNull();
  });

  test("tells a replacement as a reversal and a new version, and a file read again as such", async () => {
    place.export("a", "A,1,好,,10.00,6601");
    await place.run();
    place.export("b", "A,1,好,,12.00,6601");
    await place.run();
    expect(story().slice(4)).toEqual([
      "run started",
      "unit read",
      "attempt answered A reverse/1 accepted",
      "attempt answered A post/2 accepted",
      "run ended done",
    ]);
    await place.run({ full: true });
    expect(
      log()
        .filter((row) => row.run === 3 && row.event === "unit read")
        .map((row) => row.detail["unit"]),
    ).toEqual([expect.stringContaining("a.csv"), expect.stringContaining("b.csv")]);
  });

  test("a plan leaves a run without answers", async () => {
    place.export("a", "A,1,好,,10.00,6601");
    await place.run({ kind: "plan" });
    expect(story()).toEqual(["run started", "unit read", "run ended done"]);
    expect(log()[1]?.detail["kind"]).toBe("plan");
  });

  test("an attempt whose run died is first in doubt, and then found or absent", async () => {
    place.export("a", "A,1,好,,10.00,6601", "B,1,好,,7.00,6601");
    place.target.traits = { ...place.target.traits, batch: 1 };
    place.target.faults.set("A", ["crash after"]);
    place.target.faults.set("B", ["crash before"]);
    await expect(place.run()).rejects.toThrow("power cut");
    expect(story().at(-1)).toBe("run ended failed");
    await place.run();
    place.minutesPass(2);
    await place.run();
    const told = story().filter((line) => /attempt/.test(line));
    expect(told).toEqual([
      "attempt in doubt A post/1",
      "attempt answered A post/1 accepted",
      "attempt in doubt B post/1",
      "attempt answered B post/1 absent",
      "attempt answered B post/1 accepted",
    ]);
    expect(place.books()).toHaveLength(2);
    expect(verdictOf(place.store.file).fault).toBeNull();
  });

  test("a lease taken from a dead run is told with whose it was", async () => {
    place.export("a", "A,1,好,,10.00,6601");
    place.store.leases.put({
      name: "p",
      owner: "gone",
      host: "night",
      pid: 99,
      acquiredAt: "2026-11-20T17:00:00.000Z",
      renewedAt: "2026-11-20T17:59:30.000Z",
      expiresAt: "2026-11-20T18:01:30.000Z",
    });
    place.alive = () => false;
    await place.run();
    expect(log()[1]).toMatchObject({
      event: "lease taken over",
      run: null,
      pipeline: "p",
      detail: { formerHost: "night", formerPid: 99, since: "2026-11-20T17:00:00.000Z", why: "process gone" },
    });
  });

  test("every answer in the store has its row, whatever happened on the way", async () => {
    const faults = ["rejected", "answer lost", "request lost", "crash after", "crash before"] as const;
    for (let night = 0; night < 12; night += 1) {
      place.export(
        `n${night}`,
        ...Array.from({ length: 8 }, (_, n) => `D${n},1,${(night + n) % 5 === 0 ? "废" : "好"},,${night * 3 + n + 1}.00,6601`),
      );
      for (let n = 0; n < 8; n += 1) {
        const fault = faults[(night * 7 + n * 3) % 11];
        if (fault !== undefined) place.target.faults.set(`D${n}`, [fault]);
      }
      await place.run().catch((cause: unknown) => {
        if (!String(cause).includes("power cut")) throw cause;
      });
      place.minutesPass(night % 2 === 0 ? 5 : 0);
    }
    const db = new Database(place.store.file, { readonly: true });
    const answered = db
      .prepare("SELECT idempotency_key AS key, outcome, reference FROM attempts WHERE outcome NOT IN ('unconfirmed') ORDER BY id")
      .all() as { key: string; outcome: string; reference: string | null }[];
    db.close();
    const rows = log().filter((row) => row.event === "attempt answered" && row.detail["outcome"] !== "unconfirmed");
    const text = (key: unknown, outcome: unknown, reference: unknown): string => `${key} ${outcome} ${reference}`;
    expect(new Set(answered.map((each) => each.outcome)).size).toBeGreaterThanOrEqual(3);
    expect(rows.map(({ detail }) => text(detail["idempotencyKey"], detail["outcome"], detail["reference"])).sort()).toEqual(
      answered.map((each) => text(each.key, each.outcome, each.reference)).sort(),
    );
    const inTarget = place.target.entries.map((entry) => entry.reference).sort();
    const accepted = rows.filter((row) => row.detail["outcome"] === "accepted").map((row) => row.detail["reference"]);
    expect(new Set(accepted).size).toBe(accepted.length);
    expect(inTarget).toEqual(expect.arrayContaining(accepted));
    expect(verdictOf(place.store.file).fault).toBeNull();
  });
});

describe("what the log does not hold", () => {
  test("secrets of connections, and the texts, amounts and people of documents", async () => {
    const secret = "Tr0ub4dor-and-3";
    const sim = simConnector(place.target);
    const safe = {
      ...sim,
      connection: Type.Object({ password: Type.String({ description: "how", secret: true }), user: Type.String({ description: "who" }) }),
    };
    place.export("a", "A,1,好,,31415.92,6601", "B,1,好,,7.00,6601");
    place.target.faults.set("B", ["rejected"]);
    // Writes the pipeline file; the run itself is made below, with the connection that has a secret.
    await place.run({ kind: "plan" });
    writeFileSync(
      join(place.folder, "sync.yaml"),
      'store: store.db\ntimeZone: Asia/Shanghai\nconnections:\n  there: { connector: sim, user: robot, password: "${env.ERP_PASSWORD}" }\n',
    );
    const connectors: ConnectorRegistry = new Map([
      ["csv", async () => csv],
      ["sim", async () => safe],
    ]);
    const env = { ERP_PASSWORD: secret };
    const project = await loadProject(join(place.folder, "sync.yaml"), { env, connectors });
    expect(project.value?.connections.get("there")?.options).toEqual({ user: "robot", password: secret });
    if (project.value === null) throw new Error("unreachable");
    const pipeline = await loadPipeline(join(place.folder, "p.yaml"), project.value, { connectors });
    if (pipeline.value === null) throw new Error(JSON.stringify(pipeline.problems));
    const { result } = await runPipeline({
      pipeline: pipeline.value,
      store: place.store,
      effects: place.effects(),
      timeZone: "Asia/Shanghai",
      folder: place.folder,
      kind: "run",
      full: true,
      only: null,
    });
    expect(result.counts).toMatchObject({ posted: 1, waiting: 1 });
    const exported = rowsOf(place.store.file).map(auditLine).join("\n");
    expect(exported).toContain("p/A/1");
    for (const word of [secret, "robot", "31415", "3141592", "报销", "6601"]) expect(exported).not.toContain(word);
  });
});

test("a store that a run opens anew goes on with the same chain", async () => {
  place.export("a", "A,1,好,,10.00,6601");
  await place.run();
  const { rows, head } = verdictOf(place.store.file);
  place.store.close();
  place.store = Store.open(join(place.folder, "store.db"), { create: false, now: () => place.now });
  await place.run();
  expect(verdictOf(place.store.file, head)).toMatchObject({ notedSeq: rows, fault: null });
  expect(verdictOf(place.store.file).rows).toBeGreaterThan(rows);
});
