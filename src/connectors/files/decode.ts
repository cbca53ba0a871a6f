import { isAscii, isUtf8 } from "node:buffer";
import { TextDecoder } from "node:util";
import type { TextEncodingName } from "./encodings.js";

/** Bytes that are not text in the encoding. */
export class DecodeFault extends Error {
  constructor(
    readonly encoding: string,
    /** Where the bytes stand in the file, from 0. */
    readonly offset: number,
    readonly bytes: Buffer,
    readonly reason: "bytes" | "cut" | "mark" | "zero" | "long" = "bytes",
  ) {
    super(`bytes at ${offset} are not ${encoding}`);
    this.name = "DecodeFault";
  }
}

/** More bytes than this without one separator, blank or line break are no table. */
const MAX_RUN_BYTES = 4 * 1024 * 1024;
const NOTHING = Buffer.alloc(0);

/** What the bytes 0x80 to 0x9F mean in windows-1252; five have no meaning. https://encoding.spec.whatwg.org/index-windows-1252.txt */
const WINDOWS_1252 = "€\0‚ƒ„…†‡ˆ‰Š‹Œ\0Ž\0\0‘’“”•–—˜™š›œ\0žŸ";

/**
 * Decodes a file chunk by chunk, strictly: a byte that is not text throws DecodeFault with its exact place. Chunks may
 * be cut anywhere. Each piece that is decoded begins and ends between characters, so no state hides in a decoder and a
 * fault is found again by halving its piece. A byte order mark is dropped.
 */
export class StrictDecoder {
  private carry: Buffer = NOTHING;
  /** Offset in the file of the first byte of the carry. */
  private offset = 0;
  private started = false;
  private readonly decoder: TextDecoder | null;

  constructor(readonly encoding: TextEncodingName) {
    // Built-in decoders of some Node versions take windows-1252 for ISO 8859-1 and so lose €, “ and –: it is done here.
    this.decoder = encoding === "windows-1252" ? null : new TextDecoder(encoding, { fatal: true, ignoreBOM: true });
  }

  /** The text up to the last place in the chunk that is surely between two characters; the rest waits for more. */
  decode(chunk: Buffer): string {
    return this.withoutMark(this.text(this.cut(chunk)));
  }

  /** The text that was waiting. Throws DecodeFault when the file ends within a character. */
  end(): string {
    const rest = this.carry;
    this.carry = NOTHING;
    return this.withoutMark(this.text(rest));
  }

  /** As `decode`, without making the text. */
  check(chunk: Buffer): void {
    this.checkPiece(this.cut(chunk));
  }

  checkEnd(): void {
    this.checkPiece(this.carry);
  }

  private checkPiece(piece: Buffer): void {
    if (this.encoding === "utf-8" && isUtf8(piece)) this.offset += piece.length;
    else this.text(piece);
  }

  private cut(chunk: Buffer): Buffer {
    const block = this.carry.length === 0 ? chunk : Buffer.concat([this.carry, chunk]);
    const at = boundary(block, this.encoding);
    if (block.length - at > MAX_RUN_BYTES)
      throw new DecodeFault(this.encoding, this.offset + at, Buffer.from(block.subarray(at, at + 4)), "long");
    // The caller overwrites its chunk, so what waits is copied.
    this.carry = at === block.length ? NOTHING : Buffer.from(block.subarray(at));
    return block.subarray(0, at);
  }

  private text(piece: Buffer): string {
    const text = this.convert(piece);
    this.offset += piece.length;
    return text;
  }

  private convert(piece: Buffer): string {
    if (piece.length === 0) return "";
    if (!isWide(this.encoding) && isAscii(piece)) return piece.toString("latin1");
    if (this.decoder === null) return this.fromWindows1252(piece);
    if (this.encoding === "utf-8" && isUtf8(piece)) return piece.toString("utf8");
    let text: string;
    try {
      text = this.decoder.decode(piece);
    } catch {
      throw this.faultIn(piece);
    }
    if (isSingleByte(this.encoding)) {
      // A byte without a meaning is passed on as a control character, which is not text either.
      const at = text.search(/[\x80-\x9f]/);
      if (at !== -1) throw new DecodeFault(this.encoding, this.offset + at, Buffer.from(piece.subarray(at, at + 1)));
    }
    return text;
  }

  private fromWindows1252(piece: Buffer): string {
    return piece.toString("latin1").replace(/[\x80-\x9f]/g, (character, at: number) => {
      const meant = WINDOWS_1252.charAt(character.charCodeAt(0) - 0x80);
      if (meant === "\0") throw new DecodeFault(this.encoding, this.offset + at, Buffer.from(piece.subarray(at, at + 1)));
      return meant;
    });
  }

  private withoutMark(text: string): string {
    if (this.started || text === "") return text;
    this.started = true;
    return text.charCodeAt(0) === 0xfeff ? text.slice(1) : text;
  }

  private faultIn(piece: Buffer): DecodeFault {
    const fits = (length: number, open: boolean): boolean => {
      try {
        new TextDecoder(this.encoding, { fatal: true, ignoreBOM: true }).decode(piece.subarray(0, length), { stream: open });
        return true;
      } catch {
        return false;
      }
    };
    let good = 0;
    let bad = piece.length + 1;
    while (bad - good > 1) {
      const middle = (good + bad) >> 1;
      if (fits(middle, true)) good = middle;
      else bad = middle;
    }
    // `good` may lie within the character that failed; the fault begins where that character does.
    let start = good;
    while (start > 0 && good - start < 4 && !fits(start, false)) start -= 1;
    const bytes = Buffer.from(piece.subarray(start, Math.min(good + 1, piece.length)));
    return new DecodeFault(this.encoding, this.offset + start, bytes, good === piece.length ? "cut" : "bytes");
  }
}

function isWide(encoding: TextEncodingName): encoding is "utf-16le" | "utf-16be" {
  return encoding === "utf-16le" || encoding === "utf-16be";
}

function isSingleByte(encoding: TextEncodingName): boolean {
  return encoding.startsWith("windows-") || encoding.startsWith("iso-");
}

/** How much of the block ends surely between two characters. */
function boundary(block: Buffer, encoding: TextEncodingName): number {
  if (isSingleByte(encoding)) return block.length;
  if (isWide(encoding)) {
    const even = block.length - (block.length % 2);
    const last = even === 0 ? 0 : (block[encoding === "utf-16le" ? even - 1 : even - 2] as number);
    return last >= 0xd8 && last <= 0xdb ? even - 2 : even;
  }
  // In UTF-8 every byte below 0x80, in the East Asian encodings every byte below 0x30 (the lowest second byte of any of
  // them: GB18030's four-byte forms) is a character by itself. Commas, blanks and line breaks are.
  const limit = encoding === "utf-8" ? 0x80 : 0x30;
  let at = block.length;
  while (at > 0 && (block[at - 1] as number) >= limit) at -= 1;
  return at;
}
