import type { Problem, ProblemCode } from "./problem.js";
import { displayKey } from "./record.js";

/** Something that waits, as far as its cause is concerned. */
export interface CausedItem {
  readonly problem: Problem;
  readonly key: string;
  readonly documentKey: string | null;
}

/** Items that wait for one and the same thing. */
export interface Cause<T extends CausedItem> {
  readonly code: ProblemCode;
  /** What is wrong, with `…` in place of what differs from item to item. */
  readonly message: string;
  /** What to do; null where nobody knows better than the message. */
  readonly hint: string | null;
  /** In the order in which they were given. */
  readonly items: readonly T[];
}

/** These stand for an item's own keys, which differ in every item: as they are stored, and as they are shown. */
const OWN = ["\u0001", "\u0002", "\u0003", "\u0004"];
/** A shorter key could stand anywhere by chance. */
const SHORTEST_KEY = 4;
/** Stands between the parts of a message that are the same in all items. */
const GAP = "\u0000";

const DAY = String.raw`\d{4}-\d{2}-\d{2}(?:T[\d:.]+Z?)?`;
const AMOUNT = String.raw`-?\d[\d,]*\.\d+`;
/** Numbers and hashes that some system counts up. */
const LONG = String.raw`[0-9a-f]{16,}|\d{12,}`;

/** What differs from item to item though the cause is one, by where the message comes from. */
const VARYING = {
  /** The other system's words: an account or a period in them is the cause, a day, an amount or a number of its own is not. */
  words: new RegExp([...OWN, DAY, AMOUNT, LONG].join("|"), "g"),
  /** The value without a row is the cause; the day on which it was looked for is not. */
  lookup: new RegExp([...OWN, `(?<= on )${DAY}`].join("|"), "g"),
  /** Our own words: values stand in backticks. */
  ours: new RegExp([...OWN, "`[^`]*`", DAY, AMOUNT, String.raw`\d+`].join("|"), "g"),
};

/** Codes whose message begins with the field that is wrong. */
const FIELD_FIRST: readonly string[] = ["RECORD_INVALID", "RECORD_NO_KEY", "DOCUMENT_BAD_RECORD", "DOCUMENT_NOT_UNIQUE", "MAP_DISAGREE"];
/** What is said of many before the first of them is told. */
const OF_MANY = /^\d+ of its \d+ (?:records cannot be used: |members cannot be booked: `[^`]*`: )/;

/** A message in its parts: what is the same in all items of a cause, and between that what differs. */
interface Parts {
  readonly same: readonly string[];
  readonly values: readonly string[];
}

interface Group<T> {
  readonly code: ProblemCode;
  readonly same: readonly string[];
  /** Null where items differ. */
  readonly values: (string | null)[];
  hint: string | null;
  readonly items: T[];
}

/**
 * Gathers items by what must be mended for them: the code, and what the message says but for the values of the single item. Most items first. An
 * item with several faults counts for the first of them: when that is mended, the next one shows.
 */
export function groupByCause<T extends CausedItem>(items: Iterable<T>): Cause<T>[] {
  const groups = new Map<string, Group<T>>();
  for (const item of items) {
    const { code, hint = null } = item.problem;
    const { same, values } = partsOf(item);
    const key = JSON.stringify([code, placeOf(item.problem), same]);
    const group = groups.get(key);
    if (group === undefined) {
      groups.set(key, { code, same, values: [...values], hint, items: [item] });
      continue;
    }
    group.items.push(item);
    if (group.hint !== hint) group.hint = null;
    for (const [index, value] of values.entries()) if (group.values[index] !== value) group.values[index] = null;
  }
  return [...groups.values()]
    .map(({ code, same, values, hint, items: own }) => ({ code, message: messageOf(same, values), hint, items: own }))
    .sort((a, b) => b.items.length - a.items.length || (a.code < b.code ? -1 : a.code > b.code ? 1 : 0));
}

function partsOf({ problem: { code, message }, key, documentKey }: CausedItem): Parts {
  const own = [key, documentKey ?? "", displayKey(key), displayKey(documentKey ?? "")].filter((each) => each.length >= SHORTEST_KEY);
  // The longest first: the key of a record may begin with that of its document.
  const ordered = [...new Set(own)].sort((a, b) => b.length - a.length);
  const found: string[] = [];
  let text = firstFault(code, message);
  for (const [index, each] of ordered.entries()) text = text.replaceAll(each, OWN[index] as string);
  const isOurs = !isWords(code) && !isLookup(code);
  const pattern = isWords(code) ? VARYING.words : isLookup(code) ? VARYING.lookup : VARYING.ours;
  const field = isOurs && FIELD_FIRST.includes(code) ? (/^`[^`]*`/.exec(text)?.[0] ?? "") : "";
  const same = text
    .slice(field.length)
    .replace(pattern, (value) => {
      found.push(ordered[OWN.indexOf(value)] ?? value);
      return GAP;
    })
    .split(GAP);
  same[0] = field + (same[0] ?? "");
  return { same, values: found };
}

function isWords(code: ProblemCode): boolean {
  return code.startsWith("TARGET_");
}

function isLookup(code: ProblemCode): boolean {
  return code.startsWith("MAP_LOOKUP");
}

/** The first of several faults that stand in one message. */
function firstFault(code: ProblemCode, message: string): string {
  const text = message.replace(OF_MANY, "");
  if (isWords(code)) return text;
  if (text.split("`").length % 2 === 0) return text;
  // What stands in backticks is a value, and may hold anything.
  return /^(?:`[^`]*`|(?!; (?!expected))[^`])+/.exec(text)?.[0] ?? text;
}

/** Where the pipeline says it: one mistake in it is one cause. */
function placeOf({ code, at }: Problem): string {
  if (isLookup(code)) return "";
  const place = at.find(({ excerpt }) => excerpt !== undefined);
  return place === undefined ? "" : `${place.file ?? ""}:${place.line ?? 0}:${place.column ?? 0}`;
}

function messageOf(same: readonly string[], values: readonly (string | null)[]): string {
  return same.map((text, index) => (index === 0 ? text : `${values[index - 1] ?? "…"}${text}`)).join("");
}
