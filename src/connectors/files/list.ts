import { stat } from "node:fs/promises";
import path from "node:path";
import { glob } from "tinyglobby";
import { ProblemError, problem } from "../../model/problem.js";
import { compareKeys } from "../../model/record.js";
import type { ConnectorContext } from "../contract.js";

export interface ListedFile {
  /** The path from the folder, with forward slashes; it names the unit. */
  readonly unit: string;
  /** Absolute. */
  readonly path: string;
}

/** The file is not what it was when its size was taken. */
export class Changed extends Error {}

/** The files that match, each once, in the order people number them: `9月` before `10月`. */
export async function listFiles(folder: string, patterns: readonly string[]): Promise<ListedFile[]> {
  if (!(await stat(folder).catch(() => null))?.isDirectory()) {
    throw new ProblemError(
      problem(
        "SOURCE_UNREADABLE",
        `the folder \`${folder}\` does not exist or cannot be opened`,
        { file: folder },
        "check that it is mounted and that this user may read it",
      ),
    );
  }
  // A pattern that is the name of a file means that file: `报销(1).csv` would otherwise match only `报销1.csv`.
  const literal: string[] = [];
  const globs: string[] = [];
  for (const pattern of patterns) {
    const isFile = (await stat(path.resolve(folder, pattern)).catch(() => null))?.isFile() === true;
    (isFile ? literal : globs).push(pattern);
  }
  const found = globs.length === 0 ? [] : await glob(globs, { cwd: folder, dot: false, onlyFiles: true, expandDirectories: false });
  const paths = new Set([...literal, ...found].map((each) => path.resolve(folder, each)));
  return [...paths]
    .map((each) => ({ path: each, unit: path.relative(folder, each).split(path.sep).join("/") }))
    .sort((left, right) => compareKeys(left.unit, right.unit));
}

export interface FileState {
  readonly size: number;
  /** Nanoseconds, because a rewrite can follow within a millisecond. */
  readonly modified: bigint;
}

export async function stateOf(file: string): Promise<FileState | null> {
  try {
    const found = await stat(file, { bigint: true });
    return { size: Number(found.size), modified: found.mtimeNs };
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return null;
    throw error;
  }
}

export function sameState(left: FileState, right: FileState | null): boolean {
  return right !== null && left.size === right.size && left.modified === right.modified;
}

/** Waits until the file is older than `settleMs`; null when it moved meanwhile, because then it is still being written. */
export async function settledState(file: ListedFile, settleMs: number, context: ConnectorContext): Promise<FileState | null> {
  const first = await stateOf(file.path);
  if (first === null) throw new Changed();
  const age = context.now().getTime() - Number(first.modified / 1_000_000n);
  if (age >= settleMs) return first;
  // A clock of a file server may be ahead of ours; the wait is never longer than the whole time.
  await context.sleep(Math.min(settleMs, settleMs - age));
  return sameState(first, await stateOf(file.path)) ? first : null;
}
