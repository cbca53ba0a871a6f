import { Decimal } from "../../model/decimal.js";
import { ProblemError, problem } from "../../model/problem.js";
import { type Json, JsonNumber, parseJson, textOf, writeJson } from "./json.js";
import { EVERY, type Looked, type Path, parsePath, valueAt, valuesAt } from "./path.js";
import type { Answer } from "./transport.js";

/** An answer as the rules look at it. Of a batch or a list, `item` is the part that is about one document. */
export interface Reading extends Looked {
  readonly status: number;
  readonly headers: ReadonlyMap<string, string>;
  /** The body as text, whatever it is. */
  readonly text: string;
}

export function readAnswer({ status, headers, body }: Answer): Reading {
  const text = decode(body, headers.get("content-type") ?? "");
  return { status, headers, text, whole: parseJson(text) };
}

/** In the encoding the answer names, UTF-8 when it names none. What cannot be decoded is no JSON, so it proves nothing. */
function decode(body: Buffer, contentType: string): string {
  const charset = /;\s*charset\s*=\s*"?([^\s";]+)/i.exec(contentType)?.[1] ?? "utf-8";
  try {
    return new TextDecoder(charset, { fatal: true }).decode(body);
  } catch {
    return "";
  }
}

type Constant = string | number | boolean | null;

interface ConditionOptions {
  readonly path?: string | undefined;
  readonly status?: number | readonly number[] | undefined;
  readonly equals?: Constant | undefined;
  readonly not_equals?: Constant | undefined;
  readonly in?: readonly Constant[] | undefined;
  readonly exists?: boolean | undefined;
}

export type WhenOptions = ConditionOptions | readonly ConditionOptions[];

/** Conditions that must hold together. */
export interface Rule {
  readonly fits: (reading: Reading) => boolean;
  /** It says for which status it is meant. Only then it is believed for an answer that leaves open what was done. */
  readonly namesStatus: boolean;
}

export function compileRule(when: WhenOptions, where: string): Rule {
  const conditions = (Array.isArray(when) ? (when as readonly ConditionOptions[]) : [when as ConditionOptions]).map((each) =>
    compileCondition(each, where),
  );
  return {
    fits: (reading) => conditions.every((condition) => condition.fits(reading)),
    namesStatus: conditions.some((condition) => condition.namesStatus),
  };
}

function compileCondition(options: ConditionOptions, where: string): Rule {
  const tests: ((reading: Reading) => boolean)[] = [];
  if (options.status !== undefined) {
    const statuses = typeof options.status === "number" ? [options.status] : options.status;
    tests.push(({ status }) => statuses.includes(status));
  }
  const compared = (["equals", "not_equals", "in", "exists"] as const).filter((key) => options[key] !== undefined);
  const [comparison] = compared;
  if (options.path === undefined ? compared.length > 0 || tests.length === 0 : compared.length !== 1) {
    refuse(where, "a condition has a `status`, or a `path` with one of `equals`, `not_equals`, `in` and `exists`, or both");
  }
  if (options.path !== undefined && comparison !== undefined) {
    const path = compileAnswerPath(options.path, where);
    const test = compileTest(comparison, options);
    // Of an answer that is not JSON, such as the page of a proxy, nothing is said by what is not in it.
    tests.push((reading) => reading.whole !== undefined && test(valueAt(path, reading)));
  }
  return { fits: (reading) => tests.every((test) => test(reading)), namesStatus: options.status !== undefined };
}

function compileTest(
  comparison: "equals" | "not_equals" | "in" | "exists",
  options: ConditionOptions,
): (value: Json | undefined) => boolean {
  const { equals, not_equals: other, in: several, exists } = options;
  switch (comparison) {
    case "exists":
      return (value) => (value !== undefined && value !== null) === exists;
    case "equals":
      return (value) => value !== undefined && isSame(value, equals as Constant);
    case "not_equals":
      // Nothing there is no proof of the opposite: the answer may be another one altogether.
      return (value) => value !== undefined && !isSame(value, other as Constant);
    case "in":
      return (value) => value !== undefined && (several ?? []).some((each) => isSame(value, each));
  }
}

/** Numbers by value, and also when one side writes them as text: systems answer `0` and `"0"` for the same thing. */
export function isSame(value: Json, constant: Constant): boolean {
  if (value === null || constant === null) return value === constant;
  if (typeof value === "boolean" || typeof constant === "boolean") return String(textOf(value) ?? value) === String(constant);
  const text = textOf(value);
  if (text === null) return false;
  if (text === String(constant)) return true;
  if (typeof constant !== "number" && !(value instanceof JsonNumber)) return false;
  const left = Decimal.parse(text);
  const right = Decimal.parse(String(constant));
  return left !== null && right !== null && left.equals(right);
}

export interface HeaderReference {
  readonly header: string;
  readonly last_segment?: boolean | undefined;
}

/** Finds the document's number in an answer; null when there is none. */
export type NumberReader = (reading: Reading) => string | null;

export function compileNumber(options: string | HeaderReference, where: string): NumberReader {
  if (typeof options === "string") {
    const path = compileAnswerPath(options, where);
    return (reading) => documentNumber(textOf(valueAt(path, reading)));
  }
  const name = options.header.toLowerCase();
  return ({ headers }) => {
    const value = headers.get(name) ?? null;
    if (value === null || options.last_segment !== true) return documentNumber(value);
    return documentNumber(
      value
        .replace(/[?#].*$/, "")
        .replace(/\/+$/, "")
        .replace(/^.*\//, ""),
    );
  };
}

/** `0`, `0000000000` and `-1` are how systems say in the place of a number that there is none. */
function documentNumber(text: string | null): string | null {
  const trimmed = text?.trim() ?? "";
  if (trimmed === "" || trimmed.length > 200 || /^-\d|^0+$|\p{Cc}/u.test(trimmed)) return null;
  return trimmed;
}

/** Finds the system's own words. Several are joined; parts that are not text are shown as JSON. */
export function compileMessage(paths: string | readonly string[], where: string): (reading: Reading) => string {
  const compiled = (typeof paths === "string" ? [paths] : paths).map((path) => compileAnswerPath(path, where, true));
  return (reading) => {
    const words = compiled.flatMap((path) => valuesAt(path, reading)).filter((value) => value !== null && value !== "");
    return [...new Set(words.map((value) => textOf(value) ?? writeJson(value)))].join("; ");
  };
}

export function compileAnswerPath(text: string, where: string, mayBeMany = false): Path {
  const path = parsePath(text);
  if (path === null) return refuse(where, `\`${text}\` is no path; expected one into the answer, as in \`$.data.number\``);
  if (!mayBeMany && path.steps.includes(EVERY)) refuse(where, `\`${text}\`: \`[*]\` can stand in \`message\` only`);
  return path;
}

function refuse(where: string, message: string): never {
  throw new ProblemError(problem("CONFIG_WRONG_VALUE", `\`${where}\`: ${message}`));
}
