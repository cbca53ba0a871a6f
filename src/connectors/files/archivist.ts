import { type Problem, ProblemError, problem } from "../../model/problem.js";
import type { Keeping } from "./keeping.js";
import type { ReadFile } from "./read.js";
import { type FileState, Interrupted, type Storage } from "./storage.js";

/** More files of one name are not expected; each number is asked for. */
const MOST_NUMBERS = 1000;

/** Takes files out of the way that a run has taken whole. What it cannot move stays where it is, and is known when it is read again. */
export class Archivist {
  private readonly files: ReadFile[] = [];

  constructor(
    private readonly keeping: Keeping,
    private readonly storage: Storage,
    private readonly signal: AbortSignal,
  ) {}

  forget(): void {
    this.files.length = 0;
  }

  note(read: ReadFile): void {
    this.files.push(read);
  }

  /** Moves the files all of whose units are among those that were taken. Says which could not be moved, and why. */
  async archive(taken: ReadonlySet<string>): Promise<readonly Problem[]> {
    const problems: Problem[] = [];
    for (const read of this.files.splice(0)) {
      if (this.signal.aborted) break;
      if (!read.isWhole || read.units.length === 0 || !read.units.every((unit) => taken.has(unit))) continue;
      try {
        const reason = await this.archiveOne(read);
        if (reason !== null) problems.push(notArchived(read.file, reason));
      } catch (error) {
        if (error instanceof Interrupted) break;
        problems.push(notArchived(read.file, reasonOf(error)));
      }
    }
    return problems;
  }

  /** Why it stays; null when it was moved. */
  private async archiveOne({ file, state }: ReadFile): Promise<string | null> {
    const { keeping, storage } = this;
    const marker = keeping.markerOf(file);
    const marked = marker === null ? null : await storage.state(marker);
    if (marker === null || marked === null) return this.moveAway(file, state);
    // The marker goes first: one that stays behind would say of the next file of this name that it is complete.
    const place = await this.place(marker, marked);
    if (place === null) return "its marker changed meanwhile";
    try {
      const reason = await this.moveAway(file, state);
      if (reason !== null) await this.giveBack(place, marker);
      return reason;
    } catch (error) {
      await this.giveBack(place, marker);
      throw error;
    }
  }

  private async moveAway(file: string, state: FileState): Promise<string | null> {
    return (await this.place(file, state)) === null
      ? "it was replaced or removed after it was read; what is there now is read by the next run"
      : null;
  }

  /** Where it was moved; null when it is no longer what is expected. */
  private async place(file: string, state: FileState): Promise<string | null> {
    for (let number = 1; number <= MOST_NUMBERS; number += 1) {
      const place = this.keeping.placeOf(file, number);
      const moved = await this.storage.move(file, place, state);
      if (moved === "moved") return place;
      if (moved === "changed") return null;
    }
    throw new ProblemError(problem("SOURCE_NOT_ARCHIVED", `${MOST_NUMBERS} files are kept under its name`, [], "empty the archive"));
  }

  private async giveBack(place: string, marker: string): Promise<void> {
    const state = await this.storage.state(place);
    if (state !== null) await this.storage.move(place, marker, state);
  }
}

function notArchived(file: string, reason: string): Problem {
  return problem(
    "SOURCE_NOT_ARCHIVED",
    `\`${file}\` was taken, but could not be archived: ${reason}`,
    { file },
    "it is not booked again; the next run tries to archive it once more",
  );
}

function reasonOf(error: unknown): string {
  if (error instanceof ProblemError) return error.problems.map(({ message }) => message).join("; ");
  const { code, syscall } = error as NodeJS.ErrnoException;
  if (syscall === undefined) throw error;
  return `${syscall} failed with ${code ?? "an unknown error"}`;
}
