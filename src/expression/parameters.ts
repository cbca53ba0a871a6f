import { RE2JS } from "re2js";
import { DateFormatError } from "../model/date-formats.js";
import { type Decimal, ROUNDING_MODES, type RoundingMode } from "../model/decimal.js";
import { DATE, DATETIME, describe, NUMBER, NUMBERS, TEXT, TEXTS, withNullable } from "./kinds.js";
import { nearestHint } from "./nearest.js";
import { type Context, type Operand, refuse, requireKind, requireKindOrEmpty, siteOf } from "./operand.js";
import type { Node } from "./syntax.js";
import type { Environment, Type } from "./types.js";

/** An argument as its function receives it. */
export type Read<T> = (environment: Environment) => T;

export interface Argument {
  readonly node: Node;
  readonly operand: Operand;
}

/** One parameter of a function: what the reference says of it, and how an argument is checked and read. */
export interface Parameter<T> {
  readonly name: string;
  /** As the reference names it. */
  readonly kind: string;
  readonly optional: boolean;
  /** Takes all arguments from here on. */
  readonly rest: boolean;
  /** Null after a fault. `user` is the function as messages name it. */
  readonly prepare: (found: readonly Argument[], context: Context, user: string) => Read<T> | null;
}

function plain<T>(name: string, type: Type): Parameter<T> {
  return {
    name,
    kind: describe(type),
    optional: false,
    rest: false,
    prepare: ([found], context, user) => {
      if (found === undefined || !requireKind(context, found.node, found.operand, type, user)) return null;
      return found.operand.evaluate as Read<T>;
    },
  };
}

export const text = (name: string): Parameter<string> => plain(name, TEXT);
export const number = (name: string): Parameter<Decimal> => plain(name, NUMBER);
export const date = (name: string): Parameter<string> => plain(name, DATE);
export const datetime = (name: string): Parameter<string> => plain(name, DATETIME);
export const texts = (name: string): Parameter<readonly string[]> => plain(name, TEXTS);
export const numbers = (name: string): Parameter<readonly Decimal[]> => plain(name, NUMBERS);

/** Text that may be empty. */
export function textOrEmpty(name: string): Parameter<string | null> {
  return {
    ...plain<string | null>(name, TEXT),
    kind: "text or empty",
    prepare: ([found], context, user) => {
      if (found === undefined || !requireKindOrEmpty(context, found.node, found.operand, withNullable(TEXT, true), user)) return null;
      return found.operand.evaluate as Read<string | null>;
    },
  };
}

/** A count or position; a value outside `least` to `most` is a fault, or at run time no answer. */
export function whole(name: string, least: number, most: number): Parameter<number> {
  return {
    ...plain<number>(name, NUMBER),
    prepare: ([found], context, user) => {
      if (found === undefined || !requireKind(context, found.node, found.operand, NUMBER, user)) return null;
      const { constant, evaluate, personal } = found.operand;
      const wanted = `\`${name}\` of ${user} must be a whole number from ${least} to ${most}`;
      if (constant !== undefined) {
        const value = toWhole(constant as Decimal, least, most);
        if (value !== null) return () => value;
        return refuse(context, found.node, "EXPR_ARGUMENTS", `${wanted}, found \`${String(constant)}\``);
      }
      const site = siteOf(context, found.node, personal);
      return (environment) => {
        const value = evaluate(environment) as Decimal;
        return toWhole(value, least, most) ?? site.fail(`${wanted}, found ${site.show(value)}`);
      };
    },
  };
}

function toWhole(value: Decimal, least: number, most: number): number | null {
  const units = value.toMinor(0);
  return units === null || units < BigInt(least) || units > BigInt(most) ? null : Number(units);
}

/** The same parameter, which may be left out. */
export function optional<T>(parameter: Parameter<T>): Parameter<T | undefined> {
  return {
    ...parameter,
    optional: true,
    prepare: (found, context, user) => (found.length === 0 ? () => undefined : parameter.prepare(found, context, user)),
  };
}

/** Text that is written out, so that it is understood once and its mistakes are found before the run. */
function written<T>(
  name: string,
  kind: string,
  code: "EXPR_ARGUMENTS" | "EXPR_PATTERN",
  understand: (text: string) => T | Mistake,
): Parameter<T> {
  return {
    name,
    kind,
    optional: false,
    rest: false,
    prepare: ([found], context, user) => {
      if (found === undefined) return null;
      const value = understandWritten(found, context, user, name, code, understand);
      return value === null ? null : () => value.understood;
    },
  };
}

interface Mistake {
  readonly mistake: string;
  readonly hint?: string | undefined;
}

function understandWritten<T>(
  { node, operand }: Argument,
  context: Context,
  user: string,
  name: string,
  code: "EXPR_ARGUMENTS" | "EXPR_PATTERN",
  understand: (text: string) => T | Mistake,
): { readonly understood: T } | null {
  if (!requireKind(context, node, operand, TEXT, user)) return null;
  if (operand.constant === undefined) {
    return refuse(context, node, code, `\`${name}\` of ${user} must be written out, as text in quotes`);
  }
  const understood = understand(operand.constant as string);
  if (typeof understood === "object" && understood !== null && "mistake" in understood) {
    return refuse(context, node, code, understood.mistake, understood.hint);
  }
  return { understood: understood as T };
}

export function roundingMode(name: string): Parameter<RoundingMode> {
  return written(name, "rounding mode", "EXPR_ARGUMENTS", (found): RoundingMode | Mistake => {
    const known = ROUNDING_MODES.find((mode) => mode === found);
    return known ?? { mistake: `there is no rounding mode \`${found}\``, hint: nearestHint(found, ROUNDING_MODES, "modes") };
  });
}

export function pattern(name: string): Parameter<RE2JS> {
  return written(name, "pattern", "EXPR_PATTERN", (found): RE2JS | Mistake => {
    try {
      return RE2JS.compile(found);
    } catch (error) {
      const reason = error instanceof Error ? error.message.replace(/^error parsing regexp: /, "") : String(error);
      return {
        mistake: `pattern \`${found}\` cannot be used: ${reason}`,
        hint: "patterns follow RE2: no look-around and no back-references",
      };
    }
  });
}

/** Text from which something is made once, such as the reader of a date format. */
export function prepared<T>(name: string, kind: string, make: (text: string) => T): Parameter<T> {
  return written(name, kind, "EXPR_ARGUMENTS", (found): T | Mistake => fromFormat(() => make(found)));
}

/** All further arguments, of which something is made once. `make` also serves when there are none. */
export function preparedRest<T>(name: string, kind: string, make: (texts: readonly string[]) => T): Parameter<T> {
  return {
    name,
    kind,
    optional: true,
    rest: true,
    prepare: (found, context, user) => {
      const texts: string[] = [];
      for (const argument of found) {
        const value = understandWritten(argument, context, user, name, "EXPR_ARGUMENTS", (each): string | Mistake => each);
        if (value !== null) texts.push(value.understood);
      }
      if (texts.length !== found.length) return null;
      const made = fromFormat(() => make(texts));
      if (!isMistake(made)) return () => made;
      return refuse(context, found[0]?.node ?? { start: 0, end: 0 }, "EXPR_ARGUMENTS", made.mistake);
    },
  };
}

function fromFormat<T>(make: () => T): T | Mistake {
  try {
    return make();
  } catch (error) {
    if (error instanceof DateFormatError) return { mistake: error.message };
    throw error;
  }
}

function isMistake(value: unknown): value is Mistake {
  return typeof value === "object" && value !== null && "mistake" in value;
}

/** All further arguments, one value each. */
export function rest<T>(parameter: Parameter<T>): Parameter<readonly T[]> {
  return {
    ...parameter,
    rest: true,
    prepare: (found, context, user) => {
      const readers = found.map((argument) => parameter.prepare([argument], context, user));
      const usable = readers.filter((reader) => reader !== null);
      return usable.length === found.length ? (environment) => usable.map((read) => read(environment)) : null;
    },
  };
}
