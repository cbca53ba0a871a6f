import type { DateText } from "../model/dates.js";
import { type Document, isUnknown, lineAmount } from "../model/document.js";
import type { DocumentCover } from "../model/document-cover.js";
import { type Posting, UNKNOWN_FINGERPRINT } from "../model/posting.js";
import { type Problem, problem } from "../model/problem.js";
import type { Finding, FindingKind, LeftOut, OpenItem, OpenStatus, PostedVersion, Side, Standings } from "../model/reconciliation.js";
import { displayKey } from "../model/record.js";
import type { AccountSheet } from "./account-sheet.js";
import { compareDocuments, netByAccount } from "./compare.js";
import type { Cancellation, Matched, Stray } from "./match-listing.js";
import { addCancellation, amountOf, amountsApart, BLANK, doubtProblem, hasContent } from "./reconcile-parts.js";
import { toldDifference } from "./reconsider.js";

/** What the source wants of a document, as far as its records tell. */
export type Wish =
  /** `matches`: what is posted is just that. `waits`: why some members of a batch are not in it. */
  | { readonly kind: "wanted"; readonly documents: readonly Document[]; readonly matches: boolean; readonly waits: Problem | null }
  | { readonly kind: "unwanted" }
  | { readonly kind: "faulty"; readonly problem: Problem }
  /** The store has no records of it. */
  | { readonly kind: "no records" };

/** What the target was found to hold of a live posting. The document is null where the target does not tell the content. */
export type Held =
  | { readonly kind: "there"; readonly document: Document | null; readonly reference: string; readonly step: string | null }
  /** Also what was cancelled there. `isFresh`: it was posted so lately that the target may not show it yet. */
  | { readonly kind: "gone"; readonly by: string | null; readonly isFresh: boolean }
  /** The target could not tell, or was not asked. */
  | { readonly kind: "unknown" };

/** What the list of waiting items says of a document. */
export interface ListedItem {
  readonly status: "waiting" | "held" | "dropped";
  readonly problem: Problem;
  /** Why a person dropped it. */
  readonly reason: string | null;
}

/** All that is known of one document on the three sides. */
export interface DocumentFacts extends Omit<Matched, "found"> {
  readonly key: string;
  readonly isBatch: boolean;
  readonly isTouched: boolean;
  readonly wish: Wish;
  readonly versions: readonly PostedVersion[];
  readonly listed: ListedItem | null;
  /** The keys under which something was sent whose answer is unknown. */
  readonly inDoubt: ReadonlySet<string>;
  /** By version, for those that are live. */
  readonly held: ReadonlyMap<number, Held>;
  /** How its content may be told. */
  readonly cover: DocumentCover;
}

export interface Judgement {
  readonly findings: readonly Finding[];
  readonly open: OpenItem | null;
  readonly leftOut: LeftOut | null;
  /** Which sides have it, within the days that count. */
  readonly has: Readonly<Record<Side, boolean>>;
  /** All three have it, it was compared with what the target holds, and nothing differs. */
  readonly agrees: boolean;
}

/** Compares one document on the three sides, and adds it to the account totals. `counts`: the days that are looked at. */
export function judgeDocument(facts: DocumentFacts, sheet: AccountSheet, counts: (date: DateText) => boolean): Judgement {
  return new Judge(facts, counts).judge(sheet);
}

class Judge {
  private readonly live: readonly Posting[];
  /** Through all steps: a draft is not booked on either side. */
  private readonly booked: readonly Posting[];
  private readonly ours: readonly Document[];
  private readonly target: readonly Document[];
  private readonly standings: Standings;
  private readonly dates: readonly DateText[];
  private readonly findings: Finding[] = [];
  private open: OpenItem | null = null;
  private leftOut: LeftOut | null = null;
  /** Documents that one side has and the other not, because the answer to a send is unknown or not shown yet. */
  private readonly doubtful: { readonly document: Document; readonly direction: 1n | -1n }[] = [];

  constructor(
    private readonly facts: DocumentFacts,
    private readonly counts: (date: DateText) => boolean,
  ) {
    const { versions, wish, held, strays } = facts;
    this.live = versions.filter(({ endedAs }) => endedAs === null).map(({ posting }) => posting);
    this.booked = this.live.filter(({ step }) => step === null);
    this.ours = this.booked.flatMap((posting) => this.contentOf(posting) ?? []);
    this.target = [
      ...this.booked.flatMap((posting) => this.heldOf(posting)),
      ...strays.flatMap((stray) => this.strayDocument(stray) ?? []),
    ];
    const source = wish.kind === "wanted" ? wish.documents : [];
    const [first] = [...source, ...this.ours, ...this.target];
    const currency = first?.currency ?? "";
    const reference = this.live.at(-1)?.reference ?? strays[0]?.entry.reference ?? null;
    this.standings = {
      key: facts.key,
      date: first?.date ?? "",
      currency,
      sourceMinor: amountOf(source, currency),
      oursMinor: amountOf(this.ours, currency),
      targetMinor: this.live.some(({ version }) => held.get(version)?.kind === "unknown") ? null : amountOf(this.target, currency),
      reference,
    };
    this.dates = [...source, ...this.ours, ...this.target].map(({ date }) => date);
  }

  judge(sheet: AccountSheet): Judgement {
    const { wish, strays, cancellations, vanished } = this.facts;
    this.compareWithSource();
    for (const posting of this.live) this.compareWithTarget(posting);
    for (const stray of strays) this.judgeStray(stray);
    for (const cancellation of cancellations) this.judgeCancellation(cancellation);
    for (const { posting, endedBy } of vanished)
      this.find(
        "missing",
        ["ours", "target"],
        `posted as ${posting.reference} and reversed by ${endedBy ?? "?"}: neither is in the target`,
        [posting.document.date],
      );
    this.listRest();
    this.addUp(sheet);
    const any = (documents: readonly Document[]): boolean => documents.some(({ date }) => this.counts(date));
    const source = wish.kind === "faulty" || (wish.kind === "wanted" && any(wish.documents));
    const has = { source, ours: any(this.ours), target: any(this.target) && (this.booked.length === 0 || this.booked.some(this.isThere)) };
    const isCompared = this.booked.every((posting) => this.isThere(posting) && this.heldContent(posting) !== null);
    const isSettled = this.findings.length === 0 && this.open === null && this.leftOut === null;
    return {
      findings: this.findings,
      open: this.open,
      leftOut: this.leftOut,
      has,
      agrees: has.source && has.ours && has.target && isCompared && isSettled,
    };
  }

  private readonly isThere = ({ version }: Posting): boolean => this.facts.held.get(version)?.kind === "there";

  private heldContent({ version }: Posting): Document | null {
    const held = this.facts.held.get(version);
    return held?.kind === "there" ? held.document : null;
  }

  private compareWithSource(): void {
    const { facts, live } = this;
    const { wish, isBatch, isTouched } = facts;
    const references = live.map(({ reference }) => reference).join(", ");
    if (!isBatch && this.booked.length > 1)
      this.find("booked twice", ["source", "ours"], `posted as ${references}, and only one of them is wanted`);
    switch (wish.kind) {
      case "faulty":
        this.wait(wish.problem);
        return;
      case "unwanted":
        if (live.length > 0) this.explain("extra", `posted as ${references}, and the source no longer wants it`);
        return;
      case "no records":
        if (live.length > 0)
          this.explain("extra", `posted as ${references}, and the store has no records of it: nobody can tell what the source wants`);
        return;
      case "wanted":
        break;
    }
    if (wish.waits !== null) this.wait(wish.waits);
    const [unfinished] = live.filter(({ step }) => step !== null);
    if (live.length === 0) {
      // What the target holds and the store does not know is told as that.
      if (facts.strays.some(({ why }) => why === "unknown") && facts.listed === null) return;
      const when = isTouched
        ? "the next run posts it"
        : "its records did not change, so no run posts it by itself: the mapping or a lookup wants it only now";
      this.explain("missing", `not posted: ${when}`);
    } else if (!wish.matches) this.explain("changed since", this.changeAtSource(wish.documents));
    else if (unfinished !== undefined)
      this.wait(
        facts.listed?.problem ??
          problem("TARGET_NOT_YET", `a draft in the target as ${unfinished.reference}, which got as far as \`${unfinished.step}\``, {
            document: displayKey(facts.key),
          }),
        "draft",
      );
  }

  private changeAtSource(wanted: readonly Document[]): string {
    const posting = this.live.at(-1);
    const [document] = wanted;
    if (posting === undefined || document === undefined) return "";
    if (posting.fingerprint === UNKNOWN_FINGERPRINT)
      return `posted as ${posting.reference}, and nobody knows with what content: it was recovered from the target`;
    const who = this.facts.isTouched ? "the source now wants" : "its records did not change, and the mapping or a lookup now makes of them";
    const posted = this.contentOf(posting);
    const about =
      this.facts.isBatch || posted === null
        ? amountsApart(this.ours, wanted)
        : (toldDifference(posted, document, this.facts.cover) ?? amountsApart(this.ours, wanted));
    return `posted as ${posting.reference}; ${who}: ${about}`;
  }

  private compareWithTarget(posting: Posting): void {
    const held = this.facts.held.get(posting.version) ?? { kind: "unknown" };
    if (held.kind === "unknown") return;
    if (held.kind === "gone") {
      const { isBatch, wish } = this.facts;
      const isOver = wish.kind === "unwanted" && !isBatch ? "; the source does not want it either, so the next run takes note" : "";
      const by = held.by === null ? "is not in the target any more" : `was cancelled in the target by ${held.by}`;
      if (this.facts.inDoubt.size > 0) this.doubt(posting, "in doubt", doubtProblem(this.facts.key));
      else if (held.isFresh) {
        const lag = problem(
          "TARGET_NOT_YET",
          `posted as ${posting.reference} a moment ago, and the target does not show it yet`,
          { document: displayKey(this.facts.key) },
          "reconcile again when its quiet time is over",
        );
        this.doubt(posting, "not shown yet", lag);
      } else this.find("missing", ["ours", "target"], `posted as ${posting.reference}, and it ${by}${isOver}`);
      return;
    }
    if (posting.step === null && held.step !== null)
      this.find(
        "changed since",
        ["ours", "target"],
        `posted as ${posting.reference} through all steps, and in the target it stands at \`${held.step}\` again`,
      );
    const posted = this.contentOf(posting);
    const divergence = held.document === null || posted === null ? null : compareDocuments(posted, held.document, this.facts.cover);
    if (divergence !== null) this.find(divergence.kind, ["ours", "target"], `${held.reference}: ${divergence.about}`);
  }

  private judgeStray(stray: Stray): void {
    const { entry, why, version } = stray;
    const { facts } = this;
    if (why === "unknown" && facts.inDoubt.has(entry.idempotencyKey)) {
      const document = this.strayDocument(stray);
      if (document !== null) this.doubtful.push({ document, direction: 1n });
      this.openItem("in doubt", doubtProblem(facts.key));
      return;
    }
    const others = this.live.filter((posting) => facts.held.get(posting.version)?.kind === "there").map(({ reference }) => reference);
    const before = facts.strays.slice(0, facts.strays.indexOf(stray)).map((each) => each.entry.reference);
    const also = [...others, ...before];
    const isTwice = why === "twice" || (also.length > 0 && !facts.isBatch);
    const beside = also.length > 0 ? `, beside ${also.join(", ")}` : "";
    const note =
      why === "twice"
        ? `the target holds it once more as ${entry.reference}${beside}, under the same key \`${displayKey(entry.idempotencyKey)}\``
        : why === "cancelled"
          ? `${entry.reference}${version?.endedBy === null ? "" : ` was cancelled by ${version?.endedBy}, as we noted, and`} is in force in the target${beside}`
          : `the target holds ${entry.reference}${beside} under \`${displayKey(entry.idempotencyKey)}\`, which the store does not know`;
    const presumed =
      entry.document === null && hasContent(facts.held) ? "; its content cannot be read, and it is counted as the posted one" : "";
    this.find(isTwice ? "booked twice" : "extra", ["ours", "target"], note + presumed);
  }

  private judgeCancellation({ version, original, reversal }: Cancellation): void {
    const dates = [original?.document?.date ?? version?.posting.document.date, reversal.document?.date].filter(
      (date) => date !== undefined,
    );
    if (version === null && original !== null) {
      const about = `the target holds ${original.reference} and its reversal ${reversal.reference}, and the store knows neither`;
      this.find("extra", ["ours", "target"], about, dates);
      return;
    }
    if (version?.endedAs === null && this.facts.inDoubt.has(reversal.idempotencyKey)) return;
    if (original === null) {
      this.find("missing", ["ours", "target"], `the target holds the reversal ${reversal.reference} of what it does not hold`, dates);
      return;
    }
    const { document: booked } = original;
    const { document: red } = reversal;
    if (booked === null || red === null) return;
    const left = [...netByAccount(booked, red)].map(
      ([account, minor]) => `${account} ${lineAmount({ ...BLANK, amountMinor: minor }, booked.currency)}`,
    );
    if (left.length > 0)
      this.find(
        "different amount",
        ["ours", "target"],
        `${original.reference} and its reversal ${reversal.reference} do not come to nothing: ${left.join(", ")} is left`,
        dates,
      );
  }

  /** What is on the list and gave no reason for anything above is still on it. */
  private listRest(): void {
    const { listed, inDoubt, key } = this.facts;
    if (inDoubt.size > 0) this.openItem("in doubt", doubtProblem(key));
    else if (listed !== null && listed.status !== "dropped" && this.findings.every((finding) => finding.listed === null))
      this.openItem(listed.status, listed.problem);
    else if (listed?.status === "dropped" && this.facts.wish.kind === "faulty") this.leaveOut(listed);
  }

  /** Something that what we know of the document explains, or else a finding. */
  private explain(kind: FindingKind, about: string): void {
    const { listed, inDoubt, key } = this.facts;
    if (inDoubt.size > 0) this.openItem("in doubt", doubtProblem(key));
    else if (listed === null) this.find(kind, ["source", "ours"], about);
    else if (listed.status === "dropped") this.leaveOut(listed);
    else this.openItem(listed.status, listed.problem);
  }

  private wait(cause: Problem, status: OpenStatus = "waiting"): void {
    const { listed, inDoubt, key } = this.facts;
    if (inDoubt.size > 0) this.openItem("in doubt", doubtProblem(key));
    else if (listed?.status === "dropped") this.leaveOut(listed);
    else this.openItem(status === "draft" ? status : (listed?.status ?? status), listed?.problem ?? cause);
  }

  private doubt(posting: Posting, status: OpenStatus, cause: Problem): void {
    const document = this.contentOf(posting);
    if (document !== null && posting.step === null) this.doubtful.push({ document, direction: -1n });
    this.openItem(status, cause);
  }

  private find(kind: FindingKind, between: readonly [Side, Side], about: string, dates: readonly DateText[] = this.dates): void {
    if (!this.isLookedAt(dates)) return;
    const { listed } = this.facts;
    this.findings.push({ ...this.standings, kind, between, about, listed: listed?.problem ?? null });
  }

  private openItem(status: OpenStatus, cause: Problem): void {
    if (this.open !== null || !this.isLookedAt(this.dates)) return;
    this.open = { ...this.standings, status, problem: cause };
  }

  private leaveOut({ problem: cause, reason }: ListedItem): void {
    if (!this.isLookedAt(this.dates)) return;
    this.leftOut = { ...this.standings, reason: reason ?? "", problem: cause };
  }

  /** What has no date may belong to any period. */
  private isLookedAt(dates: readonly DateText[]): boolean {
    return dates.length === 0 || dates.some(this.counts);
  }

  private addUp(sheet: AccountSheet): void {
    const { wish, cancellations } = this.facts;
    const isDecided = this.leftOut !== null;
    // Where nobody can tell what is wanted, what is posted is taken for it; so it is where a person decided against what is wanted.
    const source = wish.kind === "wanted" && !isDecided ? wish.documents : wish.kind === "faulty" || isDecided ? this.ours : [];
    for (const document of source) sheet.add("source", document, 1n);
    for (const document of this.ours) sheet.add("ours", document, 1n);
    for (const document of this.target) sheet.add("target", document, 1n);
    if (this.open !== null) {
      for (const document of source) sheet.add("waiting", document, 1n);
      for (const document of this.ours) sheet.add("waiting", document, -1n);
    }
    for (const { document, direction } of this.doubtful) sheet.add("doubtful", document, direction);
    for (const cancellation of cancellations) addCancellation(sheet, cancellation);
  }

  /** Null where nobody can tell; a posting that was recovered without its content has that of the wish it matches. */
  private contentOf(posting: Posting): Document | null {
    if (!isUnknown(posting.document)) return posting.document;
    const { wish } = this.facts;
    if (wish.kind === "wanted" && wish.matches && this.live.length === 1) return wish.documents[0] ?? null;
    return this.heldContent(posting);
  }

  private heldOf(posting: Posting): readonly Document[] {
    const held = this.facts.held.get(posting.version) ?? { kind: "unknown" };
    if (held.kind === "gone") return [];
    const document = this.heldContent(posting) ?? this.contentOf(posting);
    return document === null ? [] : [document];
  }

  /** What cannot be read is taken for a copy of what was posted. */
  private strayDocument({ entry, version }: Stray): Document | null {
    if (entry.document !== null) return entry.document;
    const posted = version?.posting.document ?? this.live.at(-1)?.document ?? null;
    return posted === null || isUnknown(posted) ? null : posted;
  }
}
