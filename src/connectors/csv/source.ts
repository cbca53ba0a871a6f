import { type Problem, ProblemError, problem } from "../../model/problem.js";
import type { ConnectorContext, ReadRequest, Source, SourceEvent } from "../contract.js";
import { type FileBatch, type FileFormat, type OpenFile, readFiles } from "../files.js";
import { DecodeFault, StrictDecoder } from "./decode.js";
import { type EncodingFound, EncodingInspection } from "./detect.js";
import { findHeader, HEADER_SEARCH_LINES, matchColumns } from "./header.js";
import { type CsvConnection, type CsvSettings, type CsvSourceOptions, settingsOf } from "./options.js";
import { MAX_RECORD_LENGTH } from "./parse.js";
import { RowReader } from "./rows.js";

/** Throws ProblemError when the options contradict each other. */
export function openCsvSource(connection: CsvConnection, options: CsvSourceOptions, context: ConnectorContext): Source {
  const settings = settingsOf(options);
  const wanted = { folder: connection.folder ?? context.folder, patterns: settings.patterns, settleMs: settings.settleMs };
  return {
    read: (request: ReadRequest): AsyncIterable<SourceEvent> => readFiles(wanted, new CsvFormat(settings, request), request, context),
  };
}

class CsvFormat implements FileFormat<EncodingFound> {
  constructor(
    private readonly settings: CsvSettings,
    private readonly request: ReadRequest,
  ) {}

  inspect(): EncodingInspection {
    return new EncodingInspection(this.settings.encoding);
  }

  async *read(file: OpenFile, found: EncodingFound): AsyncGenerator<FileBatch> {
    if ("faults" in found) throw new ProblemError(await undecodable(file, this.settings, found.faults));
    const decoder = new StrictDecoder(found.encoding);
    let bytes = 0;
    let head: string | null = "";
    let reader: RowReader | null = null;
    try {
      for await (const chunk of file.chunks()) {
        bytes += chunk.length;
        const text = decoder.decode(chunk);
        if (head !== null) {
          head += text;
          if (!this.isEnough(head)) continue;
          reader = this.begin(head, false, file);
          head = null;
        } else reader?.push(text, false);
        while (reader?.fill()) yield { ...reader.take(), bytes, leftOut: reader.leftOut };
      }
      const rest = decoder.end();
      if (head !== null) reader = this.begin(head + rest, true, file);
      else reader?.push(rest, true);
    } catch (error) {
      if (error instanceof DecodeFault) throw new ProblemError(await undecodable(file, this.settings, [error]));
      throw error;
    }
    while (reader?.fill()) yield { ...reader.take(), bytes, leftOut: reader.leftOut };
    reader?.end();
    // The last batch goes out even when it is empty, because only now the footer is known.
    if (reader !== null) yield { ...reader.take(), bytes, leftOut: reader.leftOut };
  }

  /** Whether the head of a file surely holds its header. */
  private isEnough(head: string): boolean {
    if (head.length > MAX_RECORD_LENGTH) return true;
    const enough = this.settings.skipLines + HEADER_SEARCH_LINES + 1;
    let lines = 0;
    for (let at = head.indexOf("\n"); at !== -1 && lines < enough; at = head.indexOf("\n", at + 1)) lines += 1;
    return lines === enough;
  }

  private begin(head: string, isLast: boolean, file: OpenFile): RowReader {
    const header = findHeader(head, isLast, this.settings, this.request.columns, file.unit);
    if ("code" in header) throw new ProblemError(header);
    const match = matchColumns(header.names, this.request.columns, this.settings, file.unit);
    if ("code" in match) throw new ProblemError(match);
    return new RowReader(header.scanner, match, this.settings, file.unit);
  }
}

async function undecodable(file: OpenFile, settings: CsvSettings, faults: readonly DecodeFault[]): Promise<Problem> {
  const [first] = faults;
  const offset = first?.offset ?? 0;
  const at = { file: file.unit, line: await lineAt(file, offset, first?.encoding ?? "") };
  const { unit } = file;
  if (first?.reason === "mark") {
    const message = `\`${unit}\` begins with the byte order mark of ${first.encoding} (\`${hex(first)}\`), but \`${settings.encoding}\` is declared`;
    return problem("SOURCE_DECODE", message, at, `declare \`encoding: ${first.encoding}\`, or \`detect\` if the files differ`);
  }
  if (first?.reason === "zero") {
    const message = `\`${unit}\` has a zero byte at position ${offset}, as workbooks and UTF-16 text have`;
    return problem("SOURCE_DECODE", message, at, "export it as CSV text, or declare `encoding: utf-16le`");
  }
  if (settings.encoding === "detect" && faults.length > 1) {
    const each = faults.map((fault) => `not ${label(fault.encoding)} (${place(fault)})`).join(" and ");
    const hint = "declare `encoding`, such as `windows-1252` for western files or `big5` for traditional Chinese ones";
    return problem("SOURCE_DECODE", `\`${unit}\` is ${each}`, at, hint);
  }
  const message = `\`${unit}\` is not ${label(settings.encoding === "detect" ? (first?.encoding ?? "") : settings.encoding)}: ${first === undefined ? "" : place(first)}`;
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
