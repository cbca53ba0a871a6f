import type { DateText } from "../../model/dates.js";
import type { Document } from "../../model/document.js";
import type { Found, Held, PostedEntry, Posting, PostOutcome } from "../../model/posting.js";
import { bug, type Problem, ProblemError, problem } from "../../model/problem.js";
import type { AdvanceItem, ConnectorContext, PostItem, ReverseItem, Target, TargetTraits, UpdateItem } from "../contract.js";
import { durationMs } from "../files/duration.js";
import { refuseOption } from "../http/action.js";
import { asked, type Books, foundOf, isThrough, notThere, only, placed, rejected, unavailable } from "./books.js";
import { Cancellation } from "./cancel.js";
import { Catalog } from "./catalog.js";
import { QueryFault, TrytonClient } from "./client.js";
import type { TrytonConnection } from "./connection.js";
import { Calendar, type Hit, isProblem, type Step } from "./forms/form.js";
import { invoiceForm } from "./forms/invoice.js";
import { moveForm } from "./forms/move.js";
import { readKey, reversalOf, reversedBy, writeKey } from "./key.js";
import { Register } from "./register.js";
import { Saver } from "./save.js";
import type { TrytonTargetOptions } from "./target-options.js";

type Hits = ReadonlyMap<string, readonly Hit[]>;

/** Posts moves or supplier invoices of one company. */
export class TrytonTarget implements Target {
  readonly traits: TargetTraits;
  readonly advance?: (step: string, items: readonly AdvanceItem[]) => Promise<readonly PostOutcome[]>;
  private readonly books: Books;
  private readonly saver: Saver;
  private readonly cancellation: Cancellation;
  private readonly journal: string;

  /** Nothing is sent yet. Throws ProblemError for options that cannot be used. */
  constructor(connection: TrytonConnection, options: TrytonTargetOptions, context: Pick<ConnectorContext, "now" | "sleep" | "observer">) {
    const client = new TrytonClient(connection, context);
    const catalog = new Catalog(client, connection.company ?? null);
    const form = (options.model === "account.move" ? moveForm : invoiceForm)(client, catalog, options);
    const { until } = options;
    if (!form.steps.includes(until))
      refuseOption("CONFIG_WRONG_VALUE", `\`until: ${until}\` is no step of ${form.model}`, `it has ${form.steps.join(" and ")}`);
    this.books = { client, catalog, form, register: new Register(client, catalog, form), until };
    this.saver = new Saver(this.books);
    this.cancellation = new Cancellation(this.books, connection.user ?? null, context.now);
    this.journal = options.journal ?? form.usualJournal;
    const steps = form.steps.slice(0, form.steps.indexOf(until) + 1);
    if (steps.length > 1) this.advance = (step, items) => this.take(step, items);
    this.traits = {
      deduplicates: false,
      quietMs: durationMs(options.quiet) ?? 0,
      batch: options.batch,
      concurrency: connection.writers,
      searchable: true,
      drafts: true,
      ...(connection.writers > 1 ? {} : { company: companyName(connection) }),
      ...(steps.length > 1 ? { steps } : {}),
    };
  }

  async post(items: readonly PostItem[]): Promise<readonly PostOutcome[]> {
    this.checkTypes(items.map(({ document }) => document));
    return this.withHits(
      items,
      ({ document }) => document.key,
      ({ idempotencyKey }) => [idempotencyKey],
      async (found) => {
        const known = items.map((item) => this.known(item, found));
        const fresh = items.filter((_, index) => known[index] === null);
        const saved = fresh.length === 0 ? [] : await this.saver.save(fresh.map((item) => ({ item, draft: null })));
        return items.map((item, index) => known[index] ?? (saved[fresh.indexOf(item)] as PostOutcome));
      },
    );
  }

  /** Saves the new content over the draft, which then bears the new key. */
  async update(items: readonly UpdateItem[]): Promise<readonly PostOutcome[]> {
    this.checkTypes(items.map(({ document }) => document));
    return this.withHits(
      items,
      ({ document }) => document.key,
      ({ idempotencyKey, posting }) => [idempotencyKey, posting.idempotencyKey],
      async (found) => {
        const decided = items.map((item) => this.known(item, found) ?? this.draftOf(item, found));
        const due = items.filter((_, index) => "id" in (decided[index] as object));
        const saved =
          due.length === 0 ? [] : await this.saver.save(due.map((item) => ({ item, draft: (decided[items.indexOf(item)] as Hit).id })));
        return decided.map((each, index) => ("id" in each ? (saved[due.indexOf(items[index] as UpdateItem)] as PostOutcome) : each));
      },
    );
  }

  async reverse(items: readonly ReverseItem[]): Promise<readonly PostOutcome[]> {
    return this.withHits(
      items,
      ({ posting }) => posting.documentKey,
      ({ posting, idempotencyKey }) => [posting.idempotencyKey, idempotencyKey],
      (found) => this.cancellation.cancel(items, found),
    );
  }

  async lookup(idempotencyKey: string): Promise<Found | null> {
    const { register, form, until } = this.books;
    const cancelled = reversedBy(idempotencyKey);
    const isByMark = cancelled !== null && form.model === "account.invoice";
    const key = writeKey(isByMark ? cancelled : idempotencyKey);
    const hit = only(await this.ask(async () => (await register.find([key])).get(key)), idempotencyKey, idempotencyKey);
    if (hit === null) return null;
    if ("code" in hit) throw new ProblemError(hit);
    if (isByMark) return hit.cancelledBy === null ? null : { reference: hit.cancelledBy };
    // A cancelling move that is a draft cancels nothing yet; `reverse` goes on with it.
    if (cancelled !== null) return isThrough(hit, "post") ? { reference: hit.reference } : null;
    return foundOf(hit, until);
  }

  async latest(pipeline: string): Promise<string | null> {
    const hit = await this.ask(() => this.books.register.newest(pipeline));
    return hit === null ? null : readKey(hit.key);
  }

  async *postings(pipeline: string): AsyncGenerator<PostedEntry> {
    const { register, form, until } = this.books;
    try {
      for await (const hit of register.all(pipeline)) {
        const idempotencyKey = readKey(hit.key);
        if (reversedBy(idempotencyKey) === null) yield { idempotencyKey, ...foundOf(hit, until) };
        else if (isThrough(hit, "post")) yield { idempotencyKey, reference: hit.reference };
      }
      if (form.model === "account.move") return;
      // An invoice is cancelled where it stands, so its reversal is told by its state.
      for await (const { key, cancelledBy } of register.all(pipeline))
        if (cancelledBy !== null) yield { idempotencyKey: reversalOf(readKey(key)), reference: cancelledBy };
    } catch (error) {
      throw error instanceof QueryFault ? unavailable(error) : error;
    }
  }

  async check(documents: readonly Document[]): Promise<readonly (Problem | null)[]> {
    this.checkTypes(documents);
    const values = await this.ask(() => this.books.form.write(documents));
    return values.map((each) => (isProblem(each) ? each : null));
  }

  async read(postings: readonly Posting[]): Promise<readonly Held[]> {
    const { register, form } = this.books;
    const keyOf = ({ idempotencyKey }: Posting): string => writeKey(idempotencyKey);
    return this.ask(async () => {
      const found = await register.find(postings.map(keyOf));
      const hits = postings.map((posting) => only(found.get(keyOf(posting)), posting.idempotencyKey, posting.documentKey));
      for (const hit of hits) if (hit !== null && "code" in hit) throw new ProblemError(hit);
      const there = hits as readonly (Hit | null)[];
      const ids = there.flatMap((hit) => (hit === null ? [] : [hit.id]));
      const others = form.model === "account.move" ? await register.cancelling(ids) : new Map<string, readonly Hit[]>();
      const live = postings.flatMap((posting, index) => {
        const hit = there[index] ?? null;
        return hit === null || hit.cancelledBy !== null ? [] : [{ hit, posting }];
      });
      const held = await form.held(live);
      return postings.map((posting, index): Held => {
        const hit = there[index] ?? null;
        const by = hit?.cancelledBy ?? others.get(hit?.id ?? "")?.find((each) => isThrough(each, "post"))?.reference ?? null;
        if (hit === null || by !== null) return { kind: "gone", reference: by };
        return { kind: "held", document: held.get(hit.id) ?? posting.document, isDraft: hit.step === "draft" };
      });
    });
  }

  async nextOpen(date: DateText): Promise<DateText | null> {
    const { catalog } = this.books;
    return this.ask(async () => {
      const { periods, isOpen } = await this.calendar(catalog);
      const next = periods.find((period) => period.end >= date && isOpen(period));
      return next === undefined ? null : next.start > date ? next.start : date;
    });
  }

  close(): Promise<void> {
    return this.books.client.close();
  }

  private async calendar(catalog: Catalog) {
    const calendar = await Calendar.of(catalog, [this.journal]);
    const journal = await catalog.journal(this.journal);
    return { periods: calendar.periods, isOpen: (period: Parameters<Calendar["isOpen"]>[0]) => calendar.isOpen(period, journal) };
  }

  private async take(step: string, items: readonly AdvanceItem[]): Promise<readonly PostOutcome[]> {
    if (step !== "validate" && step !== "post") return bug(`there is no step \`${step}\``);
    return this.withHits(
      items,
      ({ posting }) => posting.documentKey,
      ({ posting }) => [posting.idempotencyKey],
      (found) => this.saver.advance(step satisfies Step, items, found),
    );
  }

  /** What is there already under a key; null where nothing is. */
  private known({ idempotencyKey, document }: PostItem, found: Hits): PostOutcome | null {
    const hit = only(found.get(writeKey(idempotencyKey)), idempotencyKey, document.key);
    if (hit === null) return null;
    return "code" in hit ? { kind: "rejected", problem: hit } : { kind: "exists", ...foundOf(hit, this.books.until) };
  }

  private draftOf({ posting, document }: UpdateItem, found: Hits): Hit | PostOutcome {
    const hit = only(found.get(writeKey(posting.idempotencyKey)), posting.idempotencyKey, document.key);
    if (hit === null) return notThere(posting.reference, document.key);
    if ("code" in hit) return { kind: "rejected", problem: hit };
    if (hit.step === "draft") return hit;
    return rejected(
      "TARGET_EDITED",
      `${hit.reference} is no draft any more`,
      document.key,
      "nothing was changed; the next run looks again",
    );
  }

  /** Looks up what stands under the keys before anything is done. */
  private async withHits<T>(
    items: readonly T[],
    documentOf: (item: T) => string,
    keysOf: (item: T) => readonly string[],
    work: (found: Hits) => Promise<readonly PostOutcome[]>,
  ): Promise<readonly PostOutcome[]> {
    if (items.length === 0) return [];
    const done = await asked(async () => work(await this.books.register.find(items.flatMap(keysOf).map(writeKey))));
    return "retryAfterMs" in done ? items.map((item) => placed(done, documentOf(item))) : done;
  }

  private checkTypes(documents: readonly Document[]): void {
    const { form } = this.books;
    const other = documents.find(({ type }) => type !== form.type);
    if (other === undefined) return;
    const message = `a document \`${other.type}\` does not go into ${form.model}, which takes \`${form.type}\``;
    throw new ProblemError(problem("TARGET_UNAVAILABLE", message, [], "choose the other `model` of the target; nothing was sent"));
  }

  /** Throws ProblemError when the ERP cannot be asked now. */
  private async ask<T>(question: () => Promise<T>): Promise<T> {
    try {
      return await question();
    } catch (error) {
      throw error instanceof QueryFault ? unavailable(error) : error;
    }
  }
}

/** Runs into one company wait for each other, under whatever name the server is called. */
function companyName({ url, company = "" }: TrytonConnection): string {
  const { host, pathname } = new URL(url);
  return [host, pathname.replaceAll("/", ""), company].join("/");
}
