import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import Database from "better-sqlite3";
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { ProblemError, problem } from "../../src/model/problem.js";
import { DAY_MS, type LetGo } from "../../src/model/retention.js";
import type { RunResult, RunStatus } from "../../src/model/run.js";
import type { Effects } from "../../src/run/effects.js";
import { takeLease } from "../../src/run/lease.js";
import { pruneAfterRun, prunePipeline, wouldLetGo } from "../../src/run/prune.js";
import type { AttemptOutcome } from "../../src/store/attempts.js";
import { Store } from "../../src/store/store.js";

const NOW = Date.parse("2026-11-20T18:00:00.000Z");
const RETENTION = { attemptsMs: 90 * DAY_MS, runsMs: 90 * DAY_MS, plansMs: 90 * DAY_MS, auditMs: null };

let place: Shelf;
beforeEach(() => {
  place = new Shelf();
});
afterEach(() => {
  place.dispose();
});

/** A store with a clock that the test moves, in which days pass quickly. */
class Shelf {
  readonly folder = mkdtempSync(join(tmpdir(), "sync-retention-"));
  readonly file = join(this.folder, "store.db");
  now = NOW;
  readonly store = Store.open(this.file, { create: true, now: () => new Date(this.now) });
  readonly id = this.store.pipelineId("p");
  readonly db = new Database(this.file);

  at(daysAgo: number): string {
    return new Date(this.now - daysAgo * DAY_MS).toISOString();
  }

  run(daysAgo: number, status: RunStatus = "done", more: { kind?: string; posted?: number; pipeline?: string } = {}): number {
    const startedAt = this.at(daysAgo);
    const pipelineId = this.store.pipelineId(more.pipeline ?? "p");
    const { kind = "run", posted = 0 } = more;
    const run = this.store.runs.start({
      pipelineId,
      kind,
      startedAt,
      host: "night",
      pid: 1,
      program: "test",
      fingerprint: "f",
      selection: "s",
    });
    const counts = { read: 0, posted, replaced: 0, reversed: 0 };
    const result = { id: run, pipeline: "p", status, startedAt, endedAt: startedAt, counts, totals: [], problems: [], watermark: null };
    if (status !== "running") this.store.runs.end(result as unknown as RunResult);
    return run;
  }

  attempt(
    document: string,
    outcome: AttemptOutcome | null,
    more: { daysAgo?: number; version?: number; step?: string | null; run?: number; fingerprint?: string; pipeline?: string } = {},
  ): number {
    const { daysAgo = 200, version = 1, step = null, fingerprint = "a" } = more;
    const name = more.pipeline ?? "p";
    const { store } = this;
    const documentId = store.records.ensureDocument(store.pipelineId(name), document);
    const at = this.at(daysAgo);
    const content = step === null ? `content of ${document}` : "";
    const key = { act: "post", version, step, takesOver: null, idempotencyKey: `${name}/${document}/${version}`, fingerprint } as const;
    const id = store.attempts.add({ documentId, ...key, content, runId: more.run ?? this.run(daysAgo, "waiting"), sentAt: at });
    const refusal = outcome === "accepted" ? null : problem("TARGET_REJECTED", "no");
    if (outcome !== null) store.attempts.answer(id, outcome, outcome === "accepted" ? "N1" : null, refusal, at);
    return id;
  }

  posting(document: string, attemptId: number, version = 1): void {
    const documentId = this.store.records.ensureDocument(this.id, document);
    const posted = { documentId, version, attemptId, fingerprint: "a", reference: "N1", runId: 1, postedAt: this.at(200), step: null };
    this.store.postings.add(posted);
  }

  prune(): LetGo {
    const { letGo, isDone } = prunePipeline({ store: this.store, pipeline: "p", retention: RETENTION, effects: this.effects(), mostMs: 0 });
    expect(isDone).toBe(true);
    return letGo;
  }

  ids(table: "attempts" | "runs" | "plans"): unknown[] {
    return this.db.prepare(`SELECT id FROM ${table} ORDER BY id`).pluck().all();
  }

  effects(word = "w"): Effects {
    return {
      now: () => new Date(this.now),
      sleep: async () => undefined,
      every: () => () => undefined,
      signal: new AbortController().signal,
      actor: "test",
      host: "night",
      pid: 4711,
      isAlive: () => true,
      random: () => 0.5,
      randomWord: () => word,
      program: "test",
      onProgress: () => undefined,
    };
  }

  dispose(): void {
    this.db.close();
    this.store.close();
    rmSync(this.folder, { recursive: true, force: true });
  }
}

describe("of what was sent", () => {
  test("tries that were refused go, but for the last of each key", () => {
    const old = [200, 199, 198].map((daysAgo) => place.attempt("A", "rejected", { daysAgo }));
    const other = place.attempt("B", "rejected");
    expect(place.prune().attempts).toBe(2);
    expect(place.ids("attempts")).toEqual([old[2], other]);
  });

  test("a try that was refused lately stays, whatever came after it", () => {
    const kept = [89, 88].map((daysAgo) => place.attempt("A", "rejected", { daysAgo }));
    expect(place.prune().attempts).toBe(0);
    expect(place.ids("attempts")).toEqual(kept);
  });

  test("a later try that never left says nothing of an earlier one that did", () => {
    const refused = place.attempt("A", "rejected");
    const notSent = [199, 198].map((daysAgo) => place.attempt("A", "not sent", { daysAgo }));
    expect(place.prune().attempts).toBe(1);
    expect(place.ids("attempts")).toEqual([refused, notSent[1]]);
  });

  test("steps that were taken go, and the note of the document itself stays with its content", () => {
    const run = place.run(200, "waiting");
    const saved = place.attempt("A", "accepted", { run });
    place.posting("A", saved);
    for (const step of ["submit", "audit"]) place.attempt("A", "accepted", { step, run });
    expect(place.prune().attempts).toBe(2);
    expect(place.ids("attempts")).toEqual([saved]);
    expect(place.store.attempts.contentOf("p/A/1")).toBe("content of A");
    expect(place.store.attempts.standingOf(place.id, "p/A/1")).toBe("accepted");
  });

  test("of another pipeline nothing goes", () => {
    for (const daysAgo of [200, 199]) place.attempt("A", "rejected", { daysAgo, pipeline: "q" });
    place.run(200, "done", { pipeline: "q" });
    place.run(199, "done", { pipeline: "q" });
    expect(place.prune()).toEqual({ attempts: 0, runs: 0, plans: 0 });
  });

  const outcomes = fc.constantFrom<AttemptOutcome | null>(
    "accepted",
    "rejected",
    "unconfirmed",
    "absent",
    "conflict",
    "set aside",
    "not sent",
    null,
  );
  const history = fc.array(
    fc.record({
      document: fc.constantFrom("A", "B"),
      outcome: outcomes,
      version: fc.integer({ min: 1, max: 3 }),
      fingerprint: fc.constantFrom("a", "b"),
      step: fc.constantFrom(null, null, "audit"),
    }),
    { minLength: 1, maxLength: 12 },
  );

  test("whatever happened, what posting asks for is answered as before", () => {
    fc.assert(
      fc.property(history, (attempts) => {
        const shelf = new Shelf();
        try {
          const run = shelf.run(200);
          const saved = new Set<string>();
          for (const { document, ...each } of attempts) {
            const key = `${document}/${each.version}`;
            if (each.outcome === "accepted" && each.step === null) saved.add(key);
            // A step is only taken of what was saved.
            if (each.step === null || saved.has(key)) shelf.attempt(document, each.outcome, { ...each, run });
          }
          const { store, id } = shelf;
          const answers = (): unknown =>
            ["A", "B"].map((document) => {
              const documentId = store.records.ensureDocument(id, document);
              return {
                next: ["a", "b", "c"].map((fingerprint) => store.attempts.nextVersion(documentId, fingerprint)),
                conflict: store.attempts.conflictOf(documentId),
                isOpen: store.attempts.isOpen(documentId),
                keys: [1, 2, 3].map((version) => {
                  const key = `p/${document}/${version}`;
                  return [
                    store.attempts.standingOf(id, key),
                    store.attempts.contentOf(key),
                    Math.min(1, store.attempts.countSent(id, key)),
                    store.attempts.openFor(documentId, version, "post"),
                  ];
                }),
              };
            });
          const before = JSON.stringify([answers(), store.attempts.open(id), store.attempts.unresolved(id)]);
          shelf.prune();
          expect(JSON.stringify([answers(), store.attempts.open(id), store.attempts.unresolved(id)])).toBe(before);
        } finally {
          shelf.dispose();
        }
      }),
      { numRuns: 40, seed: 1 },
    );
  });
});

describe("of runs", () => {
  test("those that sent nothing go, but for the newest of each kind and outcome", () => {
    for (const daysAgo of [300, 299, 298]) place.run(daysAgo);
    const newest = place.run(297);
    place.run(296, "failed");
    const failed = place.run(295, "failed");
    const planned = place.run(294, "done", { kind: "plan" });
    expect(place.prune().runs).toBe(4);
    expect(place.ids("runs")).toEqual([newest, failed, planned]);
    expect(place.store.runs.lastComplete(place.id)).toBe(newest);
  });

  test("one that sent something, posted last or took something last from the source stays", () => {
    const sent = place.run(300);
    place.attempt("A", "absent", { run: sent });
    const posted = place.run(299, "done", { posted: 3 });
    const took = place.run(298);
    place.store.units.markRead(place.store.units.idOf(place.id, "a.csv"), "f", "r", 1, took);
    place.run(297);
    const newest = place.run(1);
    expect(place.prune().runs).toBe(1);
    expect(place.ids("runs")).toEqual([sent, posted, took, newest]);
    expect(place.store.runs.lastPosting(place.id)?.id).toBe(posted);
    expect(place.store.units.lastTakenIn(place.id)).toBe(took);
  });

  test("one goes with the last try that it made", () => {
    const first = place.run(300, "waiting");
    place.attempt("A", "rejected", { run: first });
    const last = place.run(299, "waiting");
    place.attempt("A", "rejected", { run: last });
    expect(place.prune()).toMatchObject({ attempts: 1, runs: 1 });
    expect(place.ids("runs")).toEqual([last]);
  });
});

describe("of plans", () => {
  const save = (id: string, daysAgo: number): void => {
    const made = { id, hash: "h", file: `${id}.plan`, sends: 1, madeAt: place.at(daysAgo), madeBy: "li.na" };
    place.store.plans.add(place.id, { ...made, madeIn: place.run(daysAgo, "done", { kind: "plan" }) });
    place.store.plans.approve(id, `line of ${id}`);
  };

  test("the newest stays, however old, and one that went is no longer known", () => {
    for (const [id, daysAgo] of [
      ["a", 300],
      ["b", 200],
      ["c", 100],
    ] as const)
      save(id, daysAgo);
    expect(place.prune().plans).toBe(2);
    expect(place.ids("plans")).toEqual(["c"]);
    expect(place.store.plans.get("a")).toBeNull();
    expect(place.store.plans.isApproved("a", "line of a")).toBe(false);
    expect(place.store.plans.isApproved("c", "line of c")).toBe(true);
  });
});

describe("pruning", () => {
  const request = (): Parameters<typeof pruneAfterRun>[0] => ({
    store: place.store,
    pipeline: "p",
    retention: RETENTION,
    effects: place.effects("another"),
  });

  test("is tried without a trace", () => {
    for (const daysAgo of [200, 199, 198]) place.attempt("A", "rejected", { daysAgo });
    const before = [place.ids("attempts"), place.ids("runs")];
    expect(wouldLetGo(place.store, "p", RETENTION, new Date(place.now))).toEqual({ attempts: 2, runs: 2, plans: 0 });
    expect([place.ids("attempts"), place.ids("runs")]).toEqual(before);
    expect(place.prune()).toEqual({ attempts: 2, runs: 2, plans: 0 });
  });

  test("waits while a run is at work, and after a run that is no fault", () => {
    place.attempt("A", "rejected");
    const lease = takeLease(place.store, "p", place.effects("a run"));
    expect(() => place.prune()).toThrow(ProblemError);
    expect(pruneAfterRun(request())).toBeNull();
    lease.release();
    expect(pruneAfterRun(request())).toMatchObject({ isDone: true });
  });

  test("is done by a run once a day", () => {
    expect(pruneAfterRun(request())).not.toBeNull();
    place.now += 23 * 3_600_000;
    expect(pruneAfterRun(request())).toBeNull();
    place.now += 2 * 3_600_000;
    expect(pruneAfterRun(request())).not.toBeNull();
  });

  test("is done again after a clock that was far ahead has been set right", () => {
    place.now += 400 * DAY_MS;
    expect(pruneAfterRun(request())).not.toBeNull();
    place.now = NOW;
    expect(pruneAfterRun(request())).not.toBeNull();
  });

  test("keeps all where it is told to", () => {
    for (const daysAgo of [900, 899]) place.attempt("A", "rejected", { daysAgo });
    const never = { attemptsMs: null, runsMs: null, plansMs: null, auditMs: null };
    expect(wouldLetGo(place.store, "p", never, new Date(place.now))).toEqual({ attempts: 0, runs: 0, plans: 0 });
  });
});

test("a store in which documents are refused every night for years stays as large as it was", () => {
  const written = Reflect.get(place.store, "db") as Database.Database;
  written.pragma("synchronous = OFF");
  const retention = { ...RETENTION, attemptsMs: 9 * DAY_MS, runsMs: 9 * DAY_MS };
  const night = (): void => {
    place.now += DAY_MS;
    place.store.transaction(() => {
      const run = place.run(0, "waiting");
      for (let n = 0; n < 3; n += 1) place.run(0);
      for (let n = 0; n < 10; n += 1) place.attempt(`D${n}`, "rejected", { daysAgo: 0, run });
    });
    pruneAfterRun({ store: place.store, pipeline: "p", retention, effects: place.effects() });
  };
  // The audit log tells of every deed and is added to for ever; what it takes is in docs/keeping.md.
  const bytes = (): number => place.db.prepare("SELECT sum(pgsize) FROM dbstat WHERE name <> 'audit'").pluck().get() as number;
  for (let n = 0; n < 30; n += 1) night();
  const early = bytes();
  for (let n = 0; n < 470; n += 1) night();
  expect(place.ids("runs").length).toBeLessThan(50);
  expect(bytes()).toBeLessThanOrEqual(early * 1.2);
});
