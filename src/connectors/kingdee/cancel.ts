import type { PostOutcome } from "../../model/posting.js";
import { type ProblemCode, ProblemError, problem } from "../../model/problem.js";
import type { ReverseItem } from "../contract.js";
import { type Approval, guarded, type Known } from "./approve.js";
import { type Books, foundOf, held, isDraft, isThrough, notThere, only, placed } from "./books.js";
import type { Hit } from "./register.js";
import type { Saver } from "./save.js";
import type { KingdeeTargetOptions } from "./target-options.js";

type Way = NonNullable<KingdeeTargetOptions["cancel"]>;

export interface CancelOptions {
  readonly way: Way;
  readonly withdraw: boolean;
}

/** A posting that is to be cancelled, and what the ERP holds of it. */
interface Case extends Known {
  readonly item: ReverseItem;
}

/**
 * Cancels postings: drafts are deleted; what is approved gets a red document, or is taken back and deleted, as the options say. What a person is
 * working on is held.
 */
export class Cancellation {
  constructor(
    private readonly books: Books,
    private readonly saver: Saver,
    private readonly approval: Approval,
    private readonly options: CancelOptions,
  ) {}

  /** The keys under which something may stand that matters: the posting, this reversal, and the usual one. */
  keysOf({ posting, idempotencyKey }: ReverseItem): { readonly posted: string; readonly reversal: string; readonly usual: string } {
    const { key } = this.books;
    return {
      posted: key.write(posting.idempotencyKey),
      reversal: key.write(idempotencyKey),
      usual: key.write(`${posting.idempotencyKey}/reversal`),
    };
  }

  /** One outcome per item, in order. Throws ProblemError only when nothing was done. */
  async cancel(items: readonly ReverseItem[], found: ReadonlyMap<string, readonly Hit[]>): Promise<readonly PostOutcome[]> {
    const outcomes = new Map<ReverseItem, PostOutcome>();
    const drafts: Case[] = [];
    const waiting: Case[] = [];
    const approved: Case[] = [];
    const begun: Case[] = [];
    for (const item of items) {
      const decided = this.decide(item, found);
      if ("kind" in decided) outcomes.set(item, decided);
      else if (decided.key !== this.keysOf(item).posted) begun.push(decided);
      else if (isDraft(decided.hit)) drafts.push(decided);
      else if (decided.hit.status === "B") waiting.push(decided);
      else approved.push(decided);
    }
    const phases: readonly (readonly [readonly Case[], (cases: readonly Case[]) => Promise<void>])[] = [
      [begun, (cases) => this.finishRed(cases, outcomes)],
      [waiting, (cases) => this.withdraw(cases, outcomes)],
      [approved, (cases) => (this.options.way === "unaudit and delete" ? this.takeBack(cases, outcomes) : this.saveRed(cases, outcomes))],
      [drafts, (cases) => this.remove(cases, outcomes)],
    ];
    const due = phases.filter(([cases]) => cases.length > 0);
    for (const [cases, work] of due) {
      try {
        await work(cases);
      } catch (error) {
        const [cause] = error instanceof ProblemError ? error.problems : [];
        // Where something else was or will be tried, being refused is an outcome of these alone.
        if (cause === undefined || due.length === 1) throw error;
        for (const { item, document } of cases) outcomes.set(item, placed({ kind: "busy", problem: cause, retryAfterMs: null }, document));
      }
    }
    return items.map((item) => outcomes.get(item) as PostOutcome);
  }

  /** What is to be done with one, or an outcome where there is nothing to do or nothing may be done. */
  private decide(item: ReverseItem, found: ReadonlyMap<string, readonly Hit[]>): Case | PostOutcome {
    const { posting } = item;
    const { documentKey: document, reference } = posting;
    const keys = this.keysOf(item);
    const { until } = this.books;
    const reject = (code: ProblemCode, message: string, hint: string): PostOutcome => ({
      kind: "rejected",
      problem: problem(code, message, { document }, hint),
    });
    const reversal = only(found.get(keys.reversal), keys.reversal, document);
    if (reversal !== null && "code" in reversal) return { kind: "rejected", problem: reversal };
    if (reversal !== null)
      return isThrough(reversal, until)
        ? { kind: "exists", ...foundOf(reversal, until) }
        : { item, hit: reversal, document, key: keys.reversal };
    const [other] = keys.usual === keys.reversal ? [] : (found.get(keys.usual) ?? []);
    if (other !== undefined)
      return reject("TARGET_CONFLICT", `${reference} is cancelled already, by ${other.number}`, "look at the document that cancels it");
    const hit = only(found.get(keys.posted), keys.posted, document);
    if (hit === null) return notThere(reference, document);
    if ("code" in hit) return { kind: "rejected", problem: hit };
    const known: Case = { item, hit, document, key: keys.posted };
    if (isDraft(hit)) return known;
    const { way, withdraw } = this.options;
    if (hit.status === "B") {
      if (withdraw) return known;
      return held(
        `${hit.number} waits for approval in the ERP (state \`B\`)`,
        document,
        "have it approved or rejected there, or allow `withdraw`",
      );
    }
    if (hit.status !== "C" && hit.status !== "D")
      return reject(
        "TARGET_CONFLICT",
        `${hit.number} is in the state \`${hit.status}\`, which is none that is known`,
        "look at it in the ERP",
      );
    if (hit.status === "D" && way !== "unaudit and delete")
      return held(`somebody took back the approval of ${hit.number} (state \`D\`)`, document, "approve it again, or delete it in the ERP");
    if (way === "by hand")
      return reject(
        "TARGET_REJECTED",
        `${hit.number} is approved, and is cancelled by a person only`,
        "cancel it in the ERP, or say under `cancel` how it may be done from here",
      );
    if (way === "red entry" && posting.document.lines.length === 0)
      return reject("TARGET_CONFLICT", `what was posted as ${reference} was recovered without its lines`, "cancel it by hand in the ERP");
    return known;
  }

  /** Takes documents to another state; those that did not get there have their outcome. */
  private async move(
    operation: "CancelAssign" | "UnAudit" | "Submit",
    cases: readonly Case[],
    isThere: (hit: Hit) => boolean,
    outcomes: Map<ReverseItem, PostOutcome>,
  ): Promise<Case[]> {
    const done = await this.approval.operate(operation, cases, (hit) => hit !== null && isThere(hit));
    return cases.filter((each) => {
      const outcome = done.get(each);
      if (outcome === undefined || outcome.kind === "done") return true;
      outcomes.set(each.item, outcome);
      return false;
    });
  }

  private async withdraw(cases: readonly Case[], outcomes: Map<ReverseItem, PostOutcome>): Promise<void> {
    const back = await this.move("CancelAssign", cases, (hit) => isDraft(hit) || hit.status === "D", outcomes);
    await this.goOn(back, outcomes, () => this.remove(back, outcomes));
  }

  /** Takes approvals back and deletes. */
  private async takeBack(cases: readonly Case[], outcomes: Map<ReverseItem, PostOutcome>): Promise<void> {
    const back = cases.filter(({ hit }) => hit.status === "D");
    const approved = cases.filter(({ hit }) => hit.status !== "D");
    back.push(...(await this.move("UnAudit", approved, (hit) => isDraft(hit) || hit.status === "D", outcomes)));
    await this.goOn(back, outcomes, () => this.remove(back, outcomes));
    const stuck = back.filter(({ item }) => outcomes.get(item)?.kind === "rejected");
    if (!this.options.withdraw) return;
    // Some sites delete nothing that was approved once, until it was submitted and withdrawn again.
    await this.goOn(stuck, outcomes, async () => {
      const submitted = await this.move("Submit", stuck, (hit) => hit.status === "B", outcomes);
      await this.remove(await this.move("CancelAssign", submitted, isDraft, outcomes), outcomes);
    });
  }

  /** Something was done to these already, so that being refused now is an outcome. */
  private async goOn(cases: readonly Case[], outcomes: Map<ReverseItem, PostOutcome>, work: () => Promise<void>): Promise<void> {
    const ended = await guarded(async () => {
      await work();
      return cases.map(({ item }) => outcomes.get(item) as PostOutcome);
    }, cases);
    cases.forEach(({ item }, index) => void outcomes.set(item, ended[index] as PostOutcome));
  }

  private async remove(cases: readonly Case[], outcomes: Map<ReverseItem, PostOutcome>): Promise<void> {
    const done = await this.approval.operate("Delete", cases, (hit) => hit === null);
    for (const each of cases) {
      const outcome = done.get(each);
      const { reference } = foundOf(each.hit, this.books.until);
      outcomes.set(each.item, outcome === undefined || outcome.kind === "done" ? { kind: "created", reference } : outcome);
    }
  }

  /** A red document: the same sides with negative amounts, which names in its text what it cancels. */
  private async saveRed(cases: readonly Case[], outcomes: Map<ReverseItem, PostOutcome>): Promise<void> {
    const { form, key, register } = this.books;
    const saved = await this.saver.save(
      cases.map(({ item: { posting, date, idempotencyKey, fingerprint }, hit }) => {
        const { document } = posting;
        const red = {
          ...document,
          date: date ?? document.date,
          text: form.redText(document.text, hit.number),
          // A correcting document needs no papers of its own.
          attachments: 0,
          lines: document.lines.map((line) => ({
            ...line,
            amountMinor: -line.amountMinor,
            text: form.redText(line.text === "" ? document.text : line.text, hit.number),
          })),
        };
        return { item: { document: red, idempotencyKey, fingerprint }, id: null };
      }),
    );
    const there: Case[] = [];
    const keys = cases.filter((_, index) => "reference" in (saved[index] as PostOutcome)).map(({ item }) => key.write(item.idempotencyKey));
    const found = keys.length === 0 ? null : await register.find(keys).catch(() => null);
    cases.forEach((each, index) => {
      const outcome = saved[index] as PostOutcome;
      const written = key.write(each.item.idempotencyKey);
      const [hit] = found?.get(written) ?? [];
      if (!("reference" in outcome)) outcomes.set(each.item, outcome);
      else if (hit === undefined) outcomes.set(each.item, unfinished(outcome.reference, each.document));
      else there.push({ ...each, hit, key: written });
    });
    await this.finishRed(there, outcomes);
  }

  /** A red document counts only when it got as far as the one it cancels. */
  private async finishRed(cases: readonly Case[], outcomes: Map<ReverseItem, PostOutcome>): Promise<void> {
    if (cases.length === 0) return;
    const finished = await this.approval.finish(cases);
    for (const each of cases) {
      const outcome = finished.get(each) as PostOutcome;
      if ("reference" in outcome) outcomes.set(each.item, { kind: "created", reference: outcome.reference });
      else
        outcomes.set(each.item, {
          ...outcome,
          problem: {
            ...outcome.problem,
            message: `the red document ${each.hit.number} is saved and not finished: ${outcome.problem.message}`,
          },
        });
    }
  }
}

function unfinished(reference: string, document: string): PostOutcome {
  const message = `the red document ${reference} is saved, and could not be looked at again`;
  return { kind: "unconfirmed", problem: problem("TARGET_UNCONFIRMED", message, { document }, "the next run takes it further") };
}
