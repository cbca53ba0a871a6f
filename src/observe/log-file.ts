import { closeSync, constants, fstatSync, openSync, readSync, renameSync, rmSync, statSync, writeSync } from "node:fs";

/** Readable by its owner only: hosts, names of pipelines and, where the project says so, keys of claims. */
const MODE = 0o600;
const NEW_LINE = 10;

/**
 * A file that lines are added to, written before the next thing happens. What would grow beyond the most is put aside under a number, and of those
 * only some are kept. Several processes may add to one file; each line is one write.
 */
export class LogFile {
  private handle: number | null = null;
  private size = 0;

  constructor(
    private readonly path: string,
    private readonly mostBytes: number,
    private readonly keep: number,
  ) {}

  /** Throws what the system says when it cannot be written. */
  write(line: string): void {
    const bytes = Buffer.from(line);
    this.handle ??= this.open();
    if (this.size > 0 && this.size + bytes.length > this.mostBytes) this.handle = this.putAside(this.handle);
    for (let at = 0; at < bytes.length; ) at += writeSync(this.handle, bytes, at);
    this.size += bytes.length;
  }

  close(): void {
    if (this.handle !== null) closeSync(this.handle);
    this.handle = null;
  }

  private open(): number {
    // A pipe that nobody reads would hold the run for ever.
    if (statSync(this.path, { throwIfNoEntry: false })?.isFile() === false) throw new Error(`\`${this.path}\` is no file`);
    const handle = openSync(this.path, constants.O_RDWR | constants.O_APPEND | constants.O_CREAT, MODE);
    this.size = fstatSync(handle).size;
    // A disk that was full may have cut the last line; the next one begins on its own.
    const last = Buffer.alloc(1);
    if (this.size > 0 && readSync(handle, last, 0, 1, this.size - 1) === 1 && last[0] !== NEW_LINE) this.size += writeSync(handle, "\n");
    return handle;
  }

  private putAside(handle: number): number {
    const own = fstatSync(handle).ino;
    closeSync(handle);
    this.handle = null;
    // Another process may have put it aside since.
    if (statSync(this.path, { throwIfNoEntry: false })?.ino === own) {
      if (this.keep === 0) rmSync(this.path);
      for (let number = this.keep - 1; number >= 0; number -= 1) {
        const from = number === 0 ? this.path : `${this.path}.${number}`;
        if (statSync(from, { throwIfNoEntry: false }) !== undefined) renameSync(from, `${this.path}.${number + 1}`);
      }
    }
    return this.open();
  }
}
