import { type Problem, problem } from "../../model/problem.js";
import type { Inspection } from "../files/read.js";

/** What a file is by its bytes; its name proves nothing. */
export type FileKind = "zip" | "xls" | "protected" | "markup" | "text" | "empty" | "other";

const ZIP = Buffer.from("PK\x03\x04", "latin1");
/** The compound file of Office 97 to 2003, [MS-CFB] 2.2. An encrypted workbook of any later version stands in one, too. */
const COMPOUND = Buffer.from([0xd0, 0xcf, 0x11, 0xe0, 0xa1, 0xb1, 0x1a, 0xe1]);
/** The stream that holds the encrypted workbook, [MS-OFFCRYPTO] 2.3.4.4. */
const ENCRYPTED = Buffer.from("EncryptedPackage", "utf16le");
const HEAD_BYTES = 512;

/** Looks at the bytes of a file while it is hashed. */
export class KindInspection implements Inspection<FileKind> {
  private head: Buffer = Buffer.alloc(0);
  private tail: Buffer = Buffer.alloc(0);
  private isProtected = false;

  see(chunk: Buffer): void {
    if (this.head.length < HEAD_BYTES) this.head = Buffer.concat([this.head, chunk.subarray(0, HEAD_BYTES - this.head.length)]);
    if (this.isProtected || !startsWith(this.head, COMPOUND)) return;
    // The name may lie across two chunks.
    this.isProtected = Buffer.concat([this.tail, chunk]).includes(ENCRYPTED);
    this.tail = Buffer.from(chunk.subarray(-ENCRYPTED.length));
  }

  end(): FileKind {
    const { head } = this;
    if (head.length === 0) return "empty";
    if (startsWith(head, ZIP)) return "zip";
    if (startsWith(head, COMPOUND)) return this.isProtected ? "protected" : "xls";
    if (/^(\xef\xbb\xbf|\xff\xfe)?[\s\0]*</.test(head.toString("latin1"))) return "markup";
    return head.includes(0) ? "other" : "text";
  }
}

function startsWith(bytes: Buffer, mark: Buffer): boolean {
  return bytes.subarray(0, mark.length).equals(mark);
}

const CONVERT = "open it in Excel or WPS and save it as an Excel workbook (`.xlsx`)";

/** Says what a file is instead of a workbook, and how to make one of it. */
export function notWorkbook(kind: Exclude<FileKind, "zip">, unit: string): Problem {
  const [what, hint] = {
    xls: ["is a workbook of Excel 97-2003 (`.xls`)", CONVERT],
    protected: [
      "is protected with a password (or is a `.doc`, `.xls` or `.msg` with an encrypted part)",
      "save it without a password: File, Info, Protect Workbook, Encrypt with Password, and leave the password empty",
    ],
    markup: ["is a web page or XML text under the name of a workbook, as some systems export it", CONVERT],
    text: ["is text under the name of a workbook", "read it with the `csv` connector, or save it as an Excel workbook (`.xlsx`)"],
    empty: ["is empty", "check that the export is complete"],
    other: ["is no Excel workbook", CONVERT],
  }[kind] as [string, string];
  return problem("SOURCE_FORMAT", `\`${unit}\` ${what}`, { file: unit }, hint);
}
