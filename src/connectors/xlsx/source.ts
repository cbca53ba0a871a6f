import { ProblemError, problem } from "../../model/problem.js";
import type { ConnectorContext, ReadRequest, Source } from "../contract.js";
import { listNames } from "../files/columns.js";
import { type FilesConnection, unpackLimitOf } from "../files/options.js";
import type { FileBatch, FileFormat, OpenFile } from "../files/read.js";
import { openFileSource } from "../files/source.js";
import type { CellContext } from "./cell.js";
import { HeaderSearch } from "./header.js";
import { type FileKind, KindInspection, notWorkbook } from "./kind.js";
import { settingsOf, type XlsxSettings, type XlsxSourceOptions } from "./options.js";
import { RowReader } from "./rows.js";
import { readMerges, readRows, sheetUnit } from "./sheet.js";
import { type Sheet, Workbook } from "./workbook.js";

/** Throws ProblemError when a pattern cannot be read. */
export function openXlsxSource(connection: FilesConnection, options: XlsxSourceOptions, context: ConnectorContext): Source {
  const settings = settingsOf(options);
  const unpackLimit = unpackLimitOf(options);
  return openFileSource(connection, options, context, (request) => new XlsxFormat(settings, request, unpackLimit));
}

class XlsxFormat implements FileFormat<FileKind> {
  /** The sheets of one file share its texts, which are read once. */
  private opened: { readonly bytes: OpenFile["bytes"]; readonly workbook: Workbook } | null = null;

  constructor(
    private readonly settings: XlsxSettings,
    private readonly request: ReadRequest,
    /** In bytes, for each part of a workbook. */
    private readonly unpackLimit: number,
  ) {}

  inspect(): KindInspection {
    return new KindInspection();
  }

  /** With a pattern for `sheet`, each sheet that matches is a unit of its own. */
  async parts(file: OpenFile, kind: FileKind): Promise<readonly string[] | null> {
    const { sheet } = this.settings;
    if (sheet === null || !/[*?]/.test(sheet)) return null;
    const workbook = await this.open(file, kind);
    const wanted = new RegExp(
      `^${sheet
        .replace(/[[\](){}+|^$.\\]/g, "\\$&")
        .replace(/\*+/g, ".*")
        .replaceAll("?", ".")}$`,
      "su",
    );
    const names = workbook.sheets.filter((each) => each.isVisible && wanted.test(each.name)).map((each) => each.name);
    if (names.length > 0) return names;
    throw noSheet(file.unit, sheet, workbook);
  }

  async *read(file: OpenFile, kind: FileKind, part: string | null): AsyncGenerator<FileBatch> {
    const workbook = await this.open(file, kind);
    const context = {
      strings: await workbook.strings(),
      formats: await workbook.formats(),
      is1904: workbook.is1904,
      trim: this.settings.trim,
    };
    const sheet = await this.choose(workbook, part, context);
    const search = new HeaderSearch(this.request.columns, this.settings, context, sheetUnit(workbook, sheet));
    const merges = this.settings.fillsMerged ? await readMerges(workbook, sheet) : null;
    let reader: RowReader | null = null;
    for await (const { rows, share } of readRows(workbook, sheet, merges)) {
      for (const row of rows) {
        if (reader !== null) reader.add(row);
        else if (search.add(row)) reader = this.begin(search, context, file.unit);
      }
      if (reader?.isFull) yield { ...reader.take(), bytes: share * file.size };
    }
    search.end();
    reader ??= this.begin(search, context, file.unit);
    reader.end();
    yield { ...reader.take(), bytes: file.size };
  }

  private begin(search: HeaderSearch, context: CellContext, unit: string): RowReader {
    const match = search.result;
    if (match === null) throw new Error("bug: the header search has not ended");
    if ("code" in match) throw new ProblemError(match);
    return new RowReader(match, context, this.settings, unit, search.above);
  }

  private async open(file: OpenFile, kind: FileKind): Promise<Workbook> {
    if (kind !== "zip") throw new ProblemError(notWorkbook(kind, file.unit));
    if (this.opened?.bytes !== file.bytes) this.opened = { bytes: file.bytes, workbook: await Workbook.open(file, this.unpackLimit) };
    return this.opened.workbook;
  }

  private async choose(workbook: Workbook, part: string | null, context: CellContext): Promise<Sheet> {
    const name = part ?? this.settings.sheet;
    if (name !== null) {
      const sheet = workbook.sheets.find((each) => each.name === name);
      if (sheet === undefined) throw noSheet(workbook.unit, name, workbook);
      return sheet;
    }
    const visible = workbook.sheets.filter((each) => each.isVisible);
    const searches: { readonly sheet: Sheet; readonly search: HeaderSearch }[] = [];
    for (const sheet of visible) {
      const search = new HeaderSearch(this.request.columns, this.settings, context, sheetUnit(workbook, sheet));
      await seek(workbook, sheet, search);
      searches.push({ sheet, search });
    }
    const [first, second] = searches.filter(({ search }) => search.result !== null && !("code" in search.result));
    if (second !== undefined) throw severalSheets(workbook.unit, [first?.sheet.name ?? "", second.sheet.name]);
    if (first !== undefined) return first.sheet;
    // Of sheets that do not fit, the one that has some of the columns says most.
    const [near] = searches
      .flatMap(({ search }) => (search.result !== null && "code" in search.result ? [search.result] : []))
      .sort((left, right) => Number(left.code === "SOURCE_NO_HEADER") - Number(right.code === "SOURCE_NO_HEADER"));
    throw near === undefined ? noSheet(workbook.unit, null, workbook) : new ProblemError(near);
  }
}

/** Reads a sheet as far as its header. */
async function seek(workbook: Workbook, sheet: Sheet, search: HeaderSearch): Promise<void> {
  for await (const { rows } of readRows(workbook, sheet, null)) for (const row of rows) if (search.add(row)) return;
  search.end();
}

function noSheet(unit: string, name: string | null, workbook: Workbook): ProblemError {
  const visible = workbook.sheets.filter((sheet) => sheet.isVisible).map((sheet) => sheet.name);
  const has = visible.length === 0 ? "it has no visible sheet" : `its visible sheets are ${listNames(visible)}`;
  const message = name === null ? `\`${unit}\` has no sheet to read: ${has}` : `\`${unit}\` has no sheet \`${name}\`; ${has}`;
  return new ProblemError(problem("SOURCE_SHEET", message, { file: unit }, "correct `sheet`; upper and lower case differ"));
}

function severalSheets(unit: string, names: readonly string[]): ProblemError {
  return new ProblemError(
    problem(
      "SOURCE_SHEET",
      `\`${unit}\` has several sheets with these columns: ${listNames(names)}; reading one would leave out the other`,
      { file: unit },
      "name the one to read under `sheet`, or a pattern such as `*` where all are to be read",
    ),
  );
}
