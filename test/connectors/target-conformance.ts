import { afterEach, describe, expect, test } from "vitest";
import type { PostItem, Target } from "../../src/connectors/contract.js";
import { type Document, fingerprintOf } from "../../src/model/document.js";
import { idempotencyKey, type Posting, type PostOutcome } from "../../src/model/posting.js";

export interface TargetUnderTest {
  /** Opens the same system again, as the next run would. */
  readonly open: () => Target | Promise<Target>;
  /** A document the system takes; another key gives another document. */
  readonly document: (key: string) => Document;
  /** A document the system refuses by its own rules. */
  readonly refused: (key: string) => Document;
  /** Debit minus credit of every account that is not zero, by account; left out where the system cannot be asked. */
  readonly balances?: () => ReadonlyMap<string, bigint> | Promise<ReadonlyMap<string, bigint>>;
  readonly dispose?: () => void | Promise<void>;
}

/** What every target must do, whatever system is behind it. `make` gives a fresh, empty system. */
export function targetConformance(name: string, make: () => TargetUnderTest | Promise<TargetUnderTest>): void {
  describe(`${name} is a target`, () => {
    let cleanup: (() => unknown)[] = [];
    afterEach(async () => {
      for (const step of cleanup.reverse()) await step();
      cleanup = [];
    });

    async function start(): Promise<TargetUnderTest & { target: Target; reopen: () => Promise<Target> }> {
      const system = await make();
      cleanup.push(() => system.dispose?.());
      const reopen = async (): Promise<Target> => {
        const target = await system.open();
        cleanup.push(() => target.close?.());
        return target;
      };
      return { ...system, target: await reopen(), reopen };
    }

    test("states its traits", async () => {
      const { traits } = (await start()).target;
      expect(traits.batch).toBeGreaterThanOrEqual(1);
      expect(traits.quietMs).toBeGreaterThanOrEqual(0);
    });

    test("nothing to send is not an error, and an unknown key is not found", async () => {
      const { target } = await start();
      expect(await target.post([])).toEqual([]);
      expect(await target.reverse([])).toEqual([]);
      expect(await target.lookup("nothing/of-that-key/1")).toBeNull();
    });

    test("what was posted is found by its key, now and after a restart", async () => {
      const { target, document, reopen } = await start();
      const item = itemFor(document("A-1"));
      const outcome = accepted(await target.post([item]))[0];
      expect(outcome?.kind).toBe("created");
      expect(outcome?.reference).not.toBe("");
      const again = await reopen();
      for (const each of [target, again]) {
        const found = await each.lookup(item.idempotencyKey);
        expect(found?.reference).toBe(outcome?.reference);
        if (found?.fingerprint !== undefined) expect(found.fingerprint).toBe(item.fingerprint);
      }
    });

    test("each document of a batch gets its own outcome, in order, and a refusal stops no other", async () => {
      const { target, document, refused } = await start();
      const items = [document("B-1"), refused("B-2"), document("B-3"), document("B-4")]
        .slice(0, Math.max(2, target.traits.batch))
        .map(itemFor);
      const outcomes = await inBatches(target, items);
      expect(outcomes.map((outcome) => outcome.kind)).toEqual(items.map((_, at) => (at === 1 ? "rejected" : "created")));
      const references = outcomes.flatMap((outcome) => ("reference" in outcome ? [outcome.reference] : []));
      expect(new Set(references).size).toBe(items.length - 1);
      for (const [at, item] of items.entries()) {
        const outcome = outcomes[at];
        const found = await target.lookup(item.idempotencyKey);
        expect(found?.reference ?? null).toBe(outcome !== undefined && "reference" in outcome ? outcome.reference : null);
      }
    });

    test("a refusal says why, and leaves nothing behind", async () => {
      const { target, document, refused, balances } = await start();
      const item = itemFor(refused("C-1"));
      const [outcome] = await target.post([item]);
      expect(outcome?.kind).toBe("rejected");
      if (outcome?.kind === "rejected") expect(outcome.problem.message).not.toBe("");
      expect(await target.lookup(item.idempotencyKey)).toBeNull();
      if (balances !== undefined) expect((await balances()).size).toBe(0);
      const better = { ...itemFor(document("C-1")), idempotencyKey: item.idempotencyKey };
      expect(accepted(await target.post([better]))[0]?.kind).toBe("created");
    });

    test("where the target deduplicates, a key that was used is not booked again", async () => {
      const { target, document, balances, reopen } = await start();
      const item = itemFor(document("D-1"));
      const [first] = accepted(await target.post([item]));
      if (!target.traits.deduplicates) {
        expect((await target.lookup(item.idempotencyKey))?.reference).toBe(first?.reference);
        return;
      }
      const before = balances === undefined ? null : await balances();
      const changed = itemFor({ ...document("D-1"), text: "something else" });
      for (const again of [item, changed]) {
        const [outcome] = accepted(await (await reopen()).post([{ ...again, idempotencyKey: item.idempotencyKey }]));
        expect(outcome?.kind).toBe("exists");
        expect(outcome?.reference).toBe(first?.reference);
        if (outcome?.fingerprint !== undefined) expect(outcome.fingerprint).toBe(item.fingerprint);
      }
      if (balances !== undefined) expect(await balances()).toEqual(before);
    });

    test("a reversal cancels the posting and is found by its own key", async () => {
      const { target, document, balances } = await start();
      const item = itemFor(document("E-1"));
      const [posted] = accepted(await target.post([item]));
      if (balances !== undefined) expect((await balances()).size).toBeGreaterThan(0);
      const reversal = reversalFor(item, posted?.reference ?? "");
      const [reversed] = accepted(await target.reverse([reversal]));
      expect(reversed?.kind).toBe("created");
      expect((await target.lookup(reversal.idempotencyKey))?.reference).toBe(reversed?.reference);
      expect((await target.lookup(item.idempotencyKey))?.reference).toBe(posted?.reference);
      if (balances !== undefined) expect([...(await balances()).values()].filter((balance) => balance !== 0n)).toEqual([]);
      if (target.traits.deduplicates) {
        const [again] = accepted(await target.reverse([reversal]));
        expect(again).toMatchObject({ kind: "exists", reference: reversed?.reference });
      }
    });

    test("a posting is not cancelled twice", async () => {
      const { target, document } = await start();
      const item = itemFor(document("F-1"));
      const [posted] = accepted(await target.post([item]));
      const reversal = reversalFor(item, posted?.reference ?? "");
      accepted(await target.reverse([reversal]));
      const [second] = await target.reverse([{ ...reversal, idempotencyKey: `${reversal.idempotencyKey}-other` }]);
      expect(second?.kind).toBe("rejected");
    });

    test("where it can check without posting, check says what post will say", async () => {
      const { target, document, refused, balances } = await start();
      const documents = [document("G-1"), refused("G-2"), document("G-3")];
      const answers = (await target.check?.(documents)) ?? null;
      for (const each of documents) expect(await target.lookup(itemFor(each).idempotencyKey)).toBeNull();
      if (balances !== undefined) expect((await balances()).size).toBe(0);
      const outcomes = await inBatches(target, documents.map(itemFor));
      const posted = outcomes.map((outcome) => (outcome.kind === "rejected" ? outcome.problem : null));
      expect(posted.map((problem) => problem === null)).toEqual([true, false, true]);
      if (answers !== null) expect(answers).toEqual(posted);
    });
  });
}

function itemFor(document: Document): PostItem {
  return { document, idempotencyKey: idempotencyKey("conformance", document.key, 1, "post"), fingerprint: fingerprintOf(document) };
}

function reversalFor(item: PostItem, reference: string): { posting: Posting; idempotencyKey: string; fingerprint: string } {
  const { document, fingerprint } = item;
  const { key } = document;
  const still = { step: null, postedAt: "2026-11-20T00:00:00.000Z" };
  const posting = { documentKey: key, version: 1, idempotencyKey: item.idempotencyKey, fingerprint, reference, document, ...still };
  return { posting, idempotencyKey: idempotencyKey("conformance", key, 1, "reverse"), fingerprint };
}

async function inBatches(target: Target, items: readonly PostItem[]): Promise<PostOutcome[]> {
  const outcomes: PostOutcome[] = [];
  for (let at = 0; at < items.length; at += target.traits.batch)
    outcomes.push(...(await target.post(items.slice(at, at + target.traits.batch))));
  return outcomes;
}

/** Every one of them, or the refusal's own words as the failure. */
function accepted(outcomes: readonly PostOutcome[]): (PostOutcome & { kind: "created" | "exists" })[] {
  return outcomes.map((outcome) => {
    if ("problem" in outcome) throw new Error(`${outcome.kind}: ${outcome.problem.message}`);
    return outcome;
  });
}
