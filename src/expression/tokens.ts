import type { Fault } from "./types.js";

export type Token =
  | { readonly kind: "name"; readonly text: string; readonly quoted: boolean; readonly start: number; readonly end: number }
  /** `text` is the value: escapes are resolved. */
  | { readonly kind: "text"; readonly text: string; readonly start: number; readonly end: number }
  | { readonly kind: "number"; readonly text: string; readonly start: number; readonly end: number }
  | { readonly kind: "symbol"; readonly text: string; readonly start: number; readonly end: number }
  /** Behind the last token: the closing brace of a template part, or the end of the text. */
  | { readonly kind: "end"; readonly text: string; readonly start: number; readonly end: number };

export interface Tokens {
  readonly tokens: readonly Token[];
  readonly faults: readonly Fault[];
  /** Where the text goes on: behind the closing brace, or at the end. */
  readonly next: number;
  /** The closing brace was found. */
  readonly closed: boolean;
}

const NAME = /[\p{ID_Start}_][\p{ID_Continue}]*/uy;
const NUMBER = /\d+(?:\.\d+)?/y;
const BLANK = /\s+/y;
const SYMBOL = /\?\?|\|\||&&|==|!=|<=|>=|[?:<>+\-*!()[\],.]/y;

/** What other languages, and Chinese keyboards, write instead. */
const INSTEAD: Readonly<Record<string, string>> = {
  "=": "write `==`",
  "&": "write `&&` or `and`",
  "|": "write `||` or `or`",
  "/": "write `divide(a, b, places, mode)`: a quotient must say how it is rounded",
  "%": "write `divide(a, b, places, mode)` or `percent(text)`: a quotient must say how it is rounded",
  "{": "braces only enclose the whole expression, as `${…}`",
  "}": "there is no `{` that this could close",
  ";": "one expression has no `;`",
  "“": 'write `"`',
  "”": 'write `"`',
  "‘": "write `'`",
  "’": "write `'`",
  "、": "write `,`",
  "。": "write `.`",
  "【": "write `[`",
  "】": "write `]`",
  "《": "write `<`",
  "》": "write `>`",
};

const ESCAPES: Readonly<Record<string, string>> = { n: "\n", t: "\t", r: "\r", "\\": "\\", '"': '"', "'": "'" };

/**
 * Splits an expression into tokens from `start` on. In a template it ends at the first `}` that is not inside a text or a
 * quoted name. After a fault the rest is still read, so that the end of the part is found.
 */
export function readTokens(source: string, start: number, inTemplate: boolean): Tokens {
  const tokens: Token[] = [];
  const faults: Fault[] = [];
  let at = start;
  while (at < source.length) {
    const character = source[at] as string;
    if (inTemplate && character === "}") {
      tokens.push({ kind: "end", text: "}", start: at, end: at + 1 });
      return { tokens, faults, next: at + 1, closed: true };
    }
    const blank = match(BLANK, source, at);
    if (blank !== null) {
      at += blank.length;
      continue;
    }
    if (character === '"' || character === "'" || character === "`") {
      const token = character === "`" ? readQuotedName(source, at, faults) : readText(source, at, character, faults);
      if (token === null) {
        // Nothing closes the quote, so the part ends at the next brace: the parts behind it are still checked.
        const brace = inTemplate ? source.indexOf("}", at) : -1;
        const end = brace === -1 ? source.length : brace;
        const open = faults.pop();
        if (open !== undefined) faults.push({ ...open, end });
        tokens.push({ kind: "end", text: "", start: end, end });
        return { tokens, faults, next: brace === -1 ? end : brace + 1, closed: brace !== -1 };
      }
      tokens.push(token);
      at = token.end;
      continue;
    }
    at = readPlain(source, at, tokens, faults);
  }
  tokens.push({ kind: "end", text: "", start: source.length, end: source.length });
  return { tokens, faults, next: source.length, closed: false };
}

function readPlain(source: string, at: number, tokens: Token[], faults: Fault[]): number {
  const name = match(NAME, source, at);
  if (name !== null) {
    tokens.push({ kind: "name", text: name, quoted: false, start: at, end: at + name.length });
    return at + name.length;
  }
  const number = match(NUMBER, source, at);
  if (number !== null) {
    const end = at + number.length;
    const trail = match(NAME, source, end);
    if (trail !== null) {
      const found = number + trail;
      const hint = "a name that starts with a digit goes in backquotes";
      faults.push({
        code: "EXPR_SYNTAX",
        message: `\`${found}\` is neither a number nor a name`,
        hint,
        start: at,
        end: end + trail.length,
      });
      tokens.push({ kind: "name", text: found, quoted: true, start: at, end: end + trail.length });
      return end + trail.length;
    }
    tokens.push({ kind: "number", text: number, start: at, end });
    return end;
  }
  const symbol = match(SYMBOL, source, at);
  if (symbol !== null) {
    tokens.push({ kind: "symbol", text: symbol, start: at, end: at + symbol.length });
    return at + symbol.length;
  }
  const character = String.fromCodePoint(source.codePointAt(at) as number);
  const end = at + character.length;
  faults.push({ code: "EXPR_SYNTAX", message: `\`${character}\` means nothing here`, hint: insteadOf(character), start: at, end });
  return end;
}

function insteadOf(character: string): string {
  const known = INSTEAD[character];
  if (known !== undefined) return known;
  const code = character.charCodeAt(0);
  const quote = "a name with blanks or punctuation goes in backquotes";
  if (code < 0xff01 || code > 0xff5e) return quote;
  return `write \`${String.fromCharCode(code - 0xfee0)}\`; ${quote}`;
}

function readQuotedName(source: string, at: number, faults: Fault[]): Token | null {
  const close = source.indexOf("`", at + 1);
  if (close === -1) {
    faults.push({ code: "EXPR_SYNTAX", message: "a name in backquotes is never closed", start: at, end: source.length });
    return null;
  }
  const text = source.slice(at + 1, close).trim();
  if (text === "") faults.push({ code: "EXPR_SYNTAX", message: "a name in backquotes is empty", start: at, end: close + 1 });
  return { kind: "name", text, quoted: true, start: at, end: close + 1 };
}

function readText(source: string, start: number, quote: string, faults: Fault[]): Token | null {
  let text = "";
  let at = start + 1;
  while (at < source.length) {
    const character = source[at] as string;
    if (character === quote) return { kind: "text", text, start, end: at + 1 };
    if (character !== "\\") {
      text += character;
      at += 1;
      continue;
    }
    const escaped = readEscape(source, at);
    if (escaped === null) {
      const found = source.slice(at, at + 2);
      const hint = "known are `\\\\`, `\\n`, `\\r`, `\\t`, `\\\"`, `\\'` and `\\u{…}`; a backslash in a pattern is written twice";
      faults.push({ code: "EXPR_SYNTAX", message: `\`${found}\` is not an escape`, hint, start: at, end: at + found.length });
      at += 2;
    } else {
      text += escaped.text;
      at = escaped.end;
    }
  }
  faults.push({ code: "EXPR_SYNTAX", message: `a text is never closed by \`${quote}\``, start, end: source.length });
  return null;
}

function readEscape(source: string, at: number): { readonly text: string; readonly end: number } | null {
  const simple = ESCAPES[source[at + 1] ?? ""];
  if (simple !== undefined) return { text: simple, end: at + 2 };
  const unicode = /^\\u\{([0-9A-Fa-f]{1,6})\}/.exec(source.slice(at, at + 10));
  if (unicode === null) return null;
  const code = Number.parseInt(unicode[1] as string, 16);
  // Half of a surrogate pair is no character and could not be written to any file.
  if (code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff)) return null;
  return { text: String.fromCodePoint(code), end: at + unicode[0].length };
}

function match(pattern: RegExp, source: string, at: number): string | null {
  pattern.lastIndex = at;
  return pattern.exec(source)?.[0] ?? null;
}
