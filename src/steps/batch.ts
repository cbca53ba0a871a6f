import type { Pipeline } from "../config/pipeline.js";
import type { Environment } from "../expression/types.js";
import { checkDocument, type Document, fingerprintOf, isUnknown, type Line } from "../model/document.js";
import { documentCover } from "../model/document-cover.js";
import type { Change } from "../model/plan.js";
import { type Posting, UNKNOWN_FINGERPRINT } from "../model/posting.js";
import { dispositionOf, type Problem, problem } from "../model/problem.js";
import { displayKey, type Row } from "../model/record.js";
import { changedHeld, contentUnknown } from "./diff.js";
import { evaluate } from "./evaluate.js";
import { type Grouped, groupDocument } from "./group.js";

/** One of the many for which a batch stands: a claim in the voucher of its day. */
export interface Member {
  readonly name: string;
  readonly rows: readonly Row[];
  readonly grouped: Grouped;
}

/** The name of the member that a record belongs to; null where it cannot be told, as for a record whose cell is broken. */
export function memberOf(pipeline: Pipeline, key: string, row: Row): string | null {
  const { batch } = pipeline.mapping;
  if (batch === null) return null;
  const environment: Environment = { row, records: [row], lookups: pipeline.lookups.map((lookup) => lookup.table), variables: [] };
  const name = evaluate(batch, environment, displayKey(key), () => undefined);
  return typeof name === "string" && name !== "" ? name : null;
}

/** The records of a batch by member, each built as if it stood alone, so that a fault of one does not stop the others. */
export function membersOf(pipeline: Pipeline, key: string, records: readonly Row[]): Member[] {
  const byName = new Map<string, Row[]>();
  for (const row of records) {
    const name = memberOf(pipeline, key, row) ?? "";
    byName.set(name, [...(byName.get(name) ?? []), row]);
  }
  return [...byName].map(([name, rows]) => ({ name, rows, grouped: groupDocument(pipeline, key, rows) }));
}

/** A batch as it is wanted, beside what was posted of it. */
export interface BatchWish {
  readonly key: string;
  /** Those that can be booked. */
  readonly members: readonly Member[];
  readonly parts: readonly Posting[];
}

/** Names of the members that stand in the target already. */
export function bookedMembers(parts: readonly Posting[]): Set<string> {
  return new Set(parts.flatMap(({ document }) => document.members ?? []));
}

/**
 * What is to be posted so that the documents of a batch together come to what is wanted: at first the batch itself;
 * then members that came late as a supplementary document, and whatever else differs as a document with the
 * difference. The two add up to the whole difference whatever the mapping does, because the second is what the first leaves.
 */
export function diffBatch(pipeline: Pipeline, { key, members, parts }: BatchWish): (Change | { kind: "quarantine"; problem: Problem })[] {
  const wanted = members.filter(({ grouped }) => grouped.kind === "wanted");
  const build = (some: readonly Member[]): Grouped => {
    const rows = some.flatMap((member) => member.rows);
    return groupDocument(pipeline, key, rows, some[0]?.rows);
  };
  const disagreement = headersDisagree(pipeline, key, wanted);
  if (disagreement !== null) return [{ kind: "quarantine", problem: disagreement }];
  const whole = wanted.length === 0 ? null : build(wanted);
  if (whole?.kind === "faulty") return [{ kind: "quarantine", problem: combine(whole.problems) }];
  const document = whole?.kind === "wanted" ? whole.document : null;
  const names = wanted.map(({ name }) => name);
  const unknown = parts.find((part) => part.fingerprint === UNKNOWN_FINGERPRINT || isUnknown(part.document));
  if (unknown !== undefined) return [contentUnknown(key, null, unknown)];
  if (parts.length === 0) return document === null ? [] : [{ kind: "create", ...withMembers(document, names) }];

  const booked = bookedMembers(parts);
  const late = wanted.filter(({ name }) => !booked.has(name));
  const first = parts[0] as Posting;
  const currency = document?.currency ?? first.document.currency;
  const other = parts.find((part) => part.document.currency !== currency);
  if (other !== undefined) return [{ kind: "quarantine", problem: otherCurrency(key, other, currency) }];

  const changes: Change[] = [];
  const difference = new Difference();
  if (document !== null) difference.add(document.lines, 1n);
  for (const part of parts) difference.add(part.document.lines, -1n);
  const alone = late.length === 0 ? null : build(late);
  if (alone?.kind === "wanted") {
    difference.add(alone.document.lines, -1n);
    const supplement = { ...alone.document, text: `${alone.document.text}（补充）` };
    changes.push({
      kind: "supplement",
      ...withMembers(
        supplement,
        late.map(({ name }) => name),
      ),
    });
  }
  const lines = difference.lines(pipeline.mapping.negative);
  if (lines.length === 0) return changes.length > 0 ? changes : [{ kind: "keep", key }];
  const header = document ?? first.document;
  const correction: Document = { ...header, text: `${header.text}（差异）`, attachments: 0, lines };
  const [fault] = checkDocument(correction);
  if (fault !== undefined) return [...changes, { kind: "quarantine", problem: fault }];
  const policy = document === null ? pipeline.target.gone : pipeline.target.changed;
  if (policy === "hold" || policy === "update draft") return [...changes, changedHeld(key, correction, first)];
  // Members that came late and could not stand alone are booked with the difference.
  const rest = alone?.kind === "wanted" ? [] : late.map(({ name }) => name);
  return [...changes, { kind: "supplement", ...withMembers(correction, rest) }];
}

/** What stands in the header is one for all. */
function headersDisagree({ personal }: Pipeline, key: string, members: readonly Member[]): Problem | null {
  const headers = members.map(({ name, grouped }) => ({ name, header: grouped.kind === "wanted" ? headerOf(grouped.document) : [] }));
  const cover = documentCover(personal);
  const shown = (name: string, at: number): string | undefined => {
    const grouped = members.find((member) => member.name === name)?.grouped;
    return grouped?.kind === "wanted" ? headerOf(cover.document(grouped.document))[at]?.[1] : undefined;
  };
  const [first, ...others] = headers;
  for (const { name, header } of others) {
    const index = header.findIndex(([, value], at) => value !== first?.header[at]?.[1]);
    const here = header[index];
    if (first === undefined || here === undefined) continue;
    return problem(
      "MAP_DISAGREE",
      `the members of this batch disagree on \`${here[0]}\`: \`${shown(first.name, index)}\` of \`${first.name}\` and \`${shown(name, index)}\` of \`${name}\``,
      { document: displayKey(key) },
      `let \`document.header.${here[0]}\` say the same for all of a batch, or make it a part of \`document.key\``,
    );
  }
  return null;
}

function headerOf({ date, currency, text, fields }: Document): (readonly [string, string])[] {
  const names = Object.keys(fields).sort();
  return [["date", date], ["currency", currency], ["text", text], ...names.map((name) => [name, fields[name] ?? ""] as const)];
}

/** Why some members of a batch wait while the others are posted. */
export function membersWait(key: string, faulty: readonly { readonly name: string; readonly problem: Problem }[], all: number): Problem {
  const first = faulty[0] as { readonly problem: Problem };
  const told = faulty.slice(0, 5).map(({ name, problem: each }) => `\`${name}\`: ${each.message}`);
  const more = faulty.length > told.length ? `; and ${faulty.length - told.length} more` : "";
  return problem(
    first.problem.code,
    `${faulty.length} of its ${all} members cannot be booked: ${told.join("; ")}${more}`,
    [{ document: displayKey(key) }, ...first.problem.at.filter((place) => place.document === undefined)],
    "the others are posted without them; mended, they follow in a supplementary document",
  );
}

/** The problems of one document as one. What must stop the run stays what it is. */
export function combine(problems: readonly Problem[]): Problem {
  const [first, ...others] = problems as [Problem, ...Problem[]];
  if (others.length === 0 || dispositionOf(first.code) === "stop") return first;
  return { ...first, message: [first, ...others].map((each) => each.message).join("; ") };
}

function withMembers(document: Document, members: readonly string[]): { key: string; document: Document; fingerprint: string } {
  return { key: document.key, document: { ...document, members }, fingerprint: fingerprintOf(document) };
}

function otherCurrency(key: string, part: Posting, currency: string): Problem {
  return problem(
    "MAP_DISAGREE",
    `it is to be booked in ${currency}, and \`${part.reference}\` of it stands in ${part.document.currency}`,
    { document: displayKey(key) },
    "a batch has one currency: add the currency to `document.key`",
  );
}

/** Sums of lines by everything that decides where they are booked; the text of a line does not. */
class Difference {
  private readonly sums = new Map<string, { line: Line; amountMinor: bigint }>();

  add(lines: readonly Line[], direction: 1n | -1n): void {
    for (const line of lines) {
      const dimensions = Object.entries(line.dimensions).sort(([a], [b]) => (a < b ? -1 : 1));
      const place = JSON.stringify([line.side, line.account, line.partner, dimensions]);
      const sum = this.sums.get(place) ?? { line, amountMinor: 0n };
      sum.amountMinor += direction * line.amountMinor;
      this.sums.set(place, sum);
    }
  }

  lines(negative: "red" | "other side"): Line[] {
    return [...this.sums.values()]
      .filter(({ amountMinor }) => amountMinor !== 0n)
      .map(({ line, amountMinor }): Line => {
        if (negative === "red" || amountMinor > 0n) return { ...line, amountMinor };
        return { ...line, side: line.side === "debit" ? "credit" : "debit", amountMinor: -amountMinor };
      });
  }
}
