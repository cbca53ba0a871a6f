import type { Pipeline } from "../config/pipeline.js";
import type { Target } from "../connectors/contract.js";
import { displayCursor } from "../model/cursor.js";
import { type DateText, type Period, periodOf } from "../model/dates.js";
import { type DocumentCover, documentCover } from "../model/document-cover.js";
import { hasLines } from "../model/document-types.js";
import { type Problem, ProblemError, problem } from "../model/problem.js";
import type { Finding, LeftOut, OpenItem, Reconciliation, Verdict } from "../model/reconciliation.js";
import { compareKeys, displayKey } from "../model/record.js";
import { AccountSheet } from "../steps/account-sheet.js";
import { matchListing } from "../steps/match-listing.js";
import { type DocumentFacts, judgeDocument, type ListedItem } from "../steps/reconcile.js";
import type { StoredDocument } from "../store/documents.js";
import type { QuarantineItem } from "../store/quarantine.js";
import type { Store } from "../store/store.js";
import type { Effects } from "./effects.js";
import { openTarget } from "./open-target.js";
import { wishOf } from "./reconcile-source.js";
import { type Found, TargetSide, type Ways } from "./reconcile-target.js";
import { type Decode, recordDecoder } from "./wish.js";

export interface ReconcileRequest {
  readonly pipeline: Pipeline;
  /** Opened read-only. */
  readonly store: Store;
  readonly effects: Effects;
  readonly timeZone: string;
  /** The folder that relative paths of the pipeline start from. */
  readonly folder: string;
  /** Only documents of this month; all when null. */
  readonly period: Period | null;
  /** How the content of documents is told; personal values are covered when left out. */
  readonly cover?: DocumentCover;
}

/** Documents compared between two progress reports, and asked about together. */
const CHUNK = 500;
/** Runs that are looked through for the last one that read the source to its end. */
const RUNS = 200;
const READING: readonly string[] = ["run", "plan", "apply"];

/**
 * Compares what the source wants, what the store says was posted, and what the target holds. Reads the target, and the store as it is at one
 * moment; reads no source, writes nothing, takes no lease.
 */
export async function reconcile(request: ReconcileRequest): Promise<Reconciliation> {
  const { pipeline, effects, folder, timeZone, period } = request;
  if (period !== null && !hasLines(pipeline.mapping.type))
    throw new ProblemError(
      problem(
        "USAGE",
        `documents of type \`${pipeline.mapping.type}\` have no date, so they belong to no period`,
        [],
        "leave `--period` out",
      ),
    );
  if (!request.store.pipelineNames().includes(pipeline.name))
    throw new ProblemError(
      problem(
        "NOT_FOUND",
        `the store knows nothing of \`${pipeline.name}\``,
        [],
        "it is made by the first `sync run`; after a loss `sync recover` rebuilds it",
      ),
    );
  const { now, sleep, signal } = effects;
  const target = await openTarget(pipeline, { folder, timeZone, now, sleep, signal });
  request.store.freeze();
  try {
    return await new Reconciler(request, target).go();
  } finally {
    request.store.thaw();
    await target.close?.();
  }
}

class Reconciler {
  private readonly startedAt: string;
  private readonly pipelineId: number;
  private readonly sheet: AccountSheet;
  private readonly side: TargetSide;
  private readonly listing;
  private readonly documents;
  private readonly decode: Decode;
  private readonly cover: DocumentCover;
  private readonly listed: ReadonlyMap<number, ListedItem>;
  private readonly inDoubt: ReadonlyMap<number, ReadonlySet<string>>;
  private readonly findings: Finding[] = [];
  private readonly open: OpenItem[] = [];
  private readonly leftOut: LeftOut[] = [];
  private readonly has = { source: 0, ours: 0, target: 0, agreed: 0 };

  constructor(
    private readonly request: ReconcileRequest,
    target: Target,
  ) {
    const { store, pipeline, effects } = request;
    this.startedAt = effects.now().toISOString();
    this.pipelineId = store.pipelineId(pipeline.name);
    this.sheet = new AccountSheet((date) => this.counts(date));
    this.listing = store.newListing();
    this.documents = store.documents();
    this.side = new TargetSide({
      pipeline: pipeline.name,
      target,
      listing: this.listing,
      effects,
      hasLines: hasLines(pipeline.mapping.type),
    });
    this.decode = recordDecoder({ pipeline, pipelineId: this.pipelineId, store });
    this.cover = request.cover ?? documentCover(pipeline.personal);
    this.listed = this.listedItems();
    this.inDoubt = this.keysInDoubt();
  }

  async go(): Promise<Reconciliation> {
    const { effects } = this.request;
    const underWay = this.runUnderWay();
    await this.side.list();
    const total = this.documents.count(this.pipelineId);
    let done = 0;
    let after = 0;
    for (;;) {
      this.stopWhenAsked();
      const documents = this.documents.next(this.pipelineId, after, CHUNK);
      const last = documents.at(-1);
      if (last === undefined) break;
      after = last.id;
      const facts = documents.map((document) => this.knownFacts(document));
      const found = await this.side.find(
        documents,
        facts.map((known) => this.isAsked(known)),
      );
      for (const [index, document] of documents.entries()) this.judge(document.key, facts[index] as Known, found[index] as Found);
      done += documents.length;
      effects.onProgress({ stage: "compare", records: 0, documents: done, done, total });
      await effects.sleep(0);
    }
    this.judgeUnknown();
    this.listRecords();
    return this.report(underWay);
  }

  private counts(date: DateText): boolean {
    const { period } = this.request;
    return period === null || periodOf(date) === period;
  }

  private knownFacts(document: StoredDocument): Known {
    const { pipeline } = this.request;
    const listed = this.listed.get(document.id) ?? null;
    return {
      key: document.key,
      isBatch: pipeline.mapping.batch !== null,
      isTouched: document.isTouched,
      wish: wishOf(pipeline, document, this.decode),
      versions: document.versions,
      // What was dropped comes back when its records change.
      listed: listed?.status === "dropped" && document.isTouched ? null : (listed ?? this.waitsForApproval(document)),
      inDoubt: this.inDoubt.get(document.id) ?? NO_KEYS,
    };
  }

  /** In a pipeline that asks for approval, what is to be done for a document waits for a plan. */
  private waitsForApproval({ key, isTouched }: StoredDocument): ListedItem | null {
    const { approval } = this.request.pipeline;
    if (approval === null || !isTouched) return null;
    const hint = `save a plan, and have it approved by ${approval.by.join(" or ")}`;
    const cause = problem("PLAN_NOT_APPROVED", "it waits for a plan that is approved and applied", { document: displayKey(key) }, hint);
    return { status: "waiting", problem: cause, reason: null };
  }

  /** With a period, the target is asked about the documents that the source or the store puts there. */
  private isAsked({ wish, versions }: Known): boolean {
    if (this.request.period === null) return true;
    const wanted = wish.kind === "wanted" ? wish.documents : [];
    return [...wanted, ...versions.map(({ posting }) => posting.document)].some(({ date }) => this.counts(date));
  }

  private judge(key: string, known: Known, found: Found): void {
    const { findings, open, leftOut, has, agrees } = judgeDocument({ ...known, ...found, key, cover: this.cover }, this.sheet, (date) =>
      this.counts(date),
    );
    this.findings.push(...findings);
    if (open !== null) this.open.push(open);
    if (leftOut !== null) this.leftOut.push(leftOut);
    for (const side of ["source", "ours", "target"] as const) if (has[side]) this.has[side] += 1;
    if (agrees) this.has.agreed += 1;
  }

  /** What the target lists of documents that the store has never heard of. */
  private judgeUnknown(): void {
    for (const key of this.listing.documentKeys()) {
      if (this.documents.has(this.pipelineId, key)) continue;
      const known = {
        key,
        isBatch: this.request.pipeline.mapping.batch !== null,
        isTouched: false,
        wish: { kind: "no records" },
        versions: [],
        listed: null,
        inDoubt: NO_KEYS,
      } as const;
      this.judge(key, known, { ...matchListing([], this.listing.of(key), true), held: new Map() });
    }
  }

  /** Records that wait and belong to no document yet: nobody can tell its date. */
  private listRecords(): void {
    const { store } = this.request;
    for (const { key, documentKey, status, problem: cause } of store.quarantine.list(this.pipelineId)) {
      if (documentKey !== null || status === "dropped") continue;
      this.open.push({ ...NOWHERE, key, status: status === "held" ? "held" : "waiting", problem: cause });
    }
  }

  private listedItems(): Map<number, ListedItem> {
    const { store } = this.request;
    const items = new Map<number, ListedItem>();
    const put = ({ status, problem: cause, reason, documentKey }: QuarantineItem): void => {
      const id = documentKey === null ? null : store.records.documentId(this.pipelineId, documentKey);
      if (id !== null) items.set(id, { status: status === "ready" ? "waiting" : status, problem: cause, reason });
    };
    // Of a document and its records, what is said of the document itself counts; and what waits more than what was dropped.
    const dropped = store.quarantine.dropped(this.pipelineId);
    for (const item of dropped) if (item.kind === "record") put(item);
    for (const item of dropped) if (item.kind === "document") put(item);
    const waiting = store.quarantine.list(this.pipelineId);
    for (const item of waiting) if (item.kind === "record") put(item);
    for (const item of waiting) if (item.kind === "document") put(item);
    return items;
  }

  private keysInDoubt(): Map<number, ReadonlySet<string>> {
    const keys = new Map<number, Set<string>>();
    for (const { documentId, idempotencyKey } of this.request.store.attempts.open(this.pipelineId))
      keys.set(documentId, (keys.get(documentId) ?? new Set()).add(idempotencyKey));
    return keys;
  }

  private stopWhenAsked(): void {
    if (this.request.effects.signal.aborted) throw new ProblemError(problem("RUN_INTERRUPTED", "stopped before everything was compared"));
  }

  /** Null when nobody works on the pipeline. A run whose process is gone holds nothing. */
  private runUnderWay(): Problem | null {
    const { store, effects, pipeline } = this.request;
    const lease = store.leases.get(pipeline.name);
    if (lease === null || lease.expiresAt <= effects.now().toISOString()) return null;
    if (lease.host === effects.host && !effects.isAlive(lease.pid)) return null;
    return problem(
      "RUN_UNDER_WAY",
      `a run of \`${pipeline.name}\` is under way: process ${lease.pid} on ${lease.host}, since ${lease.acquiredAt}`,
      [],
      "what it posts while this compares can show as a difference; reconcile again when it has ended",
    );
  }

  private report(underWay: Problem | null): Reconciliation {
    const { pipeline, effects, period } = this.request;
    const { ways } = this.side;
    const incomplete = this.notCompared(ways);
    const accounts = this.sheet.rows(ways.content !== "none");
    const isApart = this.findings.length > 0 || accounts.some(({ agrees }) => !agrees);
    const verdict = ((): Verdict => {
      if (isApart) return "differ";
      if (incomplete.length > 0) return "incomplete";
      if (this.open.some(({ status }) => status === "in doubt")) return "in doubt";
      return this.open.length > 0 ? "agree, items wait" : "agree";
    })();
    return {
      pipeline: pipeline.name,
      title: pipeline.title,
      target: { name: pipeline.target.name, connector: pipeline.target.connector.name },
      period,
      startedAt: this.startedAt,
      endedAt: effects.now().toISOString(),
      verdict,
      sourceRead: this.sourceRead(),
      targetRead: { presence: ways.presence, content: ways.content },
      counts: this.has,
      findings: this.findings.sort(byDate),
      open: this.open.sort(byDate),
      leftOut: this.leftOut.sort(byDate),
      accounts,
      problems: [...incomplete, ...(underWay === null ? [] : [underWay])],
    };
  }

  /** What keeps the three sides from being compared, if anything. */
  private notCompared({ presence, content }: Ways): Problem[] {
    const { name } = this.request.pipeline.target;
    const problems: Problem[] = [];
    const cannot = (what: string, hint: string): void => void problems.push(problem("RECONCILE_INCOMPLETE", what, [], hint));
    if (presence === "none")
      cannot(
        `\`${name}\` can neither list nor read nor look up what it holds: only the source and our postings were compared`,
        "compare the target by hand with what `--csv` prints",
      );
    else {
      if (presence !== "list")
        cannot(
          `\`${name}\` does not list what it holds: what stands there and was not posted by this store was not looked for, nor what is booked twice`,
          "where the connector has an option for it (`target.list` of `http`), describe how it lists",
        );
      if (content === "none")
        cannot(
          `\`${name}\` does not tell with what content it holds a document: accounts, amounts and dates in the target were not compared`,
          "where the connector has an option for it (`target.read` of `http`), describe how it is read",
        );
    }
    const { unread, firstUnread } = this.side;
    if (firstUnread !== null)
      cannot(
        `${unread} ${unread === 1 ? "document" : "documents"} could not be read in the target: ${firstUnread.message}`,
        firstUnread.hint ?? "reconcile again when it answers",
      );
    return problems;
  }

  private sourceRead(): Reconciliation["sourceRead"] {
    const { store, pipeline } = this.request;
    const last = store.runs
      .list({ pipeline: pipeline.name, limit: RUNS })
      .find(({ kind, status }) => READING.includes(kind) && status !== "failed" && status !== "interrupted" && status !== "running");
    if (last === undefined) return null;
    const watermark = store.watermarks.get(this.pipelineId, "records");
    return { run: last.id, at: last.startedAt, watermark: watermark === null ? null : displayCursor(watermark) };
  }
}

type Known = Omit<DocumentFacts, "cover" | "held" | "strays" | "cancellations" | "vanished">;

const NO_KEYS: ReadonlySet<string> = new Set();
const NOWHERE = { date: "", currency: "", sourceMinor: null, oursMinor: null, targetMinor: null, reference: null } as const;

function byDate(a: { readonly date: string; readonly key: string }, b: { readonly date: string; readonly key: string }): number {
  return a.date === b.date ? compareKeys(displayKey(a.key), displayKey(b.key)) : a.date < b.date ? -1 : 1;
}
