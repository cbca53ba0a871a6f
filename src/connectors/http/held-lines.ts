import type { Line, Side } from "../../model/document.js";
import { ProblemError, problem } from "../../model/problem.js";
import { compileAnswerPath, isSame, type Reading } from "./answer.js";
import { amountOf, plain, Unreadable, unreadable } from "./held-value.js";
import { isList, writeJson } from "./json.js";
import { type Path, valueAt } from "./path.js";
import type { LinesOptions } from "./question-options.js";

/** A line as far as the answer tells it; what is undefined is not mapped. */
interface HeldLine {
  readonly account: string;
  /** Null where the answer has one signed amount for both sides; then a credit is negative. */
  readonly side: Side | null;
  readonly amountMinor: bigint;
  readonly text: string | undefined;
  readonly partner: string | null | undefined;
  /** Null where the answer says that there is none. */
  readonly dimensions: Readonly<Record<string, string | null>>;
}

type Amount = (reading: Reading, currency: string) => Pick<HeldLine, "side" | "amountMinor">;

/** Reads the lines of a document from an answer. */
export class HeldLines {
  private readonly list: Path;
  private readonly account: Path;
  private readonly amount: Amount;
  private readonly text: Path | null;
  private readonly partner: Path | null;
  private readonly dimensions: readonly (readonly [string, Path])[];

  constructor(options: LinesOptions) {
    const compile = (path: string, name: string): Path => compileAnswerPath(path, `read.document.lines.${name}`);
    this.list = compile(options.list, "list");
    this.account = compile(options.account, "account");
    this.amount = compileAmount(options, compile);
    this.text = options.text === undefined ? null : compile(options.text, "text");
    this.partner = options.partner === undefined ? null : compile(options.partner, "partner");
    this.dimensions = Object.entries(options.dimensions ?? {}).map(([name, path]) => [name, compile(path, `dimensions.${name}`)] as const);
  }

  /** Throws Unreadable. */
  read(reading: Reading, posted: readonly Line[], currency: string): Line[] {
    const list = valueAt(this.list, reading) ?? null;
    if (!isList(list)) throw new Unreadable(`there is no list at \`${this.list.text}\``);
    return asPosted(
      list.map((item) => this.readLine({ ...reading, item }, currency)),
      posted,
    );
  }

  private readLine(reading: Reading, currency: string): HeldLine {
    const textAt = (path: Path): string => plain(valueAt(path, reading), path);
    return {
      account: textAt(this.account),
      ...this.amount(reading, currency),
      text: this.text === null ? undefined : textAt(this.text),
      partner: this.partner === null ? undefined : textAt(this.partner) || null,
      dimensions: Object.fromEntries(this.dimensions.map(([name, path]) => [name, textAt(path) || null])),
    };
  }
}

function compileAmount(options: LinesOptions, compile: (path: string, name: string) => Path): Amount {
  const { debit, credit, amount, side } = options;
  if (debit !== undefined && credit !== undefined && amount === undefined && side === undefined) {
    const paths = { debit: compile(debit, "debit"), credit: compile(credit, "credit") };
    return (reading, currency) => {
      const left = amountOf(valueAt(paths.debit, reading), paths.debit, currency);
      const right = amountOf(valueAt(paths.credit, reading), paths.credit, currency);
      if ((left ?? 0n) !== 0n && (right ?? 0n) !== 0n) throw new Unreadable(`a line has a debit and a credit (\`${paths.debit.text}\`)`);
      const isCredit = (left ?? 0n) === 0n && right !== null && (right !== 0n || left === null);
      return isCredit ? { side: "credit", amountMinor: right } : { side: "debit", amountMinor: left ?? 0n };
    };
  }
  if (amount === undefined || debit !== undefined || credit !== undefined) {
    throw new ProblemError(
      problem(
        "CONFIG_WRONG_VALUE",
        "`read.document.lines` does not say where the amount stands",
        [],
        "either `debit` and `credit`, or `amount`, with `side` where the sign does not tell it",
      ),
    );
  }
  const path = compile(amount, "amount");
  const sidePath = side === undefined ? null : compile(side.path, "side.path");
  return (reading, currency) => {
    const amountMinor = amountOf(valueAt(path, reading), path, currency) ?? 0n;
    if (side === undefined || sidePath === null) return { side: null, amountMinor };
    const word = valueAt(sidePath, reading) ?? null;
    if (isSame(word, side.debit)) return { side: "debit", amountMinor };
    return isSame(word, side.credit) ? { side: "credit", amountMinor } : unreadable(writeJson(word), sidePath, "a side");
  };
}

/**
 * Each held line with what the answer does not tell of it taken from the posted line that it is: one that is equal in all
 * that is told, whatever the order; else the one that stands in its place, so that only what differs is a difference.
 */
function asPosted(held: readonly HeldLine[], posted: readonly Line[]): Line[] {
  const left = new Set(posted);
  const byAmount = new Map<string, Line[]>();
  for (const line of posted) {
    const place = placeOf(line);
    byAmount.set(place, [...(byAmount.get(place) ?? []), line]);
  }
  const found = held.map((line) => {
    const same = byAmount.get(placeOf(line))?.find((each) => left.has(each) && isEqual(line, each)) ?? null;
    if (same !== null) left.delete(same);
    return same;
  });
  return held.map((line, index) => {
    const same = found[index] ?? null;
    if (same !== null) return same;
    const there = posted[index];
    const former = there !== undefined && left.has(there) ? there : ([...left].find((each) => each.account === line.account) ?? null);
    if (former !== null) left.delete(former);
    return merge(line, former);
  });
}

/** Lines of one account and net amount; few of a document share them. */
function placeOf({ account, side, amountMinor }: Pick<HeldLine, "account" | "side" | "amountMinor">): string {
  return `${account}\u001f${side === "credit" ? -amountMinor : amountMinor}`;
}

function isEqual(held: HeldLine, posted: Line): boolean {
  const amount = held.side === null && posted.side === "credit" ? -posted.amountMinor : posted.amountMinor;
  return (
    held.account === posted.account &&
    (held.side ?? posted.side) === posted.side &&
    held.amountMinor === amount &&
    (held.text === undefined || held.text === posted.text) &&
    (held.partner === undefined || held.partner === (posted.partner || null)) &&
    Object.entries(held.dimensions).every(([name, value]) => value === (posted.dimensions[name] || null))
  );
}

function merge(held: HeldLine, former: Line | null): Line {
  const side = held.side ?? former?.side ?? "debit";
  const dimensions = { ...former?.dimensions };
  for (const [name, value] of Object.entries(held.dimensions)) {
    if (value === null) delete dimensions[name];
    else dimensions[name] = value;
  }
  return {
    side,
    account: held.account,
    amountMinor: held.side === null && side === "credit" ? -held.amountMinor : held.amountMinor,
    text: held.text ?? former?.text ?? "",
    partner: held.partner === undefined ? (former?.partner ?? null) : held.partner,
    dimensions,
    ...(former?.fields === undefined ? {} : { fields: former.fields }),
  };
}
