import { ProblemError, problem } from "../../model/problem.js";
import type { ConnectorContext, RawCell, ReadRequest, Source } from "../contract.js";
import { type ColumnMatch, matchColumns } from "../files/columns.js";
import { type EncodingFound, EncodingInspection } from "../files/detect.js";
import { LineSplitter, MAX_LINE_LENGTH } from "../files/lines.js";
import type { FilesConnection } from "../files/options.js";
import type { FileBatch, FileFormat, OpenFile } from "../files/read.js";
import { RAW_LENGTH, RowBatch } from "../files/rows.js";
import { openFileSource } from "../files/source.js";
import { readText } from "../files/text.js";
import { byteRuler, characterRuler, type Ruler } from "./measure.js";
import { type FixedSettings, type FixedSourceOptions, settingsOf } from "./options.js";

/** Throws ProblemError when the options contradict each other. */
export function openFixedSource(connection: FilesConnection, options: FixedSourceOptions, context: ConnectorContext): Source {
  const settings = settingsOf(options);
  return openFileSource(connection, options, context, (request) => new FixedFormat(settings, request));
}

class FixedFormat implements FileFormat<EncodingFound> {
  constructor(
    private readonly settings: FixedSettings,
    private readonly request: ReadRequest,
  ) {}

  inspect(): EncodingInspection {
    return new EncodingInspection(this.settings.encoding);
  }

  async *read(file: OpenFile, found: EncodingFound): AsyncGenerator<FileBatch> {
    const { settings } = this;
    const match = matchColumns(
      settings.places.map(({ name }) => name),
      this.request.columns,
      settings,
      file.unit,
    );
    if ("code" in match) throw new ProblemError(match);
    const ruler = settings.countsBytes && "encoding" in found ? byteRuler(found.encoding) : characterRuler;
    const reader = new LineReader(match, settings, ruler, file.unit);
    const lines = new LineSplitter();
    for await (const { text, bytes, isLast } of readText(file, found, settings.encoding)) {
      lines.push(text, isLast);
      while (lines.next()) {
        reader.add(lines.text, lines.line, lines.isTooLong);
        if (reader.batch.isFull) yield { ...reader.batch.take(), bytes };
      }
    }
    reader.batch.end();
    yield { ...reader.batch.take(), bytes: file.size };
  }
}

/** Turns lines into records. Every line becomes a record or is malformed, or is left out as the options say. */
class LineReader {
  readonly batch: RowBatch;
  /** Where the last column ends. */
  private readonly width: number;

  constructor(
    private readonly match: ColumnMatch,
    private readonly settings: FixedSettings,
    private readonly ruler: Ruler,
    private readonly unit: string,
  ) {
    this.batch = new RowBatch(settings.skipFooter);
    this.width = Math.max(...settings.places.map(({ to }) => to));
  }

  add(text: string, line: number, isTooLong: boolean): void {
    if (line <= this.settings.skipLines || (text.trim() === "" && !isTooLong)) return;
    if (isTooLong) this.refuse(text, line, `the line is longer than ${MAX_LINE_LENGTH / 2 ** 20} MB`);
    else if (this.isIgnored(text)) this.batch.leftOut += 1;
    else this.read(text, line);
  }

  private read(text: string, line: number): void {
    const { settings, ruler, match } = this;
    const length = settings.fillsShortRows ? this.width : ruler.lengthOf(text);
    if (length < this.width) {
      const unit = settings.countsBytes ? "bytes" : "characters";
      this.refuse(text, line, `the line has ${length} ${unit}, expected at least ${this.width}`);
      return;
    }
    const cells: RawCell[] = [];
    for (const place of match.places) {
      const cell = place === -1 ? "" : this.cell(text, place);
      if (cell === null) {
        this.refuse(text, line, `\`${settings.places[place]?.name}\` begins or ends within a character`);
        return;
      }
      cells.push(cell === "" ? null : cell);
    }
    this.batch.add({ line, cells });
  }

  private cell(text: string, place: number): string | null {
    const { from, to } = this.settings.places[place] as FixedSettings["places"][number];
    const cell = this.ruler.cut(text, from, to);
    return this.settings.trim && cell !== null ? cell.trim() : cell;
  }

  private isIgnored(text: string): boolean {
    const { ignoredRows, ignoredCells } = this.settings;
    return (
      ignoredRows.some((pattern) => pattern.test(text)) ||
      ignoredCells.some(({ pattern }, index) => pattern.test((this.cell(text, this.match.ignoredPlaces[index] as number) ?? "").trim()))
    );
  }

  private refuse(text: string, line: number, message: string): void {
    const hint = "correct the line at its source, or check `places` and `measure`; `short_rows: fill` reads what is missing as empty";
    const found = problem("RECORD_MALFORMED", message, { file: this.unit, line }, hint);
    this.batch.add({ line, text: text.slice(0, RAW_LENGTH), problem: found });
  }
}
