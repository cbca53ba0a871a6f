import type { TargetSettings } from "../config/pipeline.js";
import { type Document, isUnknown, type Line, lineAmount } from "../model/document.js";
import type { DocumentCover } from "../model/document-cover.js";
import type { Change } from "../model/plan.js";
import type { Held, Posting } from "../model/posting.js";
import { type Problem, problem } from "../model/problem.js";
import { displayKey } from "../model/record.js";
import { changedHeld } from "./diff.js";

/** What the target was found to hold of a posting, beside what was posted. */
export interface Standing {
  readonly found: "as posted" | "changed" | "gone";
  /** It was posted so lately that the target may still show what was there before. */
  readonly isFresh: boolean;
  /** In words, what differs; of what is gone, the number that cancelled it. */
  readonly about: string | null;
  readonly isDraft: boolean;
  /** The target can give a draft other content. */
  readonly canUpdate: boolean;
}

type Policy = Pick<TargetSettings, "changed" | "edited">;

/** The intended change in the light of what the target holds now: what a person did there is not overwritten unless the pipeline says so. */
export function reconsider(change: Change, posted: Posting, standing: Standing, policy: Policy): Change {
  const { found } = standing;
  if (!isAboutPosting(change)) return change;
  if (found === "changed" || found === "gone") return afterEdit(change, posted, standing, policy);
  if (change.kind !== "replace") return change;
  if (!standing.isDraft) return policy.changed === "update draft" ? changedHeld(change.key, change.document, posted) : change;
  return standing.canUpdate ? { ...change, kind: "update" } : change;
}

type AboutPosting = Extract<Change, { kind: "keep" | "replace" | "update" | "finish" | "reverse" }>;

function isAboutPosting(change: Change): change is AboutPosting {
  return change.kind !== "hold" && change.kind !== "create" && change.kind !== "supplement";
}

function afterEdit(change: AboutPosting, posted: Posting, standing: Standing, policy: Policy): Change {
  const { key } = change;
  if (standing.isFresh) {
    // Nothing is undone on the word of a replica that may lag; the next run looks again.
    return change.kind === "keep" ? change : { kind: "hold", key, document: null, problem: editedProblem(key, posted, standing) };
  }
  const isGone = standing.found === "gone";
  // Nobody wants it and it is not there: that is agreement, whoever took it out.
  if (isGone && change.kind === "reverse") return { ...change, gone: { reference: standing.about } };
  if (policy.edited === "keep target") return { kind: "keep", key };
  const wanted = "document" in change ? change.document : change.kind === "reverse" ? null : posted.document;
  if (policy.edited === "hold") return { kind: "hold", key, document: wanted, problem: editedProblem(key, posted, standing) };
  if (wanted === null) return change;
  const fingerprint = "fingerprint" in change ? change.fingerprint : posted.fingerprint;
  if (isGone) return { kind: "replace", key, document: wanted, fingerprint, posted, gone: { reference: standing.about } };
  return { kind: standing.isDraft && standing.canUpdate ? "update" : "replace", key, document: wanted, fingerprint, posted };
}

export function editedProblem(
  key: string,
  posted: Posting,
  { found, about, isFresh }: Pick<Standing, "found" | "about" | "isFresh">,
): Problem {
  const by = about === null ? "" : found === "gone" ? ` (cancelled by ${about})` : `: ${about}`;
  const what = found === "gone" ? "is no longer there" : "was changed there";
  return problem(
    "TARGET_EDITED",
    `posted as ${posted.reference}, and in the target it ${what}${by}`,
    { document: displayKey(key) },
    isFresh
      ? "it was posted a moment ago, so the target may only be slow to show it; the next run looks again"
      : "put it right in the target, or drop it here with a reason; `target.edited` says what is done without asking",
  );
}

/** The same, as it may be shown and remembered. */
export function toldDifference(before: Document, after: Document, { document: shown }: Pick<DocumentCover, "document">): string | null {
  if (differenceOf(before, after) === null) return null;
  return differenceOf(shown(before), shown(after)) ?? "personal values";
}

/** Judges what the target gave back. `isFresh`: it was posted less than the target's quiet time ago. */
export function standingOf(
  posted: Posting,
  held: Held,
  options: { readonly canUpdate: boolean; readonly isFresh: boolean; readonly cover: DocumentCover },
): Standing {
  const { canUpdate, isFresh, cover } = options;
  if (held.kind === "gone") return { found: "gone", about: held.reference, isFresh, isDraft: false, canUpdate };
  const about = isUnknown(posted.document) ? null : toldDifference(posted.document, held.document, cover);
  return { found: about === null ? "as posted" : "changed", about, isFresh, isDraft: held.isDraft, canUpdate };
}

/** Most differences that are told of one document. */
const TOLD = 4;

/** In words, what two versions of a document differ in; null when they are the same. The order of lines is no difference. */
export function differenceOf(before: Document, after: Document): string | null {
  const told: string[] = [];
  const tell = (name: string, from: string, to: string): void => {
    if (from !== to) told.push(`${name} \`${from}\` → \`${to}\``);
  };
  tell("date", before.date, after.date);
  tell("currency", before.currency, after.currency);
  tell("text", before.text, after.text);
  tell("attachments", String(before.attachments), String(after.attachments));
  for (const name of new Set([...Object.keys(before.fields), ...Object.keys(after.fields)]))
    tell(name, before.fields[name] ?? "", after.fields[name] ?? "");
  const left = new Map<string, number>();
  for (const line of before.lines.map((each) => lineText(each, before.currency))) left.set(line, (left.get(line) ?? 0) + 1);
  const came: string[] = [];
  for (const line of after.lines.map((each) => lineText(each, after.currency))) {
    const count = left.get(line) ?? 0;
    if (count > 0) left.set(line, count - 1);
    else came.push(line);
  }
  for (const [line, count] of left) for (let n = 0; n < count; n += 1) told.push(`without \`${line}\``);
  for (const line of came) told.push(`with \`${line}\``);
  if (told.length === 0) return null;
  return told.slice(0, TOLD).join(", ") + (told.length > TOLD ? `, and ${told.length - TOLD} more` : "");
}

function lineText(line: Line, currency: string): string {
  const dimensions = Object.entries({ ...line.dimensions, ...line.fields }).sort(([a], [b]) => (a < b ? -1 : 1));
  return [line.side, line.account, lineAmount(line, currency), line.text, line.partner ?? "", ...dimensions.map((each) => each.join(" "))]
    .filter((part) => part !== "")
    .join(" ");
}
