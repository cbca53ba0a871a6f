import { afterEach, describe, expect, test } from "vitest";
import type { PostItem, ReverseItem, Target, UpdateItem } from "../../src/connectors/contract.js";
import { type Document, fingerprintOf } from "../../src/model/document.js";
import { type Found, idempotencyKey, type PostedEntry, type Posting, type PostOutcome, stepReached } from "../../src/model/posting.js";

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
      const posted = await book(target, item);
      if (balances !== undefined) expect((await balances()).size).toBeGreaterThan(0);
      const reversal = reversalFor(posted);
      const [reversed] = accepted(await target.reverse([reversal]));
      expect(reversed?.kind).toBe("created");
      expect((await target.lookup(reversal.idempotencyKey))?.reference).toBe(reversed?.reference);
      expect((await target.lookup(item.idempotencyKey))?.reference).toBe(posted.reference);
      if (balances !== undefined) expect([...(await balances()).values()].filter((balance) => balance !== 0n)).toEqual([]);
      if (target.traits.deduplicates) {
        const [again] = accepted(await target.reverse([reversal]));
        expect(again).toMatchObject({ kind: "exists", reference: reversed?.reference });
      }
    });

    test("a posting is not cancelled twice", async () => {
      const { target, document } = await start();
      const reversal = reversalFor(await book(target, itemFor(document("F-1"))));
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

    describe("where it books in several steps", () => {
      test("a document is found with the step it reached, and is booked by the last", async () => {
        const { target, document, balances, reopen } = await start();
        const { steps } = target.traits;
        expect(target.advance === undefined).toBe(steps === undefined);
        if (steps === undefined) return;
        const item = itemFor(document("H-1"));
        let posting = await save(target, item);
        expect(stepReached((await target.lookup(item.idempotencyKey)) as Found, steps)).toBe(steps[0]);
        for (const step of steps.slice(1)) {
          if (balances !== undefined) expect((await balances()).size).toBe(0);
          const [outcome] = accepted((await target.advance?.(step, [{ posting }])) ?? []);
          expect(outcome?.kind).toBe("created");
          posting = postingOf(item, outcome, stepReached(outcome as Found, steps));
          for (const each of [target, await reopen()]) {
            const found = (await each.lookup(item.idempotencyKey)) as Found;
            expect([found.reference, stepReached(found, steps)]).toEqual([posting.reference, step === steps.at(-1) ? null : step]);
          }
        }
        if (balances !== undefined) expect((await balances()).size).toBeGreaterThan(0);
      });

      test("a step that was done before is there already, and books nothing again", async () => {
        const { target, document, balances } = await start();
        const { steps = [] } = target.traits;
        const posting = await book(target, itemFor(document("H-2")));
        const before = balances === undefined ? null : await balances();
        for (const step of steps.slice(1)) {
          const [again] = accepted((await target.advance?.(step, [{ posting }])) ?? []);
          expect(again).toMatchObject({ kind: "exists", reference: posting.reference, step });
        }
        if (balances !== undefined) expect(await balances()).toEqual(before);
      });
    });

    describe("where it has drafts", () => {
      test("one that is deleted is not found any more, and leaves nothing to be found", async () => {
        const { target, document, balances } = await start();
        if (target.traits.drafts !== true) return;
        const item = itemFor(document("I-1"));
        const posting = await save(target, item);
        expect((await target.lookup(item.idempotencyKey))?.isDraft).toBe(true);
        const reversal = reversalFor(posting);
        expect(accepted(await target.reverse([reversal]))[0]).toMatchObject({ kind: "created", reference: posting.reference });
        expect(await target.lookup(item.idempotencyKey)).toBeNull();
        expect(await target.lookup(reversal.idempotencyKey)).toBeNull();
        if (balances !== undefined) expect((await balances()).size).toBe(0);
      });

      test("one that is changed bears its new key and no longer its former one, and is booked as it is now", async () => {
        const { target, document } = await start();
        if (target.update === undefined) return;
        expect(target.postings).toBeDefined();
        const item = itemFor(document("I-2"));
        const posting = await save(target, item);
        const update = nextVersion(posting, { ...item.document, text: "something else" });
        const [outcome] = accepted(await target.update([update]));
        expect(await target.lookup(item.idempotencyKey)).toBeNull();
        const found = await target.lookup(update.idempotencyKey);
        expect(found?.reference).toBe(outcome?.reference);
        if (found?.fingerprint !== undefined) expect(found.fingerprint).toBe(update.fingerprint);
        let changed = postingOf(update, outcome, target.traits.steps?.[0] ?? null);
        for (const step of target.traits.steps?.slice(1) ?? [])
          changed = postingOf(update, (await target.advance?.(step, [{ posting: changed }]))?.[0], step);
        expect((await target.read?.([changed])) ?? []).toEqual(
          target.read === undefined ? [] : [{ kind: "held", document: update.document, isDraft: false }],
        );
        const keys: string[] = [];
        for await (const entry of target.postings?.("conformance") ?? []) keys.push(entry.idempotencyKey);
        expect(keys).toEqual([update.idempotencyKey]);
      });

      test("what is booked is not changed, and is cancelled instead of deleted", async () => {
        const { target, document } = await start();
        if (target.update === undefined) return;
        const posting = await book(target, itemFor(document("I-3")));
        const update = nextVersion(posting, { ...posting.document, text: "something else" });
        expect((await target.update([update]))[0]?.kind).toBe("rejected");
        expect(await target.lookup(update.idempotencyKey)).toBeNull();
        const reversal = reversalFor(posting);
        accepted(await target.reverse([reversal]));
        expect(await target.lookup(reversal.idempotencyKey)).not.toBeNull();
      });
    });

    test("where it can be read, it gives back what was posted, in order, and says what is gone", async () => {
      const { target, document } = await start();
      if (target.read === undefined) return;
      const [first, second, third] = ["J-1", "J-2", "J-3"].map((key) => itemFor(document(key)));
      const postings = [
        await book(target, first as PostItem),
        await save(target, second as PostItem),
        await book(target, third as PostItem),
      ];
      const isDraft = (target.traits.steps?.length ?? 1) > 1;
      expect(await target.read(postings)).toEqual([
        { kind: "held", document: first?.document, isDraft: false },
        { kind: "held", document: second?.document, isDraft },
        { kind: "held", document: third?.document, isDraft: false },
      ]);
      const [reversed] = accepted(await target.reverse([reversalFor(postings[0] as Posting)]));
      accepted(await target.reverse([reversalFor(postings[1] as Posting)]));
      const held = await target.read(postings);
      expect(held.map((each) => each.kind)).toEqual(["gone", "gone", "held"]);
      if (held[0]?.kind === "gone" && held[0].reference !== null) expect(held[0].reference).toBe(reversed?.reference);
    });

    test("where it can list, it lists each posting and reversal of the pipeline once, and nothing else", async () => {
      const { target, document } = await start();
      if (target.postings === undefined) return;
      const list = async (pipeline: string): Promise<PostedEntry[]> => {
        const entries: PostedEntry[] = [];
        for await (const entry of target.postings?.(pipeline) ?? []) entries.push(entry);
        return entries;
      };
      expect(await list("conformance")).toEqual([]);
      const postings: Posting[] = [];
      for (const key of ["K-1", "K-2", "K-3", "K-4", "K-5"]) postings.push(await book(target, itemFor(document(key))));
      const draft = await save(target, itemFor(document("K-6")));
      const reversal = reversalFor(postings[1] as Posting);
      const [reversed] = accepted(await target.reverse([reversal]));
      const entries = await list("conformance");
      expect(entries.map(({ idempotencyKey: key, reference }) => [key, reference])).toEqual([
        ...[...postings, draft].map((posting) => [posting.idempotencyKey, posting.reference]),
        [reversal.idempotencyKey, reversed?.reference],
      ]);
      const steps = target.traits.steps ?? [];
      expect(entries.slice(0, 6).map((entry) => stepReached(entry, steps))).toEqual([...postings.map(() => null), draft.step]);
      expect(await list("conform")).toEqual([]);
    });
  });
}

function itemFor(document: Document): PostItem {
  return { document, idempotencyKey: idempotencyKey("conformance", document.key, 1, "post"), fingerprint: fingerprintOf(document) };
}

/** What the program remembers of a document that was posted, and got as far as `step`; null when it is booked. */
function postingOf(item: PostItem, outcome: PostOutcome | undefined, step: string | null): Posting {
  const { document, fingerprint, idempotencyKey } = item;
  const [found] = outcome === undefined ? [] : accepted([outcome]);
  const { reference } = found as { readonly reference: string };
  return {
    documentKey: document.key,
    version: 1,
    idempotencyKey,
    fingerprint,
    reference,
    document,
    step,
    postedAt: "2026-11-20T00:00:00.000Z",
  };
}

/** Posts a document, as a draft where the target books in several steps. */
async function save(target: Target, item: PostItem): Promise<Posting> {
  return postingOf(item, (await target.post([item]))[0], target.traits.steps?.[0] ?? null);
}

/** Posts a document and takes it through all of the target's steps. */
async function book(target: Target, item: PostItem): Promise<Posting> {
  let posting = await save(target, item);
  for (const step of target.traits.steps?.slice(1) ?? [])
    posting = postingOf(item, (await target.advance?.(step, [{ posting }]))?.[0], step === target.traits.steps?.at(-1) ? null : step);
  return posting;
}

function reversalFor(posting: Posting): ReverseItem {
  const { documentKey, version, fingerprint } = posting;
  return { posting, idempotencyKey: idempotencyKey("conformance", documentKey, version, "reverse"), fingerprint };
}

/** The next version of a document, to be given to a draft. */
function nextVersion(posting: Posting, document: Document): UpdateItem {
  const key = idempotencyKey("conformance", document.key, posting.version + 1, "post");
  return { posting, document, idempotencyKey: key, fingerprint: fingerprintOf(document) };
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
