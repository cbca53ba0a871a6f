import { nearestName } from "../../model/nearest.js";
import { ProblemError, problem } from "../../model/problem.js";
import { looksLikePath, type Path, parsePath } from "./path.js";
import { itemShape, type Shape, type View } from "./view.js";

/** What a template is filled in from: `$` is the whole, `$$` the item of the innermost `$each`. */
export interface Scope {
  readonly whole: View;
  readonly item: View;
}

interface Names {
  readonly whole: Shape;
  readonly item: Shape | null;
}

/** Writes one value as JSON text; undefined when it is empty and empty values are left out. */
type Writer = (scope: Scope) => string | undefined;

/** The document cannot be written as the template says. The message is about the document, not the configuration. */
export class Unwritable extends Error {}

const JSON_NUMBER = /^-?(0|[1-9]\d*)(\.\d+)?([eE][+-]?\d+)?$/;
const COMMANDS = ["$each", "$item", "$number", "$literal"];

/**
 * A JSON tree in which a text that is a path stands for the value there. Throws ProblemError, with `where` as the place, for names that do
 * not exist. `omitEmpty` leaves out keys whose path leads to nothing.
 */
export function compileBody(tree: unknown, shape: Shape, where: string, omitEmpty: boolean): (whole: View) => string {
  const write = new BodyCompiler(omitEmpty).value(tree, where, { whole: shape, item: null });
  return (whole) => write({ whole, item: null }) ?? "null";
}

class BodyCompiler {
  constructor(private readonly omitEmpty: boolean) {}

  value(tree: unknown, where: string, names: Names): Writer {
    if (typeof tree === "string" && looksLikePath(tree)) return this.path(tree, where, names);
    if (Array.isArray(tree)) return this.list(tree as unknown[], where, names);
    if (typeof tree === "object" && tree !== null) return this.mapping(tree as Record<string, unknown>, where, names);
    if (typeof tree === "number" && !isExact(tree))
      refuse(where, `the number \`${tree}\` may have lost digits`, 'write it as text: `$number: "12.50"`');
    const text = JSON.stringify(tree ?? null);
    return () => text;
  }

  private path(text: string, where: string, names: Names): Writer {
    const read = compilePath(text, where, names);
    return (scope) => {
      const value = read(scope);
      return value === null && this.omitEmpty ? undefined : JSON.stringify(value);
    };
  }

  private list(tree: readonly unknown[], where: string, names: Names): Writer {
    const items = tree.map((item, index) => this.value(item, `${where}[${index}]`, names));
    // An item of a list is never left out: its position has a meaning.
    return (scope) => `[${items.map((write) => write(scope) ?? "null").join(",")}]`;
  }

  private mapping(tree: Record<string, unknown>, where: string, names: Names): Writer {
    const command = Object.keys(tree).find((key) => key.startsWith("$"));
    if (command !== undefined) return this.command(command, tree, where, names);
    const entries = Object.entries(tree).map(([key, each]) => [JSON.stringify(key), this.value(each, `${where}.${key}`, names)] as const);
    return (scope) => {
      const parts: string[] = [];
      for (const [key, write] of entries) {
        const text = write(scope);
        if (text !== undefined) parts.push(`${key}:${text}`);
      }
      return `{${parts.join(",")}}`;
    };
  }

  private command(command: string, tree: Record<string, unknown>, where: string, names: Names): Writer {
    const keys = Object.keys(tree);
    const wanted = command === "$item" ? ["$each", "$item"] : command === "$each" ? ["$each", "$item"] : [command];
    const unknown = keys.find((key) => !COMMANDS.includes(key)) ?? keys.find((key) => !wanted.includes(key));
    if (unknown !== undefined) {
      const close = unknown.startsWith("$") ? nearestName(unknown, COMMANDS) : null;
      const hint =
        close === null || close === unknown
          ? "a key that begins with `$` stands alone; `$each` stands with `$item`"
          : `did you mean \`${close}\`?`;
      refuse(where, `\`${unknown}\` cannot stand here`, hint);
    }
    const missing = wanted.find((key) => !keys.includes(key));
    if (missing !== undefined)
      refuse(where, `\`${missing}\` is missing`, "`$each` names a list, `$item` says what is written for each of it");
    if (command === "$literal") {
      const text = JSON.stringify(tree["$literal"] ?? null);
      return () => text;
    }
    return command === "$number" ? this.number(tree["$number"], where, names) : this.each(tree, where, names);
  }

  private each(tree: Record<string, unknown>, where: string, names: Names): Writer {
    const path = tree["$each"];
    if (typeof path !== "string") return refuse(where, "`$each` is no path", "as in `$each: $.lines`");
    const inner = itemShape(shapeAt(path, `${where}.$each`, names));
    if (inner === null) refuse(`${where}.$each`, `\`${path}\` is no list`, "as in `$each: $.lines`");
    const read = compilePath(path, where, names);
    const write = this.value(tree["$item"], `${where}.$item`, { whole: names.whole, item: inner });
    return (scope) =>
      `[${itemsOf(read(scope))
        .map((item) => write({ whole: scope.whole, item }) ?? "null")
        .join(",")}]`;
  }

  /** The digits as they are, so that no amount passes through a binary float. */
  private number(tree: unknown, where: string, names: Names): Writer {
    const text = typeof tree === "number" ? String(tree) : tree;
    if (typeof text !== "string") return refuse(where, "`$number` is neither a path nor a number", "as in `$number: $$.amount`");
    if (!looksLikePath(text)) {
      if (!JSON_NUMBER.test(text)) refuse(where, `\`${text}\` is not a number`, 'as in `$number: "12.50"`');
      return () => text;
    }
    const read = compilePath(text, where, names);
    return (scope) => {
      const value = read(scope);
      if (value === null) return this.omitEmpty ? undefined : "null";
      const digits = typeof value === "number" ? String(value) : value;
      if (typeof digits !== "string" || !JSON_NUMBER.test(digits))
        throw new Unwritable(
          `${where} asks for a number, and \`${text}\` is ${typeof digits === "string" ? `\`${digits.slice(0, 80)}\`` : "a list"}`,
        );
      return digits;
    };
  }
}

/** Text with paths in braces: `/vouchers/{$.key}`. `encode` is applied to each value. */
export function compileText(
  text: string,
  shape: Shape,
  where: string,
  encode: (value: string, before: string) => string,
): (whole: View) => string {
  const parts: ((scope: Scope) => string)[] = [];
  let from = 0;
  let before = "";
  for (const match of text.matchAll(/\{([^{}]*)\}/g)) {
    const literal = text.slice(from, match.index);
    before += literal;
    const read = compilePath(match[1] ?? "", where, { whole: shape, item: null });
    const start = before;
    parts.push(
      () => literal,
      (scope) => encode(plainText(read(scope), `${where} needs \`${match[1]}\``), start),
    );
    before += match[0];
    from = match.index + match[0].length;
  }
  const rest = text.slice(from);
  parts.push(() => rest);
  return (whole) => parts.map((part) => part({ whole, item: null })).join("");
}

/**
 * The value of a parameter: text with paths in braces, or one path alone. Null when that path leads to nothing, or to an empty text: a parameter
 * without a value is left out, because `cursor=` is another question than none.
 */
export function compileParameter(value: string | number | boolean, shape: Shape, where: string): (whole: View) => string | null {
  if (typeof value === "number" && !isExact(value)) refuse(where, `the number \`${value}\` may have lost digits`, "write it in quotes");
  if (typeof value !== "string" || !looksLikePath(value)) return compileText(String(value), shape, where, (text) => text);
  const read = compilePath(value, where, { whole: shape, item: null });
  return (whole) => {
    const found = read({ whole, item: null });
    return found === null || found === "" ? null : plainText(found, `${where} needs \`${value}\``);
  };
}

function plainText(value: View, need: string): string {
  if (value === null) throw new Unwritable(`${need}, which is empty`);
  if (typeof value === "object") throw new Unwritable(`${need}, which is not one value`);
  return String(value);
}

function compilePath(text: string, where: string, names: Names): (scope: Scope) => View {
  const path = readPath(text, where);
  shapeOf(path, where, names);
  return (scope) => {
    let value: View = path.from === "whole" ? scope.whole : scope.item;
    for (const step of path.steps) {
      if (typeof value !== "object" || value === null || typeof step === "symbol") return null;
      value = Object.hasOwn(value, step) ? ((value as Record<string | number, View>)[step] ?? null) : null;
    }
    return value;
  };
}

function shapeAt(text: string, where: string, names: Names): Shape {
  return shapeOf(readPath(text, where), where, names);
}

function readPath(text: string, where: string): Path {
  return parsePath(text) ?? refuse(where, `\`${text}\` is no path`, "as in `$.key`, `$.fields.invoice`, `$$.amount`");
}

function shapeOf(path: Path, where: string, names: Names): Shape {
  let shape = path.from === "whole" ? names.whole : names.item;
  if (shape === null)
    return refuse(where, `\`${path.text}\` stands outside of \`$each\``, "`$$` is the item of `$each`; the document is `$`");
  for (const step of path.steps) {
    shape = within(shape, step, path, where);
  }
  return shape;
}

function within(shape: Shape, step: Path["steps"][number], path: Path, where: string): Shape {
  if (typeof step === "symbol") return refuse(where, `\`${path.text}\`: \`[*]\` cannot be written`, "use `$each` and `$item`");
  if (shape.kind === "list" && typeof step === "number") return shape.item;
  if (shape.kind === "map" && typeof step === "string") return { kind: "value" };
  if (shape.kind === "object" && typeof step === "string") {
    const found = Object.hasOwn(shape.names, step) ? shape.names[step] : undefined;
    if (found !== undefined) return found;
    const known = Object.keys(shape.names);
    const close = nearestName(step, known);
    return refuse(
      where,
      `there is no \`${step}\` in \`${path.text}\``,
      close === null ? `there is ${known.map((name) => `\`${name}\``).join(", ")}` : `did you mean \`${close}\`?`,
    );
  }
  return refuse(where, `\`${path.text}\` leads nowhere: there is nothing below it`, "shorten the path");
}

/** The items of a list; those of a mapping as `name` and `value`. */
function itemsOf(value: View): readonly View[] {
  if (Array.isArray(value)) return value as readonly View[];
  if (typeof value !== "object" || value === null) return [];
  return Object.entries(value).map(([name, each]): View => ({ name, value: each as View }));
}

/** Constants pass through YAML's own numbers, which keep 15 digits. */
function isExact(value: number): boolean {
  return Number.isFinite(value) && String(value).replace(/[^\d]/g, "").replace(/^0+/, "").length <= 15 && !/e/i.test(String(value));
}

function refuse(where: string, message: string, hint: string): never {
  throw new ProblemError(problem("CONFIG_WRONG_VALUE", `\`${where}\`: ${message}`, [], hint));
}
