import { existsSync, readFileSync, statSync } from "node:fs";
import { dirname, relative, resolve, sep } from "node:path";
import { type Place, type Problem, problem } from "../model/problem.js";

/** A text file of the configuration, which can say where an offset of its text stands. */
export class SourceFile {
  private readonly lineStarts: number[] = [0];
  private readonly hidden: [number, number][] = [];
  /** While it is not known which values are secret, excerpts show none but keys. */
  isKeysOnly = false;

  constructor(
    /** Absolute. */
    readonly path: string,
    /** As messages name it: relative to the project folder, with forward slashes. */
    readonly name: string,
    readonly text: string,
  ) {
    for (let at = text.indexOf("\n"); at !== -1; at = text.indexOf("\n", at + 1)) this.lineStarts.push(at + 1);
  }

  get folder(): string {
    return dirname(this.path);
  }

  /** Covers a range in every excerpt made from now on: a problem never holds a secret. */
  hide(start: number, end: number): void {
    this.hidden.push([start, end]);
  }

  /** The place of a range of the text; what lies past the first line of it is not marked. */
  place(start: number, end: number): Place {
    const line = this.lineOf(start);
    const from = this.lineStarts[line] ?? 0;
    let to = (this.lineStarts[line + 1] ?? this.text.length + 1) - 1;
    if (to > from && this.text[to - 1] === "\r") to -= 1;
    let shown = this.text.slice(from, to);
    for (const [first, last] of this.hidden) {
      if (last <= from || first >= to) continue;
      const left = Math.max(first, from) - from;
      const right = Math.min(last, to) - from;
      shown = shown.slice(0, left) + "*".repeat(right - left) + shown.slice(right);
    }
    if (this.isKeysOnly) shown = keyOf(shown);
    const column = [...this.text.slice(from, start)].length + 1;
    const markStart = Math.min(start, to) - from;
    const markEnd = Math.max(markStart, Math.min(end, to) - from);
    return { file: this.name, line: line + 1, column, excerpt: { text: shown, start: markStart, end: markEnd } };
  }

  /** The place of a whole line, counted from 1, or of some text in it. */
  linePlace(line: number, part?: string): Place {
    const from = this.lineStarts[line - 1] ?? 0;
    const to = (this.lineStarts[line] ?? this.text.length + 1) - 1;
    const text = this.text.slice(from, to).trimEnd();
    const found = part === undefined || part === "" ? -1 : text.indexOf(part);
    return found === -1 ? this.place(from, from + text.length) : this.place(from + found, from + found + (part?.length ?? 0));
  }

  private lineOf(offset: number): number {
    let low = 0;
    let high = this.lineStarts.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if ((this.lineStarts[middle] ?? 0) <= offset) low = middle;
      else high = middle - 1;
    }
    return low;
  }
}

/** A line with its key, and its value covered; a reference to the environment is no secret. */
function keyOf(line: string): string {
  const [, key = "", value = ""] = /^([ \t]*(?:- +)*(?:["']?[\p{L}\p{N}_.-]+["']?[ \t]*:(?=[ \t]|$)[ \t]*)?)(.*)$/u.exec(line) ?? [];
  return key + (/^["']?\$\{[^}]*\}["']?$/.test(value) ? value : "*".repeat(value.length));
}

/** The path as messages show it: relative to the project folder, with forward slashes on every system. */
export function showPath(path: string, projectFolder: string): string {
  const shown = relative(projectFolder, path);
  return (shown === "" ? "." : shown).split(sep).join("/");
}

/** Reads a file of the configuration, which is always UTF-8; null and a problem when it is not. */
export function readSourceFile(path: string, projectFolder: string, problems: Problem[]): SourceFile | null {
  const bytes = readFileSync(path);
  const name = showPath(path, projectFolder);
  const text = decodeStrictly(bytes);
  if (text !== null) return new SourceFile(path, name, text);
  let line = 1;
  for (let from = 0; from < bytes.length; line += 1) {
    const end = bytes.indexOf(10, from);
    const to = end === -1 ? bytes.length : end;
    if (decodeStrictly(bytes.subarray(from, to)) === null) break;
    from = to + 1;
  }
  problems.push(problem("CONFIG_YAML", "the file is not UTF-8 text, from this line on", { file: name, line }, "save it as UTF-8"));
  return null;
}

function decodeStrictly(bytes: Uint8Array): string | null {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    return null;
  }
}

export function isFile(path: string): boolean {
  return existsSync(path) && statSync(path).isFile();
}

export function isFolder(path: string): boolean {
  return existsSync(path) && statSync(path).isDirectory();
}

/** A path as it was written in a file, made absolute. */
export function resolveFrom(file: SourceFile, path: string): string {
  return resolve(file.folder, path);
}

/** True for the name of a file that holds cases, and so is no pipeline whatever pattern it fits. */
export function isCaseFile(path: string): boolean {
  return /\.test\.ya?ml$/.test(path);
}
