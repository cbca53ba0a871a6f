import { TextDecoder } from "node:util";
import { crc32 } from "node:zlib";
import { ProblemError, problem } from "../../model/problem.js";
import { inflate, limited, UnpackFault } from "./unpack.js";

/** What an archive is read from. */
export interface RandomAccess {
  readonly unit: string;
  /** In bytes. */
  readonly size: number;
  /** The bytes at a place; fewer only where the file ends. */
  bytes(at: number, length: number): Promise<Buffer>;
}

export interface ZipEntry {
  readonly name: string;
  /** In bytes, as the archive says. */
  readonly packed: number;
  readonly size: number;
  readonly method: number;
  readonly crc: number;
  readonly headerAt: number;
  readonly isEncrypted: boolean;
}

// Layout: PKWARE APPNOTE.TXT 6.3.10, sections 4.3 and 4.5.
const END = 0x06054b50;
const END_64 = 0x06064b50;
const END_64_LOCATOR = 0x07064b50;
const DIRECTORY_ENTRY = 0x02014b50;
const LOCAL_HEADER = 0x04034b50;
const END_LENGTH = 22;
const LONGEST_COMMENT = 0xffff;
const LOCAL_HEADER_LENGTH = 30;

const MAX_ENTRIES = 100_000;
const MAX_DIRECTORY_BYTES = 64 * 1024 * 1024;
const MAX_NAME_LENGTH = 1024;
const CHUNK_BYTES = 64 * 1024;

const METHODS: Readonly<Record<number, string>> = {
  9: "Deflate64",
  12: "bzip2",
  14: "LZMA",
  93: "Zstandard",
  95: "xz",
  99: "AES encryption",
};

/**
 * Reads a zip archive by its directory, ZIP64 included. It writes nothing to disk, and it trusts no number in the
 * archive: entries must not overlap, and each must unpack to the size and checksum that are noted for it.
 */
export class ZipArchive {
  private constructor(
    private readonly file: RandomAccess,
    /** Files, not folders, in the order of the archive. */
    readonly entries: readonly ZipEntry[],
  ) {}

  static async open(file: RandomAccess): Promise<ZipArchive> {
    const directory = await findDirectory(file);
    if (directory.count > MAX_ENTRIES || directory.length > MAX_DIRECTORY_BYTES) throw tooMany(file.unit, directory.count);
    const block = await file.bytes(directory.at, directory.length);
    if (block.length !== directory.length) throw broken(file.unit, "its directory is cut off");
    const entries = readEntries(block, directory.count, file);
    refuseOverlap(entries, directory.at, file.unit);
    return new ZipArchive(file, entries);
  }

  find(name: string): ZipEntry | null {
    return this.entries.find((entry) => entry.name === name) ?? null;
  }

  /** The content of an entry, at most `limit` bytes of it; `unit` is how problems call it. */
  async *chunks(entry: ZipEntry, limit: number, unit: string): AsyncGenerator<Buffer> {
    if (entry.isEncrypted) {
      throw new ProblemError(
        problem(
          "SOURCE_FORMAT",
          `\`${unit}\` is encrypted`,
          { file: unit },
          "have it sent without a password; the archive itself need not be secret",
        ),
      );
    }
    const start = await this.contentStart(entry, unit);
    let size = 0;
    let crc = 0;
    try {
      for await (const chunk of limited(this.unpacked(entry, start, unit), limit, unit)) {
        size += chunk.length;
        crc = crc32(chunk, crc);
        yield chunk;
      }
    } catch (error) {
      if (error instanceof UnpackFault) throw broken(unit, error.message);
      throw error;
    }
    if (size !== entry.size) throw broken(unit, `it holds ${size} bytes instead of ${entry.size}`);
    if (crc !== entry.crc) throw broken(unit, "its checksum is wrong");
  }

  /** Bytes at a place of an entry that is stored uncompressed. */
  async storedBytes(entry: ZipEntry, at: number, length: number, unit: string): Promise<Buffer> {
    const start = await this.contentStart(entry, unit);
    return this.file.bytes(start + at, Math.max(0, Math.min(length, entry.packed - at)));
  }

  private unpacked(entry: ZipEntry, start: number, unit: string): AsyncGenerator<Buffer> {
    const packed = pieces(this.file, start, entry.packed, unit);
    if (entry.method === 0) return packed;
    if (entry.method === 8) return inflate(packed);
    const name = METHODS[entry.method] ?? `method ${entry.method}`;
    throw new ProblemError(
      problem("SOURCE_FORMAT", `\`${unit}\` is compressed with ${name}`, { file: unit }, "pack it again with the ordinary method, Deflate"),
    );
  }

  private async contentStart(entry: ZipEntry, unit: string): Promise<number> {
    const header = await this.file.bytes(entry.headerAt, LOCAL_HEADER_LENGTH);
    if (header.length < LOCAL_HEADER_LENGTH || header.readUInt32LE(0) !== LOCAL_HEADER) throw broken(unit, "its header is missing");
    return entry.headerAt + LOCAL_HEADER_LENGTH + header.readUInt16LE(26) + header.readUInt16LE(28);
  }
}

async function* pieces(file: RandomAccess, start: number, length: number, unit: string): AsyncGenerator<Buffer> {
  for (let at = 0; at < length; ) {
    const piece = await file.bytes(start + at, Math.min(CHUNK_BYTES, length - at));
    if (piece.length === 0) throw broken(unit, "it is cut off");
    at += piece.length;
    yield piece;
  }
}

interface Directory {
  readonly at: number;
  readonly length: number;
  readonly count: number;
}

async function findDirectory(file: RandomAccess): Promise<Directory> {
  const tailAt = Math.max(0, file.size - END_LENGTH - LONGEST_COMMENT);
  const tail = await file.bytes(tailAt, file.size - tailAt);
  let at = tail.length - END_LENGTH;
  while (at >= 0 && !(tail.readUInt32LE(at) === END && at + END_LENGTH + tail.readUInt16LE(at + 20) === tail.length)) at -= 1;
  if (at < 0) throw broken(file.unit, "it has no directory at its end");
  const end = tail.subarray(at);
  if (end.readUInt16LE(4) !== 0 && end.readUInt16LE(4) !== 0xffff) throw broken(file.unit, "it is one part of an archive in several parts");
  let directory = { count: end.readUInt16LE(10), length: end.readUInt32LE(12), at: end.readUInt32LE(16) };
  if (directory.count === 0xffff || directory.length === 0xffffffff || directory.at === 0xffffffff) {
    directory = (await findDirectory64(file, tailAt + at)) ?? directory;
  }
  if (directory.at + directory.length > tailAt + at) throw broken(file.unit, "its directory is not where it says");
  return directory;
}

async function findDirectory64(file: RandomAccess, endAt: number): Promise<Directory | null> {
  const locator = await file.bytes(Math.max(0, endAt - 20), 20);
  if (locator.length < 20 || locator.readUInt32LE(0) !== END_64_LOCATOR) return null;
  const end = await file.bytes(number64(locator, 8, file.unit), 56);
  if (end.length < 56 || end.readUInt32LE(0) !== END_64) throw broken(file.unit, "its directory is not where it says");
  return { count: number64(end, 32, file.unit), length: number64(end, 40, file.unit), at: number64(end, 48, file.unit) };
}

function readEntries(block: Buffer, count: number, file: RandomAccess): ZipEntry[] {
  const entries: ZipEntry[] = [];
  const names = new Set<string>();
  let at = 0;
  for (let index = 0; index < count; index += 1) {
    if (at + 46 > block.length || block.readUInt32LE(at) !== DIRECTORY_ENTRY) throw broken(file.unit, "its directory cannot be read");
    const flags = block.readUInt16LE(at + 8);
    const nameEnd = at + 46 + block.readUInt16LE(at + 28);
    const extraEnd = nameEnd + block.readUInt16LE(at + 30);
    const next = extraEnd + block.readUInt16LE(at + 32);
    if (next > block.length) throw broken(file.unit, "its directory cannot be read");
    const extra = block.subarray(nameEnd, extraEnd);
    const name = nameOf(block.subarray(at + 46, nameEnd), flags, extra, file.unit);
    const [size, packed, headerAt] = longNumbers(
      [block.readUInt32LE(at + 24), block.readUInt32LE(at + 20), block.readUInt32LE(at + 42)],
      extra,
      file.unit,
    );
    if (!name.endsWith("/")) {
      if (names.has(name)) throw broken(file.unit, `it has two entries \`${name}\``);
      names.add(name);
      const isEncrypted = (flags & 1) !== 0;
      entries.push({ name, size, packed, headerAt, method: block.readUInt16LE(at + 10), crc: block.readUInt32LE(at + 16), isEncrypted });
    }
    at = next;
  }
  return entries;
}

/** Sizes and places that do not fit 32 bits stand in an extra field, in this order, and only those. */
function longNumbers(short: [number, number, number], extra: Buffer, unit: string): [number, number, number] {
  if (!short.includes(0xffffffff)) return short;
  const field = extraField(extra, 0x0001);
  let at = 0;
  return short.map((value) => {
    if (value !== 0xffffffff || field === null) return value;
    if (at + 8 > field.length) throw broken(unit, "its directory cannot be read");
    at += 8;
    return number64(field, at - 8, unit);
  }) as [number, number, number];
}

function extraField(extra: Buffer, id: number): Buffer | null {
  for (let at = 0; at + 4 <= extra.length; ) {
    const end = at + 4 + extra.readUInt16LE(at + 2);
    if (end > extra.length) return null;
    if (extra.readUInt16LE(at) === id) return extra.subarray(at + 4, end);
    at = end;
  }
  return null;
}

const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
const gb18030 = new TextDecoder("gb18030", { fatal: true, ignoreBOM: true });

/**
 * Names are UTF-8 where the archive says so or carries them a second time (Info-ZIP's extra field 0x7075); else in the
 * encoding of the machine that wrote it, which it does not say: UTF-8 if they are that, then GBK as on Chinese Windows.
 */
function nameOf(bytes: Buffer, flags: number, extra: Buffer, unit: string): string {
  const second = extraField(extra, 0x7075);
  const isValid = second !== null && second.length > 5 && second.readUInt32LE(1) === crc32(bytes);
  const raw = isValid ? (second as Buffer).subarray(5) : bytes;
  const name = (decoded(raw, utf8) ?? ((flags & 0x800) === 0 ? decoded(raw, gb18030) : null) ?? raw.toString("latin1")).replaceAll(
    "\\",
    "/",
  );
  // Nothing is written under this name, but it stands in messages, in the store and in the audit log.
  const isAbsurd =
    name === "" ||
    name.length > MAX_NAME_LENGTH ||
    /[\p{Cc}\p{Cs}]/u.test(name) ||
    /^\/|^[A-Za-z]:/.test(name) ||
    name.split("/").includes("..");
  if (!isAbsurd) return name;
  const shown = JSON.stringify(name.slice(0, 80)).slice(1, -1);
  throw new ProblemError(
    problem(
      "SOURCE_FORMAT",
      `\`${unit}\` has an entry with an unusable name, \`${shown}\``,
      { file: unit },
      "pack the files again under plain names",
    ),
  );
}

function decoded(bytes: Buffer, decoder: TextDecoder): string | null {
  try {
    return decoder.decode(bytes);
  } catch {
    return null;
  }
}

/** Entries that share bytes are how a small archive is made to unpack to everything. */
function refuseOverlap(entries: readonly ZipEntry[], directoryAt: number, unit: string): void {
  const sorted = [...entries].sort((left, right) => left.headerAt - right.headerAt);
  for (const [index, entry] of sorted.entries()) {
    const end = entry.headerAt + LOCAL_HEADER_LENGTH + entry.packed;
    if (end > (sorted[index + 1]?.headerAt ?? directoryAt)) throw broken(unit, `its entry \`${entry.name}\` runs into the next one`);
  }
}

function number64(bytes: Buffer, at: number, unit: string): number {
  const value = bytes.readBigUInt64LE(at);
  if (value > BigInt(Number.MAX_SAFE_INTEGER)) throw broken(unit, "it has a size that cannot be");
  return Number(value);
}

function broken(unit: string, what: string): ProblemError {
  return new ProblemError(
    problem(
      "SOURCE_FORMAT",
      `\`${unit}\` cannot be unpacked: ${what}`,
      { file: unit },
      "send the file again; it may have been cut off on its way",
    ),
  );
}

function tooMany(unit: string, count: number): ProblemError {
  return new ProblemError(
    problem(
      "SOURCE_TOO_LARGE",
      `\`${unit}\` has ${count.toLocaleString("en")} entries, more than the ${MAX_ENTRIES.toLocaleString("en")} that are read`,
      { file: unit },
      "pack the files into several archives",
    ),
  );
}
