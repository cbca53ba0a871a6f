import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { Document } from "../../src/model/document.js";
import { ProblemError, problem } from "../../src/model/problem.js";
import type { Reconciliation } from "../../src/model/reconciliation.js";
import { kinds, told } from "./reconcile-office.js";
import type { SimEntry } from "./sim-target.js";
import { Workplace } from "./workplace.js";

let place: Workplace;
beforeEach(() => {
  place = new Workplace();
  place.target.lists = true;
  place.target.reads = true;
});
afterEach(() => place.dispose());

async function post(...rows: string[]): Promise<void> {
  place.export("a", ...rows);
  await place.run();
  place.minutesPass(10);
}

function edit(change: (document: Document) => Document, at = 0): void {
  const entry = place.target.entries[at] as SimEntry;
  entry.document = change(entry.document);
}

const dearer = (document: Document): Document => ({ ...document, lines: document.lines.map((line) => ({ ...line, amountMinor: 900n })) });
const sums = ({ accounts }: Reconciliation): string[] =>
  accounts.map(({ account, sourceMinor, oursMinor, targetMinor, waitingMinor, agrees }) =>
    [account, sourceMinor, oursMinor, targetMinor, waitingMinor, agrees ? "agrees" : "differs"].join(" "),
  );

describe("a target that is read", () => {
  test("agrees, and what a person did there is found", async () => {
    await post("A,1,好,,10.00,6601", "B,1,好,,7.00,6601");
    expect(await place.reconcile()).toMatchObject({
      verdict: "agree",
      targetRead: { presence: "list", content: "read" },
      counts: { agreed: 2 },
    });
    edit(dearer);
    const { document, key } = place.target.entries[1] as SimEntry;
    place.target.entries.push({ reference: "H-1", key: `${key}/by hand`, fingerprint: "", document, reverses: "S-2", step: 0 });
    const result = await place.reconcile();
    expect(told(result)).toEqual([
      "A different amount, ours – target: S-1: without `debit 6601 10.00 报销 A`, without `credit 2241 10.00 报销 A`, with `debit 6601 9.00 报销 A`, with `credit 2241 9.00 报销 A`",
      "B missing, ours – target: posted as S-2, and it was cancelled in the target by H-1",
    ]);
    expect(sums(result)).toEqual(["2241 -1700 -1700 -900 0 differs", "6601 1700 1700 900 0 differs"]);
  });

  test("is asked about what it takes in one call, and about the month only", async () => {
    place.day = true;
    place.date = '${日期 ?? date(\\"2026-01-01\\")}';
    const day = (n: number): string => `2026-1${n % 2}-0${1 + (n % 9)}`;
    await post(...Array.from({ length: 60 }, (_, n) => `D${n},1,好,,10.00,6601,${day(n)}`));
    const calls: number[] = [];
    const read = place.target.read?.bind(place.target);
    place.target.read = async (postings) => {
      calls.push(postings.length);
      return (await read?.(postings)) ?? [];
    };
    expect((await place.reconcile()).verdict).toBe("agree");
    expect(calls).toEqual([10, 10, 10, 10, 10, 10]);
    calls.length = 0;
    expect(await place.reconcile("2026-11")).toMatchObject({ verdict: "agree", counts: { source: 30, ours: 30, target: 30, agreed: 30 } });
    expect(calls).toEqual([10, 10, 10]);
  });

  test("one document that cannot be read does not hide the others, and keeps the whole from agreeing", async () => {
    await post("A,1,好,,10.00,6601", "B,1,好,,7.00,6601", "C,1,好,,7.00,6601");
    const read = place.target.read?.bind(place.target);
    place.target.read = async (postings) => {
      if (postings.some(({ documentKey }) => documentKey === "B"))
        throw new ProblemError(problem("TARGET_UNAVAILABLE", "no answer about B"));
      return (await read?.(postings)) ?? [];
    };
    edit(dearer, 2);
    expect(kinds(await place.reconcile())).toEqual(["C different amount"]);
    edit((document) => ({ ...document, lines: document.lines.map((line) => ({ ...line, amountMinor: 700n })) }), 2);
    const result = await place.reconcile();
    expect(result).toMatchObject({ verdict: "incomplete", problems: [{ code: "RECONCILE_INCOMPLETE" }], counts: { agreed: 2 } });
    expect(result.problems[0]?.message).toBe("1 document could not be read in the target: no answer about B");
  });

  test("what was posted a moment ago and is not shown yet waits", async () => {
    place.export("a", "A,1,好,,10.00,6601");
    await place.run();
    const hidden = place.target.entries.splice(0);
    const result = await place.reconcile();
    expect(result).toMatchObject({ verdict: "agree, items wait", findings: [], open: [{ key: "A", status: "not shown yet" }] });
    expect(sums(result)).toEqual(["2241 -1000 -1000 0 -1000 agrees", "6601 1000 1000 0 1000 agrees"]);
    place.minutesPass(10);
    expect(kinds(await place.reconcile())).toEqual(["A missing"]);
    place.target.entries.push(...hidden);
    expect((await place.reconcile()).verdict).toBe("agree");
  });

  test("the same key twice is booked twice, with what the second one comes to", async () => {
    await post("A,1,好,,10.00,6601");
    const [first] = place.target.entries as [SimEntry];
    place.target.entries.push({ ...first, reference: "S-9" });
    const result = await place.reconcile();
    expect(told(result)).toEqual([
      "A booked twice, ours – target: the target holds it once more as S-9, beside S-1, under the same key `p/A/1`",
    ]);
    expect(result.findings[0]).toMatchObject({ sourceMinor: 1000n, oursMinor: 1000n, targetMinor: 2000n });
    expect(sums(result)[1]).toBe("6601 1000 1000 2000 0 differs");
  });
});

describe("a document that was reversed and posted anew", () => {
  beforeEach(async () => {
    await post("A,1,好,,10.00,6601");
    place.export("b", "A,1,好,,12.00,6601");
    await place.run();
    place.minutesPass(10);
  });

  test("agrees where the target does not tell what a reversal holds, and is missing where only the reversal is left", async () => {
    for (const tells of [true, false]) {
      place.target.tellsContent = tells;
      const result = await place.reconcile();
      expect(result).toMatchObject({ verdict: "agree", counts: { agreed: 1 } });
      expect(sums(result)[1]).toBe("6601 1200 1200 1200 0 agrees");
    }
    place.target.entries.splice(0, 1);
    const result = await place.reconcile();
    expect(told(result)).toEqual(["A missing, ours – target: the target holds the reversal S-2 of what it does not hold"]);
    expect(sums(result)[1]).toBe("6601 1200 1200 200 0 differs");
  });

  test("agrees where a person booked the reversal, and is booked twice where nobody did", async () => {
    const [, red] = place.target.entries as [SimEntry, SimEntry];
    red.key = "by hand";
    expect((await place.reconcile()).verdict).toBe("agree");
    place.target.entries.splice(1, 1);
    expect(told(await place.reconcile())).toEqual([
      "A booked twice, ours – target: S-1 was cancelled by S-2, as we noted, and is in force in the target, beside S-3",
    ]);
  });
});

describe("an answer that was lost", () => {
  test("is in doubt, whether the document arrived or not", async () => {
    place.target.traits = { ...place.target.traits, quietMs: 3_600_000 };
    place.target.faults.set("A", ["answer lost"]);
    place.target.faults.set("B", ["request lost"]);
    const lookup = place.target.lookup.bind(place.target);
    place.target.lookup = async () => null;
    place.export("a", "A,1,好,,10.00,6601", "B,1,好,,7.00,6601");
    await place.run();
    place.target.lookup = lookup;
    const result = await place.reconcile();
    expect(result).toMatchObject({ verdict: "in doubt", findings: [] });
    expect(result.open.map(({ key, status, targetMinor }) => [key, status, targetMinor])).toEqual([
      ["A", "in doubt", 1000n],
      ["B", "in doubt", null],
    ]);
    expect(sums(result)).toEqual(["2241 -1700 0 -1000 -700 agrees", "6601 1700 0 1000 700 agrees"]);
  });
});

describe("targets that cannot tell everything", () => {
  test("one that only finds by key: what is not there is found, and the rest is said not to be compared", async () => {
    place.dispose();
    place = new Workplace();
    await post("A,1,好,,10.00,6601", "B,1,好,,7.00,6601");
    const sound = await place.reconcile();
    expect(sound).toMatchObject({ verdict: "incomplete", findings: [], targetRead: { presence: "lookup", content: "none" } });
    expect(sound.problems.map(({ code, message }) => [code, message.slice(0, 40)])).toEqual([
      ["RECONCILE_INCOMPLETE", "`there` does not list what it holds: wha"],
      ["RECONCILE_INCOMPLETE", "`there` does not tell with what content "],
    ]);
    expect(sums(sound)[0]).toBe("2241 -1700 -1700  0 agrees");
    place.target.entries.splice(0, 1);
    expect(kinds(await place.reconcile())).toEqual(["A missing"]);
  });

  test("one that lists without content: extra and twice are found, amounts are not compared", async () => {
    place.dispose();
    place = new Workplace();
    place.target.lists = true;
    place.target.tellsContent = false;
    await post("A,1,好,,10.00,6601");
    const [first] = place.target.entries as [SimEntry];
    place.target.entries.push({ ...first, key: "p/A/5", reference: "S-9" });
    const result = await place.reconcile();
    expect(kinds(result)).toEqual(["A booked twice"]);
    expect(result.problems).toMatchObject([{ code: "RECONCILE_INCOMPLETE" }]);
  });

  test("one that cannot be asked at all", async () => {
    place.dispose();
    place = new Workplace();
    place.target.traits = { ...place.target.traits, searchable: false };
    await post("A,1,好,,10.00,6601");
    const result = await place.reconcile();
    expect(result).toMatchObject({ verdict: "incomplete", targetRead: { presence: "none" }, counts: { source: 1, ours: 1 } });
    expect(result.problems[0]?.message).toContain("can neither list nor read nor look up");
  });
});

test("what waits for an approved plan waits, and is no difference", async () => {
  await post("A,1,好,,10.00,6601");
  place.write(
    "sync.yaml",
    "store: store.db\ntimeZone: Asia/Shanghai\nconnections:\n  there: { connector: sim }\napprovers: { li.na: {} }\n",
  );
  place.extra = "approval: { by: [li.na] }";
  await post("A,1,好,,10.00,6601", "B,1,好,,7.00,6601");
  const result = await place.reconcile();
  expect(result).toMatchObject({ verdict: "agree, items wait", findings: [], counts: { agreed: 1 } });
  expect(result.open.map(({ key, problem: { code } }) => `${key} ${code}`)).toEqual(["B PLAN_NOT_APPROVED"]);
});

describe("documents without lines", () => {
  beforeEach(async () => {
    place.document = `document:\n  type: entity\n  key: \${单号}\n  header: { kind: department, code: "\${单号}", name: "\${科目}" }`;
    place.source.key = "[单号]";
    place.target.updates = true;
    // What has no lines is written over where it stands, whether or not it is a draft.
    place.target.update = async (items) =>
      items.map(({ posting, document, idempotencyKey: key, fingerprint }) => {
        const entry = place.target.entries.find((each) => each.key === posting.idempotencyKey) as SimEntry;
        Object.assign(entry, { document, key, fingerprint });
        return { kind: "created", reference: entry.reference, fingerprint };
      });
    await post("D01,1,好,,0,Sales", "D02,1,好,,0,Service");
  });

  test("are compared by their fields, without accounts", async () => {
    expect(await place.reconcile()).toMatchObject({ verdict: "agree", accounts: [], counts: { agreed: 2 } });
    edit((document) => ({ ...document, fields: { ...document.fields, name: "Sold" } }));
    expect(told(await place.reconcile())).toEqual(["D01 changed since, ours – target: S-1: name `Sales` → `Sold`"]);
  });

  test("belong to no month", async () => {
    await expect(place.reconcile("2026-11")).rejects.toThrow(/USAGE: documents of type `entity` have no date/);
  });

  test("that were written over agree under their new version", async () => {
    place.export("b", "D01,1,好,,0,Sales and service", "D02,1,好,,0,Service");
    await place.run();
    place.minutesPass(10);
    expect(await place.reconcile()).toMatchObject({ verdict: "agree", findings: [] });
  });
});

describe("one document for many", () => {
  beforeEach(async () => {
    place.documentKey = "日报";
    place.text = "日报";
    place.documentExtra = "batch: ${单号}";
    await post("A,1,好,,10.00,6601", "B,1,好,,7.00,6601");
    place.export("b", "A,1,好,,12.50,6601", "B,1,好,,7.00,6602", "C,1,好,,3.00,6601");
    await place.run();
    place.minutesPass(10);
  });

  test("agrees over the batch, its supplement and its difference together", async () => {
    expect(place.target.entries).toHaveLength(3);
    const result = await place.reconcile();
    expect(result).toMatchObject({ verdict: "agree", counts: { source: 1, ours: 1, target: 1, agreed: 1 } });
    expect(sums(result)).toEqual(["2241 -2250 -2250 -2250 0 agrees", "6601 1550 1550 1550 0 agrees", "6602 700 700 700 0 agrees"]);
  });

  test("of which one part is gone, or differs, is found", async () => {
    edit(dearer, 1);
    expect(kinds(await place.reconcile())).toEqual(["日报 different amount"]);
    place.target.entries.splice(1, 1);
    const gone = await place.reconcile();
    expect(kinds(gone)).toEqual(["日报 missing"]);
    expect(sums(gone).filter((row) => row.endsWith("differs")).length).toBeGreaterThan(0);
  });

  test("whose members changed since, or wait, is found", async () => {
    place.export("c", "A,1,好,,13.00,6601");
    await place.run({ kind: "plan" });
    const changed = await place.reconcile();
    expect(told(changed)).toEqual([
      expect.stringMatching(/^日报 changed since, source – ours: .*the source now wants: .*6601 `15\.50` → `16\.00`/),
    ]);
    await place.run();
    place.minutesPass(10);
    place.export("d", "E,1,好,,zehn,6601");
    await place.run();
    const waiting = await place.reconcile();
    expect(waiting).toMatchObject({ verdict: "agree, items wait", open: [{ key: "日报", status: "waiting" }] });
    expect(waiting.open[0]?.problem.message).toContain("1 of its 4 members cannot be booked");
  });
});

describe("drafts", () => {
  beforeEach(() => {
    place.target.steps = ["save", "audit"];
  });

  test("one that did not get through all steps waits, and is no booking on any side", async () => {
    place.target.faults.set("A/audit", ["rejected"]);
    await post("A,1,好,,10.00,6601", "B,1,好,,7.00,6601");
    const result = await place.reconcile();
    expect(result).toMatchObject({
      verdict: "agree, items wait",
      findings: [],
      open: [{ key: "A", status: "draft", problem: { code: "TARGET_REJECTED" } }],
    });
    expect(sums(result)).toEqual(["2241 -1700 -700 -700 -1000 agrees", "6601 1700 700 700 1000 agrees"]);
    await place.run();
    place.minutesPass(10);
    expect((await place.reconcile()).verdict).toBe("agree");
  });

  test("a document that a person took back to a draft is found", async () => {
    await post("A,1,好,,10.00,6601");
    (place.target.entries[0] as SimEntry).step = 0;
    expect(told(await place.reconcile())).toEqual([
      "A changed since, ours – target: posted as S-1 through all steps, and in the target it stands at `save` again",
    ]);
  });
});

describe("a store that was rebuilt", () => {
  test("without the contents takes them from what is wanted, and agrees", async () => {
    await post("A,1,好,,10.00,6601");
    place.target.tellsContent = false;
    place.store.close();
    place.forgetStore();
    await place.run({ kind: "recover" });
    await place.run();
    place.minutesPass(10);
    expect((await place.reconcile()).verdict).toBe("agree");
    edit(dearer);
    expect(kinds(await place.reconcile())).toEqual(["A different amount"]);
  });

  test("and has no records of a document says that nobody can tell what is wanted", async () => {
    await post("A,1,好,,10.00,6601", "B,1,好,,7.00,6601");
    place.store.close();
    place.forgetStore();
    place.export("a", "A,1,好,,10.00,6601");
    await place.run({ kind: "recover" });
    await place.run();
    place.minutesPass(10);
    expect(told(await place.reconcile())).toEqual([
      "B extra, source – ours: posted as S-2, and the store has no records of it: nobody can tell what the source wants",
    ]);
  });

  test("and does not know what the target holds finds it, although the source wants it", async () => {
    await post("A,1,好,,10.00,6601", "B,1,好,,7.00,6601");
    place.store.close();
    place.forgetStore();
    await place.run({ kind: "plan" });
    const result = await place.reconcile();
    expect(kinds(result)).toEqual(["A extra", "B extra"]);
    expect(result.findings[0]?.about).toContain("which the store does not know");
  });
});

test("a change that is held because the document was edited in the target is a difference that names its place on the list", async () => {
  await post("A,1,好,,10.00,6601");
  edit(dearer);
  place.export("b", "A,1,好,,12.00,6601");
  await place.run();
  const result = await place.reconcile();
  expect(result).toMatchObject({ verdict: "differ", findings: [{ kind: "different amount", listed: { code: "TARGET_EDITED" } }] });
  expect(sums(result)[1]).toBe("6601 1200 1000 900 200 differs");
});
