import { ProblemError } from "../../model/problem.js";
import type { ConnectorContext, ReadRequest, Source } from "../contract.js";
import { matchColumns } from "../files/columns.js";
import { type EncodingFound, EncodingInspection } from "../files/detect.js";
import type { FilesConnection } from "../files/options.js";
import type { FileBatch, FileFormat, OpenFile } from "../files/read.js";
import { openFileSource } from "../files/source.js";
import { readText } from "../files/text.js";
import { findHeader, HEADER_SEARCH_LINES } from "./header.js";
import { type CsvSettings, type CsvSourceOptions, settingsOf } from "./options.js";
import { MAX_RECORD_LENGTH } from "./parse.js";
import { RowReader } from "./rows.js";

/** Throws ProblemError when the options contradict each other. */
export function openCsvSource(connection: FilesConnection, options: CsvSourceOptions, context: ConnectorContext): Source {
  const settings = settingsOf(options);
  return openFileSource(connection, options, context, (request) => new CsvFormat(settings, request));
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
    let head = "";
    let reader: RowReader | null = null;
    for await (const { text, bytes, isLast } of readText(file, found, this.settings.encoding)) {
      if (reader === null) {
        head += text;
        if (!isLast && !this.isEnough(head)) continue;
        reader = this.begin(head, isLast, file);
        head = "";
      } else reader.push(text, isLast);
      while (reader.fill()) yield { ...reader.take(), bytes };
    }
    if (reader === null) return;
    reader.end();
    // The last batch goes out even when it is empty, because only now the footer is known.
    yield { ...reader.take(), bytes: file.size };
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
