/** A condition as the text or the array of a filter says it. */
export type Condition =
  | { readonly kind: "and" | "or"; readonly parts: readonly Condition[] }
  | { readonly kind: "not"; readonly part: Condition }
  | { readonly kind: "compare"; readonly left: Operand; readonly operator: Operator; readonly right: readonly Operand[] };

export type Operand = { readonly path: string } | { readonly literal: string | null };
export type Operator = "=" | "<>" | "<" | "<=" | ">" | ">=" | "like" | "in" | "is null";

export class FilterError extends Error {}

interface Token {
  readonly kind: "text" | "number" | "word" | "sign";
  readonly text: string;
}

const TOKEN =
  /\s*(?:[nN]?'((?:[^']|'')*)'|(-?\d+(?:\.\d+)?)|([\p{L}_][\p{L}\p{N}_]*(?:\.[\p{L}_][\p{L}\p{N}_]*)*)|(<>|!=|<=|>=|[=<>(),]))/uy;

/** Reads SQL-like text: comparisons, AND, OR, NOT, parentheses, IN, LIKE, BETWEEN, IS NULL; a quote in a text is doubled. */
export function parseFilter(text: string): Condition | null {
  return parseTokens(tokensOf(text));
}

function parseTokens(tokens: readonly Token[]): Condition | null {
  return tokens.length === 0 ? null : new Parser(tokens).whole();
}

function tokensOf(text: string): readonly Token[] {
  const tokens: Token[] = [];
  const whole = text.trimEnd();
  TOKEN.lastIndex = 0;
  while (TOKEN.lastIndex < whole.length) {
    const at = TOKEN.lastIndex;
    const found = TOKEN.exec(whole);
    if (found === null) throw new FilterError(`“${whole.slice(at, at + 20)}”附近有语法错误`);
    const [, quoted, number, word, sign] = found;
    if (quoted !== undefined) tokens.push({ kind: "text", text: quoted.replaceAll("''", "'") });
    else if (number !== undefined) tokens.push({ kind: "number", text: number });
    else if (word !== undefined) tokens.push({ kind: "word", text: word });
    else tokens.push({ kind: "sign", text: sign as string });
  }
  return tokens;
}

/** One line of the array form: `Left` and `Right` hold parentheses, `Logic` joins it to the next line. */
export interface FilterLine {
  readonly Left: string;
  readonly FieldName: string;
  readonly Compare: string;
  readonly Value: string;
  readonly Right: string;
  readonly Logic: string;
}

/** Only `67` (equals) is documented of the coded comparisons; the plain signs are taken as well. */
const COMPARES: ReadonlyMap<string, string> = new Map([
  ["67", "="],
  ...["=", "<>", "<", "<=", ">", ">=", "like"].map((each) => [each, each] as const),
]);
const LOGICS: ReadonlyMap<string, string> = new Map([
  ["", "and"],
  ["0", "and"],
  ["and", "and"],
  ["1", "or"],
  ["or", "or"],
]);

export function parseFilterLines(lines: readonly FilterLine[]): Condition | null {
  const tokens = lines.flatMap((line, at): readonly Token[] => {
    const compare = COMPARES.get(line.Compare.toLowerCase());
    const logic = LOGICS.get(line.Logic.toLowerCase());
    if (compare === undefined) throw new FilterError(`比较符“${line.Compare}”无效`);
    if (logic === undefined) throw new FilterError(`逻辑符“${line.Logic}”无效`);
    return [
      ...tokensOf(line.Left),
      { kind: "word", text: line.FieldName },
      { kind: compare === "like" ? "word" : "sign", text: compare },
      { kind: "text", text: line.Value },
      ...tokensOf(line.Right),
      ...(at < lines.length - 1 ? ([{ kind: "word", text: logic }] as const) : []),
    ];
  });
  return parseTokens(tokens);
}

const SIGNS: ReadonlyMap<string, Operator> = new Map([
  ["=", "="],
  ["<>", "<>"],
  ["!=", "<>"],
  ["<", "<"],
  ["<=", "<="],
  [">", ">"],
  [">=", ">="],
]);
/** Deeper than any filter; a hostile one must not end the stack. */
const DEEPEST = 60;

class Parser {
  private at = 0;
  private depth = 0;

  constructor(private readonly tokens: readonly Token[]) {}

  whole(): Condition {
    const condition = this.either();
    const left = this.tokens[this.at];
    if (left !== undefined) throw new FilterError(`“${left.text}”附近有语法错误`);
    return condition;
  }

  private either(): Condition {
    return this.joined("or", () => this.joined("and", () => this.single()));
  }

  private joined(word: "and" | "or", read: () => Condition): Condition {
    const parts = [read()];
    while (this.takesWord(word)) parts.push(read());
    return parts.length === 1 ? (parts[0] as Condition) : { kind: word, parts };
  }

  private single(): Condition {
    if (this.takesWord("not")) return { kind: "not", part: this.deeper(() => this.single()) };
    if (this.takesSign("(")) {
      const inner = this.deeper(() => this.either());
      this.expectSign(")");
      return inner;
    }
    return this.comparison();
  }

  private comparison(): Condition {
    const left = this.operand();
    if (this.takesWord("is")) {
      const negated = this.takesWord("not");
      this.expectWord("null");
      return negate(negated, { kind: "compare", left, operator: "is null", right: [] });
    }
    const negated = this.takesWord("not");
    if (this.takesWord("in")) return negate(negated, { kind: "compare", left, operator: "in", right: this.list() });
    if (this.takesWord("like")) return negate(negated, { kind: "compare", left, operator: "like", right: [this.operand()] });
    if (this.takesWord("between")) {
      const low = this.operand();
      this.expectWord("and");
      const parts: readonly Condition[] = [
        { kind: "compare", left, operator: ">=", right: [low] },
        { kind: "compare", left, operator: "<=", right: [this.operand()] },
      ];
      return negate(negated, { kind: "and", parts });
    }
    const sign = this.next();
    const operator = sign.kind === "sign" && !negated ? SIGNS.get(sign.text) : undefined;
    if (operator === undefined) throw new FilterError(`“${sign.text}”附近有语法错误`);
    return { kind: "compare", left, operator, right: [this.operand()] };
  }

  private list(): readonly Operand[] {
    this.expectSign("(");
    const items = [this.operand()];
    while (this.takesSign(",")) items.push(this.operand());
    this.expectSign(")");
    return items;
  }

  private operand(): Operand {
    const token = this.next();
    if (token.kind === "text" || token.kind === "number") return { literal: token.text };
    if (token.kind === "word") return token.text.toLowerCase() === "null" ? { literal: null } : { path: token.text };
    throw new FilterError(`“${token.text}”附近有语法错误`);
  }

  private deeper<T>(read: () => T): T {
    this.depth += 1;
    if (this.depth > DEEPEST) throw new FilterError("条件嵌套过深");
    const value = read();
    this.depth -= 1;
    return value;
  }

  private next(): Token {
    const token = this.tokens[this.at];
    if (token === undefined) throw new FilterError("条件不完整");
    this.at += 1;
    return token;
  }

  private takesWord(word: string): boolean {
    const token = this.tokens[this.at];
    if (token?.kind !== "word" || token.text.toLowerCase() !== word) return false;
    this.at += 1;
    return true;
  }

  private takesSign(sign: string): boolean {
    const token = this.tokens[this.at];
    if (token?.kind !== "sign" || token.text !== sign) return false;
    this.at += 1;
    return true;
  }

  private expectWord(word: string): void {
    if (!this.takesWord(word)) throw new FilterError(`缺少“${word}”`);
  }

  private expectSign(sign: string): void {
    if (!this.takesSign(sign)) throw new FilterError(`缺少“${sign}”`);
  }
}

function negate(negated: boolean, part: Condition): Condition {
  return negated ? { kind: "not", part } : part;
}
