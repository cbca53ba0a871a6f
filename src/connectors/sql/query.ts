import { ProblemError, problem } from "../../model/problem.js";
import type { Dialect, QuerySyntax } from "./dialect.js";

/** A user's query in pieces; `:since` stands between each two of them. */
export interface Query {
  readonly name: string;
  readonly pieces: readonly string[];
}

/**
 * Takes a query apart, so that it can become a part of our own statements. Only one SELECT is accepted: it stands in brackets there, and
 * the session may not write, but a mistake should be told by us before a database has to stop it. Throws ProblemError.
 */
export function readQuery(name: string, text: string, dialect: Dialect): Query {
  const { syntax } = dialect;
  const pieces: string[] = [];
  let piece = "";
  let depth = 0;
  let isOver = false;
  let first: string | null = null;
  for (let at = 0; at < text.length; ) {
    const skipped = skip(text, at, syntax, name);
    if (skipped.end > at) {
      if (isOver && !skipped.isComment) refuse(name, "it goes on behind a `;`", "one SELECT is read; give several as `NAME: SELECT …`");
      piece += skipped.isComment ? " " : text.slice(at, skipped.end);
      at = skipped.end;
      continue;
    }
    const character = text.charAt(at);
    const since = /^:since(?![\p{L}\p{N}_$])/u.exec(text.slice(at, at + 7));
    if (isOver && /\S/.test(character)) refuse(name, "it goes on behind a `;`", "one SELECT is read; give several as `NAME: SELECT …`");
    if (character === ";") {
      isOver = true;
      at += 1;
      continue;
    }
    if (character === "(") depth += 1;
    if (character === ")") depth -= 1;
    if (depth < 0) refuse(name, "it closes a bracket that it did not open", "count its brackets");
    if (character === "?" && syntax.question) refuse(name, "it has a `?`, which stands for a value", "only `:since` can be given");
    if (text.startsWith("::", at)) {
      piece += "::";
      at += 2;
      continue;
    }
    if (since !== null) {
      pieces.push(piece);
      piece = "";
      at += since[0].length;
      continue;
    }
    const other = /^:[\p{L}_][\p{L}\p{N}_$]*/u.exec(text.slice(at, at + 64));
    if (other !== null && !/[\p{L}\p{N}_$\]]/u.test(text.charAt(at - 1)))
      refuse(name, `it has the parameter \`${other[0]}\``, "only `:since` can be given");
    const word = /^[\p{L}_][\p{L}\p{N}_$]*/u.exec(text.slice(at, at + 256))?.[0];
    if (first === null && /\S/.test(character) && character !== "(") first = (word ?? character).toUpperCase();
    piece += word ?? character;
    at += word?.length ?? 1;
  }
  if (depth > 0) refuse(name, "it opens a bracket that it does not close", "count its brackets");
  if (first === "WITH" && !syntax.with)
    refuse(name, `it begins with WITH, which ${dialect.title} takes only in front of a whole statement`, "make a view of it");
  if (first !== "SELECT" && first !== "WITH") refuse(name, `it begins with \`${first ?? ""}\``, "only a SELECT is read");
  pieces.push(piece);
  return { name, pieces };
}

/** The end of the comment, literal or quoted name that begins here; `at` itself when none does. */
function skip(text: string, at: number, syntax: QuerySyntax, name: string): { readonly end: number; readonly isComment: boolean } {
  const to = (mark: string, from: number, what: string): number => {
    const end = text.indexOf(mark, from);
    return end === -1 ? refuse(name, `${what} is never closed`, "close it") : end + mark.length;
  };
  if (text.startsWith("--", at) || (syntax.hash && text.charAt(at) === "#")) {
    const end = text.indexOf("\n", at);
    return { end: end === -1 ? text.length : end, isComment: true };
  }
  if (text.startsWith("/*", at)) {
    // What MySQL and MariaDB execute, and Oracle takes as advice, is no comment.
    if (/^\/\*[!M]/.test(text.slice(at, at + 3))) refuse(name, "it has a comment that is executed", "write it out");
    return { end: to("*/", at + 2, "a comment"), isComment: true };
  }
  const dollar = syntax.dollar ? /^\$(?:[\p{L}_][\p{L}\p{N}_]*)?\$/u.exec(text.slice(at, at + 66)) : null;
  if (dollar !== null) return { end: to(dollar[0], at + dollar[0].length, "a text"), isComment: false };
  if (syntax.q && /^[qQ]'./.test(text.slice(at, at + 3)) && !/[\p{L}\p{N}_$]/u.test(text.charAt(at - 1))) {
    const open = text.charAt(at + 2);
    const close = { "[": "]", "(": ")", "{": "}", "<": ">" }[open] ?? open;
    return { end: to(`${close}'`, at + 3, "a text"), isComment: false };
  }
  const character = text.charAt(at);
  const escapes = syntax.backslash || (syntax.dollar && /(?:^|[^\p{L}\p{N}_$])[eE]$/u.test(text.slice(Math.max(0, at - 2), at)));
  if (character === "'") return { end: closed(text, at, "'", escapes, name), isComment: false };
  if (character === '"') return { end: closed(text, at, '"', syntax.backslash, name), isComment: false };
  if (character === "`" && syntax.backtick) return { end: closed(text, at, "`", false, name), isComment: false };
  if (character === "[" && syntax.bracket) return { end: to("]", at + 1, "a name"), isComment: false };
  return { end: at, isComment: false };
}

/** The end of a literal whose mark is doubled inside it. */
function closed(text: string, at: number, mark: string, escapes: boolean, name: string): number {
  for (let end = at + 1; end < text.length; end += 1) {
    const character = text.charAt(end);
    if (character === "\\" && escapes) end += 1;
    else if (character === mark) {
      if (text.charAt(end + 1) !== mark) return end + 1;
      end += 1;
    }
  }
  return refuse(name, `a \`${mark}\` is never closed`, "close it");
}

function refuse(name: string, found: string, hint: string): never {
  const which = name === "query" ? "`query`" : `\`query.${name}\``;
  throw new ProblemError(problem("CONFIG_WRONG_VALUE", `${which}: ${found}`, [], hint));
}
