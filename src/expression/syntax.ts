import type { Value } from "../model/value.js";
import type { Type } from "./types.js";

type UnaryOperator = "-" | "not";
export type BinaryOperator = "??" | "or" | "and" | "==" | "!=" | "<" | "<=" | ">" | ">=" | "in" | "not in" | "+" | "-" | "*";

interface Placed {
  /** Offsets in characters into the text. */
  readonly start: number;
  readonly end: number;
  /** How many nodes lie below it, at most; bounded, so that walking a tree cannot exhaust the stack. */
  readonly depth: number;
}

/** An expression as written, before names and types are known. */
export type Node = Placed &
  (
    | { readonly kind: "literal"; readonly value: Value; readonly type: Type }
    | { readonly kind: "name"; readonly name: string }
    | { readonly kind: "member"; readonly object: Node; readonly name: string; readonly nameStart: number }
    | { readonly kind: "lookup"; readonly object: Node; readonly keys: readonly Node[]; readonly on: Node | null }
    | { readonly kind: "call"; readonly name: string; readonly nameEnd: number; readonly parameters: readonly Node[] }
    | { readonly kind: "list"; readonly items: readonly Node[] }
    | { readonly kind: "unary"; readonly operator: UnaryOperator; readonly operand: Node }
    | { readonly kind: "binary"; readonly operator: BinaryOperator; readonly left: Node; readonly right: Node }
    | { readonly kind: "conditional"; readonly condition: Node; readonly yes: Node; readonly no: Node }
  );
