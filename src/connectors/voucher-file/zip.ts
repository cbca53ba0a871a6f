import { crc32, deflateRawSync } from "node:zlib";

export interface ZipPart {
  /** ASCII. */
  readonly name: string;
  readonly content: string;
}

const VERSION = 20;
const DEFLATE = 8;
/** 1980-01-01, the first day a zip archive knows, so that equal content gives an equal archive. */
const DAY = 0x21;

/** A zip archive as workbooks are stored (PKWARE APPNOTE 6.3.10, sections 4.3.7, 4.3.12 and 4.3.16); for parts below 4 GB. */
export function zip(parts: readonly ZipPart[]): Buffer {
  const local: Buffer[] = [];
  const directory: Buffer[] = [];
  let at = 0;
  for (const { name, content } of parts) {
    const bytes = Buffer.from(content, "utf8");
    const packed = deflateRawSync(bytes);
    const common = Buffer.alloc(26);
    common.writeUInt16LE(VERSION, 0);
    common.writeUInt16LE(DEFLATE, 4);
    common.writeUInt16LE(DAY, 8);
    common.writeUInt32LE(crc32(bytes), 10);
    common.writeUInt32LE(packed.length, 14);
    common.writeUInt32LE(bytes.length, 18);
    common.writeUInt16LE(name.length, 22);
    const entry = Buffer.alloc(46);
    entry.writeUInt32LE(0x02014b50, 0);
    entry.writeUInt16LE(VERSION, 4);
    common.copy(entry, 6);
    entry.writeUInt32LE(at, 42);
    const header = [Buffer.from("PK\u0003\u0004", "latin1"), common, Buffer.from(name, "latin1")];
    local.push(...header, packed);
    directory.push(entry, Buffer.from(name, "latin1"));
    at += header.reduce((size, each) => size + each.length, packed.length);
  }
  const end = Buffer.alloc(22);
  end.writeUInt32LE(0x06054b50, 0);
  end.writeUInt16LE(parts.length, 8);
  end.writeUInt16LE(parts.length, 10);
  end.writeUInt32LE(
    directory.reduce((size, each) => size + each.length, 0),
    12,
  );
  end.writeUInt32LE(at, 16);
  return Buffer.concat([...local, ...directory, end]);
}
