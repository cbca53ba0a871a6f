import { Decimal } from "../model/decimal.js";
import { BOOLEAN, NULL, NUMBER, TEXT } from "./kinds.js";
import type { BinaryOperator, Node } from "./syntax.js";
import type { Token } from "./tokens.js";
import type { Fault } from "./types.js";

/** Deeper than this is no mapping anyone could read; the limit keeps hostile text from exhausting the stack. */
const MAX_DEPTH = 200;

const PRECEDENCE: Readonly<Record<string, number>> = {
  "??": 1,
  or: 2,
  and: 3,
  "==": 4,
  "!=": 4,
  "<": 4,
  "<=": 4,
  ">": 4,
  ">=": 4,
  in: 4,
  "not in": 4,
  "+": 5,
  "-": 5,
  "*": 6,
};
const COMPARISON = 4;

const KEYWORDS: ReadonlySet<string> = new Set(["true", "false", "null", "and", "or", "not", "in"]);

export type ParseResult = { readonly node: Node; readonly fault?: undefined } | { readonly node?: undefined; readonly fault: Fault };

/** Reads one whole expression. The tokens end with an `end` token. */
export function parse(tokens: readonly Token[]): ParseResult {
  try {
    const parser = new Parser(tokens);
    return { node: parser.whole() };
  } catch (error) {
    if (error instanceof SyntaxFault) return { fault: error.fault };
    throw error;
  }
}

class SyntaxFault extends Error {
  constructor(readonly fault: Fault) {
    super(fault.message);
  }
}

class Parser {
  private at = 0;
  private open = 0;

  constructor(private readonly tokens: readonly Token[]) {}

  whole(): Node {
    const node = this.expression();
    const rest = this.peek();
    if (rest.kind !== "end") this.refuse(rest, `${found(rest)} cannot follow here`, followHint(rest));
    return node;
  }

  private expression(): Node {
    const condition = this.binary(1);
    if (!this.takeSymbol("?")) return condition;
    return this.deeper(() => {
      const yes = this.expression();
      this.expect(":", "the other branch of `? :`");
      const no = this.expression();
      return this.build({ kind: "conditional", condition, yes, no, start: condition.start, end: no.end }, condition, yes, no);
    });
  }

  private binary(lowest: number): Node {
    let left = this.unary();
    for (;;) {
      const operator = this.peekOperator();
      if (operator === null) return left;
      const precedence = PRECEDENCE[operator] as number;
      if (precedence < lowest) return left;
      const token = this.peek();
      this.at += operator === "not in" ? 2 : 1;
      const right = this.binary(precedence + 1);
      left = this.build({ kind: "binary", operator, left, right, start: left.start, end: right.end }, left, right);
      const next = this.peekOperator();
      if (precedence === COMPARISON && next !== null && PRECEDENCE[next] === COMPARISON) {
        this.refuse(this.peek(), `comparisons cannot be chained: \`${token.text}\` and \`${next}\``, "join two comparisons with `and`");
      }
    }
  }

  private peekOperator(): BinaryOperator | null {
    const token = this.peek();
    if (token.kind === "symbol") {
      if (token.text === "||") return "or";
      if (token.text === "&&") return "and";
      return token.text in PRECEDENCE ? (token.text as BinaryOperator) : null;
    }
    if (token.kind !== "name" || token.quoted) return null;
    if (token.text === "and" || token.text === "or" || token.text === "in") return token.text;
    const next = this.tokens[this.at + 1];
    return token.text === "not" && next?.kind === "name" && !next.quoted && next.text === "in" ? "not in" : null;
  }

  private unary(): Node {
    const token = this.peek();
    const isNot = (token.kind === "symbol" && token.text === "!") || isWord(token, "not");
    if (!isNot && !(token.kind === "symbol" && token.text === "-")) return this.postfix();
    this.at += 1;
    return this.deeper(() => {
      const operand = this.unary();
      return this.build({ kind: "unary", operator: isNot ? "not" : "-", operand, start: token.start, end: operand.end }, operand);
    });
  }

  private postfix(): Node {
    let node = this.primary();
    for (;;) {
      if (this.takeSymbol(".")) {
        const name = this.peek();
        if (name.kind !== "name") this.refuse(name, `a name must follow \`.\`, found ${found(name)}`);
        this.at += 1;
        node = this.build({ kind: "member", object: node, name: name.text, nameStart: name.start, start: node.start, end: name.end }, node);
      } else if (this.takeSymbol("[")) node = this.lookup(node);
      else return node;
    }
  }

  private lookup(object: Node): Node {
    return this.deeper(() => {
      const keys: Node[] = [];
      let on: Node | null = null;
      while (on === null) {
        const name = this.peek();
        const colon = this.tokens[this.at + 1];
        if (name.kind === "name" && colon?.kind === "symbol" && colon.text === ":") {
          if (name.text !== "on") this.refuse(name, `\`${name.text}:\` is not known here`, "only `on:` and a date can follow the keys");
          this.at += 2;
          on = this.expression();
        } else keys.push(this.expression());
        if (!this.takeSymbol(",")) break;
      }
      const end = this.expect("]", "the keys of a lookup");
      const below = on === null ? keys : [...keys, on];
      return this.build({ kind: "lookup", object, keys, on, start: object.start, end }, object, ...below);
    });
  }

  private primary(): Node {
    const token = this.peek();
    const { start, end } = token;
    this.at += 1;
    switch (token.kind) {
      case "number": {
        const value = Decimal.parse(token.text);
        if (value === null) this.refuse(token, "a number has at most 60 digits");
        return { kind: "literal", value, type: NUMBER, start, end, depth: 1 };
      }
      case "text":
        return { kind: "literal", value: token.text, type: TEXT, start, end, depth: 1 };
      case "name":
        return this.name(token);
      case "symbol":
        if (token.text === "(") return this.parentheses();
        if (token.text === "[") {
          const list = this.list("]", "a list");
          return this.build({ kind: "list", items: list.nodes, start, end: list.end }, ...list.nodes);
        }
        break;
      default:
        this.at -= 1;
    }
    return this.refuse(token, `a value is missing, found ${found(token)}`, startHint(token));
  }

  private name(token: Token & { readonly kind: "name" }): Node {
    const { start, end } = token;
    if (!token.quoted && KEYWORDS.has(token.text)) {
      if (token.text === "null") return { kind: "literal", value: null, type: NULL, start, end, depth: 1 };
      if (token.text === "true" || token.text === "false") {
        return { kind: "literal", value: token.text === "true", type: BOOLEAN, start, end, depth: 1 };
      }
      const hint = `a field of this name goes in backquotes`;
      this.refuse(token, `a value is missing, found \`${token.text}\``, hint);
    }
    const next = this.peek();
    if (token.quoted || next.kind !== "symbol" || next.text !== "(") return { kind: "name", name: token.text, start, end, depth: 1 };
    this.at += 1;
    const list = this.list(")", `the arguments of \`${token.text}\``);
    return this.build({ kind: "call", name: token.text, nameEnd: end, parameters: list.nodes, start, end: list.end }, ...list.nodes);
  }

  private parentheses(): Node {
    const inner = this.deeper(() => this.expression());
    this.expect(")", "a parenthesis");
    return inner;
  }

  private list(close: string, what: string): { readonly nodes: readonly Node[]; readonly end: number } {
    return this.deeper(() => {
      const nodes: Node[] = [];
      const first = this.peek();
      if (this.takeSymbol(close)) return { nodes, end: first.end };
      do {
        const name = this.peek();
        const colon = this.tokens[this.at + 1];
        if (name.kind === "name" && colon?.kind === "symbol" && colon.text === ":") {
          this.refuse(colon, `\`${name.text}:\` is not known here`, "arguments have no names; only a lookup takes `on:`");
        }
        nodes.push(this.expression());
      } while (this.takeSymbol(","));
      return { nodes, end: this.expect(close, what) };
    });
  }

  /** Counts the calls that are open at this moment; a tree can also grow deep without them, which `build` counts. */
  private deeper<T>(read: () => T): T {
    this.open += 1;
    if (this.open > MAX_DEPTH) this.refuseDepth(this.peek());
    const result = read();
    this.open -= 1;
    return result;
  }

  private build<N extends UnfinishedNode>(node: N, ...below: readonly Node[]): Node {
    let depth = 0;
    for (const each of below) depth = Math.max(depth, each.depth);
    if (depth >= MAX_DEPTH) this.refuseDepth(node);
    return { ...node, depth: depth + 1 };
  }

  private refuseDepth(at: { readonly start: number; readonly end: number }): never {
    const message = `the expression is nested more than ${MAX_DEPTH} levels deep`;
    throw new SyntaxFault({ code: "EXPR_SYNTAX", message, hint: "use a lookup table instead", start: at.start, end: at.end });
  }

  private peek(): Token {
    return (this.tokens[this.at] ?? this.tokens.at(-1)) as Token;
  }

  private takeSymbol(text: string): boolean {
    const token = this.peek();
    if (token.kind !== "symbol" || token.text !== text) return false;
    this.at += 1;
    return true;
  }

  /** Where the symbol ends. */
  private expect(text: string, what: string): number {
    const token = this.peek();
    if (!this.takeSymbol(text)) this.refuse(token, `\`${text}\` is missing after ${what}, found ${found(token)}`, followHint(token));
    return token.end;
  }

  private refuse(at: Token, message: string, hint?: string): never {
    const { start, end } = at;
    throw new SyntaxFault(
      hint === undefined ? { code: "EXPR_SYNTAX", message, start, end } : { code: "EXPR_SYNTAX", message, hint, start, end },
    );
  }
}

type Unfinished<N> = N extends Node ? Omit<N, "depth"> : never;
type UnfinishedNode = Unfinished<Node>;

function isWord(token: Token, word: string): boolean {
  return token.kind === "name" && !token.quoted && token.text === word;
}

function found(token: Token): string {
  if (token.kind === "end") return "the end";
  return token.kind === "text" ? `the text \`${token.text}\`` : `\`${token.text}\``;
}

function startHint(token: Token): string | undefined {
  return token.kind === "symbol" && token.text === "=" ? "write `==`" : undefined;
}

/** Two values side by side mostly come from a name with a blank or a bracket in it. */
function followHint(token: Token): string | undefined {
  if (token.kind === "name" || token.kind === "number") return "a name with blanks or punctuation goes in backquotes";
  if (token.kind === "text") return "join texts with `concat(a, b)`";
  if (token.kind === "symbol" && token.text === "(") return "only a function name can be called";
  return undefined;
}
