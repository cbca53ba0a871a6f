import { type Document, type Line, lineAmount } from "../model/document.js";
import { hasLines } from "../model/document-types.js";

/** A value before and after; null where there was, or is, none. */
export interface Pair {
  readonly before: string | null;
  readonly after: string | null;
}

export interface FieldPair extends Pair {
  readonly name: FieldName | { readonly field: string };
}

export type FieldName = "date" | "currency" | "text" | "attachments";

/** A line as it was and as it is to be. Both are there and equal, both and different, or only one of them is there. */
export interface LinePair {
  readonly before: Line | null;
  readonly after: Line | null;
  readonly is: "unchanged" | "changed" | "added" | "removed";
}

/** What of the head of a document changes. */
export function changedFields(before: Document, after: Document): readonly FieldPair[] {
  const isMoney = hasLines(after.type);
  const attachments = (document: Document): string => (isMoney ? String(document.attachments) : "");
  const pairs: FieldPair[] = [
    { name: "date", ...pair(before.date, after.date) },
    { name: "currency", ...pair(before.currency, after.currency) },
    { name: "text", ...pair(before.text, after.text) },
    { name: "attachments", ...pair(attachments(before), attachments(after)) },
    ...[...new Set([...Object.keys(before.fields), ...Object.keys(after.fields)])].map((field) => ({
      name: { field },
      ...pair(before.fields[field] ?? "", after.fields[field] ?? ""),
    })),
  ];
  return pairs.filter((each) => each.before !== each.after);
}

export function pair(before: string, after: string): Pair {
  return { before: before === "" ? null : before, after: after === "" ? null : after };
}

/** Lines of one account and side that are looked at for the most similar one. */
const MOST_LOOKED_AT = 50;

/** Brings the lines of two versions together, in the order of the new one; what is gone comes last. */
export function pairLines(before: Document, after: Document): readonly LinePair[] {
  const left = new Map<string, Line[]>();
  const isLeft = new Set(before.lines);
  for (const line of before.lines) put(left, contentOf(line, before.currency), line);
  const pairs: (LinePair | Line)[] = after.lines.map((line) => {
    const same = left.get(contentOf(line, after.currency))?.shift();
    if (same === undefined) return line;
    isLeft.delete(same);
    return { before: same, after: line, is: "unchanged" };
  });
  const bySlot = new Map<string, Line[]>();
  for (const line of isLeft) put(bySlot, slotOf(line), line);
  const found = pairs.map((each): LinePair => {
    if ("is" in each) return each;
    const candidates = bySlot.get(slotOf(each)) ?? [];
    const nearest = mostSimilar(candidates, each);
    if (nearest === null) return { before: null, after: each, is: "added" };
    candidates.splice(candidates.indexOf(nearest), 1);
    isLeft.delete(nearest);
    return { before: nearest, after: each, is: "changed" };
  });
  return [...found, ...[...isLeft].map((line): LinePair => ({ before: line, after: null, is: "removed" }))];
}

function put(lines: Map<string, Line[]>, name: string, line: Line): void {
  const list = lines.get(name) ?? [];
  list.push(line);
  lines.set(name, list);
}

function slotOf({ side, account }: Line): string {
  return `${side} ${account}`;
}

function contentOf(line: Line, currency: string): string {
  return JSON.stringify([
    line.side,
    line.account,
    lineAmount(line, currency),
    currency,
    line.text,
    line.partner,
    furtherValues(line).sort(),
  ]);
}

/** Dimensions and further fields of a line by name. */
export function furtherValues({ dimensions, fields }: Line): [name: string, value: string][] {
  return Object.entries({ ...dimensions, ...fields });
}

function mostSimilar(candidates: readonly Line[], line: Line): Line | null {
  let best: Line | null = null;
  let most = -1;
  for (const each of candidates.slice(0, MOST_LOOKED_AT)) {
    const equal = [
      each.amountMinor === line.amountMinor,
      each.text === line.text,
      each.partner === line.partner,
      ...furtherValues(line).map(([name, value]) => each.dimensions[name] === value || each.fields?.[name] === value),
    ].filter(Boolean).length;
    if (equal <= most) continue;
    best = each;
    most = equal;
  }
  return best;
}
