import { randomBytes } from "node:crypto";
import { lstatSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { Document } from "../../model/document.js";
import { ProblemError, problem } from "../../model/problem.js";
import { type Control, type ControlEntry, decodeControl, encodeControl, type FileFacts, type NewEntry } from "./control.js";
import type { Disk } from "./disk.js";
import { Memory, type Place, referenceOf, sequenceText } from "./memory.js";

const CONTROL = /^(\d{6,12})\.jsonl$/;
const STAGED = /^(\d{6,12})-[0-9a-f]{16}\.(?:file|control)$/;

export type Published =
  | { readonly kind: "published" }
  /** Another program wrote the next file first; nothing of this one is left. */
  | { readonly kind: "overtaken" }
  /** The disk failed where nobody can tell whether it is there. */
  | { readonly kind: "unconfirmed"; readonly reason: string };

/** Paths under which a file and its control file wait. */
interface Staged {
  readonly file: string;
  readonly control: string;
}

/** A voucher that was written, with what people look it up by. */
export interface Written extends ControlEntry {
  readonly reference: string;
  readonly content: () => Document;
}

export interface NewFile extends Omit<FileFacts, "staged"> {
  readonly vouchers: readonly NewEntry[];
}

/**
 * The folder from which the ERP imports, and what we remember of it.
 *
 * One file is written in this order, each step down to the disk before the next:
 * 1. the import file, under a name of its own in `control`, where nobody looks for it;
 * 2. the control file, under a name of its own;
 * 3. the control file is linked to its number, `control/000017.jsonl`. **This is the moment at which all its documents are
 *    posted.** Linking fails where the number is taken, so of several programs one gets it, and the others begin anew with
 *    what it wrote in mind: no lock is needed, and none is left behind by a program that died;
 * 4. the import file is renamed into the folder. Renaming is one effect: while it still stands in `control` it was never
 *    published, and once it is gone from there it was, whatever the importer or a person did with it since.
 *
 * A stop before 3 leaves names that nobody refers to; they are removed once their number is taken. A stop after 3 leaves an
 * import file that the next to open the folder renames.
 */
export class Outbox {
  readonly memory = new Memory();
  private readonly control: string;
  /** One file holds many vouchers, and they are asked for in order. */
  private lastRead: Control | null = null;
  /** True while a name in `control` may not be on the disk yet. */
  private isUnsynced = false;

  constructor(
    private readonly folder: string,
    private readonly disk: Disk,
  ) {
    this.control = join(folder, "control");
  }

  /**
   * Learns what was written since, by whomever, and finishes what a program that died left undone. Throws ProblemError when
   * that cannot be known or done now.
   */
  settle(): void {
    this.guarded("nothing was written", () => {
      if (!isThere(this.control)) {
        // An empty folder is a new one; a folder that is gone, or whose share is not there, is not.
        lstatSync(this.folder);
        if (this.memory.sequence > 0) throw this.lost(this.memory.sequence);
        return;
      }
      const names = readdirSync(this.control);
      const heads = this.learn(names);
      this.finish(names, heads);
    });
  }

  /** Throws ProblemError when the control file cannot be read. */
  read(sequence: number): Control {
    if (this.lastRead?.head.sequence !== sequence) {
      this.lastRead = this.guarded("nothing was written", () => {
        const file = this.controlFile(sequence);
        return decodeControl(readFileSync(file, "utf8"), file, sequence);
      });
    }
    return this.lastRead;
  }

  /** What is known of the voucher under this key, or null. */
  find(key: string): Written | null {
    return this.at(this.memory.find(key));
  }

  /** The voucher that cancels the one under this key, or null. */
  cancellationOf(key: string): Written | null {
    return this.at(this.memory.cancellationOf(key));
  }

  private at(place: Place | null): Written | null {
    if (place === null) return null;
    const { head, entries, documentAt } = this.read(place.sequence);
    const entry = entries[place.at];
    if (entry === undefined) throw new Error(`bug: control file ${place.sequence} has no voucher ${place.at}`);
    return { ...entry, reference: referenceOf(entry, head.file), content: () => documentAt(place.at) };
  }

  /** Writes the next file. Call `settle` before; throws ProblemError when certainly nothing was published. */
  publish({ vouchers, ...file }: NewFile): Published {
    const word = `${sequenceText(file.sequence)}-${randomBytes(8).toString("hex")}`;
    const staged = { file: join(this.control, `${word}.file`), control: join(this.control, `${word}.control`) };
    const control = encodeControl({ ...file, staged: `${word}.file` }, vouchers);
    // The number comes before the name: where the number is taken too, the name is no stranger's.
    const isOvertaken = this.guarded("nothing was published", () => {
      if (!isThere(join(this.folder, file.file))) return false;
      if (!isThere(this.controlFile(file.sequence))) throw this.taken(file.file);
      return true;
    });
    if (isOvertaken) return { kind: "overtaken" };
    try {
      this.guarded("nothing was published", () => {
        if (!isThere(this.control)) {
          this.disk.makeFolder(this.control);
          this.disk.syncFolder(this.folder);
        }
        this.disk.create(staged.file, file.content, 0o666);
        this.disk.create(staged.control, Buffer.from(control, "utf8"), 0o444);
        this.disk.syncFolder(this.control);
      });
    } catch (error) {
      this.discard(staged);
      throw error;
    }
    const committed = this.commit(staged, file.sequence, control);
    if (committed.kind !== "published") return committed;
    try {
      this.disk.syncFolder(this.control);
      this.isUnsynced = false;
      this.release(staged.file, file.file);
      this.disk.syncFolder(this.folder);
      this.remove(staged.control);
      return { kind: "published" };
    } catch (error) {
      if (!isSystemError(error) && !(error instanceof ProblemError)) throw error;
      return { kind: "unconfirmed", reason: error.message };
    }
  }

  /** The control file gets its number, or learns who has it. */
  private commit(staged: Staged, sequence: number, content: string): Published {
    const target = this.controlFile(sequence);
    // Until it is known to be on the disk, a look-up must bring it there first.
    this.isUnsynced = true;
    try {
      this.disk.link(staged.control, target);
      return { kind: "published" };
    } catch (error) {
      if (!isSystemError(error)) throw error;
      try {
        // A network share can report a failure for what it did, so the names are looked at and not the error. Only while
        // what we wrote can be seen does it prove anything that its number cannot.
        if (isThere(target)) {
          if (readFileSync(target, "utf8") === content) return { kind: "published" };
          this.discard(staged);
          return { kind: "overtaken" };
        }
        lstatSync(staged.control);
      } catch (cause) {
        return { kind: "unconfirmed", reason: (cause as Error).message };
      }
      this.discard(staged);
      throw new ProblemError(
        problem(
          "TARGET_UNAVAILABLE",
          `\`${target}\` cannot be made: ${error.message}; nothing was published`,
          { file: target },
          "the folder must be on a file system with hard links, as local disks and Windows shares (NTFS) are",
        ),
      );
    }
  }

  /** Reads control files that are new, by their numbers, and returns the heads of those. */
  private learn(names: readonly string[]): ReadonlyMap<number, Control["head"]> {
    const heads = new Map<number, Control["head"]>();
    const numbers = names.flatMap((name) => CONTROL.exec(name)?.[1] ?? []).map(Number);
    const last = Math.max(0, ...numbers);
    if (numbers.length < last || last < this.memory.sequence) {
      const there = new Set(numbers);
      const most = Math.max(last, this.memory.sequence);
      for (let sequence = 1; sequence <= most; sequence += 1) if (!there.has(sequence)) throw this.lost(sequence);
    }
    if (last === this.memory.sequence && !this.isUnsynced) return heads;
    // What another program linked may not be on the disk yet, and is believed only once it is.
    this.disk.syncFolder(this.control);
    this.isUnsynced = false;
    for (let sequence = this.memory.sequence + 1; sequence <= last; sequence += 1) {
      const control = this.read(sequence);
      this.memory.learn(control);
      heads.set(sequence, control.head);
    }
    return heads;
  }

  /** Renames import files that were posted and not published, and removes what can never be posted any more. */
  private finish(names: readonly string[], heads: ReadonlyMap<number, Control["head"]>): void {
    let isReleased = false;
    for (const name of names) {
      const number = Number(STAGED.exec(name)?.[1] ?? Number.NaN);
      // A number that nobody has yet may be just about to be taken by a program that is at work.
      if (!(number <= this.memory.sequence)) continue;
      const head = heads.get(number) ?? this.read(number).head;
      if (head.staged !== name) this.remove(join(this.control, name));
      else if (this.release(join(this.control, name), head.file)) isReleased = true;
    }
    if (isReleased) this.disk.syncFolder(this.folder);
  }

  /** Moves an import file into the folder; false where another program did. Throws ProblemError when its name is taken. */
  private release(staged: string, file: string): boolean {
    if (!isThere(staged)) return false;
    const target = join(this.folder, file);
    try {
      if (isThere(target)) throw this.taken(file);
      this.disk.rename(staged, target);
      return true;
    } catch (error) {
      if (!isThere(staged)) return false;
      throw error;
    }
  }

  private taken(file: string): ProblemError {
    const path = join(this.folder, file);
    return new ProblemError(
      problem(
        "TARGET_UNAVAILABLE",
        `\`${path}\` is there already, and no control file knows of it`,
        { file: path },
        "nothing is ever overwritten: if `control` was emptied or comes from an older copy, restore it; else move the file away",
      ),
    );
  }

  private discard(staged: Staged): void {
    for (const path of [staged.file, staged.control]) {
      try {
        this.remove(path);
      } catch (error) {
        // It is removed when its number is taken; until then it only takes space.
        if (!isSystemError(error)) throw error;
      }
    }
  }

  /** Another program may remove it at the same moment. */
  private remove(path: string): void {
    try {
      if (isThere(path)) this.disk.remove(path);
    } catch (error) {
      if (!isSystemError(error) || error.code !== "ENOENT") throw error;
    }
  }

  private controlFile(sequence: number): string {
    return join(this.control, `${sequenceText(sequence)}.jsonl`);
  }

  private lost(sequence: number): ProblemError {
    const file = this.controlFile(sequence);
    return new ProblemError(
      problem(
        "TARGET_UNAVAILABLE",
        `the control file \`${file}\` is gone: what it holds could be written again`,
        { file },
        "restore it from a backup; nothing is written until then",
      ),
    );
  }

  private guarded<T>(what: string, work: () => T): T {
    try {
      return work();
    } catch (error) {
      if (!isSystemError(error)) throw error;
      throw new ProblemError(
        problem(
          isFull(error.code) ? "RUN_DISK_FULL" : "TARGET_UNAVAILABLE",
          `the folder \`${this.folder}\` cannot be used: ${error.message}; ${what}`,
          { file: this.folder },
          hintFor(error.code),
        ),
      );
    }
  }
}

/** Throws where that cannot be seen now: a disk that fails must not look like an empty one. */
function isThere(path: string): boolean {
  return lstatSync(path, { throwIfNoEntry: false }) !== undefined;
}

function isSystemError(error: unknown): error is NodeJS.ErrnoException & { readonly code: string } {
  return error instanceof Error && typeof (error as NodeJS.ErrnoException).code === "string" && "syscall" in error;
}

function isFull(code: string): boolean {
  return code === "ENOSPC" || code === "EDQUOT";
}

function hintFor(code: string): string {
  if (isFull(code)) return "free some space on that disk, then run again";
  if (code === "EACCES" || code === "EPERM" || code === "EROFS") return "let this user write the folder and its folder `control`";
  if (code === "ENOENT" || code === "ENOTCONN" || code === "ESTALE") return "check that the folder is there and its share is connected";
  return "check the disk and the rights of the folder, then run again";
}
