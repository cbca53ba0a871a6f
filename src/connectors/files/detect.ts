import { DecodeFault, StrictDecoder } from "./decode.js";
import { canonicalEncoding, type EncodingName, type TextEncodingName } from "./encodings.js";
import type { Inspection } from "./read.js";

/** The encoding to read with, or what speaks against each that was tried. */
export type EncodingFound = { readonly encoding: TextEncodingName } | { readonly faults: readonly DecodeFault[] };

const MARKS: readonly { readonly encoding: TextEncodingName; readonly bytes: Buffer }[] = [
  { encoding: "utf-8", bytes: Buffer.from([0xef, 0xbb, 0xbf]) },
  { encoding: "utf-16le", bytes: Buffer.from([0xff, 0xfe]) },
  { encoding: "utf-16be", bytes: Buffer.from([0xfe, 0xff]) },
  { encoding: "gb18030", bytes: Buffer.from([0x84, 0x31, 0x95, 0x33]) },
];
const LONGEST_MARK = 4;

/**
 * Settles the encoding of one file. All files are scanned once anyway for the hash of their content, so looking at every
 * byte here costs no further read, and no file is taken for UTF-8 or GB18030 because its first lines happen to be.
 */
export class EncodingInspection implements Inspection<EncodingFound> {
  private head: Buffer = Buffer.alloc(0);
  private readonly candidates: StrictDecoder[];
  private readonly faults: DecodeFault[] = [];
  private offset = 0;
  private zeroAt = -1;

  constructor(private readonly declared: EncodingName) {
    this.candidates = declared === "detect" ? [new StrictDecoder("utf-8"), new StrictDecoder("gb18030")] : [];
  }

  see(chunk: Buffer): void {
    if (this.head.length < LONGEST_MARK) this.head = Buffer.concat([this.head, chunk.subarray(0, LONGEST_MARK - this.head.length)]);
    if (this.declared !== "detect") return;
    if (this.zeroAt === -1) {
      const zero = chunk.indexOf(0);
      if (zero !== -1) this.zeroAt = this.offset + zero;
    }
    this.offset += chunk.length;
    this.attempt((candidate) => candidate.check(chunk));
  }

  end(): EncodingFound {
    const mark = MARKS.find(({ bytes }) => bytes.equals(this.head.subarray(0, bytes.length)))?.encoding ?? null;
    if (this.declared !== "detect") return this.agree(mark);
    if (mark !== null) return { encoding: mark };
    // UTF-16 text without a mark, and every workbook, would pass as UTF-8 with zero bytes in it.
    if (this.zeroAt !== -1) return { faults: [new DecodeFault("text", this.zeroAt, Buffer.from([0]), "zero")] };
    this.attempt((candidate) => candidate.checkEnd());
    const first = this.candidates[0];
    return first === undefined ? { faults: this.faults } : { encoding: first.encoding };
  }

  /** Drops the candidates that do not fit. */
  private attempt(check: (candidate: StrictDecoder) => void): void {
    for (let index = this.candidates.length - 1; index >= 0; index -= 1) {
      try {
        check(this.candidates[index] as StrictDecoder);
      } catch (error) {
        if (!(error instanceof DecodeFault)) throw error;
        this.faults.unshift(error);
        this.candidates.splice(index, 1);
      }
    }
  }

  /** A file that begins with the mark of another encoding than the declared one is not what the pipeline expects. */
  private agree(mark: TextEncodingName | null): EncodingFound {
    if (this.declared === "utf-16" && (mark === "utf-16le" || mark === "utf-16be")) return { encoding: mark };
    const encoding = canonicalEncoding(this.declared as Exclude<EncodingName, "detect">);
    if (mark === null || mark === encoding) return { encoding };
    return { faults: [new DecodeFault(mark, 0, this.head.subarray(0, mark.startsWith("utf-16") ? 2 : mark === "utf-8" ? 3 : 4), "mark")] };
  }
}
