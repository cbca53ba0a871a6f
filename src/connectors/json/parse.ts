import type { RawCell } from "../contract.js";
import { FieldFault } from "../files/fields.js";
import { plainText, readWritten } from "../files/plain-number.js";

const MAX_DEPTH = 200;

/** Text that is not JSON; `offset` counts characters from its beginning. */
export class JsonFault extends Error {
  constructor(
    readonly reason: string,
    readonly offset: number,
  ) {
    super(reason);
    this.name = "JsonFault";
  }
}

const LIST = new FieldFault("holds a list, expected text, a number, true or false");
const OBJECT = new FieldFault("holds an object, expected text, a number, true or false");
const TWICE = new FieldFault("stands twice in the record");

/** A record as its fields; those of an object within it are called `outer.inner`. Null where the text is no object. */
export function parseRecord(text: string, trim: boolean): Map<string, RawCell | FieldFault> | null {
  return new RecordParser(text, trim).parse();
}

/**
 * Reads strict JSON (RFC 8259). Numbers stay text, in plain digits: a float would lose the last digits of an amount or a
 * long code.
 */
class RecordParser {
  private at = 0;
  private readonly fields = new Map<string, RawCell | FieldFault>();

  constructor(
    private readonly text: string,
    private readonly trim: boolean,
  ) {}

  parse(): Map<string, RawCell | FieldFault> | null {
    this.skipBlanks();
    const isObject = this.text[this.at] === "{";
    if (isObject) this.object("", true, 0);
    else this.value(null, 0);
    this.skipBlanks();
    if (this.at < this.text.length) throw this.unexpected("nothing more");
    return isObject ? this.fields : null;
  }

  /** `name` is null where nothing can be called by a name: within a list. */
  private value(name: string | null, depth: number): void {
    const character = this.text[this.at];
    if (depth > MAX_DEPTH) throw new JsonFault(`it is nested more than ${MAX_DEPTH} deep`, this.at);
    if (character === "{") {
      this.note(name, OBJECT);
      this.object(name === null ? "" : `${name}.`, name !== null, depth);
    } else if (character === "[") {
      this.note(name, LIST);
      this.list(depth);
    } else if (character === '"') {
      const string = this.string();
      const value = this.trim ? string.trim() : string;
      this.note(name, value === "" ? null : value);
    } else this.note(name, this.literal());
  }

  private note(name: string | null, value: RawCell | FieldFault): void {
    if (name !== null) this.fields.set(name, this.fields.has(name) ? TWICE : value);
  }

  private object(prefix: string, isNamed: boolean, depth: number): void {
    this.at += 1;
    this.skipBlanks();
    if (this.text[this.at] === "}") {
      this.at += 1;
      return;
    }
    for (;;) {
      if (this.text[this.at] !== '"') throw this.unexpected("a name in quotes");
      const key = this.string().trim();
      this.skipBlanks();
      if (this.text[this.at] !== ":") throw this.unexpected("`:`");
      this.at += 1;
      this.skipBlanks();
      this.value(isNamed ? `${prefix}${key}` : null, depth + 1);
      if (this.endsWith("}")) return;
    }
  }

  private list(depth: number): void {
    this.at += 1;
    this.skipBlanks();
    if (this.text[this.at] === "]") {
      this.at += 1;
      return;
    }
    do this.value(null, depth + 1);
    while (!this.endsWith("]"));
  }

  /** After a member: true at the end, false when another follows. */
  private endsWith(close: string): boolean {
    this.skipBlanks();
    const character = this.text[this.at];
    if (character !== close && character !== ",") throw this.unexpected(`\`,\` or \`${close}\``);
    this.at += 1;
    this.skipBlanks();
    return character === close;
  }

  private string(): string {
    const start = this.at + 1;
    let end = start;
    let isPlain = true;
    for (; ; end += 1) {
      const code = this.text.charCodeAt(end);
      if (code === 34) break;
      if (Number.isNaN(code)) throw new JsonFault("a text has no closing quote", this.at);
      if (code < 32) throw new JsonFault("a text has a line break or control character in it", end);
      if (code === 92) {
        isPlain = false;
        end += 1;
      }
    }
    this.at = end + 1;
    return isPlain ? this.text.slice(start, end) : this.unescaped(start, end);
  }

  private unescaped(start: number, end: number): string {
    const raw = this.text.slice(start, end);
    const bad = /\\(?!["\\/bfnrt]|u[0-9A-Fa-f]{4})/.exec(raw.replace(/\\\\/g, "//"));
    if (bad !== null) throw new JsonFault("a text has an unknown escape in it", start + bad.index);
    return raw.replace(/\\(?:u(.{4})|(.))/g, (_, code: string | undefined, letter: string) =>
      code !== undefined ? String.fromCharCode(Number.parseInt(code, 16)) : (ESCAPES[letter] ?? letter),
    );
  }

  private literal(): RawCell | FieldFault {
    LITERAL.lastIndex = this.at;
    const word = LITERAL.exec(this.text)?.[0];
    if (word === undefined) throw this.unexpected("a value");
    this.at += word.length;
    if (word === "true") return true;
    if (word === "false") return false;
    if (word === "null") return null;
    const number = /[eE]/.test(word) ? readWritten(word) : null;
    return number === null ? word : plainText(number);
  }

  private skipBlanks(): void {
    for (; this.at < this.text.length; this.at += 1) {
      const code = this.text.charCodeAt(this.at);
      if (code !== 32 && code !== 10 && code !== 13 && code !== 9) return;
    }
  }

  private unexpected(wanted: string): JsonFault {
    const found = this.text[this.at];
    return new JsonFault(found === undefined ? `it ends too early, expected ${wanted}` : `found \`${found}\`, expected ${wanted}`, this.at);
  }
}

const LITERAL = /true|false|null|-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y;
const ESCAPES: Readonly<Record<string, string>> = { b: "\b", f: "\f", n: "\n", r: "\r", t: "\t" };
