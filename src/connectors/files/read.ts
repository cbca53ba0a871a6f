import { createHash } from "node:crypto";
import { open } from "node:fs/promises";
import { type Problem, ProblemError, problem } from "../../model/problem.js";
import type { ConnectorContext, MalformedRecord, RawRecord, ReadRequest, SourceEvent } from "../contract.js";
import { archiveContents, type Content, gunzipped, Interrupted, isGzip, isZip, plainContent } from "./content.js";
import { Changed, type ListedFile, listFiles, sameState, settledState, stateOf } from "./list.js";
import type { FilesChoice } from "./options.js";

export interface FilesToRead extends FilesChoice {
  /** Absolute; patterns and unit names start here. */
  readonly folder: string;
}

export interface OpenFile {
  /** The path from the folder, with forward slashes; of an entry of an archive `archive.zip!entry`. */
  readonly unit: string;
  /** In bytes, unpacked. */
  readonly size: number;
  /** The content from the start. A chunk is overwritten by the next one. */
  chunks(): AsyncIterable<Buffer>;
  /** The bytes at a place; fewer only where the content ends. */
  bytes(at: number, length: number): Promise<Buffer>;
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

/** What one kind of file needs beyond bytes. A ProblemError thrown by it abandons the unit; the others go on. */
export interface FileFormat<T> {
  inspect(): Inspection<T>;
  /**
   * What is taken by itself of a file, such as the sheets of a workbook: each is a unit `file!part`. Null, or left out,
   * where the file is one unit.
   */
  parts?(file: OpenFile, inspected: T): Promise<readonly string[] | null>;
  /** `part` is null where the file is one unit. */
  read(file: OpenFile, inspected: T, part: string | null): AsyncIterable<FileBatch>;
}

/** What stays the same while the files of one source are read. */
interface Reading<T> {
  readonly wanted: FilesToRead;
  readonly format: FileFormat<T>;
  readonly request: ReadRequest;
  readonly context: ConnectorContext;
  readonly progress: { done: number; readonly total: number };
}

/**
 * Reads the files of one source, each as one unit whose fingerprint is the SHA-256 of its content. Names that end in `.gz`
 * are unpacked as they are read, and the entries of those that end in `.zip` are units of their own. Every content is
 * scanned once for that hash; the same pass lets the format look at it and decides whether it is already known.
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
  const reading = { wanted, format, request, context, progress: { done: 0, total: sizes.reduce((sum, size) => sum + size, 0) } };
  let end = 0;
  for (const [index, file] of files.entries()) {
    if (context.signal.aborted) return;
    try {
      yield* readOne(file, reading);
    } catch (error) {
      if (error instanceof Interrupted) return;
      yield { kind: "abandoned", unit: file.unit, problem: problemOf(error, file.unit) };
    }
    end += sizes[index] ?? 0;
    reading.progress.done = end;
  }
}

async function* readOne<T>(file: ListedFile, reading: Reading<T>): AsyncGenerator<SourceEvent> {
  const { wanted, context, progress } = reading;
  const before = await settledState(file, wanted.settleMs, context);
  if (context.signal.aborted) return;
  if (before === null) {
    yield { kind: "notice", problem: growing(file) };
    return;
  }
  const handle = await open(file.path, "r");
  try {
    const plain = plainContent(file.unit, handle, before.size, context.signal);
    const ensureUnchanged = async (): Promise<void> => {
      if (!sameState(before, await stateOf(file.path))) throw new Changed();
    };
    if (!isZip(file.unit)) {
      yield* readContent(isGzip(file.unit) ? gunzipped(plain, wanted.unpackLimit) : plain, ensureUnchanged, reading);
      return;
    }
    const contents = await archiveContents(plain, wanted.entries, wanted.unpackLimit);
    if (contents.length === 0) yield { kind: "notice", problem: noEntries(file, wanted) };
    for (const content of contents) {
      if (context.signal.aborted) return;
      try {
        if (isZip(content.unit)) throw new ProblemError(nested(content.unit));
        yield* readContent(content, ensureUnchanged, reading);
      } catch (error) {
        if (error instanceof Interrupted) throw error;
        yield { kind: "abandoned", unit: content.unit, problem: problemOf(error, content.unit) };
      }
      progress.done += content.packed;
    }
  } finally {
    await handle.close();
  }
}

async function* readContent<T>(content: Content, ensureUnchanged: () => Promise<void>, reading: Reading<T>): AsyncGenerator<SourceEvent> {
  const { format, request, context } = reading;
  const inspection = format.inspect();
  const hash = createHash("sha256");
  let size = 0;
  for await (const chunk of content.chunks()) {
    hash.update(chunk);
    inspection.see(chunk);
    size += chunk.length;
    if (context.signal.aborted) throw new Interrupted();
  }
  const fingerprint = hash.digest("hex");
  if (request.wasRead(content.unit, fingerprint)) {
    yield { kind: "known", unit: content.unit };
    return;
  }
  const file = { unit: content.unit, size, chunks: () => content.chunks(), bytes: content.bytes };
  const inspected = inspection.end();
  const parts = (await format.parts?.(file, inspected)) ?? null;
  const start = reading.progress.done;
  const scale = content.packed / Math.max(size, 1) / (parts?.length ?? 1);
  if (parts === null) {
    yield* readUnit({ ...file, fingerprint, part: null, start, scale }, inspected, ensureUnchanged, reading);
    return;
  }
  for (const [index, part] of parts.entries()) {
    const unit = `${content.unit}!${part}`;
    // Two sheets have one content between them, so the name goes into the fingerprint: neither is a copy of the other.
    const own = createHash("sha256").update(`${fingerprint}!${part}`).digest("hex");
    if (request.wasRead(unit, own)) {
      yield { kind: "known", unit };
      continue;
    }
    try {
      const from = start + (content.packed * index) / parts.length;
      yield* readUnit({ ...file, unit, fingerprint: own, part, start: from, scale }, inspected, ensureUnchanged, reading);
    } catch (error) {
      if (error instanceof Interrupted) throw error;
      yield { kind: "abandoned", unit, problem: problemOf(error, unit) };
    }
  }
}

interface Unit extends OpenFile {
  readonly fingerprint: string;
  readonly part: string | null;
  /** Where its progress starts, and bytes on disk for each byte of content. */
  readonly start: number;
  readonly scale: number;
}

async function* readUnit<T>(
  file: Unit,
  inspected: T,
  ensureUnchanged: () => Promise<void>,
  { format, context, progress: { total } }: Reading<T>,
): AsyncGenerator<SourceEvent> {
  let leftOut = 0;
  for await (const batch of format.read(file, inspected, file.part)) {
    const { records, malformed, bytes } = batch;
    leftOut = batch.leftOut;
    // A file may have grown since the sizes were added up.
    const done = Math.min(total, Math.floor(file.start + Math.min(bytes, file.size) * file.scale));
    yield { kind: "records", unit: file.unit, records, malformed, progress: { done, total } };
    if (context.signal.aborted) throw new Interrupted();
  }
  await ensureUnchanged();
  yield { kind: "complete", unit: file.unit, fingerprint: file.fingerprint, leftOut };
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

function noEntries({ unit }: ListedFile, { entries }: FilesToRead): Problem {
  const shown = entries.map((pattern) => `\`${pattern}\``).join(", ");
  return problem(
    "SOURCE_NO_FILES",
    `no entry of \`${unit}\` matches ${shown}`,
    { file: unit },
    "check `entries`; upper and lower case differ, and `**` is needed to look into its folders",
  );
}

function nested(unit: string): Problem {
  return problem(
    "SOURCE_FORMAT",
    `\`${unit}\` is an archive within an archive`,
    { file: unit },
    'unpack the outer one, or leave the inner one out: `entries: ["**", "!**/*.zip"]`',
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

function problemOf(error: unknown, unit: string): Problem {
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
