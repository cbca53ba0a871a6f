import { dateTimeReader } from "../model/date-formats.js";
import { isDateText } from "../model/dates.js";
import { Decimal } from "../model/decimal.js";
import type { TextShape } from "../model/personal.js";
import type { Value } from "../model/value.js";
import { compiledFrom, compilePart, newContext, partOf } from "./compile.js";
import { describe, describeOne, display, TEXT, typeOf, withNullable } from "./kinds.js";
import { type Context, constantOperand, finish, labelOf, type Operand, refuse, requireValue } from "./operand.js";
import { requireExpected } from "./operators.js";
import type { Node } from "./syntax.js";
import { readTokens } from "./tokens.js";
import type { CompileResult, Expected, Fault, Scope } from "./types.js";

type Piece = { readonly kind: "text"; readonly text: string } | { readonly kind: "part"; readonly node: Node; readonly operand: Operand };

/**
 * Compiles text with `${…}` in it. Text that is only one `${…}` keeps the type of its expression; text around or between
 * parts makes it text, with numbers as written and dates as `YYYY-MM-DD`; text without any is a constant of the expected
 * type. `$${` stands for `${`. Faults have offsets into `text`, and each part reports its own.
 */
export function compileTemplate(text: string, scope: Scope, expected: Expected): CompileResult {
  const context = newContext(text, scope);
  const pieces = readPieces(text, context);
  const [only] = pieces;
  let operand: Operand | null;
  if (pieces.every((piece) => piece.kind === "text")) {
    const constant = pieces.map((piece) => piece.text).join("");
    operand = context.faults.length > 0 ? null : compileConstant(constant, context, expected);
  } else if (pieces.length === 1 && only?.kind === "part") {
    operand = requireExpected(context, only.node, only.operand, expected) ? only.operand : null;
  } else operand = compileMixed(pieces, context, expected);
  return operand === null || context.faults.length > 0
    ? { faults: inOrder(context.faults) }
    : { compiled: compiledFrom(text, context, operand, partsOf(pieces)) };
}

function inOrder(faults: readonly Fault[]): readonly Fault[] {
  return [...faults].sort((left, right) => left.start - right.start);
}

function partsOf(pieces: readonly Piece[]): TextShape {
  return pieces.map((piece) => (piece.kind === "text" ? { text: piece.text } : partOf(piece.operand)));
}

/** The text and the parts in their order; a part with a fault is left out. */
function readPieces(text: string, context: Context): readonly Piece[] {
  const pieces: Piece[] = [];
  let literal = "";
  let at = 0;
  const addLiteral = (): void => {
    if (literal !== "") pieces.push({ kind: "text", text: literal });
    literal = "";
  };
  while (at < text.length) {
    if (text.startsWith("$${", at)) {
      literal += "${";
      at += 3;
    } else if (text.startsWith("${", at)) {
      addLiteral();
      const { tokens, faults, next, closed } = readTokens(text, at + 2, true);
      context.faults.push(...faults);
      if (faults.length === 0 && !closed) {
        refuse(context, { start: at, end: text.length }, "EXPR_SYNTAX", "`${` is never closed by `}`", "a literal `${` is written `$${`");
      } else if (faults.length === 0) {
        const part = compilePart(tokens, context);
        if (part !== null) pieces.push({ kind: "part", ...part });
      }
      at = next;
    } else {
      literal += text[at];
      at += 1;
    }
  }
  addLiteral();
  return pieces;
}

function compileConstant(text: string, context: Context, expected: Expected): Operand | null {
  const value = readConstant(text, expected);
  if (value !== null) return constantOperand(withNullable(typeOf(expected), false), value);
  const at = { start: 0, end: text.length };
  const wanted = describeOne(typeOf(expected));
  return refuse(context, at, "EXPR_TYPE", `\`${text}\` is text, and this place needs ${wanted}`, CONSTANT_HINTS[expected.kind]);
}

const CONSTANT_HINTS: Partial<Record<Expected["kind"], string>> = {
  number: "write a number like `1234.50`, or an expression in `${…}`",
  date: "write a date like `2026-11-20`, or an expression in `${…}`",
  datetime: "write a time with its zone like `2026-11-20T08:30:00+08:00`, or an expression in `${…}`",
  list: 'write a list like `${["a", "b"]}`',
  boolean: "write `true` or `false`, or an expression in `${…}`",
};

function readConstant(text: string, expected: Expected): Value {
  switch (expected.kind) {
    case "text":
      return text;
    case "number":
      return Decimal.parse(text);
    case "date":
      return isDateText(text) ? text : null;
    case "datetime":
      return dateTimeReader(["yyyy-MM-ddTHH:mm:ssXXX", "yyyy-MM-ddTHH:mm:ss.SSSXXX"], "UTC")(text);
    case "list":
      return null;
    case "boolean":
      return text === "true" || text === "false" ? text === "true" : null;
  }
}

function compileMixed(pieces: readonly Piece[], context: Context, expected: Expected): Operand | null {
  const operands = pieces.map((piece) => (piece.kind === "text" ? constantOperand(TEXT, piece.text) : compileTextPart(piece, context)));
  if (expected.kind !== "text") {
    const message = `text around \`\${…}\` makes all of it text, and this place needs ${describeOne(typeOf(expected))}`;
    return refuse(context, { start: 0, end: context.source.length }, "EXPR_TYPE", message, "put everything into one `${…}`");
  }
  const parts = operands.filter((operand) => operand !== null);
  if (parts.length !== pieces.length) return null;
  const readers = parts.map((part) => part.evaluate);
  return finish(
    context,
    TEXT,
    (environment) => {
      let text = "";
      for (const read of readers) text += display(read(environment));
      return text;
    },
    parts,
  );
}

/** A part inside text must be one value, and there. */
function compileTextPart(piece: Piece & { readonly kind: "part" }, context: Context): Operand | null {
  const { node, operand } = piece;
  if (operand.type.kind === "list" || operand.type.kind === "row") {
    const message = `\`${labelOf(context, node)}\` is a ${describe(operand.type)}, which cannot stand inside text`;
    const hint = operand.type.kind === "list" ? 'write `join(…, ",")`' : "take one of its columns";
    return refuse(context, node, "EXPR_TYPE", message, hint);
  }
  return requireValue(context, node, operand, "text around it") ? operand : null;
}
