import { type Problem, problem } from "../../model/problem.js";
import type { DecodeFault } from "./decode.js";
import type { EncodingName } from "./encodings.js";
import type { OpenFile } from "./read.js";

/** Says where a file is not text, and what to declare. `faults` holds what speaks against each encoding that was tried. */
export async function undecodable(file: OpenFile, declared: EncodingName, faults: readonly DecodeFault[]): Promise<Problem> {
  const [first] = faults;
  const offset = first?.offset ?? 0;
  const at = { file: file.unit, line: await lineAt(file, offset, first?.encoding ?? "") };
  const { unit } = file;
  if (first?.reason === "mark") {
    const message = `\`${unit}\` begins with the byte order mark of ${first.encoding} (\`${hex(first)}\`), but \`${declared}\` is declared`;
    return problem("SOURCE_DECODE", message, at, `declare \`encoding: ${first.encoding}\`, or \`detect\` if the files differ`);
  }
  if (first?.reason === "zero") {
    const message = `\`${unit}\` has a zero byte at position ${offset}, as workbooks and UTF-16 text have`;
    return problem("SOURCE_DECODE", message, at, "export it as CSV text, or declare `encoding: utf-16le`");
  }
  if (declared === "detect" && faults.length > 1) {
    const each = faults.map((fault) => `not ${label(fault.encoding)} (${place(fault)})`).join(" and ");
    const hint = "declare `encoding`, such as `windows-1252` for western files or `big5` for traditional Chinese ones";
    return problem("SOURCE_DECODE", `\`${unit}\` is ${each}`, at, hint);
  }
  const message = `\`${unit}\` is not ${label(declared === "detect" ? (first?.encoding ?? "") : declared)}: ${first === undefined ? "" : place(first)}`;
  return problem("SOURCE_DECODE", message, at, "declare the `encoding` it has, or export it again; nothing was taken from it");
}

/** Positions count bytes from 0. */
function place(fault: DecodeFault): string {
  if (fault.reason === "cut") return `it ends within a character, \`${hex(fault)}\` at position ${fault.offset}`;
  if (fault.reason === "long") return `more than 4 MiB without a separator or line break from position ${fault.offset}`;
  return `\`${hex(fault)}\` at position ${fault.offset}`;
}

function hex(fault: DecodeFault): string {
  return [...fault.bytes].map((byte) => byte.toString(16).padStart(2, "0")).join(" ");
}

function label(encoding: string): string {
  return encoding.startsWith("utf") || encoding.startsWith("gb") ? encoding.toUpperCase() : encoding;
}

/** The line of a byte, counted by line feeds, or by carriage returns where there are none. */
async function lineAt(file: OpenFile, offset: number, encoding: string): Promise<number> {
  const isWide = encoding.startsWith("utf-16");
  let position = 0;
  let before = 0;
  let feeds = 0;
  let returns = 0;
  for await (const chunk of file.chunks()) {
    for (const byte of chunk.subarray(0, Math.min(chunk.length, offset - position))) {
      // In UTF-16 both bytes count: `上` is 4E 0A.
      const unit = !isWide ? byte : position % 2 === 0 ? -1 : encoding === "utf-16le" ? before + byte * 256 : before * 256 + byte;
      if (unit === 10) feeds += 1;
      else if (unit === 13) returns += 1;
      before = byte;
      position += 1;
    }
    if (position >= offset) break;
  }
  return 1 + (feeds === 0 ? returns : feeds);
}
