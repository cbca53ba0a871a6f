/** A number as it was written. The binary float of `JSON.parse` would already have lost digits of it. */
export class Exact {
  constructor(readonly text: string) {}
}

export type Json = string | boolean | null | Exact | readonly Json[] | JsonObject;
export interface JsonObject {
  readonly [key: string]: Json;
}

/** What the writer takes: whole numbers may be plain ones, amounts are `Exact`. */
export type Written = Json | number | undefined | readonly Written[] | { readonly [key: string]: Written };

export class JsonError extends Error {}

export function isObject(value: Json | undefined): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value) && !(value instanceof Exact);
}

/** Reads one JSON text whole. Throws a `JsonError` that says at which character it stopped. */
export function parseExact(text: string): Json {
  return new Reader(text).whole();
}

const NUMBER = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y;
const STRING = /"(?:[^"\\\u0000-\u001f]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*"/y;
/** Deeper than any bill; a hostile text must not end the stack. */
const DEEPEST = 100;

class Reader {
  private at = 0;
  private depth = 0;

  constructor(private readonly text: string) {}

  whole(): Json {
    this.at = this.text.charCodeAt(0) === 0xfeff ? 1 : 0;
    const value = this.value();
    this.blanks();
    if (this.at < this.text.length) this.fail();
    return value;
  }

  private value(): Json {
    this.blanks();
    const first = this.text[this.at];
    if (first === "{") return this.nested(() => this.object());
    if (first === "[") return this.nested(() => this.array());
    if (first === '"') return this.string();
    for (const [word, value] of WORDS) {
      if (this.text.startsWith(word, this.at)) {
        this.at += word.length;
        return value;
      }
    }
    return new Exact(this.match(NUMBER));
  }

  private nested<T>(read: () => T): T {
    this.depth += 1;
    if (this.depth > DEEPEST) this.fail();
    this.at += 1;
    const value = read();
    this.depth -= 1;
    return value;
  }

  private object(): JsonObject {
    const found: Record<string, Json> = Object.create(null);
    if (this.closes("}")) return found;
    do {
      this.blanks();
      const key = this.string();
      this.expect(":");
      found[key] = this.value();
    } while (this.more("}"));
    return found;
  }

  private array(): readonly Json[] {
    const found: Json[] = [];
    if (this.closes("]")) return found;
    do found.push(this.value());
    while (this.more("]"));
    return found;
  }

  private string(): string {
    return JSON.parse(this.match(STRING)) as string;
  }

  private more(end: string): boolean {
    this.blanks();
    if (this.text[this.at] === ",") {
      this.at += 1;
      return true;
    }
    this.expect(end);
    return false;
  }

  private closes(end: string): boolean {
    this.blanks();
    if (this.text[this.at] !== end) return false;
    this.at += 1;
    return true;
  }

  private expect(sign: string): void {
    this.blanks();
    if (this.text[this.at] !== sign) this.fail();
    this.at += 1;
  }

  private match(pattern: RegExp): string {
    pattern.lastIndex = this.at;
    const found = pattern.exec(this.text)?.[0];
    if (found === undefined) this.fail();
    this.at += found.length;
    return found;
  }

  private blanks(): void {
    while (this.at < this.text.length && " \t\r\n".includes(this.text[this.at] as string)) this.at += 1;
  }

  private fail(): never {
    throw new JsonError(`not JSON at character ${this.at}`);
  }
}

const WORDS: readonly (readonly [string, boolean | null])[] = [
  ["true", true],
  ["false", false],
  ["null", null],
];

/** Writes JSON with every `Exact` digit for digit; what is undefined is left out. */
export function writeExact(value: Written): string {
  if (value === undefined) return "null";
  if (value instanceof Exact) return value.text;
  if (Array.isArray(value)) return `[${value.map(writeExact).join(",")}]`;
  if (typeof value === "object" && value !== null) {
    const parts = Object.entries(value as Record<string, Written>).filter(([, each]) => each !== undefined);
    return `{${parts.map(([key, each]) => `${JSON.stringify(key)}:${writeExact(each)}`).join(",")}}`;
  }
  return JSON.stringify(value);
}
