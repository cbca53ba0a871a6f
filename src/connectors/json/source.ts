import { ProblemError, problem } from "../../model/problem.js";
import type { ConnectorContext, ReadRequest, Source } from "../contract.js";
import { type EncodingFound, EncodingInspection } from "../files/detect.js";
import { LineSplitter } from "../files/lines.js";
import type { FilesConnection } from "../files/options.js";
import type { FileBatch, FileFormat, OpenFile } from "../files/read.js";
import { openFileSource } from "../files/source.js";
import { readText } from "../files/text.js";
import { type JsonSettings, type JsonSourceOptions, settingsOf } from "./options.js";
import { JsonFault } from "./parse.js";
import { RecordReader } from "./records.js";
import { type Item, ItemScanner, ShapeFault } from "./scan.js";

/** Throws ProblemError when the options contradict each other. */
export function openJsonSource(connection: FilesConnection, options: JsonSourceOptions, context: ConnectorContext): Source {
  const settings = settingsOf(options);
  return openFileSource(connection, options, context, (request) => new JsonFormat(settings, request));
}

class JsonFormat implements FileFormat<EncodingFound> {
  constructor(
    private readonly settings: JsonSettings,
    private readonly request: ReadRequest,
  ) {}

  inspect(): EncodingInspection {
    return new EncodingInspection(this.settings.encoding);
  }

  async *read(file: OpenFile, found: EncodingFound): AsyncGenerator<FileBatch> {
    const reader = new RecordReader(this.request.columns, this.settings, file.unit);
    const { layout } = this.settings;
    const isLines = layout === "lines" || (layout === "detect" && /\.(jsonl|ndjson)(\.gz)?$/i.test(file.unit));
    const pieces = readText(file, found, this.settings.encoding);
    if (isLines) {
      const lines = new LineSplitter();
      for await (const { text, bytes, isLast } of pieces) {
        lines.push(text, isLast);
        while (lines.next()) {
          reader.addLine(lines.text, lines.line, lines.isTooLong);
          if (reader.isFull) yield { ...reader.take(), bytes };
        }
      }
    } else {
      const scanner = new ItemScanner(this.settings.path);
      for await (const { text, bytes, isLast } of pieces) {
        scanner.push(text, isLast);
        for (let item = nextItem(scanner, file.unit); item !== null; item = nextItem(scanner, file.unit)) {
          reader.addItem(item);
          if (reader.isFull) yield { ...reader.take(), bytes };
        }
      }
    }
    const missing = reader.end();
    if (missing !== null) throw new ProblemError(missing);
    yield { ...reader.take(), bytes: file.size };
  }
}

function nextItem(scanner: ItemScanner, unit: string): Item | null {
  try {
    return scanner.next();
  } catch (error) {
    if (!(error instanceof JsonFault)) throw error;
    const { line, column } = scanner;
    const hint = error instanceof ShapeFault ? error.hint : "correct it at its source, or send it again; nothing was taken from it";
    throw new ProblemError(
      problem("SOURCE_FORMAT", `\`${unit}\` is not JSON that can be read: ${error.reason}`, { file: unit, line, column }, hint),
    );
  }
}
