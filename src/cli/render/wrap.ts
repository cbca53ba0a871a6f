import stringWidth from "string-width";
import { beginning } from "./fit.js";

/** May not begin a line; may not end one. */
const CLOSES = /^[，。；：、？！）」』》】”…,.;:!?)\]]/u;
const OPENS = /[（「『《【“([]$/u;
/** What is kept together, then blanks, then one wide character at a time, then a word. */
const PIECE = /`[^`]*`|\s+|[\u2e80-\u9fff\uf900-\ufaff\uff00-\uffef]|[^\s`\u2e80-\u9fff\uf900-\ufaff\uff00-\uffef]+|`/gu;

/**
 * Text in lines of at most so many columns, where wide characters count two: broken at blanks and between Chinese characters, with
 * punctuation where it belongs. What stands in backticks stays on one line where it fits there. Only a single word that is wider is longer.
 */
export function wrap(text: string, columns: number): string[] {
  const lines: string[] = [];
  let line = "";
  for (const piece of pieces(text, columns)) {
    if (line !== "" && stringWidth((line + piece).trimEnd()) > columns) {
      lines.push(line.trimEnd());
      line = piece.trimStart();
    } else line += line === "" ? piece.trimStart() : piece;
  }
  if (line.trim() !== "" || lines.length === 0) lines.push(line.trimEnd());
  return lines;
}

/** The same, and a word that is wider than a line is broken too. */
export function wrapWithin(text: string, columns: number): string[] {
  return wrap(text, columns).flatMap((line) => {
    const lines: string[] = [];
    for (let rest = line; rest !== "" || lines.length === 0; ) {
      // A single character may be wider than the line.
      const part = stringWidth(rest) <= columns ? rest : beginning(rest, Math.max(columns, 2));
      lines.push(part);
      rest = rest.slice(part.length);
    }
    return lines;
  });
}

/** What may not be torn apart; blanks go with what follows them. */
function pieces(text: string, columns: number): string[] {
  const found: string[] = [];
  let blanks = "";
  for (const [piece] of text.matchAll(PIECE)) {
    if (/^\s+$/.test(piece)) {
      blanks = " ";
      continue;
    }
    const parts = piece.startsWith("`") && stringWidth(piece) > columns ? piece.split(/(?<=\s)/) : [piece];
    for (const part of parts) {
      const before = found.at(-1);
      const joins = blanks === "" && before !== undefined && (CLOSES.test(part) || OPENS.test(before) || !mayBreak(before, part));
      if (joins) found[found.length - 1] = before + part;
      else found.push(blanks + part);
      blanks = "";
    }
  }
  return found;
}

/** Without a blank between them, lines are broken only beside a wide character, or where a part ended with a blank. */
function mayBreak(before: string, after: string): boolean {
  const isWide = (character: string | undefined): boolean => character !== undefined && stringWidth(character) === 2;
  return /\s$/.test(before) || isWide([...before].at(-1)) || isWide([...after][0]);
}
