import { join } from "node:path";
import stringWidth from "string-width";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { limboOf, type Money } from "../../src/cli/limbo.js";
import { renderStatus } from "../../src/cli/render/status.js";
import { renderStory } from "../../src/cli/render/story.js";
import { type LeaseStanding, standingOf } from "../../src/cli/standing.js";
import { type Story, storyOf } from "../../src/cli/story.js";
import { AuditLog } from "../../src/store/audit-log.js";
import { Workplace } from "../run/workplace.js";

let place: Workplace;
beforeEach(() => {
  place = new Workplace();
});
afterEach(() => {
  place.dispose();
});

const told = (money: Money): string[] => [
  ...money.byCurrency().map(({ currency, amountMinor, items }) => `${items}: ${amountMinor} ${currency}`),
  ...(money.unknown > 0 ? [`${money.unknown}: unknown`] : []),
  ...(money.unbuilt > 0 ? [`${money.unbuilt}: not built`] : []),
];

async function limbo(mostBuilt?: number): Promise<Record<"inDoubt" | "waiting" | "unsent", string[]>> {
  const id = place.store.pipelineId("p");
  const found = limboOf(place.store, id, await place.load(), place.store.quarantine.list(id), mostBuilt);
  return { inDoubt: told(found.inDoubt), waiting: told(found.waiting), unsent: told(found.unsent) };
}

describe("money in limbo", () => {
  test("is what was sent without an answer, and what waits, to the cent; what cannot be built is counted", async () => {
    place.target.traits = { ...place.target.traits, quietMs: 10 * 60_000 };
    place.target.faults.set("A", ["request lost"]);
    place.target.faults.set("B", ["rejected"]);
    place.export(
      "a",
      "A,1,好,,10.00,6601",
      "A,2,好,,0.05,6601",
      "B,1,好,,7.10,6601",
      "C,1,好,,1.00,6601",
      "D,1,好,,x,6601",
      "E,1,好,,y,6601",
    );
    expect((await place.run()).result.status).toBe("in-doubt");
    expect(await limbo()).toEqual({ inDoubt: ["1: 1005 CNY"], waiting: ["1: 710 CNY", "2: unknown"], unsent: [] });
  });

  test("does not cancel: a refund that waits is as much in limbo as a claim", async () => {
    for (const key of ["A", "B"]) place.target.faults.set(key, ["rejected"]);
    place.export("a", "A,1,好,,10.00,6601", "B,1,好,,-10.00,6601");
    await place.run();
    expect(await limbo()).toEqual({ inDoubt: [], waiting: ["2: 2000 CNY"], unsent: [] });
  });

  test("of a document that changed, what it was to become; of one that is no longer wanted, what stands there", async () => {
    place.targetExtra = "  changed: hold\n  gone: hold";
    place.export("a", "A,1,好,,10.00,6601", "B,1,好,,3.00,6601");
    await place.run();
    place.export("b", "A,1,好,,12.50,6601", "B,1,废,,3.00,6601");
    await place.run();
    expect(await limbo()).toEqual({ inDoubt: [], waiting: ["2: 1550 CNY"], unsent: [] });
  });

  test("a run that a threshold stopped leaves what it did not send", async () => {
    place.extra = "stop_when: { quarantined: 1 }";
    place.export("a", "A,1,好,,x,6601", "B,1,好,,y,6601", "C,1,好,,1.00,6601", "D,1,废,,2.00,6601", "E,1,好,,4.00,6601");
    expect((await place.run()).result.status).toBe("threshold");
    expect(await limbo()).toEqual({ inDoubt: [], waiting: ["2: unknown"], unsent: ["2: 500 CNY"] });
    // A store that waits for its first posting may hold a million documents.
    expect(await limbo(1)).toEqual({ inDoubt: [], waiting: ["1: unknown", "1: not built"], unsent: ["1: 100 CNY", "1: not built"] });
  });

  test("without the file of its pipeline nothing can be built, and what is in doubt is known all the same", async () => {
    place.target.traits = { ...place.target.traits, quietMs: 10 * 60_000 };
    place.target.faults.set("A", ["request lost"]);
    place.target.faults.set("B", ["rejected"]);
    place.export("a", "A,1,好,,10.00,6601", "B,1,好,,7.10,6601");
    await place.run();
    const id = place.store.pipelineId("p");
    const found = limboOf(place.store, id, null, place.store.quarantine.list(id));
    expect([told(found.inDoubt), told(found.waiting)]).toEqual([["1: 1000 CNY"], ["1: unknown"]]);
  });
});

function story(run: number, limit = 20): Story {
  const found = place.store.runs.get(run);
  if (found === null) throw new Error(`no run ${run}`);
  const log = AuditLog.open(join(place.folder, "store.db"));
  try {
    return storyOf(found, { store: place.store, log, limit, isHeld: false });
  } finally {
    log.close();
  }
}

const text = (run: number): string =>
  renderStory(story(run), { color: false, language: "en", columns: 80, now: place.now, mask: (each) => each.replaceAll("says no", "***") });

describe("the story of a run", () => {
  test("what was posted, replaced and reversed, refused and lost, with the target's numbers and words", async () => {
    place.export("a", "A,1,好,,10.00,6601", "B,1,好,,7.00,6601", "C,1,好,,5.00,6601");
    await place.run();
    place.minutesPass(60);
    place.target.faults.set("D", ["answer lost"]);
    place.target.faults.set("E", ["rejected"]);
    place.export("b", "A,1,好,,12.00,6601", "B,1,废,,7.00,6601", "D,1,好,,1.25,6601", "E,1,好,,9.00,6601");
    await place.run({ full: true });
    const second = text(2);
    expect(second).toContain(
      "started  2026-11-20 19:00:00 UTC, by test: sync run --full\n           process 4711 on night, version test\n",
    );
    expect(second).toContain("ended    2026-11-20 19:00:00 UTC, after 0.0 s, exit code 3\n");
    expect(second).toMatch(/taken from the source: 2\n {2}exports\/a\.csv {2}3 records\n {2}exports\/b\.csv {2}4 records\n/);
    const [a, b, d] = story(2).done.shown;
    expect(a).toMatchObject({ document: "A", deed: "replaced", amountMinor: 1200n, currency: "CNY", wasLost: false, draft: null });
    expect(second).toContain(`  A  replaced  ${a?.reference}  12.00  CNY\n    the one before cancelled by ${a?.reversal}\n`);
    expect(b).toMatchObject({ document: "B", deed: "reversed", amountMinor: 700n, reversal: null });
    expect(d).toMatchObject({ document: "D", deed: "posted", amountMinor: 125n, wasLost: true });
    expect(second).toContain("    the answer was lost, and the target was found to have it\n");
    expect(second).toContain("refused, or not sent: 1\n  E  rejected\n    TARGET_REJECTED: the simulated target ***\n");
    expect(second).toMatch(/answers that were lost: 1\n {2}D {2}unconfirmed\n(.*\n)? {4}found in the target since\n/);
    expect(second).toContain("what waits now, by cause\n  1  TARGET_REJECTED: the simulated target ***\n");
    expect(text(1)).toContain("in the target: 3\n");
    for (const line of second.split("\n")) expect(stringWidth(line), line).toBeLessThanOrEqual(80);
  });

  test("an answer that stays unknown is told as that, and by a later run what became of it", async () => {
    place.target.traits = { ...place.target.traits, searchable: false };
    place.target.faults.set("A", ["answer lost"]);
    place.export("a", "A,1,好,,10.00,6601");
    await place.run();
    expect(story(1)).toMatchObject({
      state: "in-doubt",
      lost: { total: 1, shown: [{ document: "A", now: "in doubt" }] },
      done: { total: 0 },
    });
    expect(text(1)).toContain("still unknown; the next run asks the target");
    place.target.traits = { ...place.target.traits, searchable: true };
    place.minutesPass(60);
    await place.run();
    expect(story(1).lost.shown[0]).toMatchObject({ document: "A", now: "accepted" });
    expect(story(2).done.shown[0]).toMatchObject({ document: "A", deed: "posted", wasLost: true, amountMinor: 1000n });
  });

  test("what was on its way when a run died, before and after the next one found it", async () => {
    place.target.faults.set("B", ["crash after"]);
    place.export("a", "A,1,好,,10.00,6601", "B,1,好,,1.00,6601");
    await expect(place.run()).rejects.toThrow("power cut");
    expect(story(1).unanswered).toMatchObject({
      total: 2,
      shown: [
        { document: "A", now: "in doubt" },
        { document: "B", now: "in doubt" },
      ],
    });
    place.minutesPass(5);
    await place.run();
    expect(story(1).unanswered.shown.map(({ document, now }) => `${document} ${now}`)).toEqual(["A accepted", "B accepted"]);
    expect(text(1)).toContain("on its way when the run died: 2\n");
    expect(story(2)).toMatchObject({ unanswered: { total: 0 }, done: { total: 2, shown: [{ wasLost: true }, { wasLost: true }] } });
  });

  test("a run without an end is under way, or was killed", async () => {
    const id = place.store.pipelineId("p");
    const { pipeline: _, ...row } = {
      pipeline: "p",
      pipelineId: id,
      kind: "run",
      startedAt: place.now.toISOString(),
      host: "night",
      pid: 4711,
    };
    place.store.runs.start({ ...row, program: "test", fingerprint: "", selection: "" });
    place.minutesPass(10);
    expect(text(1)).toContain("p\nrun 1: killed\n");
    expect(text(1)).toContain("it was killed: it never wrote its end, and the next run goes on from there");
    const log = AuditLog.open(join(place.folder, "store.db"));
    const found = place.store.runs.get(1);
    if (found === null) throw new Error("no run");
    expect(storyOf(found, { store: place.store, log, limit: 5, isHeld: true }).state).toBe("running");
    log.close();
  });

  test("long lists are folded, and everything is counted", async () => {
    place.export("a", ...Array.from({ length: 30 }, (__, index) => `K${index},1,好,,1.00,6601`));
    await place.run();
    expect(story(1, 4).done).toMatchObject({ total: 30, shown: [{}, {}, {}, {}] });
    expect(text(1)).toContain("  … and 10 more; show them with --limit 30\n");
  });
});

describe("status", () => {
  const around = (leases: readonly LeaseStanding[] = []) => ({
    store: place.store,
    now: place.now,
    timeZone: "Asia/Shanghai",
    leases,
    coming: () => null,
  });

  test("the lag is the age of the watermark where that is a time, days counted in the project's zone", async () => {
    place.source.cursor = "cursor: { field: 更新, overlap: 1d }";
    place.export("a", "A,1,好,2026-11-20T20:00:00+08:00,10.00,6601");
    await place.run();
    place.now = new Date("2026-11-20T20:00:00.000Z");
    const { lag, watermark } = standingOf("p", await place.load(), around());
    expect(watermark).toBe("2026-11-20T12:00:00.000Z");
    expect(lag).toEqual({
      readAt: "2026-11-20T18:00:00.000Z",
      newest: { at: "2026-11-20T12:00:00.000Z", is: "watermark" },
      ms: 8 * 3_600_000,
    });
  });

  test("a failed run is told with its reason; a plan made since does not hide it", async () => {
    place.extra = "stop_when: { quarantined: 1 }";
    place.export("a", "A,1,好,,x,6601", "B,1,好,,y,6601");
    await place.run();
    place.extra = "";
    await place.run({ kind: "plan" });
    const standing = standingOf("p", await place.load(), around());
    expect(standing.last).toMatchObject({ id: 1, state: "threshold" });
    const screen = renderStatus(
      { project: "here", store: "", at: place.now, standings: [standing], leases: [], problems: [] },
      { color: false, language: "en", columns: 80, rows: 24, pathOf: (file) => file },
    );
    expect(screen).toMatch(/did not do all its work\n {2}p {2}RUN_THRESHOLD: /);
  });

  test("pipelines where all is done are folded when the screen is too short", async () => {
    place.export("a", "A,1,好,,1.00,6601");
    await place.run();
    const quiet = standingOf("p", await place.load(), around());
    const standings = Array.from({ length: 30 }, (__, index) => ({ ...quiet, pipeline: `p${index}`, waiting: index === 7 ? 1 : 0 }));
    const whole = { project: "here", store: "", at: place.now, standings, leases: [], problems: [] };
    const options = { color: true, language: "en", columns: 80, pathOf: (file: string) => file } as const;
    const screen = renderStatus(whole, { ...options, rows: 24 });
    expect(screen.split("\n").length).toBeLessThan(24);
    expect(screen).toContain("p7");
    expect(screen).toContain("… and 29 more, where all is done: sync status --all\n");
    expect(screen).toContain("\u001b[32mdone\u001b[39m");
    expect(renderStatus(whole, { ...options, rows: null })).toContain("p29");
  });
});
