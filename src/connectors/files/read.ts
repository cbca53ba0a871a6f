import { createHash } from "node:crypto";
import { type Problem, ProblemError, problem } from "../../model/problem.js";
import type { ConnectorContext, MalformedRecord, RawRecord, ReadRequest, SourceEvent } from "../contract.js";
import { archiveContents, type Content, gunzipped, isGzip, isZip, plainContent } from "./content.js";
import type { FilesChoice } from "./options.js";
import { Changed, type FileState, Interrupted, type ListedFile, type OpenedFile, type Storage } from "./storage.js";

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

/** A file as it was read, for what becomes of it afterwards. */
export interface ReadFile {
  readonly file: string;
  readonly state: FileState;
  /** What was delivered of it, or known. */
  readonly units: string[];
  /** False until all of it was looked at, and when some part of it could not be taken. */
  isWhole: boolean;
}

/** What stays the same while the files of one source are read. */
interface Reading<T> {
  readonly wanted: FilesChoice;
  readonly storage: Storage;
  readonly format: FileFormat<T>;
  readonly request: ReadRequest;
  readonly context: ConnectorContext;
  readonly progress: { done: number; total: number };
}

/** One file while it is read. */
interface Opened extends OpenedFile {
  readonly unit: string;
  /** Throws ProblemError when a file of this name was archived before; asked before the first news of it is taken. */
  ensureFirst(): Promise<void>;
}

/**
 * Reads the files of one source, each as one unit whose fingerprint is the SHA-256 of its content. Names that end in `.gz`
 * are unpacked as they are read, and the entries of those that end in `.zip` are units of their own. Every content is
 * scanned once for that hash; the same pass lets the format look at it and decides whether it is already known.
 * `onRead` is told of each file that was opened. Throws ProblemError when the folder itself cannot be read: an unmounted
 * share must not look like an empty one.
 */
export async function* readFiles<T>(
  wanted: FilesChoice,
  storage: Storage,
  format: FileFormat<T>,
  request: ReadRequest,
  context: ConnectorContext,
  onRead: (read: ReadFile) => void,
): AsyncGenerator<SourceEvent> {
  const files = await listed(wanted, storage);
  if (files === null) return;
  if (files.length === 0) {
    yield { kind: "notice", problem: noFiles(wanted, storage) };
    return;
  }
  const progress = { done: 0, total: files.reduce((sum, { size }) => sum + size, 0) };
  const reading = { wanted, storage, format, request, context, progress };
  let end = 0;
  for (const file of files) {
    if (context.signal.aborted) return;
    let { size } = file;
    try {
      size = yield* readOne(file, reading, onRead);
    } catch (error) {
      if (error instanceof Interrupted) return;
      yield { kind: "abandoned", unit: file.unit, problem: problemOf(error, file.unit) };
    }
    end += size;
    reading.progress.done = end;
  }
}

/** Null when the run was asked to stop. */
async function listed({ patterns, keeping }: FilesChoice, storage: Storage): Promise<ListedFile[] | null> {
  try {
    return keeping.dataAmong(await storage.list(patterns));
  } catch (error) {
    if (error instanceof Interrupted) return null;
    throw error;
  }
}

/** Returns its share of the progress. */
async function* readOne<T>(file: ListedFile, reading: Reading<T>, onRead: (read: ReadFile) => void): AsyncGenerator<SourceEvent, number> {
  const { wanted, storage, context } = reading;
  const { unit } = file;
  const marker = wanted.keeping.markerOf(unit);
  if (marker !== null && (await storage.state(marker)) === null) {
    yield { kind: "notice", problem: unmarked(unit, marker) };
    return file.size;
  }
  const opened = await storage.open(file);
  if (typeof opened === "string") {
    if (!context.signal.aborted) yield { kind: "notice", problem: opened === "growing" ? growing(file) : missing(file, storage) };
    return file.size;
  }
  const read = { file: unit, state: opened.state, units: [] as string[], isWhole: false };
  try {
    if (context.signal.aborted) throw new Interrupted();
    // Not every server says in advance how long a file is.
    reading.progress.total += opened.state.size - file.size;
    let isWhole = true;
    for await (const event of readOpened({ ...opened, unit, ensureFirst: () => ensureFirst(unit, reading) }, reading)) {
      if (event.kind === "complete" || event.kind === "known") read.units.push(event.unit);
      if (event.kind === "abandoned") isWhole = false;
      yield event;
    }
    read.isWhole = isWhole;
    onRead(read);
    return opened.state.size;
  } finally {
    await opened.close();
  }
}

async function* readOpened<T>(file: Opened, reading: Reading<T>): AsyncGenerator<SourceEvent> {
  const { wanted, context, progress } = reading;
  const plain = plainContent(file.unit, file.handle, file.state.size, context.signal);
  if (!isZip(file.unit)) {
    yield* readContent(isGzip(file.unit) ? gunzipped(plain, wanted.unpackLimit) : plain, file, reading);
    return;
  }
  const contents = await archiveContents(plain, wanted.entries, wanted.unpackLimit);
  if (contents.length === 0) yield { kind: "notice", problem: noEntries(file.unit, wanted) };
  for (const content of contents) {
    if (context.signal.aborted) throw new Interrupted();
    try {
      if (isZip(content.unit)) throw new ProblemError(nested(content.unit));
      yield* readContent(content, file, reading);
    } catch (error) {
      if (error instanceof Interrupted) throw error;
      yield { kind: "abandoned", unit: content.unit, problem: problemOf(error, content.unit) };
    }
    progress.done += content.packed;
  }
}

async function ensureFirst<T>(unit: string, { wanted: { keeping }, storage }: Reading<T>): Promise<void> {
  if (!keeping.refusesSameName) return;
  const place = keeping.placeOf(unit);
  if ((await storage.state(place)) === null) return;
  throw new ProblemError(
    problem(
      "SOURCE_SAME_NAME",
      `\`${unit}\` has the name of a file that was archived before as \`${place}\`; nothing was taken from it`,
      { file: unit },
      "is it something new, give it a name of its own; is it a newer version of the same file, move the archived one away or set `archive.same_name: newer`",
    ),
  );
}

async function* readContent<T>(content: Content, opened: Opened, reading: Reading<T>): AsyncGenerator<SourceEvent> {
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
    yield* readUnit({ ...file, fingerprint, part: null, start, scale }, inspected, opened, reading);
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
      yield* readUnit({ ...file, unit, fingerprint: own, part, start: from, scale }, inspected, opened, reading);
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
  opened: Opened,
  { format, context, progress: { total } }: Reading<T>,
): AsyncGenerator<SourceEvent> {
  await opened.ensureFirst();
  let leftOut = 0;
  for await (const batch of format.read(file, inspected, file.part)) {
    const { records, malformed, bytes } = batch;
    leftOut = batch.leftOut;
    // A file may have grown since the sizes were added up.
    const done = Math.min(total, Math.floor(file.start + Math.min(bytes, file.size) * file.scale));
    yield { kind: "records", unit: file.unit, records, malformed, progress: { done, total } };
    if (context.signal.aborted) throw new Interrupted();
  }
  await opened.ensureUnchanged();
  yield { kind: "complete", unit: file.unit, fingerprint: file.fingerprint, leftOut };
}

function noFiles({ patterns }: FilesChoice, { name: folder }: Storage): Problem {
  const shown = patterns.map((pattern) => `\`${pattern}\``).join(", ");
  return problem(
    "SOURCE_NO_FILES",
    `no file matches ${shown} in \`${folder}\``,
    { file: folder },
    "if files were expected, check the folder and the pattern; upper and lower case differ, and `**` is needed to look into subfolders",
  );
}

function noEntries(unit: string, { entries }: FilesChoice): Problem {
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

function unmarked(unit: string, marker: string): Problem {
  return problem(
    "SOURCE_FILE_GROWING",
    `\`${unit}\` has no \`${marker}\` beside it and was left for the next run`,
    { file: unit },
    "nothing to do if the sender still writes it; otherwise ask for the marker, or correct `marker`",
  );
}

function missing({ unit }: ListedFile, { name }: Storage): Problem {
  return problem("SOURCE_NO_FILES", `\`${name}\` has no \`${unit}\``, { file: unit }, "if it was expected, check `url` and the name");
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
