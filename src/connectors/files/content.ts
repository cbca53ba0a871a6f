import type { FileHandle } from "node:fs/promises";
import { ProblemError, problem } from "../../model/problem.js";
import { compareKeys } from "../../model/record.js";
import { nameMatcher } from "./name-matcher.js";
import { Changed, Interrupted } from "./storage.js";
import { gunzip, limited, UnpackFault } from "./unpack.js";
import { type RandomAccess, ZipArchive, type ZipEntry } from "./zip.js";

/** Large enough that reading costs nothing beside parsing, small enough that a few of them are no memory to speak of. */
const CHUNK_BYTES = 256 * 1024;
/** What is packed can be read from its start only; a format that must jump about in it gets it from memory, up to this size. */
const MAX_HELD_BYTES = 128 * 1024 * 1024;

/** One unit to be read: a file, or what a compressed file or an archive holds. */
export interface Content {
  readonly unit: string;
  /** Its share of the bytes on disk, for the progress display. */
  readonly packed: number;
  /** The content from the start. A chunk may be overwritten by the next one. */
  chunks(): AsyncIterable<Buffer>;
  /** The bytes at a place; fewer only where the content ends. */
  bytes(at: number, length: number): Promise<Buffer>;
}

/** A file as it stands on disk, of the size found at first; nothing beyond it is read. */
export function plainContent(unit: string, handle: FileHandle, size: number, signal: AbortSignal): Content & RandomAccess {
  return {
    unit,
    size,
    packed: size,
    chunks: () => readChunks(handle, size, signal),
    bytes: (at, length) => readBytes(handle, at, Math.max(0, Math.min(length, size - at)), signal),
  };
}

/** What a gzip file holds. */
export function gunzipped(packed: Content, limit: number): Content {
  const { unit } = packed;
  const chunks = () => explained(limited(gunzip(copies(packed.chunks())), limit, unit), unit);
  return { unit, packed: packed.packed, chunks, bytes: held(chunks, unit) };
}

/** The entries of an archive that match, as units `archive.zip!folder/entry.csv`, in the order people number them. */
export async function archiveContents(file: RandomAccess, patterns: readonly string[], limit: number): Promise<Content[]> {
  const archive = await ZipArchive.open(file);
  const { isWanted } = nameMatcher(patterns);
  const entries = archive.entries.filter(({ name }) => isWanted(name));
  entries.sort((left, right) => compareKeys(left.name, right.name));
  return entries.map((entry) => entryContent(archive, entry, `${file.unit}!${entry.name}`, limit));
}

function entryContent(archive: ZipArchive, entry: ZipEntry, unit: string, limit: number): Content {
  const chunks = () => archive.chunks(entry, limit, unit);
  const bytes: Content["bytes"] = entry.method === 0 ? (at, length) => archive.storedBytes(entry, at, length, unit) : held(chunks, unit);
  const content = { unit, packed: entry.packed, chunks, bytes };
  return isGzip(unit) ? gunzipped(content, limit) : content;
}

export function isGzip(unit: string): boolean {
  return /\.gz$/i.test(unit);
}

export function isZip(unit: string): boolean {
  return /\.zip$/i.test(unit);
}

/** Bytes at any place of a content that can only be read from its start; it is held in memory from the first call on. */
function held(chunks: () => AsyncIterable<Buffer>, unit: string): Content["bytes"] {
  let content: Promise<Buffer> | null = null;
  return async (at, length) => {
    content ??= gather(chunks(), unit);
    return (await content).subarray(at, at + length);
  };
}

async function gather(chunks: AsyncIterable<Buffer>, unit: string): Promise<Buffer> {
  const parts: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of chunks) {
    bytes += chunk.length;
    if (bytes > MAX_HELD_BYTES) {
      throw new ProblemError(
        problem(
          "SOURCE_TOO_LARGE",
          `\`${unit}\` is larger than ${MAX_HELD_BYTES / 2 ** 20} MB, the most that can be read of a workbook inside another packed file`,
          { file: unit },
          "unpack it first; a workbook by itself may be of any size",
        ),
      );
    }
    parts.push(Buffer.from(chunk));
  }
  return Buffer.concat(parts);
}

async function* explained(chunks: AsyncIterable<Buffer>, unit: string): AsyncGenerator<Buffer> {
  try {
    yield* chunks;
  } catch (error) {
    if (!(error instanceof UnpackFault)) throw error;
    throw new ProblemError(
      problem(
        "SOURCE_FORMAT",
        `\`${unit}\` cannot be unpacked: ${error.message}`,
        { file: unit },
        "send the file again; it may have been cut off on its way",
      ),
    );
  }
}

/** Compressed data is taken in on other threads, after the next chunk may have been asked for. */
async function* copies(chunks: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  for await (const chunk of chunks) yield Buffer.from(chunk);
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

async function readBytes(handle: FileHandle, at: number, length: number, signal: AbortSignal): Promise<Buffer> {
  if (signal.aborted) throw new Interrupted();
  const buffer = Buffer.alloc(length);
  for (let done = 0; done < length; ) {
    const { bytesRead } = await handle.read(buffer, done, length - done, at + done);
    if (bytesRead === 0) throw new Changed();
    done += bytesRead;
  }
  return buffer;
}
