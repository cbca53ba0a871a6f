import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import type { Example, ExampleFile } from "../src/explain/example.js";
import { PROBLEM_CODES, type ProblemCode } from "../src/model/problem-codes.js";

const GALLERY = fileURLToPath(new URL("../fixtures/problems", import.meta.url));
/** Of a file that the project without a mistake does not have. */
const MOST_LINES = 8;
/** What says how the example is run, and what came of it, and is not a part of it. */
const ABOUT = ["expected.txt", "environment.txt"];

/** src/explain/examples.ts: the program brings what fixtures/problems has, because its package does not bring the fixtures. */
export function renderExamples(): string {
  const rows = (Object.keys(PROBLEM_CODES) as ProblemCode[]).flatMap((code) => {
    const example = exampleOf(code);
    return example === null ? [] : [`  ${code}: ${JSON.stringify(example)},\n`];
  });
  return `// Written by \`npm run docs\`, from fixtures/problems.
import type { Examples } from "./example.js";

export const EXAMPLES: Examples = {
${rows.join("")}};
`;
}

/** What the folder of that name has, or else the first whose name begins with it. Null where there is none. */
export function exampleOf(code: ProblemCode): Example | null {
  const names = readdirSync(GALLERY).sort();
  const name = names.find((each) => each === code) ?? names.find((each) => each.startsWith(`${code}-`));
  if (name === undefined) return null;
  const folder = join(GALLERY, name);
  const isRun = existsSync(join(folder, "exports"));
  const printed = read(join(folder, "expected.txt"))
    .split("\n\n")
    .find((each) => new RegExp(`^(error|notice) ${code}:`).test(each));
  if (printed === undefined) throw new Error(`fixtures/problems/${name} does not say ${code}`);
  const environment = existsSync(join(folder, "environment.txt")) ? ` --env ${read(join(folder, "environment.txt")).trim()}` : "";
  return { command: isRun ? "sync run" : `sync validate${environment}`, files: differing(folder, isRun), printed };
}

/** What differs from the project without a mistake; of a night, its exports in any case. */
function differing(folder: string, isRun: boolean): ExampleFile[] {
  const sound = join(GALLERY, isRun ? "a-night" : "a-project");
  return filesBelow(folder)
    .filter((name) => !ABOUT.includes(name))
    .sort((a, b) => Number(b.startsWith("exports/")) - Number(a.startsWith("exports/")))
    .flatMap((name): ExampleFile[] => {
      const text = read(join(folder, name));
      const lines = text.replace(/\n$/, "").split("\n");
      if (name.startsWith("exports/")) return [{ name, from: 1, text: lines.join("\n") }];
      const original = existsSync(join(sound, name)) ? read(join(sound, name)) : null;
      if (original === text) return [];
      if (original === null) {
        const isLong = lines.length > MOST_LINES;
        return [{ name, from: 1, text: [...lines.slice(0, isLong ? MOST_LINES - 2 : MOST_LINES), ...(isLong ? ["…"] : [])].join("\n") }];
      }
      const { from, to } = changed(lines, original.replace(/\n$/, "").split("\n"));
      return [{ name, from: from + 1, text: lines.slice(from, to).join("\n") }];
    });
}

/** The lines that differ, as offsets; where lines were only taken out, those on both sides of the gap. */
function changed(lines: readonly string[], original: readonly string[]): { from: number; to: number } {
  let from = 0;
  while (from < lines.length && from < original.length && lines[from] === original[from]) from += 1;
  let end = 0;
  const most = Math.min(lines.length, original.length) - from;
  while (end < most && lines.at(-1 - end) === original.at(-1 - end)) end += 1;
  const to = lines.length - end;
  return from < to ? { from, to } : { from: Math.max(0, from - 1), to: Math.min(lines.length, to + 1) };
}

function filesBelow(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => relative(folder, join(entry.parentPath, entry.name)).replaceAll("\\", "/"))
    .sort();
}

/** What is not UTF-8 is GB18030, as exports are. */
function read(path: string): string {
  const bytes = readFileSync(path);
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    return new TextDecoder("gb18030").decode(bytes);
  }
}
