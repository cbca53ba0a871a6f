import { createHash } from "node:crypto";
import { type FileHandle, open } from "node:fs/promises";
import { type Problem, ProblemError, problem } from "../../model/problem.js";
import type { ConnectorContext, MalformedRecord, RawRecord, ReadRequest, SourceEvent } from "../contract.js";
import { Changed, type ListedFile, listFiles, sameState, settledState, stateOf } from "./list.js";
import type { FilesChoice } from "./options.js";

/** Large enough that reading costs nothing beside parsing, small enough that a few of them are no memory to speak of. */
const CHUNK_BYTES = 256 * 1024;

export interface FilesToRead extends FilesChoice {
  /** Absolute; patterns and unit names start here. */
  readonly folder: string;
}

export interface OpenFile extends ListedFile {
  /** The size found at first, in bytes; nothing beyond it is read. */
  readonly size: number;
  /** The content from the start. A chunk is overwritten by the next one. */
  chunks(): AsyncIterable<Buffer>;
}

/** Sees every byte of a file once, in order, while the content is hashed. A chunk is overwritten by the next one. */
export interface Inspection<T> {
  see(chunk: Buffer): void;
  end(): T;
}

export interface FileBatch {
  readonly records: readonly RawRecord[];
  readonly malformed: readonly MalformedRecord[];
  /** How much of the file has been read so far, for the progress display. */
  readonly bytes: number;
  /** Rows left out on purpose so far. */
  readonly leftOut: number;
}

/** What one kind of file needs beyond bytes. A ProblemError thrown by `read` abandons the file; the others go on. */
export interface FileFormat<T> {
  inspect(): Inspection<T>;
  read(file: OpenFile, inspected: T): AsyncIterable<FileBatch>;
}

/** Leaves a half-read file when the run is asked to stop; it must not look like the end of the file. */
class Interrupted extends Error {}

/**
 * Reads the files of one source, each as one unit whose fingerprint is the SHA-256 of its bytes. Every file is scanned
 * once for that hash; the same pass lets the format look at the content and decides whether the file is already known.
 * Throws ProblemError when the folder itself cannot be read: an unmounted share must not look like an empty one.
 */
export async function* readFiles<T>(
  wanted: FilesToRead,
  format: FileFormat<T>,
  request: ReadRequest,
  context: ConnectorContext,
): AsyncGenerator<SourceEvent> {
  const files = await listFiles(wanted.folder, wanted.patterns);
  if (files.length === 0) {
    yield { kind: "notice", problem: noFiles(wanted) };
    return;
  }
  const sizes = await Promise.all(files.map(async (file) => (await stateOf(file.path).catch(() => null))?.size ?? 0));
  const progress = { done: 0, total: sizes.reduce((sum, size) => sum + size, 0) };
  for (const [index, file] of files.entries()) {
    if (context.signal.aborted) return;
    try {
      yield* readOne(file, wanted.settleMs, format, request, context, progress);
    } catch (error) {
      if (error instanceof Interrupted) return;
      yield { kind: "abandoned", unit: file.unit, problem: problemOf(error, file) };
    }
    progress.done += sizes[index] ?? 0;
  }
}

async function* readOne<T>(
  file: ListedFile,
  settleMs: number,
  format: FileFormat<T>,
  request: ReadRequest,
  context: ConnectorContext,
  progress: { readonly done: number; readonly total: number },
): AsyncGenerator<SourceEvent> {
  const before = await settledState(file, settleMs, context);
  if (context.signal.aborted) return;
  if (before === null) {
    yield { kind: "notice", problem: growing(file) };
    return;
  }
  const handle = await open(file.path, "r");
  try {
    const chunks = () => readChunks(handle, before.size, context.signal);
    const inspection = format.inspect();
    const hash = createHash("sha256");
    for await (const chunk of chunks()) {
      hash.update(chunk);
      inspection.see(chunk);
    }
    const fingerprint = hash.digest("hex");
    if (request.wasRead(file.unit, fingerprint)) {
      yield { kind: "known", unit: file.unit };
      return;
    }
    let leftOut = 0;
    for await (const batch of format.read({ ...file, size: before.size, chunks }, inspection.end())) {
      const { records, malformed, bytes } = batch;
      leftOut = batch.leftOut;
      yield { kind: "records", unit: file.unit, records, malformed, progress: { done: progress.done + bytes, total: progress.total } };
      if (context.signal.aborted) throw new Interrupted();
    }
    if (!sameState(before, await stateOf(file.path))) throw new Changed();
    yield { kind: "complete", unit: file.unit, fingerprint, leftOut };
  } finally {
    await handle.close();
  }
}

async function* readChunks(handle: FileHandle, size: number, signal: AbortSignal): AsyncGenerator<Buffer> {
  const buffer = Buffer.allocUnsafe(Math.min(CHUNK_BYTES, size));
  for (let at = 0; at < size; ) {
    if (signal.aborted) throw new Interrupted();
    const { bytesRead } = await handle.read(buffer, 0, Math.min(buffer.length, size - at), at);
    if (bytesRead === 0) throw new Changed();
    at += bytesRead;
    yield buffer.subarray(0, bytesRead);
  }
}

function noFiles({ patterns, folder }: FilesToRead): Problem {
  const shown = patterns.map((pattern) => `\`${pattern}\``).join(", ");
  return problem(
    "SOURCE_NO_FILES",
    `no file matches ${shown} in \`${folder}\``,
    { file: folder },
    "if files were expected, check the folder and the pattern; upper and lower case differ, and `**` is needed to look into subfolders",
  );
}

function growing({ unit }: ListedFile): Problem {
  return problem(
    "SOURCE_FILE_GROWING",
    `\`${unit}\` is still being written and was left for the next run`,
    { file: unit },
    "nothing to do if it is complete by then; a sender that pauses for longer than `settle` needs a longer one",
  );
}

function problemOf(error: unknown, { unit }: ListedFile): Problem {
  if (error instanceof ProblemError && error.problems[0] !== undefined) return error.problems[0];
  if (error instanceof Changed) {
    return problem(
      "SOURCE_FILE_CHANGED",
      `\`${unit}\` changed or was removed while it was read; nothing was taken from it`,
      { file: unit },
      "it is read again by the next run",
    );
  }
  const { code, message, syscall } = error as NodeJS.ErrnoException;
  if (syscall === undefined) throw error;
  return problem(
    "SOURCE_UNREADABLE",
    `\`${unit}\` cannot be read: ${code ?? message}`,
    { file: unit },
    "check that this user may read the file",
  );
}
