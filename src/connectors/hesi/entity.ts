import { Decimal } from "../../model/decimal.js";
import type { Document } from "../../model/document.js";
import type { PostOutcome } from "../../model/posting.js";
import type { Reading } from "../http/answer.js";
import { isObject, type Json, textOf } from "../http/json.js";
import type { HttpCall } from "../http.js";
import type { HesiClient } from "./client.js";
import type { Row } from "./list.js";
import type { Roster } from "./roster.js";
import { type Failed, notYet, rejected, unconfirmed, wordsOf } from "./written.js";

/** Master data as the pipeline wants it to be. */
export interface Wanted {
  /** The document it stands in. */
  readonly key: string;
  readonly code: string;
  readonly name: string;
  /** Code of the one above it; null where the pipeline says nothing, and then it stays where it is. */
  readonly parent: string | null;
  readonly disabled: boolean;
  /** Further values by name. */
  readonly more: Readonly<Record<string, string>>;
}

export function wantedOf({ key, fields }: Document): Wanted {
  const { kind: _, code = "", name = "", parent = "", disabled, ...more } = fields;
  return { key, code, name, parent: parent === "" ? null : parent, disabled: disabled === "true", more };
}

/** Changes one kind of master data in the system. */
export interface EntityKind {
  /** By what it is found there. Throws ProblemError when it cannot be looked for. */
  readonly roster: Roster;
  /** One outcome each, in order. What is there as it is wanted is left alone. */
  write(wanted: readonly Wanted[]): Promise<readonly PostOutcome[]>;
  /** Whether the system holds it as it is wanted. */
  holds(wanted: Wanted): Promise<boolean>;
}

/** What a step of a change came to: the row as it is then, or why it failed. */
export type Stepped = { readonly kind: "row"; readonly row: Row } | Failed;

/** Master data that is made, changed, and switched on and off one by one. Each step says by itself what became of it. */
export abstract class OneByOne implements EntityKind {
  abstract readonly roster: Roster;

  constructor(
    protected readonly client: HesiClient,
    /** What problems call it. */
    protected readonly noun: string,
  ) {}

  /** Those above come before those below them, since the system wants them to be there. */
  async write(wanted: readonly Wanted[]): Promise<readonly PostOutcome[]> {
    const outcomes = new Map<Wanted, PostOutcome>();
    for (const each of topDown(wanted)) outcomes.set(each, await this.writeOne(each));
    return wanted.map((each) => outcomes.get(each) as PostOutcome);
  }

  async holds(wanted: Wanted): Promise<boolean> {
    const [row, other] = await this.roster.find(this.findBy(wanted));
    if (row === undefined) return wanted.disabled;
    if (other !== undefined || isActive(row) === wanted.disabled) return false;
    if (wanted.disabled) return true;
    const parentId = await this.parentOf(wanted);
    return (parentId === null || typeof parentId === "string") && this.differences(row, wanted, parentId).length === 0;
  }

  protected findBy({ code }: Wanted): string {
    return code;
  }

  protected abstract create(wanted: Wanted, parentId: string | null): Promise<Stepped>;
  protected abstract change(row: Row, wanted: Wanted, parentId: string | null, different: readonly string[]): Promise<Stepped>;
  protected abstract switchTo(row: Row, wanted: Wanted, active: boolean): Promise<Stepped>;
  /** Names of what is not there as it is wanted. */
  protected abstract differences(row: Row, wanted: Wanted, parentId: string | null): readonly string[];

  /** Id of the one above it; null where the pipeline says nothing. */
  protected async parentOf({ parent, key }: Wanted): Promise<string | null | Failed> {
    if (parent === null) return null;
    const [row, other] = await this.roster.find(parent);
    if (other !== undefined)
      return rejected(`there are several ${this.noun}s with the code \`${parent}\``, key, "the one above it must be clear");
    return row === undefined ? notYet(`the ${this.noun} \`${parent}\` above it is not there yet`, key) : (textOf(row.get("id")) ?? "");
  }

  /** An answer that does not name what was made proves nothing; what the list then holds does. */
  protected async readBack(call: HttpCall, wanted: Wanted, reading: Reading): Promise<Stepped> {
    this.roster.forget();
    const [row] = await this.roster.find(this.findBy(wanted));
    if (row !== undefined) return { kind: "row", row };
    return unconfirmed(call, wanted.key, `its answer names nothing, and the list does not have it: ${wordsOf(this.client, reading)}`);
  }

  private async writeOne(wanted: Wanted): Promise<PostOutcome> {
    const { key, code } = wanted;
    const by = this.findBy(wanted);
    if (by === "") return rejected(`the ${this.noun} \`${code}\` has nothing to be found by`, key, "see `match_staff` of the target");
    const [row, other] = await this.roster.find(by);
    if (other !== undefined)
      return rejected(`there are several ${this.noun}s \`${by}\`, and which is meant is not clear`, key, "make their codes differ in Hesi");
    if (row === undefined && wanted.disabled) return { kind: "exists", reference: code };
    if (row !== undefined && wanted.disabled) return this.settle(wanted, isActive(row) ? await this.switchTo(row, wanted, false) : null);
    const parentId = await this.parentOf(wanted);
    if (parentId !== null && typeof parentId !== "string") return parentId;
    if (row === undefined) return this.settle(wanted, await this.create(wanted, parentId));
    let current = row;
    let last: Stepped | null = null;
    if (!isActive(row)) {
      last = await this.switchTo(row, wanted, true);
      if (last.kind !== "row") return this.settle(wanted, last);
      current = last.row;
    }
    const different = this.differences(current, wanted, parentId);
    if (different.length > 0) last = await this.change(current, wanted, parentId, different);
    return this.settle(wanted, last);
  }

  private async settle({ code }: Wanted, last: Stepped | null): Promise<PostOutcome> {
    if (last === null) return { kind: "exists", reference: code };
    if (last.kind === "row") {
      await this.roster.note(last.row);
      return { kind: "created", reference: code };
    }
    // What may have been done is not guessed: the list is read again before it is looked at the next time.
    if (last.kind === "unconfirmed") this.roster.forget();
    return last;
  }
}

function topDown(wanted: readonly Wanted[]): readonly Wanted[] {
  const byCode = new Map(wanted.map((each) => [each.code, each]));
  const ordered = new Set<Wanted>();
  const visit = (each: Wanted, path: readonly Wanted[]): void => {
    if (ordered.has(each) || path.includes(each)) return;
    const above = each.parent === null ? undefined : byCode.get(each.parent);
    if (above !== undefined) visit(above, [...path, each]);
    ordered.add(each);
  };
  for (const each of wanted) visit(each, []);
  return [...ordered];
}

export function isActive(row: Row): boolean {
  return row.get("active") !== false;
}

/** Names of further values that the row does not have, or has otherwise. */
export function differencesIn(held: Json | undefined, wanted: Readonly<Record<string, string>>, prefix = ""): readonly string[] {
  const row = held !== undefined && held !== null && isObject(held) ? held : new Map<string, Json>();
  return Object.keys(wanted).filter((name) => !isSameText(row.get(`${prefix}${name}`), wanted[name] as string));
}

/** Amounts are compared by value: `99` is `99.00`. */
export function isSameText(held: Json | undefined, wanted: string): boolean {
  const value = held ?? null;
  const text =
    value !== null && isObject(value) ? textOf(value.get("standard")) : typeof value === "boolean" ? String(value) : textOf(value);
  if (text === null) return wanted === "";
  if (text === wanted) return true;
  const [left, right] = [Decimal.parse(text), Decimal.parse(wanted)];
  // Of codes every zero counts: what is written with leading zeros is no amount.
  const isAmount = (each: string): boolean => !/^[-+]?0\d/.test(each);
  return left !== null && right !== null && isAmount(text) && isAmount(wanted) && left.equals(right);
}

/** The row with other values. */
export function withValues(row: Row, values: Readonly<Record<string, Json>>): Row {
  return new Map([...row, ...Object.entries(values)]);
}

/** Texts as JSON of our own, for what we note of a row. */
export function jsonOf(values: Readonly<Record<string, string>>): Json {
  return new Map<string, Json>(Object.entries(values));
}
