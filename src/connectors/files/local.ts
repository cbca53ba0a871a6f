import { constants, copyFile, link, mkdir, open, stat, unlink } from "node:fs/promises";
import path from "node:path";
import { glob } from "tinyglobby";
import { ProblemError, problem } from "../../model/problem.js";
import { compareKeys } from "../../model/record.js";
import type { ConnectorContext } from "../contract.js";
import { Changed, type FileState, type ListedFile, type Moved, type OpenedFile, type Storage, sameState } from "./storage.js";

/** A folder that this machine can open, mounted ones included. */
export class LocalFolder implements Storage {
  constructor(
    /** Absolute. */
    readonly name: string,
    /** A file touched less than this many milliseconds ago may still be growing. */
    private readonly settleMs: number,
    private readonly context: Pick<ConnectorContext, "now" | "sleep">,
  ) {}

  async list(patterns: readonly string[]): Promise<ListedFile[]> {
    const folder = this.name;
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
    const files = await Promise.all(
      [...paths].map(async (each) => {
        const unit = path.relative(folder, each).split(path.sep).join("/");
        return { unit, ...((await stateOf(each).catch(() => null)) ?? { size: 0, version: "" }) };
      }),
    );
    return files.sort((left, right) => compareKeys(left.unit, right.unit));
  }

  async open({ unit }: ListedFile): Promise<OpenedFile | "growing"> {
    const file = this.pathOf(unit);
    const state = await this.settledState(file);
    if (state === null) return "growing";
    const handle = await open(file, "r");
    return {
      handle,
      state,
      ensureUnchanged: async () => {
        if (!sameState(state, await stateOf(file))) throw new Changed();
      },
      close: () => handle.close(),
    };
  }

  state(unit: string): Promise<FileState | null> {
    return stateOf(this.pathOf(unit));
  }

  async move(from: string, to: string, expected: FileState): Promise<Moved> {
    const source = this.pathOf(from);
    const place = this.pathOf(to);
    if (!sameState(expected, await stateOf(source))) return "changed";
    await mkdir(path.dirname(place), { recursive: true });
    try {
      await linkOrCopy(source, place);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === "EEXIST") return "taken";
      throw error;
    }
    await unlink(source);
    return "moved";
  }

  async close(): Promise<void> {}

  private pathOf(unit: string): string {
    return path.resolve(this.name, unit);
  }

  /** Waits until the file is older than the time to settle; null when it moved meanwhile, because then it is still being written. */
  private async settledState(file: string): Promise<FileState | null> {
    const first = await stateOf(file);
    if (first === null) throw new Changed();
    const age = this.context.now().getTime() - Number(BigInt(first.version) / 1_000_000n);
    if (age >= this.settleMs) return first;
    // A clock of a file server may be ahead of ours; the wait is never longer than the whole time.
    await this.context.sleep(Math.min(this.settleMs, this.settleMs - age));
    return sameState(first, await stateOf(file)) ? first : null;
  }
}

async function stateOf(file: string): Promise<FileState | null> {
  try {
    const found = await stat(file, { bigint: true });
    // Nanoseconds, because a rewrite can follow within a millisecond.
    return { size: Number(found.size), version: String(found.mtimeNs) };
  } catch (error) {
    if (["ENOENT", "ENOTDIR"].includes((error as NodeJS.ErrnoException).code ?? "")) return null;
    throw error;
  }
}

/** A second name for a file is given at once or not at all, and never over another file; where there is no such thing, it is copied. */
async function linkOrCopy(source: string, place: string): Promise<void> {
  try {
    await link(source, place);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EEXIST") throw error;
    await copyFile(source, place, constants.COPYFILE_EXCL);
  }
}
