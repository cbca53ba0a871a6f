import stringWidth from "string-width";
import { dispositionOf, type Place, type Problem } from "../../model/problem.js";
import { visible } from "../../model/visible.js";

export interface RenderOptions {
  readonly color: boolean;
}

const RED = "\u001b[31m";
const CYAN = "\u001b[36m";
const BOLD = "\u001b[1m";
const DIM = "\u001b[2m";
const PLAIN = "\u001b[0m";

const TAB = "    ";
/** Excerpts of longer lines are cut around the mark. */
const MOST_COLUMNS = 120;

/** A problem for people: what, where with the line itself, and what to do. Reads no file: the excerpt is part of the problem. */
export function renderProblem(problem: Problem, { color }: RenderOptions): string {
  const paint = (style: string, text: string): string => (color ? `${style}${text}${PLAIN}` : text);
  const isNotice = dispositionOf(problem.code) === "notice";
  const head = paint(BOLD + (isNotice ? CYAN : RED), `${isNotice ? "notice" : "error"} ${problem.code}:`);
  const lines = [`${head} ${visible(problem.message)}`];
  for (const place of problem.at) lines.push(...renderPlace(place, paint));
  if (problem.hint !== undefined) lines.push(`  ${paint(CYAN, "hint:")} ${visible(problem.hint)}`);
  return lines.join("\n");
}

type Paint = (style: string, text: string) => string;

function renderPlace(place: Place, paint: Paint): string[] {
  const lines: string[] = [];
  const item = [
    place.document === undefined ? null : `document ${place.document}`,
    place.record === undefined ? null : `record ${place.record}`,
    place.field === undefined ? null : `field \`${place.field}\``,
  ].filter((part) => part !== null);
  if (item.length > 0) lines.push(`  at ${visible(item.join(", "))}`);
  if (place.file !== undefined) {
    const position = [place.line, place.line === undefined ? undefined : place.column].filter((part) => part !== undefined);
    lines.push(`  at ${[visible(place.file), ...position].join(":")}`);
  }
  if (place.excerpt !== undefined) lines.push(...renderExcerpt(place.excerpt, place.line, paint));
  return lines;
}

function renderExcerpt(excerpt: NonNullable<Place["excerpt"]>, line: number | undefined, paint: Paint): string[] {
  const { before, marked, after } = cut(excerpt.text, excerpt.start, excerpt.end);
  const indent = " ".repeat(stringWidth(before));
  const mark = "^".repeat(Math.max(1, stringWidth(marked)));
  return [
    `${paint(DIM, `${String(line ?? "").padStart(7)} |`)} ${before}${marked}${after}`.trimEnd(),
    `${paint(DIM, `${" ".repeat(7)} |`)} ${indent}${paint(RED, mark)}`,
  ];
}

/** The line in three parts as they are shown; a long line keeps what stands around the mark. */
function cut(text: string, start: number, end: number): { before: string; marked: string; after: string } {
  const show = (part: string): string => visible(part.replaceAll("\t", TAB));
  let before = [...show(text.slice(0, start))];
  let marked = [...show(text.slice(start, end))];
  let after = [...show(text.slice(end))];
  if (before.length + marked.length + after.length > MOST_COLUMNS) {
    if (marked.length > MOST_COLUMNS / 2) marked = [...marked.slice(0, MOST_COLUMNS / 2), "…"];
    const room = Math.max(10, Math.floor((MOST_COLUMNS - marked.length) / 2));
    if (before.length > room) before = ["…", ...before.slice(before.length - room)];
    if (after.length > room) after = [...after.slice(0, room), "…"];
  }
  return { before: before.join(""), marked: marked.join(""), after: after.join("") };
}

/** All problems in the order of files and lines, and how many there are; the last line ends too. Empty text when there are none. */
export function renderProblems(problems: readonly Problem[], options: RenderOptions): string {
  if (problems.length === 0) return "";
  const blocks = sortProblems(problems).map((each) => renderProblem(each, options));
  const files = new Set(problems.flatMap((each) => each.at[0]?.file ?? []));
  const count = `${problems.length} ${problems.length === 1 ? "problem" : "problems"}`;
  const where = files.size === 0 ? "" : ` in ${files.size} ${files.size === 1 ? "file" : "files"}`;
  return `${blocks.join("\n\n")}\n\n${count}${where}\n`;
}

/** By file, line and column of the first place; problems without a file come first, otherwise in the order they were found. */
export function sortProblems(problems: readonly Problem[]): Problem[] {
  return [...problems].sort((left, right) => {
    const [a, b] = [left.at[0] ?? {}, right.at[0] ?? {}];
    const [fileA, fileB] = [a.file ?? "", b.file ?? ""];
    if (fileA !== fileB) return fileA < fileB ? -1 : 1;
    return (a.line ?? 0) - (b.line ?? 0) || (a.column ?? 0) - (b.column ?? 0);
  });
}

/** A problem as `--json` shows it. */
export interface ProblemJson {
  readonly code: string;
  readonly disposition: string;
  readonly message: string;
  readonly at: readonly Place[];
  readonly hint?: string;
}

export function problemToJson(problem: Problem): ProblemJson {
  const { code, message, at, hint } = problem;
  const json = { code, disposition: dispositionOf(code), message, at };
  return hint === undefined ? json : { ...json, hint };
}
