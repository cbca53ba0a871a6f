/**
 * JSON with every digit: a number keeps its source text, so that `00042` as text, `12345678901234567890` and `1.10` arrive as
 * they were sent. `JSON.parse` would round them. Objects are maps, so that no key (`__proto__`) has a meaning of its own.
 */
export type Json = null | boolean | string | JsonNumber | readonly Json[] | ReadonlyMap<string, Json>;

export class JsonNumber {
  /** As it stands in the text: digits, sign, point and exponent. */
  constructor(readonly text: string) {}
}

/** Deeper answers are an attack or a mistake, and would exhaust the stack. */
const MOST_DEPTH = 200;

/** RFC 8259. The value, or undefined when the text is not JSON. Of two equal keys the last one counts, as everywhere. */
export function parseJson(text: string): Json | undefined {
  try {
    return new Reader(text).read();
  } catch (error) {
    if (error instanceof NotJson) return undefined;
    throw error;
  }
}

class NotJson extends Error {}

/** Names that stand twice in an object, where there are any. */
const twice = new WeakMap<object, Set<string>>();

/** The names that stand more than once in an object that was read: which value is meant, nobody knows. */
export function namesTwice(object: ReadonlyMap<string, Json>): ReadonlySet<string> {
  return twice.get(object) ?? NONE;
}
const NONE: ReadonlySet<string> = new Set();

const NUMBER = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y;
const PLAIN_TEXT = /[^"\\\u0000-\u001f]*/y;
const BLANKS = /[ \t\r\n]*/y;
const ESCAPES: Readonly<Record<string, string>> = {
  '"': '"',
  "\\": "\\",
  "/": "/",
  b: "\b",
  f: "\f",
  n: "\n",
  r: "\r",
  t: "\t",
};

class Reader {
  private at = 0;

  constructor(private readonly text: string) {}

  read(): Json {
    const value = this.value(0);
    this.take(BLANKS);
    if (this.at !== this.text.length) throw new NotJson();
    return value;
  }

  private value(depth: number): Json {
    if (depth > MOST_DEPTH) throw new NotJson();
    this.take(BLANKS);
    switch (this.text[this.at]) {
      case "{":
        return this.object(depth);
      case "[":
        return this.list(depth);
      case '"':
        return this.string();
      case "t":
        return this.word("true", true);
      case "f":
        return this.word("false", false);
      case "n":
        return this.word("null", null);
      default: {
        const digits = this.take(NUMBER);
        if (digits === "") throw new NotJson();
        return new JsonNumber(digits);
      }
    }
  }

  private object(depth: number): ReadonlyMap<string, Json> {
    const result = new Map<string, Json>();
    this.at += 1;
    if (this.skip("}")) return result;
    do {
      this.take(BLANKS);
      const key = this.string();
      if (!this.skip(":")) throw new NotJson();
      if (result.has(key)) twice.set(result, (twice.get(result) ?? new Set<string>()).add(key));
      result.set(key, this.value(depth + 1));
    } while (this.skip(","));
    if (!this.skip("}")) throw new NotJson();
    return result;
  }

  private list(depth: number): readonly Json[] {
    const result: Json[] = [];
    this.at += 1;
    if (this.skip("]")) return result;
    do result.push(this.value(depth + 1));
    while (this.skip(","));
    if (!this.skip("]")) throw new NotJson();
    return result;
  }

  private string(): string {
    if (this.text[this.at] !== '"') throw new NotJson();
    this.at += 1;
    let result = this.take(PLAIN_TEXT);
    while (this.text[this.at] === "\\") {
      result += this.escape();
      result += this.take(PLAIN_TEXT);
    }
    if (this.text[this.at] !== '"') throw new NotJson();
    this.at += 1;
    return result;
  }

  private escape(): string {
    const letter = this.text[this.at + 1] ?? "";
    if (letter === "u") {
      const digits = this.text.slice(this.at + 2, this.at + 6);
      if (!/^[0-9a-fA-F]{4}$/.test(digits)) throw new NotJson();
      this.at += 6;
      return String.fromCharCode(Number.parseInt(digits, 16));
    }
    const meant = Object.hasOwn(ESCAPES, letter) ? ESCAPES[letter] : undefined;
    if (meant === undefined) throw new NotJson();
    this.at += 2;
    return meant;
  }

  private word<T>(word: string, value: T): T {
    if (!this.text.startsWith(word, this.at)) throw new NotJson();
    this.at += word.length;
    return value;
  }

  /** Passes over blanks and then this character; false when another one stands there. */
  private skip(character: string): boolean {
    this.take(BLANKS);
    if (this.text[this.at] !== character) return false;
    this.at += 1;
    return true;
  }

  private take(pattern: RegExp): string {
    pattern.lastIndex = this.at;
    const found = pattern.exec(this.text)?.[0] ?? "";
    this.at += found.length;
    return found;
  }
}

/** The value as compact JSON, numbers as they came. */
export function writeJson(value: Json): string {
  if (value instanceof JsonNumber) return value.text;
  if (isList(value)) return `[${value.map(writeJson).join(",")}]`;
  if (isObject(value)) return `{${[...value].map(([key, each]) => `${JSON.stringify(key)}:${writeJson(each)}`).join(",")}}`;
  return JSON.stringify(value);
}

export function isList(value: Json): value is readonly Json[] {
  return Array.isArray(value);
}

export function isObject(value: Json): value is ReadonlyMap<string, Json> {
  return value instanceof Map;
}

/** Text, or a number as it was written; null for everything else. */
export function textOf(value: Json | undefined): string | null {
  if (typeof value === "string") return value;
  return value instanceof JsonNumber ? value.text : null;
}
