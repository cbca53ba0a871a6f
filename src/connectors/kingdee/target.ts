import type { DateText } from "../../model/dates.js";
import type { Document } from "../../model/document.js";
import { hasLines } from "../../model/document-types.js";
import type { Found, Held, PostedEntry, Posting, PostOutcome } from "../../model/posting.js";
import { bug, type Problem, ProblemError, problem } from "../../model/problem.js";
import type { AdvanceItem, ConnectorContext, PostItem, ReverseItem, Target, TargetTraits, UpdateItem } from "../contract.js";
import { durationMs } from "../files/duration.js";
import { Unwritable } from "../http/template.js";
import { Approval, guarded, type Known } from "./approve.js";
import { asked, type Books, foundOf, held, isDraft, isThrough, notThere, only, placed, STEPS, unavailable, unwritable } from "./books.js";
import { Cancellation } from "./cancel.js";
import { KingdeeClient, QueryFault } from "./client.js";
import type { KingdeeConnection } from "./connection.js";
import { CurrentPeriod } from "./current-period.js";
import { openForm } from "./forms/index.js";
import { heldDocument } from "./held.js";
import { KeyField } from "./key.js";
import { type Hit, Register } from "./register.js";
import { Saver, type Saving } from "./save.js";
import { siteOf } from "./site.js";
import type { KingdeeTargetOptions } from "./target-options.js";

type Hits = ReadonlyMap<string, readonly Hit[]>;

/** Posts to one form of one account set: saves, submits and approves. */
export class KingdeeTarget implements Target {
  readonly traits: TargetTraits;
  readonly advance?: (step: string, items: readonly AdvanceItem[]) => Promise<readonly PostOutcome[]>;
  readonly update?: (items: readonly UpdateItem[]) => Promise<readonly PostOutcome[]>;
  readonly latest?: (pipeline: string) => Promise<string | null>;
  readonly postings?: (pipeline: string) => AsyncIterable<PostedEntry>;
  readonly check?: (documents: readonly Document[]) => Promise<readonly (Problem | null)[]>;
  readonly nextOpen?: (date: DateText) => Promise<DateText>;
  private readonly books: Books;
  private readonly saver: Saver;
  private readonly approval: Approval;
  private readonly cancellation: Cancellation;

  /** Nothing is sent yet. Throws ProblemError for options that cannot be used. */
  constructor(connection: KingdeeConnection, options: KingdeeTargetOptions, context: Pick<ConnectorContext, "now" | "sleep" | "observer">) {
    const client = new KingdeeClient(connection, context);
    const form = openForm(options, siteOf(connection, options));
    const key = new KeyField(options, form);
    const { until, closed_words: closed, unbalanced_words: unbalanced } = options;
    this.books = { client, form, key, register: new Register(client, form, key), until, words: { closed, unbalanced } };
    this.saver = new Saver(this.books, context.sleep);
    this.approval = new Approval(this.books);
    const way = options.cancel ?? (options.form === "GL_VOUCHER" && options.model === undefined ? "red entry" : "by hand");
    this.cancellation = new Cancellation(this.books, this.saver, this.approval, { way, withdraw: options.withdraw });
    const steps = STEPS.slice(0, STEPS.indexOf(until) + 1);
    if (steps.length > 1) this.advance = (step, items) => this.take(step, items);
    if (key.isWhole) {
      this.update = (items) => this.change(items);
      this.latest = (pipeline) => this.ask(() => this.newest(pipeline));
      this.postings = (pipeline) => this.list(pipeline);
    }
    const period = CurrentPeriod.of(options, client);
    if (period !== null) {
      this.check = (documents) => this.ask(() => Promise.all(documents.map((document) => period.faultOf(document))));
      this.nextOpen = (date) => this.ask(() => period.nextOpen(date));
    }
    this.traits = {
      deduplicates: key.isNumber,
      quietMs: durationMs(options.quiet) ?? 0,
      batch: options.batch,
      concurrency: connection.sessions,
      searchable: true,
      drafts: true,
      company: connection.company ?? [connection.account_set, connection.organisation ?? ""].join("/"),
      ...(steps.length > 1 ? { steps } : {}),
    };
  }

  async post(items: readonly PostItem[]): Promise<readonly PostOutcome[]> {
    return this.withHits(
      items,
      ({ document }) => document.key,
      ({ idempotencyKey }) => [this.books.key.write(idempotencyKey)],
      async (due, found) => {
        const outcomes = new Map<PostItem, PostOutcome>();
        const fresh: Saving[] = [];
        for (const item of due) {
          const known = this.known(item.idempotencyKey, item.document.key, found);
          if (known === null) fresh.push({ item, id: null });
          else outcomes.set(item, known);
        }
        const saved = await this.saver.save(fresh);
        fresh.forEach(({ item }, index) => void outcomes.set(item, saved[index] as PostOutcome));
        return due.map((item) => outcomes.get(item) as PostOutcome);
      },
    );
  }

  async reverse(items: readonly ReverseItem[]): Promise<readonly PostOutcome[]> {
    return this.withHits(
      items,
      ({ posting }) => posting.documentKey,
      (item) => Object.values(this.cancellation.keysOf(item)),
      (due, found) => this.cancellation.cancel(due, found),
    );
  }

  async lookup(idempotencyKey: string): Promise<Found | null> {
    const { key, register, until } = this.books;
    const written = key.isWritable(idempotencyKey) ? key.write(idempotencyKey) : null;
    // What cannot be written was never sent.
    if (written === null) return null;
    const found = await this.ask(() => register.find([written]));
    const hit = only(found.get(written), written, idempotencyKey);
    if (hit === null) return null;
    if ("code" in hit) throw new ProblemError(hit);
    // A red document that is not finished cancels nothing yet; `reverse` goes on with it.
    if (idempotencyKey.endsWith("/reversal") && !isThrough(hit, until)) return null;
    return foundOf(hit, until);
  }

  async read(postings: readonly Posting[]): Promise<readonly Held[]> {
    const { key, register, form, until } = this.books;
    const keyOf = ({ idempotencyKey }: Posting): string => key.write(idempotencyKey);
    const reversalOf = ({ idempotencyKey }: Posting): string => key.write(`${idempotencyKey}/reversal`);
    return this.ask(async () => {
      const columns = form.held(postings.map(({ document }) => document));
      const fields = columns === null ? [] : [...columns.header, ...columns.line].map(({ field }) => field);
      const found = await register.find(postings.flatMap((posting) => [keyOf(posting), reversalOf(posting)]));
      const ids = postings.flatMap((posting) => (found.get(keyOf(posting)) ?? []).map(({ id }) => id));
      const entries = columns === null ? null : await register.entries([...new Set(ids)], fields);
      return postings.map((posting): Held => {
        const hit = only(found.get(keyOf(posting)), keyOf(posting), posting.documentKey);
        if (hit !== null && "code" in hit) throw new ProblemError(hit);
        const red = (found.get(reversalOf(posting)) ?? []).find((each) => isThrough(each, until));
        if (hit === null || hit.isVoid || red !== undefined)
          return { kind: "gone", reference: red === undefined ? null : foundOf(red, until).reference };
        const rows = entries?.get(hit.id) ?? [];
        const document = columns === null ? posting.document : heldDocument(posting.document, columns, rows);
        return { kind: "held", document, isDraft: isDraft(hit) };
      });
    });
  }

  close(): Promise<void> {
    return this.books.client.close();
  }

  private async take(step: string, items: readonly AdvanceItem[]): Promise<readonly PostOutcome[]> {
    if (step !== "submit" && step !== "audit") return bug(`there is no step \`${step}\``);
    const { key } = this.books;
    return this.withHits(
      items,
      ({ posting }) => posting.documentKey,
      ({ posting }) => [key.write(posting.idempotencyKey)],
      async (due, found) => {
        const outcomes = new Map<AdvanceItem, PostOutcome>();
        const there: (Known & { readonly item: AdvanceItem })[] = [];
        for (const item of due) {
          const { idempotencyKey, documentKey: document, reference } = item.posting;
          const written = key.write(idempotencyKey);
          const hit = only(found.get(written), written, document);
          if (hit === null) outcomes.set(item, notThere(reference, document));
          else if ("code" in hit) outcomes.set(item, { kind: "rejected", problem: hit });
          else there.push({ item, hit, document, key: written });
        }
        const taken = await this.approval.advance(step, there);
        there.forEach(({ item }, index) => void outcomes.set(item, taken[index] as PostOutcome));
        return due.map((item) => outcomes.get(item) as PostOutcome);
      },
    );
  }

  /**
   * Saves the new content over the draft: entries that are not in it are deleted, and it bears the new key. Master data are no booking, so that what
   * is approved is written over as well: its approval is taken back for that, and given again where the new content is refused.
   */
  private async change(items: readonly UpdateItem[]): Promise<readonly PostOutcome[]> {
    const { key } = this.books;
    return this.withHits(
      items,
      ({ document }) => document.key,
      ({ idempotencyKey, posting }) => [key.write(idempotencyKey), key.write(posting.idempotencyKey)],
      async (due, found) => {
        const outcomes = new Map<UpdateItem, PostOutcome>();
        const savings: (Saving & { readonly item: UpdateItem })[] = [];
        const approved: (Known & { readonly item: UpdateItem })[] = [];
        for (const item of due) {
          const { posting, document } = item;
          const written = key.write(posting.idempotencyKey);
          const known = this.known(item.idempotencyKey, document.key, found);
          const hit = only(found.get(written), written, document.key);
          if (known !== null) outcomes.set(item, known);
          else if (hit === null) outcomes.set(item, notThere(posting.reference, document.key));
          else if ("code" in hit) outcomes.set(item, { kind: "rejected", problem: hit });
          else if (!hasLines(document.type) && (hit.status === "C" || hit.status === "D"))
            approved.push({ item, hit, document: document.key, key: written });
          else if (!isDraft(hit))
            outcomes.set(
              item,
              held(
                `${hit.number} is no draft any more (state \`${hit.status}\`)`,
                document.key,
                "nothing was changed; the next run looks again",
              ),
            );
          else savings.push({ item, id: hit.id });
        }
        const opened = await this.reopen(approved, outcomes);
        savings.push(...opened.map(({ item, hit }) => ({ item, id: hit.id })));
        const save = () => this.saver.save(savings);
        const saved = await (opened.length === 0
          ? save()
          : guarded(
              save,
              savings.map(({ item }) => ({ document: item.document.key })),
            ));
        savings.forEach(({ item }, index) => void outcomes.set(item, saved[index] as PostOutcome));
        const refused = opened.filter(({ item }) => outcomes.get(item)?.kind === "rejected");
        if (refused.length > 0) await this.approval.finish(refused.map((each) => ({ ...each, hit: { ...each.hit, status: "D" } })));
        return due.map((item) => outcomes.get(item) as PostOutcome);
      },
    );
  }

  /** Those that can be saved over now; the others have their outcome. What cannot be written at all is not touched. */
  private async reopen<T extends Known & { readonly item: UpdateItem }>(
    approved: readonly T[],
    outcomes: Map<UpdateItem, PostOutcome>,
  ): Promise<readonly T[]> {
    const writable = approved.filter(({ item, document }) => {
      try {
        this.books.form.write(item);
        return true;
      } catch (error) {
        outcomes.set(item, unwritable(error, document));
        return false;
      }
    });
    const closed = writable.filter(({ hit }) => hit.status === "C");
    const done = await this.approval.operate("UnAudit", closed, (hit) => hit !== null && hit.status !== "C");
    return writable.filter((each) => {
      const outcome = done.get(each);
      if (outcome === undefined || outcome.kind === "done") return true;
      outcomes.set(each.item, outcome);
      return false;
    });
  }

  /** What is there already under a key; null where nothing is. */
  private known(idempotencyKey: string, document: string, found: Hits): PostOutcome | null {
    const written = this.books.key.write(idempotencyKey);
    const hit = only(found.get(written), written, document);
    if (hit === null) return null;
    return "code" in hit ? { kind: "rejected", problem: hit } : { kind: "exists", ...foundOf(hit, this.books.until) };
  }

  /** Looks up what stands under the keys before anything is done. Documents whose keys cannot be written are refused. */
  private async withHits<T>(
    items: readonly T[],
    documentOf: (item: T) => string,
    keysOf: (item: T) => readonly string[],
    work: (due: readonly T[], found: Hits) => Promise<readonly PostOutcome[]>,
  ): Promise<readonly PostOutcome[]> {
    this.saver.ensureKept();
    const outcomes = new Map<T, PostOutcome>();
    const keys: string[] = [];
    for (const item of items) {
      try {
        keys.push(...keysOf(item));
      } catch (error) {
        outcomes.set(item, unwritable(error, documentOf(item)));
      }
    }
    const due = items.filter((item) => !outcomes.has(item));
    if (due.length > 0) {
      const found = await asked(() => this.books.register.find(keys));
      const done = "retryAfterMs" in found ? due.map((item) => placed(found, documentOf(item))) : await work(due, found);
      due.forEach((item, index) => void outcomes.set(item, done[index] as PostOutcome));
    }
    return items.map((item) => outcomes.get(item) as PostOutcome);
  }

  /** Throws ProblemError when the ERP cannot be asked now. */
  private async ask<T>(question: () => Promise<T>): Promise<T> {
    try {
      return await question();
    } catch (error) {
      if (error instanceof QueryFault) throw unavailable(error);
      if (!(error instanceof Unwritable)) throw error;
      throw new ProblemError(
        problem("TARGET_UNAVAILABLE", error.message, [], "it was posted with other options of the target: give them back"),
      );
    }
  }

  private async newest(pipeline: string): Promise<string | null> {
    const written = await this.books.register.newest(pipeline);
    return written === null ? null : this.books.key.read(written);
  }

  private async *list(pipeline: string): AsyncGenerator<PostedEntry> {
    const { register, key, until } = this.books;
    try {
      for await (const hit of register.all(pipeline)) {
        const idempotencyKey = key.read(hit.key);
        if (idempotencyKey.endsWith("/reversal") && !isThrough(hit, until)) continue;
        yield { idempotencyKey, ...foundOf(hit, until) };
      }
    } catch (error) {
      throw error instanceof QueryFault ? unavailable(error) : error;
    }
  }
}
