import type { FileHandle } from "node:fs/promises";

/** What is known of a file without reading it. */
export interface FileState {
  /** In bytes. */
  readonly size: number;
  /** Differs when the file was changed: its time, or a tag that its server gives it. */
  readonly version: string;
}

export interface ListedFile extends FileState {
  /** The path from the folder, with forward slashes; it names the unit. */
  readonly unit: string;
}

/** A file that can be read at any place until it is closed. */
export interface OpenedFile {
  readonly handle: FileHandle;
  /** As it is read; the size is that of `handle`. */
  readonly state: FileState;
  /** Throws Changed when what was read is not what is there now. */
  ensureUnchanged(): Promise<void>;
  close(): Promise<void>;
}

/**
 * Where files are: a folder of this machine or of a server. Paths start there and have forward slashes. Every function
 * throws ProblemError when the place cannot be read, and Interrupted when the run was asked to stop.
 */
export interface Storage {
  /** What problems call it; it holds no secret. */
  readonly name: string;
  /** The files that match, each once, in the order people number them: `9月` before `10月`. */
  list(patterns: readonly string[]): Promise<readonly ListedFile[]>;
  /** `growing`: it is still being written; `missing`: it was listed because it is named, and is not there. */
  open(file: ListedFile): Promise<OpenedFile | "growing" | "missing">;
  /** Null when there is no such file. */
  state(path: string): Promise<FileState | null>;
  /** Moves a file without ever writing over another, and only as long as it is what is expected. */
  move(from: string, to: string, expected: FileState): Promise<Moved>;
  close(): Promise<void>;
}

/** `taken`: something is there already; `changed`: what was to be moved is gone, or is another file now. */
export type Moved = "moved" | "taken" | "changed";

/** The file is not what it was when its size was taken. */
export class Changed extends Error {}

/** Leaves a half-read file when the run is asked to stop; it must not look like the end of the file. */
export class Interrupted extends Error {}

export function sameState(left: FileState, right: FileState | null): boolean {
  return right !== null && left.size === right.size && left.version === right.version;
}
