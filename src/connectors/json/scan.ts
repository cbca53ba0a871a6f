import { JsonFault } from "./parse.js";

/** A longer item is no record that a program wrote for another. */
const MAX_ITEM_LENGTH = 16 * 1024 * 1024;

export interface Item {
  readonly text: string;
  /** Where it begins, from 1. */
  readonly line: number;
  readonly column: number;
}

/** The file does not have what is looked for; the hint says what to do. */
export class ShapeFault extends JsonFault {
  constructor(
    reason: string,
    readonly hint: string,
  ) {
    super(reason, 0);
  }
}

type State = "value" | "first key" | "key" | "colon" | "skip" | "comma" | "first item" | "item" | "item comma" | "done";

/**
 * Cuts the items out of the list at a path, from pieces of text of any size, holding no more than one item at a time. It
 * checks the way to the list and all brackets; the items themselves are checked when they are parsed.
 */
export class ItemScanner {
  /** Where the scanner is, from 1. */
  line = 1;
  private lineStart = 0;
  private text = "";
  private at = 0;
  /** Characters before `text`. */
  private before = 0;
  private isLast = false;
  private state: State = "value";
  /** Objects on the path that are open, and the list itself. */
  private open = 0;
  private isInList = false;
  private key = "";
  private hasList = false;
  private readonly keysHere: string[] = [];
  /** The value or name that is being looked for the end of: how far it was looked at, and its open brackets. */
  private isInSpan = false;
  private isSpanEmpty = true;
  private spanAt = 0;
  private spanDepth = 0;
  private isInString = false;

  constructor(private readonly path: readonly string[]) {}

  get column(): number {
    return this.before + this.at - this.lineStart + 1;
  }

  push(text: string, isLast: boolean): void {
    // What is passed over need not be kept.
    if (this.isInSpan && this.state === "skip") this.advance(this.spanAt);
    this.text = this.text.slice(this.at) + text;
    this.before += this.at;
    this.spanAt -= this.at;
    this.at = 0;
    this.isLast = isLast;
  }

  /** The next item; null when more text is needed, or at the end. Throws JsonFault where the file is broken. */
  next(): Item | null {
    for (;;) {
      if (!this.isInSpan) this.skipBlanks();
      if (this.at === this.text.length && !this.isInSpan) {
        if (this.isLast && this.state !== "done") throw this.fault("it ends too early");
        if (this.isLast && !this.hasList) throw this.noList();
        return null;
      }
      if (this.state === "item") {
        const end = this.spanEnd();
        if (end === -1) return null;
        const item = { text: this.text.slice(this.at, end), line: this.line, column: this.column };
        this.advance(end);
        this.state = "item comma";
        return item;
      }
      if (!this.step(this.text[this.at] as string)) return null;
    }
  }

  /** Takes one token; false when more text is needed. */
  private step(character: string): boolean {
    switch (this.state) {
      case "value":
        this.enter(character);
        return true;
      case "first key":
      case "key":
        if (character === "}" && this.state === "first key") return this.leave();
        return this.readKey(character);
      case "colon":
        if (character !== ":") throw this.unexpected(character, "`:`");
        this.advance(this.at + 1);
        this.state = this.key === this.path[this.open - 1] ? "value" : "skip";
        if (this.state === "value" && this.hasList) throw this.fault(`it has \`${this.key}\` twice`);
        return true;
      case "skip": {
        const end = this.spanEnd();
        if (end === -1) return false;
        this.advance(end);
        this.state = "comma";
        return true;
      }
      case "comma":
        if (character === "}") return this.leave();
        if (character !== ",") throw this.unexpected(character, "`,` or `}`");
        this.advance(this.at + 1);
        this.state = "key";
        return true;
      case "first item":
      case "item comma":
        if (character === "]") return this.leave();
        if (this.state === "item comma") {
          if (character !== ",") throw this.unexpected(character, "`,` or `]`");
          this.advance(this.at + 1);
        }
        this.state = "item";
        return true;
      default:
        throw this.trailing(character);
    }
  }

  private enter(character: string): void {
    const isList = this.open === this.path.length;
    if (character !== (isList ? "[" : "{")) throw this.otherValue(character, isList);
    this.advance(this.at + 1);
    this.state = isList ? "first item" : "first key";
    if (isList) {
      this.isInList = true;
      this.hasList = true;
    } else this.open += 1;
  }

  private leave(): true {
    this.advance(this.at + 1);
    if (this.isInList) this.isInList = false;
    else this.open -= 1;
    this.state = this.open === 0 ? "done" : "comma";
    return true;
  }

  private readKey(character: string): boolean {
    if (character !== '"') throw this.unexpected(character, "a name in quotes");
    const end = this.spanEnd();
    if (end === -1) return false;
    const raw = this.text.slice(this.at, end);
    try {
      this.key = String(JSON.parse(raw)).trim();
    } catch {
      throw this.fault("a name cannot be read");
    }
    if (this.open === 1 && !this.hasList && this.keysHere.length < 20) this.keysHere.push(this.key);
    this.advance(end);
    this.state = "colon";
    return true;
  }

  /** Where the value that begins here ends; -1 when more text is needed. */
  private spanEnd(): number {
    if (!this.isInSpan) {
      this.isInSpan = true;
      this.isSpanEmpty = true;
      this.spanAt = this.at;
      this.spanDepth = 0;
      this.isInString = false;
    }
    const { text } = this;
    for (let at = this.spanAt; at < text.length; at += 1) {
      const code = text.charCodeAt(at);
      if (this.isInString) {
        if (code === 92) {
          if (at + 1 === text.length && !this.isLast) return this.wait(at);
          at += 1;
        } else if (code === 34) {
          this.isInString = false;
          if (this.spanDepth === 0) return this.close(at + 1);
        }
      } else if (code === 34) this.isInString = true;
      else if (code === 123 || code === 91) this.spanDepth += 1;
      else if (code === 125 || code === 93) {
        if (this.spanDepth === 0) return this.close(at);
        this.spanDepth -= 1;
        if (this.spanDepth === 0) return this.close(at + 1);
      } else if (this.spanDepth === 0 && (code === 44 || code === 32 || code === 10 || code === 13 || code === 9)) return this.close(at);
    }
    if (this.isLast) {
      if (this.spanDepth > 0 || this.isInString) {
        this.advance(text.length);
        throw this.fault("it ends too early");
      }
      return this.close(text.length);
    }
    return this.wait(text.length);
  }

  private wait(at: number): -1 {
    if (at > this.spanAt) this.isSpanEmpty = false;
    this.spanAt = at;
    if (this.state !== "skip" && at - this.at > MAX_ITEM_LENGTH) throw this.fault(`an item is longer than ${MAX_ITEM_LENGTH / 2 ** 20} MB`);
    return -1;
  }

  private close(end: number): number {
    this.isInSpan = false;
    if (this.isSpanEmpty && end === this.spanAt) throw this.unexpected(this.text[end] ?? "", "a value");
    return end;
  }

  private skipBlanks(): void {
    let at = this.at;
    for (; at < this.text.length; at += 1) {
      const code = this.text.charCodeAt(at);
      if (code !== 32 && code !== 10 && code !== 13 && code !== 9) break;
    }
    this.advance(at);
  }

  private advance(to: number): void {
    for (let feed = this.text.indexOf("\n", this.at); feed !== -1 && feed < to; feed = this.text.indexOf("\n", feed + 1)) {
      this.line += 1;
      this.lineStart = this.before + feed + 1;
    }
    this.at = to;
  }

  private fault(reason: string): JsonFault {
    return new JsonFault(reason, 0);
  }

  private unexpected(character: string, wanted: string): JsonFault {
    return this.fault(`found \`${character}\`, expected ${wanted}`);
  }

  private trailing(character: string): JsonFault {
    if (this.path.length > 0 && character !== "{") return this.fault("something follows after its end");
    return new ShapeFault("something follows after its end", "if it has one record on each line, say `layout: lines`");
  }

  private otherValue(character: string, wantsList: boolean): ShapeFault {
    const what = character === "{" ? "an object" : character === "[" ? "a list" : "a single value";
    const where = this.open === 0 ? "it" : `\`${this.path[this.open - 1]}\``;
    const hint =
      this.open === 0 && character === "{"
        ? "say with `path` where the list of records is, such as `$.data.items`; or `layout: lines` if there is one record on each line"
        : "correct `path`; `$` is the whole file";
    return new ShapeFault(`${where} is ${what}, expected ${wantsList ? "a list of records" : "an object"}`, hint);
  }

  private noList(): ShapeFault {
    const names = this.keysHere.map((name) => `\`${name}\``).join(", ");
    return new ShapeFault(
      `it has no list at \`$.${this.path.join(".")}\`${names === "" ? "" : `; its names are ${names}`}`,
      "correct `path`; upper and lower case differ",
    );
  }
}
