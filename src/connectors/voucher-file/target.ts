import { realpathSync } from "node:fs";
import { addDays, type DateText, monthEnd, periodOf } from "../../model/dates.js";
import type { Document } from "../../model/document.js";
import type { Found, PostedEntry, PostOutcome } from "../../model/posting.js";
import { type Problem, ProblemError, problem } from "../../model/problem.js";
import type { ConnectorContext, PostItem, ReverseItem, Target, TargetTraits } from "../contract.js";
import { oppositeOf } from "./cancel.js";
import { chooseLayout } from "./choose-layout.js";
import type { FileKind } from "./control.js";
import { dayIn } from "./dates.js";
import { type Disk, realDisk } from "./disk.js";
import { Draft } from "./draft.js";
import type { Layout } from "./layout.js";
import { fileNameOf, Memory } from "./memory.js";
import type { VoucherFileConnection, VoucherFileOptions } from "./options.js";
import { Outbox } from "./outbox.js";
import { RowMaker } from "./rows.js";
import { writeTextFile } from "./text-file.js";
import { writeWorkbook } from "./workbook.js";

/** So often the next number may be taken by another program before the documents wait for a later try. */
const MOST_TRIES = 20;

/** Throws ProblemError for options that do not fit the layout. Reads and writes nothing in the folder. */
export async function openVoucherFileTarget(
  connection: VoucherFileConnection,
  options: VoucherFileOptions,
  context: ConnectorContext,
  disk: Disk = realDisk,
): Promise<Target> {
  const layout = await chooseLayout(options);
  return new VoucherFileTarget(connection, options, layout, context, disk);
}

/** A document on its way into the file. */
interface NewPlace extends PostItem {
  readonly word: string;
  /** Of a reversal: the key and the number of what it cancels. */
  readonly cancels: string | null;
  readonly reverses: string | null;
  /** Why it must wait although it could be written. */
  readonly closed: Problem | null;
}

/** Puts one item into the file that is being made, or says what became of it instead. */
type Wish = (draft: Draft) => PostOutcome;

/** Writes vouchers into import files. "Posted" means here: it stands in such a file, once, and in the file's control file. */
class VoucherFileTarget implements Target {
  readonly traits: TargetTraits;
  private readonly outbox: Outbox;
  private readonly rows: RowMaker;

  constructor(
    private readonly connection: VoucherFileConnection,
    private readonly options: VoucherFileOptions,
    private readonly layout: Layout,
    private readonly context: ConnectorContext,
    disk: Disk,
  ) {
    const company = companyOf(connection.folder);
    this.traits = { deduplicates: true, quietMs: 0, batch: options.batch, concurrency: 1, searchable: true, company };
    this.outbox = new Outbox(connection.folder, disk);
    this.rows = new RowMaker({ layout, replace: options.replace ?? {}, shortens: options.long_text === "shorten" });
  }

  async post(items: readonly PostItem[]): Promise<readonly PostOutcome[]> {
    return this.write(
      "vouchers",
      items.map((item) => (draft) => this.postOne(draft, item)),
    );
  }

  async reverse(items: readonly ReverseItem[]): Promise<readonly PostOutcome[]> {
    return this.write(
      "reversals",
      items.map((item) => (draft) => this.reverseOne(draft, item)),
    );
  }

  async lookup(idempotencyKey: string): Promise<Found | null> {
    this.outbox.settle();
    const written = this.outbox.find(idempotencyKey);
    return written === null ? null : { reference: written.reference, fingerprint: written.fingerprint };
  }

  async latest(pipeline: string): Promise<string | null> {
    this.outbox.settle();
    let latest: string | null = null;
    for (const [key] of this.outbox.memory.ofPipeline(pipeline)) latest = key;
    return latest;
  }

  async *postings(pipeline: string): AsyncGenerator<PostedEntry> {
    this.outbox.settle();
    for (const [idempotencyKey] of [...this.outbox.memory.ofPipeline(pipeline)]) {
      const written = this.outbox.find(idempotencyKey);
      if (written === null) continue;
      const found = { idempotencyKey, reference: written.reference, fingerprint: written.fingerprint };
      const content = written.content();
      yield written.cancels === null ? { ...found, document: content } : { ...found, cancelling: content };
    }
  }

  async check(documents: readonly Document[]): Promise<readonly (Problem | null)[]> {
    return documents.map((document) => {
      // A file that is never written.
      const draft = new Draft("vouchers", 1, "", new Memory(), this.options.first_number);
      const outcome = this.place(draft, { document, idempotencyKey: document.key, fingerprint: "", ...this.asPosting(document) });
      return outcome.kind === "rejected" ? outcome.problem : null;
    });
  }

  async nextOpen(date: DateText): Promise<DateText | null> {
    const { closed_through: closed } = this.connection;
    return closed === undefined || periodOf(date) > closed ? date : addDays(monthEnd(`${closed}-01`), 1);
  }

  private postOne(draft: Draft, item: PostItem): PostOutcome {
    return this.knownAs(draft, item.idempotencyKey) ?? this.place(draft, { ...item, ...this.asPosting(item.document) });
  }

  private reverseOne(draft: Draft, { posting, idempotencyKey, fingerprint, date: otherDate }: ReverseItem): PostOutcome {
    const known = this.knownAs(draft, idempotencyKey);
    if (known !== null) return known;
    const refuse = (code: Problem["code"], message: string, hint: string): PostOutcome => ({
      kind: "rejected",
      problem: problem(code, message, { document: posting.documentKey }, hint),
    });
    const written = this.outbox.find(posting.idempotencyKey);
    if (written === null)
      return refuse(
        "TARGET_REJECTED",
        `no control file knows \`${posting.idempotencyKey}\`, known as \`${posting.reference}\``,
        "check that `folder` of the connection is the one it was written to",
      );
    if (written.fingerprint !== posting.fingerprint)
      return refuse(
        "TARGET_CONFLICT",
        `\`${written.reference}\` has other content than what was posted as \`${posting.idempotencyKey}\``,
        "compare the two before anything is cancelled",
      );
    const other =
      this.outbox.cancellationOf(posting.idempotencyKey)?.reference ?? (draft.cancels(posting.idempotencyKey) ? draft.file : null);
    if (other !== null)
      return refuse(
        "TARGET_CONFLICT",
        `\`${written.reference}\` is cancelled already, by \`${other}\``,
        "look at the voucher that cancels it",
      );
    const closed = this.closedProblem(written.date, posting.documentKey);
    const isMoved = closed !== null && otherDate !== undefined && this.closedProblem(otherDate, posting.documentKey) === null;
    if (closed !== null && !isMoved)
      return refuse(
        "TARGET_PERIOD_CLOSED",
        `\`${written.reference}\` cannot be cancelled: ${closed.message}`,
        "reopen the month in the ERP and in `closed_through` of the connection, or correct it by hand with a voucher of an open month",
      );
    const { word, voucher, date } = written;
    const document = oppositeOf(written.content(), { date, word, number: voucher }, isMoved ? otherDate : date, this.options.reversal);
    const reverses = `${word}-${voucher}`;
    const of = { word, cancels: posting.idempotencyKey, reverses, closed: null };
    return this.place(draft, { document, idempotencyKey, fingerprint, ...of });
  }

  private asPosting(document: Document): Pick<NewPlace, "word" | "cancels" | "reverses" | "closed"> {
    const word = document.fields["word"] || this.options.word;
    return { word, cancels: null, reverses: null, closed: this.closedProblem(document.date, document.key) };
  }

  /** Gives a document the next number and its rows in the file, or says why it cannot be written. */
  private place(draft: Draft, { document, idempotencyKey, fingerprint, word, cancels, reverses, closed }: NewPlace): PostOutcome {
    const number = draft.nextNumber(periodOf(document.date), word);
    const voucher = `${this.options.number_prefix ?? ""}${number}`;
    const at = { index: draft.vouchers.length + 1, linesBefore: draft.rows.length };
    const made = this.rows.make({ document, idempotencyKey, fingerprint, word, number: voucher, reverses, ...at }, cancels !== null);
    if ("problem" in made) return { kind: "rejected", problem: made.problem };
    // A closed month is waited for; whatever else is wrong must be corrected first.
    if (closed !== null) return { kind: "rejected", problem: closed };
    draft.add({ document, key: idempotencyKey, fingerprint, word, number, voucher, cancels }, made.rows);
    return { kind: "created", reference: draft.referenceOf(word, voucher, document.date), fingerprint };
  }

  private closedProblem(date: DateText, document: string): Problem | null {
    const { closed_through: closed } = this.connection;
    if (closed === undefined || periodOf(date) > closed) return null;
    const hint = "reopen the month in the ERP, then change `closed_through` of the connection";
    return problem("TARGET_PERIOD_CLOSED", `\`${periodOf(date)}\` is closed: every month up to \`${closed}\` is`, { document }, hint);
  }

  private knownAs(draft: Draft, key: string): PostOutcome | null {
    const known = this.outbox.find(key) ?? draft.find(key);
    return known === null ? null : { kind: "exists", reference: known.reference, fingerprint: known.fingerprint };
  }

  private write(kind: FileKind, wishes: readonly Wish[]): readonly PostOutcome[] {
    if (wishes.length === 0) return [];
    const { memory } = this.outbox;
    for (let tries = 0; tries < MOST_TRIES; tries += 1) {
      this.outbox.settle();
      const now = this.context.now();
      const sequence = memory.sequence + 1;
      const { form } = this.layout;
      const file = fileNameOf(this.options.file, kind, dayIn(this.context.timeZone, now), sequence, form.ending);
      const draft = new Draft(kind, sequence, file, memory, this.options.first_number);
      const outcomes = wishes.map((wish) => wish(draft));
      if (draft.vouchers.length === 0) return outcomes;
      const content = form.kind === "text" ? writeTextFile(form, draft.rows) : writeWorkbook(form, draft.rows);
      const { layout } = this.options;
      const published = this.outbox.publish({
        ...{ sequence, kind, file, layout, content, writtenAt: now.toISOString(), vouchers: draft.vouchers },
      });
      if (published.kind === "published") return outcomes;
      if (published.kind === "unconfirmed") return unconfirmed(outcomes, draft, published.reason);
    }
    return wishes.map(() => ({
      kind: "busy",
      problem: problem("TARGET_BUSY", `other programs keep writing into \`${this.connection.folder}\`; nothing was sent`),
      retryAfterMs: null,
    }));
  }
}

/** Refusals stand, and so does what was written before; whatever this file would have held is in doubt. */
function unconfirmed(outcomes: readonly PostOutcome[], draft: Draft, reason: string): readonly PostOutcome[] {
  return outcomes.map((outcome) => {
    if (!("reference" in outcome) || !outcome.reference.endsWith(`, ${draft.file}`)) return outcome;
    const message = `the answer of the disk to \`${outcome.reference}\` is unknown: ${reason}`;
    const hint = "it is looked up before anything else is sent";
    return { kind: "unconfirmed", problem: problem("TARGET_UNCONFIRMED", message, { file: draft.file }, hint) };
  });
}

/** The folder by its one true path, so that two ways to it are one company. */
function companyOf(folder: string): string {
  try {
    return `voucher files in ${realpathSync(folder)}`;
  } catch (error) {
    const message = `the folder \`${folder}\` cannot be used: ${(error as Error).message}`;
    throw new ProblemError(
      problem("TARGET_UNAVAILABLE", message, { file: folder }, "check that the folder is there and its share is connected"),
    );
  }
}
