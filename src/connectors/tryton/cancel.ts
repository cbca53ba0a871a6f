import type { DateText } from "../../model/dates.js";
import type { PostOutcome } from "../../model/posting.js";
import { ProblemError, problem } from "../../model/problem.js";
import type { ReverseItem } from "../contract.js";
import { isList } from "../http/json.js";
import { askedAfter, type Books, type Failed, faulted, foundOf, isThrough, notThere, only, placed, rejected } from "./books.js";
import { periodAt } from "./catalog.js";
import type { Acted } from "./client.js";
import { Calendar, type Hit, periodClosed } from "./forms/form.js";
import { guarded } from "./halves.js";
import { reversalOf, writeKey } from "./key.js";
import { date, idOf, type Plain, wordOf } from "./values.js";

/** What is found in the ERP around one reversal. */
interface Case {
  readonly item: ReverseItem;
  readonly document: string;
  readonly hit: Hit;
  /** The day to cancel it on where its own is closed; null where its own is open. */
  readonly day: DateText | null;
}

/** Cancels by Tryton's own means: a cancelling move, or the cancelling of an invoice. Drafts are deleted. */
export class Cancellation {
  constructor(
    private readonly books: Books,
    /** Login of the user, who answers the question whether to cancel in another period. */
    private readonly user: string | null,
    private readonly now: () => Date,
  ) {}

  /** The keys that are asked for before anything is done. */
  keysOf({ posting, idempotencyKey }: ReverseItem): readonly string[] {
    return [posting.idempotencyKey, idempotencyKey].map(writeKey);
  }

  /** One outcome per item, in order. Throws QueryFault and ProblemError only when nothing was done. */
  async cancel(items: readonly ReverseItem[], found: ReadonlyMap<string, readonly Hit[]>): Promise<readonly PostOutcome[]> {
    const { form, register, catalog } = this.books;
    const hits = items.flatMap(({ posting }) => found.get(writeKey(posting.idempotencyKey)) ?? []);
    const others = form.model === "account.move" ? await register.cancelling(hits.map(({ id }) => id)) : new Map<string, readonly Hit[]>();
    const calendar = await Calendar.of(catalog, []);
    const outcomes: PostOutcome[] = [];
    for (const item of items) {
      try {
        outcomes.push(await this.cancelOne(item, found, others, calendar));
      } catch (error) {
        const [cause] = error instanceof ProblemError ? error.problems : [];
        // After another one was cancelled, being turned away is an outcome of this one alone.
        if (cause === undefined || outcomes.length === 0) throw error;
        outcomes.push(placed({ kind: "busy", problem: cause, retryAfterMs: null }, item.posting.documentKey));
      }
    }
    return outcomes;
  }

  private async cancelOne(
    item: ReverseItem,
    found: ReadonlyMap<string, readonly Hit[]>,
    others: ReadonlyMap<string, readonly Hit[]>,
    calendar: Calendar,
  ): Promise<PostOutcome> {
    const { posting, idempotencyKey } = item;
    const { documentKey: document, reference } = posting;
    const hit = only(found.get(writeKey(posting.idempotencyKey)), posting.idempotencyKey, document);
    const own = only(found.get(writeKey(idempotencyKey)), idempotencyKey, document);
    for (const each of [hit, own]) if (each !== null && "code" in each) return { kind: "rejected", problem: each };
    if (hit === null || "code" in hit) return notThere(reference, document);
    if (own !== null && !("code" in own) && isThrough(own, "post")) return { kind: "exists", reference: own.reference };
    if (hit.step === "draft") return this.remove(hit, document);
    const before = (by: string): Failed =>
      rejected("TARGET_CONFLICT", `${reference} is cancelled already, by ${by}`, document, "look at what cancels it in the ERP");
    if (hit.cancelledBy !== null)
      return idempotencyKey === reversalOf(posting.idempotencyKey)
        ? { kind: "exists", reference: hit.cancelledBy }
        : before(hit.cancelledBy);
    const [other] = (others.get(hit.id) ?? []).filter(({ id }) => own === null || !("id" in own) || own.id !== id);
    if (other !== undefined) return before(other.reference);
    const day = this.dayOf(item, calendar);
    if (day !== null && typeof day !== "string") return day;
    const cancelled: Case = { item, document, hit, day };
    if (this.books.form.model === "account.invoice") return this.cancelInvoice(cancelled, calendar);
    return own === null ? this.cancelMove(cancelled, calendar) : this.finish(cancelled, calendar);
  }

  /** Null where the posting's own day is open. */
  private dayOf({ posting, date: day }: ReverseItem, calendar: Calendar): DateText | null | Failed {
    const { document, documentKey } = posting;
    if (periodAt(calendar.periods, document.date)?.isOpen === true) return null;
    if (day !== undefined) return day;
    return { kind: "rejected", problem: periodClosed(`the period of ${document.date} is closed`, documentKey) };
  }

  private async remove(hit: Hit, document: string): Promise<PostOutcome> {
    const { client, form, register } = this.books;
    const acted = await client.act(`model.${form.model}.delete`, [[idOf(hit.id)]]);
    const left = await askedAfter(() => register.find([hit.key]));
    if (left !== null && left.get(hit.key)?.length === 0) return { kind: "created", reference: hit.reference };
    if (acted.kind !== "result") return this.failed(acted, document);
    return this.unconfirmed(`the ERP says that the draft ${hit.reference} is deleted, and it is not`, document);
  }

  /** The wizard makes a draft with negative amounts, whose origin is the move that it cancels. */
  private async cancelMove(cancelled: Case, calendar: Calendar): Promise<PostOutcome> {
    const { client } = this.books;
    const { item, document, hit } = cancelled;
    const wizard = "wizard.account.move.cancel";
    const begun = await client.act(`${wizard}.create`, []);
    if (begun.kind !== "result" || !isList(begun.result)) {
      // Until it is told what to do, the wizard does nothing.
      const why = begun.kind === "result" || begun.kind === "fault" ? "the ERP cannot begin to cancel" : begun.problem.message;
      return placed({ kind: "busy", problem: problem("TARGET_BUSY", why), retryAfterMs: null }, document);
    }
    const session = idOf(wordOf(begun.result[0]));
    const said: readonly Plain[] = [session, { default: { description: writeKey(item.idempotencyKey) } }, "cancel"];
    const about = { active_model: "account.move", active_id: idOf(hit.id), active_ids: [idOf(hit.id)] };
    const acted = await this.answering(cancelled, () => client.act(`${wizard}.execute`, said, about));
    await guarded(() => client.act(`${wizard}.delete`, [session]));
    if (acted.kind !== "result") return this.failed(acted, document);
    return this.finish(cancelled, calendar);
  }

  /** A cancelling move counts only when it is posted. */
  private async finish({ item, document, day }: Case, calendar: Calendar): Promise<PostOutcome> {
    const { client, register } = this.books;
    const key = writeKey(item.idempotencyKey);
    const look = async (): Promise<Hit | null> => (await askedAfter(() => register.find([key])))?.get(key)?.[0] ?? null;
    const draft = await look();
    if (draft === null) return this.unconfirmed("the ERP says that a cancelling move is there, and it is not found by its key", document);
    const named = <T extends Failed>(failed: T): T => ({
      ...failed,
      problem: {
        ...failed.problem,
        message: `the cancelling move ${draft.reference} is a draft, and not posted: ${failed.problem.message}`,
      },
    });
    if (day !== null) {
      // Tryton dates it today, whatever day was meant.
      const period = periodAt(calendar.periods, day);
      if (period === undefined) return named({ kind: "rejected", problem: periodClosed(`there is no period for ${day}`, document) });
      const values = { date: date(day), period: idOf(period.id) };
      const dated = await guarded(() => client.act("model.account.move.write", [[idOf(draft.id)], values]));
      if (dated.kind !== "result") return named(this.failed(dated, document));
    }
    const posted = await guarded(() => client.act("model.account.move.post", [[idOf(draft.id)]]));
    const hit = await look();
    if (hit !== null && isThrough(hit, "post")) return { kind: "created", reference: hit.reference };
    if (posted.kind !== "result") return named(this.failed(posted, document));
    return this.unconfirmed(`the ERP says that the cancelling move ${draft.reference} is posted, and it is not`, document);
  }

  private async cancelInvoice(cancelled: Case, calendar: Calendar): Promise<PostOutcome> {
    const { client, register } = this.books;
    const { document, hit, day } = cancelled;
    const today = this.now().toISOString().slice(0, 10);
    if (day !== null && periodAt(calendar.periods, day)?.id !== periodAt(calendar.periods, today)?.id) {
      const why = `the period of its day is closed, and the ERP cancels an invoice then on no other day than its own today (${today}), not on ${day}`;
      return { kind: "rejected", problem: periodClosed(why, document) };
    }
    const acted = await this.answering(cancelled, () => client.act("model.account.invoice.cancel", [[idOf(hit.id)]]));
    const now = (await askedAfter(() => register.find([hit.key])))?.get(hit.key)?.find(({ id }) => id === hit.id);
    if (now?.cancelledBy != null) return { kind: "created", reference: now.cancelledBy };
    if (acted.kind !== "result") return this.failed(acted, document);
    if (now === undefined)
      return this.unconfirmed(`the ERP says that ${hit.reference} is cancelled, and could not be asked again`, document);
    // What does not fit the state is passed over there without a word: an invoice that was paid stays as it is.
    return rejected(
      "TARGET_EDITED",
      `${foundOf(now, "post").reference} cannot be cancelled as it is`,
      document,
      "it may be paid; look at it in the ERP",
    );
  }

  /** Where the period is closed the ERP asks whether to cancel in the current one. The pipeline has said yes by naming a day; nothing else is answered. */
  private async answering({ day }: Case, call: () => Promise<Acted>): Promise<Acted> {
    const acted = await guarded(call);
    if (acted.kind !== "fault" || acted.fault.kind !== "question" || day === null || this.user === null) return acted;
    const { name } = acted.fault;
    if (!/^account\.move,\d+\.cancel$/.test(name)) return acted;
    const { client } = this.books;
    const user = await askedAfter(() => client.query({ model: "res.user", domain: [["login", "=", this.user]], fields: ["login"] }));
    const id = wordOf(user?.[0]?.get("id"));
    if (id === "") return acted;
    const answered = await guarded(() => client.act("model.res.user.warning.create", [[{ user: idOf(id), name, always: false }]]));
    return answered.kind === "result" ? guarded(call) : acted;
  }

  private failed(acted: Exclude<Acted, { kind: "result" }>, document: string): Failed {
    return acted.kind === "fault" ? faulted(this.books, acted.fault, document) : placed(acted, document);
  }

  private unconfirmed(message: string, document: string): PostOutcome {
    return placed({ kind: "unconfirmed", problem: problem("TARGET_UNCONFIRMED", message) }, document);
  }
}
