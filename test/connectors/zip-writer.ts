import { crc32, deflateRawSync } from "node:zlib";

export interface ZipPart {
  readonly name: string | Buffer;
  readonly content: string | Buffer;
  /** 8 is Deflate, 0 stored as it is; any other number is only noted. */
  readonly method?: number;
  readonly flags?: number;
  readonly extra?: Buffer;
  /** What the directory says instead of the truth. */
  readonly claims?: { readonly size?: number; readonly crc?: number; readonly packed?: number; readonly headerAt?: number };
  /** Sizes and place stand in the ZIP64 field. */
  readonly isLong?: boolean;
}

/** A zip archive with these entries, written by the book or, where a test asks for it, against it. */
export function zipOf(parts: readonly ZipPart[], { isLong = false, comment = "" } = {}): Buffer {
  const bodies: Buffer[] = [];
  const directory: Buffer[] = [];
  let at = 0;
  for (const part of parts) {
    const name = Buffer.from(part.name);
    const content = Buffer.from(part.content);
    const method = part.method ?? 8;
    const packed = method === 8 ? deflateRawSync(content) : content;
    const claims = { size: content.length, crc: crc32(content), packed: packed.length, headerAt: at, ...part.claims };
    const flags = part.flags ?? (typeof part.name === "string" ? 0x800 : 0);
    const local = Buffer.alloc(30);
    local.writeUInt32LE(0x04034b50, 0);
    local.writeUInt16LE(20, 4);
    local.writeUInt16LE(flags, 6);
    local.writeUInt16LE(method, 8);
    local.writeUInt32LE(claims.crc, 14);
    local.writeUInt32LE(packed.length, 18);
    local.writeUInt32LE(content.length, 22);
    local.writeUInt16LE(name.length, 26);
    bodies.push(local, name, packed);
    const long = part.isLong === true ? long64(claims.size, claims.packed, claims.headerAt) : Buffer.alloc(0);
    const extra = Buffer.concat([long, part.extra ?? Buffer.alloc(0)]);
    const entry = Buffer.alloc(46);
    entry.writeUInt32LE(0x02014b50, 0);
    entry.writeUInt16LE(20, 6);
    entry.writeUInt16LE(flags, 8);
    entry.writeUInt16LE(method, 10);
    entry.writeUInt32LE(claims.crc, 16);
    entry.writeUInt32LE(part.isLong === true ? 0xffffffff : claims.packed, 20);
    entry.writeUInt32LE(part.isLong === true ? 0xffffffff : claims.size, 24);
    entry.writeUInt16LE(name.length, 28);
    entry.writeUInt16LE(extra.length, 30);
    entry.writeUInt32LE(part.isLong === true ? 0xffffffff : claims.headerAt, 42);
    directory.push(entry, name, extra);
    at += 30 + name.length + packed.length;
  }
  const table = Buffer.concat(directory);
  const tail: Buffer[] = [];
  if (isLong) tail.push(end64(parts.length, table.length, at), locator64(at + table.length));
  const end = Buffer.alloc(22);
  end.writeUInt32LE(0x06054b50, 0);
  end.writeUInt16LE(isLong ? 0xffff : parts.length, 8);
  end.writeUInt16LE(isLong ? 0xffff : parts.length, 10);
  end.writeUInt32LE(isLong ? 0xffffffff : table.length, 12);
  end.writeUInt32LE(isLong ? 0xffffffff : at, 16);
  end.writeUInt16LE(Buffer.byteLength(comment), 20);
  return Buffer.concat([...bodies, table, ...tail, end, Buffer.from(comment)]);
}

/** An extra field of an entry. */
export function extraField(id: number, content: Buffer): Buffer {
  const head = Buffer.alloc(4);
  head.writeUInt16LE(id, 0);
  head.writeUInt16LE(content.length, 2);
  return Buffer.concat([head, content]);
}

function long64(...numbers: readonly number[]): Buffer {
  const content = Buffer.alloc(8 * numbers.length);
  for (const [index, value] of numbers.entries()) content.writeBigUInt64LE(BigInt(value), 8 * index);
  return extraField(1, content);
}

function end64(count: number, length: number, at: number): Buffer {
  const end = Buffer.alloc(56);
  end.writeUInt32LE(0x06064b50, 0);
  end.writeBigUInt64LE(44n, 4);
  end.writeBigUInt64LE(BigInt(count), 24);
  end.writeBigUInt64LE(BigInt(count), 32);
  end.writeBigUInt64LE(BigInt(length), 40);
  end.writeBigUInt64LE(BigInt(at), 48);
  return end;
}

function locator64(at: number): Buffer {
  const locator = Buffer.alloc(20);
  locator.writeUInt32LE(0x07064b50, 0);
  locator.writeBigUInt64LE(BigInt(at), 8);
  locator.writeUInt32LE(1, 16);
  return locator;
}
