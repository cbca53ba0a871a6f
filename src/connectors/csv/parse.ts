/** How cells are written. Characters are UTF-16 codes; -1 is none. */
export interface Dialect {
  readonly delimiter: number;
  readonly quote: number;
  readonly escape: number;
  /** Blanks around a cell, also around its quotes, do not belong to it. */
  readonly trim: boolean;
}

/** A longer record is a mistake in the file; the limit keeps a quote that is never closed from filling the memory. */
export const MAX_RECORD_LENGTH = 1024 * 1024;

/** Line breaks are looked for in this much text before a lone carriage return is believed to be one. */
const BREAK_SEARCH_LENGTH = 64 * 1024;

const LINE_FEED = 10;
const CARRIAGE_RETURN = 13;

const PLAIN = 0;
const ESCAPED = 1;

/**
 * Splits text into rows and cells, one row at a time, from pieces of any size. It reads RFC 4180 exactly, and one
 * thing more: a row that breaks the rules (a quote inside a plain cell, text after a closing quote, a quote never
 * closed, too long) is a fault of its first line alone, and reading goes on at the very next line. So a stray quote
 * never swallows the rows below it, which is how data gets lost without a sound.
 *
 * After `next()` has returned true, the members describe that row until `push` or `next` is called.
 */
export class RowScanner {
  /** The physical line on which the row starts, from 1. */
  line = 0;
  /** Number of cells. */
  count = 0;
  /** Number of physical lines the row takes. */
  lines = 1;
  /** Why the row cannot be split; its text is then its first line. */
  fault: string | null = null;

  private text = "";
  private at = 0;
  private isLast = false;
  private nextLine = 1;
  private lineBreak = -1;
  /** The rest of an overlong line is passed over. */
  private isSkipping = false;
  private start = 0;
  private stop = 0;
  private readonly starts: number[] = [];
  private readonly stops: number[] = [];
  private readonly kinds: number[] = [];
  private readonly quoteText: string;
  private readonly escapeText: string;

  constructor(readonly dialect: Dialect) {
    this.quoteText = dialect.quote === -1 ? "" : String.fromCharCode(dialect.quote);
    this.escapeText = dialect.escape === -1 ? "" : String.fromCharCode(dialect.escape);
  }

  /** Adds text; `isLast` says that none follows. */
  push(text: string, isLast = false): void {
    this.text = this.at === this.text.length ? text : this.text.slice(this.at) + text;
    this.at = 0;
    this.isLast = isLast;
  }

  /** Goes to the next row; false when more text is needed, or at the end. */
  next(): boolean {
    if (!this.isReady()) return false;
    const { text, lineBreak } = this;
    const { delimiter, quote } = this.dialect;
    const { starts, stops, kinds } = this;
    const length = text.length;
    const start = this.at;
    let count = 0;
    let cell = start;
    let i = start;
    for (; i < length; i += 1) {
      const code = text.charCodeAt(i);
      if (code === delimiter) {
        starts[count] = cell;
        stops[count] = i;
        kinds[count] = PLAIN;
        count += 1;
        cell = i + 1;
      } else if (code === lineBreak) break;
      else if (code === quote) return this.nextQuoted(start, cell, count);
    }
    if (i === length && !this.isLast) return this.wait(start);
    if (i - start > MAX_RECORD_LENGTH) return this.fail(start, TOO_LONG);
    const stop = this.withoutReturn(cell, i);
    starts[count] = cell;
    stops[count] = stop;
    kinds[count] = PLAIN;
    return this.found(start, stop, i, count + 1, 1);
  }

  /** Gives up all but the first line of a row that takes several: the next row starts at its second line. */
  keepFirstLine(): void {
    if (this.lines === 1) return;
    const end = this.text.indexOf(String.fromCharCode(this.lineBreak), this.start);
    this.stop = this.withoutReturn(this.start, end);
    this.at = end + 1;
    this.nextLine = this.line + 1;
    this.lines = 1;
  }

  /** Passes over one physical line; false when more text is needed, or at the end. */
  skipLine(): boolean {
    if (!this.isReady()) return false;
    const end = this.text.indexOf(String.fromCharCode(this.lineBreak), this.at);
    if (end === -1 && !this.isLast) return false;
    this.at = end === -1 ? this.text.length : end + 1;
    this.nextLine += 1;
    return true;
  }

  /** A cell, trimmed if the dialect says so; null when it is empty or not there. */
  cell(index: number): string | null {
    if (index >= this.count) return null;
    let start = this.starts[index] as number;
    let stop = this.stops[index] as number;
    if (this.kinds[index] === ESCAPED) return this.unescaped(start, stop);
    if (this.dialect.trim) {
      const { text } = this;
      while (start < stop && isBlank(text.charCodeAt(start))) start += 1;
      while (start < stop && isBlank(text.charCodeAt(stop - 1))) stop -= 1;
    }
    return start === stop ? null : this.text.slice(start, stop);
  }

  /** True when every cell from `index` on is empty, as `cell` sees it. */
  isEmptyFrom(index: number): boolean {
    for (let cell = index; cell < this.count; cell += 1) {
      const stop = this.stops[cell] as number;
      for (let i = this.starts[cell] as number; i < stop; i += 1) {
        if (!this.dialect.trim || !isBlank(this.text.charCodeAt(i))) return false;
      }
    }
    return true;
  }

  /** The row as it stands in the file, without its line break; of a fault, its first line. */
  raw(): string {
    return this.text.slice(this.start, this.stop);
  }

  private isReady(): boolean {
    if (this.lineBreak === -1 && !this.findLineBreak()) return false;
    if (this.isSkipping && !this.skipRest()) return false;
    return this.at < this.text.length;
  }

  /** Lines end in a line feed, with or without a carriage return, unless the text has no line feed at all. */
  private findLineBreak(): boolean {
    const head = this.text.slice(0, BREAK_SEARCH_LENGTH);
    if (head.includes("\n")) this.lineBreak = LINE_FEED;
    else if (!this.isLast && head.length < BREAK_SEARCH_LENGTH) return false;
    else this.lineBreak = head.includes("\r") ? CARRIAGE_RETURN : LINE_FEED;
    return true;
  }

  /** A row with quotes in it, read on from its first cell that has one. */
  private nextQuoted(start: number, firstCell: number, cellsBefore: number): boolean {
    const { text, lineBreak } = this;
    const { delimiter, quote, trim } = this.dialect;
    const length = text.length;
    let at = firstCell;
    for (let count = cellsBefore; ; count += 1) {
      let first = at;
      if (trim) while (first < length && this.isPadding(text.charCodeAt(first))) first += 1;
      if (first === length && !this.isLast) return this.wait(start);
      let end: number;
      if (first < length && text.charCodeAt(first) === quote) {
        const close = this.closingQuote(first + 1, count);
        if (close === -1) return this.isLast || length - start > MAX_RECORD_LENGTH ? this.failUnclosed(start, count) : this.wait(start);
        this.starts[count] = first + 1;
        this.stops[count] = close;
        end = close + 1;
        if (trim) while (end < length && this.isPadding(text.charCodeAt(end))) end += 1;
        else if (
          lineBreak === LINE_FEED &&
          text.charCodeAt(end) === CARRIAGE_RETURN &&
          (end + 1 === length || text.charCodeAt(end + 1) === LINE_FEED)
        )
          end += 1;
        if (end === length && !this.isLast) return this.wait(start);
        const after = text.charCodeAt(end);
        if (end < length && after !== delimiter && after !== lineBreak) {
          return this.fail(start, this.afterQuote(start, close, end, count));
        }
      } else {
        end = at;
        for (; end < length; end += 1) {
          const code = text.charCodeAt(end);
          if (code === delimiter || code === lineBreak) break;
          if (code === quote)
            return this.fail(start, `cell ${count + 1} has a quote inside but does not begin with one: \`${excerpt(text, at, end)}\``);
        }
        if (end === length && !this.isLast) return this.wait(start);
        this.starts[count] = at;
        this.stops[count] = end === length || text.charCodeAt(end) === lineBreak ? this.withoutReturn(at, end) : end;
        this.kinds[count] = PLAIN;
      }
      if (end < length && text.charCodeAt(end) === delimiter) {
        at = end + 1;
        continue;
      }
      if (end - start > MAX_RECORD_LENGTH) return this.fail(start, TOO_LONG);
      return this.found(start, this.withoutReturn(start, end), end, count + 1, 1 + this.breaksBetween(start, end));
    }
  }

  private afterQuote(start: number, close: number, end: number, cell: number): string {
    const breaks = this.breaksBetween(start, end);
    if (breaks === 0) return `cell ${cell + 1} goes on after its closing quote: \`${excerpt(this.text, close, end)}\``;
    return `the quote that opens cell ${cell + 1} is not closed: the next quote, on line ${this.nextLine + breaks}, has text after it`;
  }

  /** Where the quote that closes the cell stands; -1 when it is not in the text yet. Notes whether the cell has escapes. */
  private closingQuote(from: number, cell: number): number {
    const { text, quoteText, escapeText } = this;
    const { quote, escape: mark } = this.dialect;
    this.kinds[cell] = PLAIN;
    let at = from;
    if (mark === quote) {
      for (;;) {
        const found = text.indexOf(quoteText, at);
        if (found === -1 || (found + 1 === text.length && !this.isLast)) return -1;
        if (text.charCodeAt(found + 1) !== quote) return found;
        this.kinds[cell] = ESCAPED;
        at = found + 2;
      }
    }
    let escaped = text.indexOf(escapeText, at);
    for (;;) {
      const found = text.indexOf(quoteText, at);
      if (found === -1) return -1;
      if (escaped !== -1 && escaped < at) escaped = text.indexOf(escapeText, at);
      if (escaped === -1 || escaped > found) return found;
      const next = text.charCodeAt(escaped + 1);
      if (next === quote || next === mark) {
        this.kinds[cell] = ESCAPED;
        at = escaped + 2;
      } else at = escaped + 1;
    }
  }

  /** An escape before anything but a quote or another escape is an ordinary character: `C:\temp` keeps it. */
  private unescaped(start: number, stop: number): string | null {
    const { text, escapeText } = this;
    const { quote, escape: mark } = this.dialect;
    let value = "";
    let from = start;
    for (let at = text.indexOf(escapeText, start); at !== -1 && at < stop; at = text.indexOf(escapeText, at)) {
      const next = text.charCodeAt(at + 1);
      if (at + 1 < stop && (next === quote || next === mark)) {
        value += text.slice(from, at);
        from = at + 1;
        at += 2;
      } else at += 1;
    }
    value += text.slice(from, stop);
    if (this.dialect.trim) value = value.trim();
    return value === "" ? null : value;
  }

  private found(start: number, stop: number, end: number, count: number, lines: number): true {
    this.fault = null;
    this.start = start;
    this.stop = stop;
    this.count = count;
    this.lines = lines;
    this.line = this.nextLine;
    this.nextLine += lines;
    this.at = Math.min(end + 1, this.text.length);
    return true;
  }

  /** The first line of the row becomes a fault, once it is there; of an overlong line, what is there of it. */
  private fail(start: number, reason: string): boolean {
    const end = this.text.indexOf(String.fromCharCode(this.lineBreak), start);
    if (end === -1 && !this.isLast) {
      if (this.text.length - start <= MAX_RECORD_LENGTH) return false;
      this.isSkipping = true;
    }
    const stop = end === -1 ? this.text.length : this.withoutReturn(start, end);
    this.found(start, stop, end === -1 ? this.text.length : end, 0, 1);
    this.fault = reason;
    return true;
  }

  private failUnclosed(start: number, cell: number): boolean {
    return this.fail(
      start,
      `the quote that opens cell ${cell + 1} is not closed in the ${this.isLast ? "rest of the file" : `next ${MAX_RECORD_LENGTH.toLocaleString("en")} characters`}`,
    );
  }

  /** The row is not complete. A row that is too long already will not become a good one. */
  private wait(start: number): boolean {
    return this.text.length - start > MAX_RECORD_LENGTH ? this.fail(start, TOO_LONG) : false;
  }

  private skipRest(): boolean {
    const end = this.text.indexOf(String.fromCharCode(this.lineBreak), this.at);
    this.at = end === -1 ? this.text.length : end + 1;
    this.isSkipping = end === -1;
    return end !== -1;
  }

  private isPadding(code: number): boolean {
    return code !== this.dialect.delimiter && code !== this.lineBreak && isBlank(code);
  }

  /** The carriage return before a line feed, or before the end of the file, is part of the line break. */
  private withoutReturn(from: number, end: number): number {
    return this.lineBreak === LINE_FEED && end > from && this.text.charCodeAt(end - 1) === CARRIAGE_RETURN ? end - 1 : end;
  }

  private breaksBetween(start: number, stop: number): number {
    const lineBreak = String.fromCharCode(this.lineBreak);
    let breaks = 0;
    for (let at = this.text.indexOf(lineBreak, start); at !== -1 && at < stop; at = this.text.indexOf(lineBreak, at + 1)) breaks += 1;
    return breaks;
  }
}

const TOO_LONG = `the row is longer than ${MAX_RECORD_LENGTH.toLocaleString("en")} characters`;

/** The same characters as `String.trim`: among them tab, no-break space, full-width space and byte order mark. */
export function isBlank(code: number): boolean {
  if (code <= 32) return code === 32 || (code >= 9 && code <= 13);
  if (code < 0xa0) return false;
  if (code === 0xa0 || code === 0x3000 || code === 0xfeff) return true;
  return (
    code >= 0x1680 &&
    code <= 0x205f &&
    (code === 0x1680 || (code >= 0x2000 && code <= 0x200a) || code === 0x2028 || code === 0x2029 || code === 0x202f || code === 0x205f)
  );
}

function excerpt(text: string, from: number, to: number): string {
  return text.slice(Math.max(from, to - 20), to + 12).replace(/[\r\n].*$/s, "");
}
