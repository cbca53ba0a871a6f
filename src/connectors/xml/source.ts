import { ProblemError, problem } from "../../model/problem.js";
import type { ConnectorContext, ReadRequest, Source } from "../contract.js";
import { listNames } from "../files/columns.js";
import { FieldFault, FieldMatcher } from "../files/fields.js";
import type { FilesConnection } from "../files/options.js";
import type { FileBatch, FileFormat, Inspection, OpenFile } from "../files/read.js";
import { RAW_LENGTH, RowBatch } from "../files/rows.js";
import { openFileSource } from "../files/source.js";
import { readText } from "../files/text.js";
import { XML_HEAD_BYTES, XmlReader, xmlEncoding } from "../files/xml.js";
import { RecordBuilder, type XmlRecord } from "./fields.js";
import { settingsOf, type XmlSettings, type XmlSourceOptions } from "./options.js";

/** Throws ProblemError when a pattern cannot be read. */
export function openXmlSource(connection: FilesConnection, options: XmlSourceOptions, context: ConnectorContext): Source {
  const settings = settingsOf(options);
  return openFileSource(connection, options, context, (request) => new XmlFormat(settings, request));
}

/** Keeps the beginning of a file, where it says what encoding it has. */
class HeadInspection implements Inspection<Buffer> {
  private head: Buffer = Buffer.alloc(0);

  see(chunk: Buffer): void {
    if (this.head.length < XML_HEAD_BYTES) this.head = Buffer.concat([this.head, chunk.subarray(0, XML_HEAD_BYTES - this.head.length)]);
  }

  end(): Buffer {
    return this.head;
  }
}

class XmlFormat implements FileFormat<Buffer> {
  constructor(
    private readonly settings: XmlSettings,
    private readonly request: ReadRequest,
  ) {}

  inspect(): HeadInspection {
    return new HeadInspection();
  }

  async *read(file: OpenFile, head: Buffer): AsyncGenerator<FileBatch> {
    const found = xmlEncoding(head);
    if ("unknown" in found) throw unknownEncoding(file.unit, found.unknown);
    const builder: RecordBuilder = new RecordBuilder(this.settings, file.unit, () => parser.line);
    const parser = new XmlReader(file.unit, builder, { namespaces: true });
    const records = new Records(this.request, this.settings, file.unit);
    for await (const { text, bytes, isLast } of readText(file, found, found.encoding)) {
      parser.feed(text);
      if (isLast) parser.end();
      for (const record of builder.take()) records.add(record);
      if (records.batch.isFull) yield { ...records.batch.take(), bytes };
    }
    if (!builder.hasPlace) throw noRecords(file.unit, this.settings, [...builder.met]);
    const missing = records.matcher.end();
    if (missing !== null) throw new ProblemError(missing);
    yield { ...records.batch.take(), bytes: file.size };
  }
}

/** Every record becomes a record of ours or is malformed, or is left out as the options say. */
class Records {
  readonly batch = new RowBatch();
  readonly matcher: FieldMatcher;
  /** Records so far. */
  private count = 0;

  constructor(
    request: ReadRequest,
    private readonly settings: XmlSettings,
    private readonly unit: string,
  ) {
    this.matcher = new FieldMatcher(request.columns, settings, unit);
  }

  add(record: XmlRecord): void {
    this.count += 1;
    const { ignoredRows } = this.settings;
    if (ignoredRows.length > 0) {
      const text = textOf(record);
      if (ignoredRows.some((pattern) => pattern.test(text))) {
        this.batch.leftOut += 1;
        return;
      }
    }
    if (this.matcher.isIgnored(record.fields)) {
      this.batch.leftOut += 1;
      return;
    }
    const { cells, faults } = this.matcher.cells(record.fields);
    if (faults.length === 0) {
      // The place among the records is the line: a file may have all of them on one.
      this.batch.add({ line: this.count, cells });
      return;
    }
    const hint = "correct the record at its source; `repeated` says what becomes of elements that stand several times";
    this.batch.add({
      line: this.count,
      text: textOf(record).slice(0, RAW_LENGTH),
      problem: problem("RECORD_MALFORMED", faults.join("; "), { file: this.unit, line: record.line }, hint),
    });
  }
}

function textOf({ fields }: XmlRecord): string {
  return [...fields]
    .filter(([, value]) => value !== null)
    .map(([name, value]) => `${name}=${value instanceof FieldFault ? "…" : String(value)}`)
    .join(",");
}

function unknownEncoding(unit: string, name: string): ProblemError {
  return new ProblemError(
    problem(
      "SOURCE_DECODE",
      `\`${unit}\` says that its encoding is \`${name}\`, which is not known`,
      { file: unit, line: 1 },
      "export it as UTF-8",
    ),
  );
}

function noRecords(unit: string, { element, isAnywhere }: XmlSettings, met: readonly string[]): ProblemError {
  const wanted = isAnywhere ? element.join("") : `/${element.slice(0, -1).join("/")}`;
  const hint = isAnywhere
    ? "correct `element`; where a file without records is normal, write the whole path, such as `/root/items/item`"
    : "correct `element`; elements of namespaces that are listed under `namespaces` have their prefix there";
  return new ProblemError(
    problem("SOURCE_FORMAT", `\`${unit}\` has no element \`${wanted}\`; its elements are ${listNames(met)}`, { file: unit }, hint),
  );
}
