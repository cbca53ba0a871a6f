import { ProblemError, problem } from "../../model/problem.js";
import type { OpenFile } from "../files/read.js";
import type { XmlElement } from "../files/xml.js";
import { ZipArchive, type ZipEntry } from "../files/zip.js";
import { unescaped } from "./cell.js";
import { type CellFormat, formatOf } from "./number-format.js";
import { readPart } from "./part.js";

/** Texts that cells share are needed in no order, so they are held in memory; more characters than this are refused. */
const MAX_SHARED_CHARACTERS = 128 * 1024 * 1024;
const MAX_FORMATS = 100_000;

export interface Sheet {
  readonly name: string;
  readonly isVisible: boolean;
  readonly entry: ZipEntry;
}

/** The parts of a workbook (ECMA-376) that are needed to read its sheets. */
export class Workbook {
  private sharedStrings: Promise<readonly string[]> | null = null;
  private cellFormats: Promise<readonly CellFormat[]> | null = null;

  private constructor(
    readonly unit: string,
    readonly archive: ZipArchive,
    /** In bytes, for each part once it is unpacked. */
    readonly limit: number,
    /** Sheets with cells, in their order; not charts. */
    readonly sheets: readonly Sheet[],
    readonly is1904: boolean,
    private readonly stringsPart: ZipEntry | null,
    private readonly stylesPart: ZipEntry | null,
  ) {}

  static async open(file: OpenFile, limit: number): Promise<Workbook> {
    const archive = await ZipArchive.open(file);
    const parts = new Parts(file.unit, archive, limit);
    const main = (await parts.related("", "officeDocument"))[0]?.entry ?? parts.find("xl/workbook.xml");
    if (main === null || /\.bin$/i.test(main.name)) throw notXlsx(file.unit, archive);
    const related = await parts.related(main.name);
    const listed: { name: string; state: string; id: string }[] = [];
    let is1904 = false;
    await parts.read(main, (element) => {
      if (element.local === "workbookPr") is1904 = /^(1|true)$/.test(element.get("date1904") ?? "");
      if (element.local !== "sheet") return;
      const id = element.attributes().find((each) => each.local === "id" && each.uri !== "")?.value ?? "";
      listed.push({ name: element.get("name") ?? "", state: element.get("state") ?? "visible", id });
    });
    const sheets = listed.flatMap(({ name, state, id }): Sheet[] => {
      const part = related.find((each) => each.id === id && each.type === "worksheet");
      return part === undefined ? [] : [{ name, isVisible: state === "visible", entry: part.entry }];
    });
    const partOf = (type: string): ZipEntry | null => related.find((each) => each.type === type)?.entry ?? null;
    return new Workbook(file.unit, archive, limit, sheets, is1904, partOf("sharedStrings"), partOf("styles"));
  }

  /** Read once, when the first sheet is. */
  strings(): Promise<readonly string[]> {
    this.sharedStrings ??= this.stringsPart === null ? Promise.resolve([]) : this.readStrings(this.stringsPart);
    return this.sharedStrings;
  }

  /** The number format of each cell style. */
  formats(): Promise<readonly CellFormat[]> {
    this.cellFormats ??= this.stylesPart === null ? Promise.resolve([]) : this.readFormats(this.stylesPart);
    return this.cellFormats;
  }

  private async readStrings(part: ZipEntry): Promise<string[]> {
    const strings: string[] = [];
    const text = new RichText();
    let characters = 0;
    const events = {
      open: (element: XmlElement): void => text.open(element.local),
      text: (piece: string): void => text.add(piece),
      close: (): void => {
        if (text.close() !== "si") return;
        const string = unescaped(text.take());
        characters += string.length;
        if (characters > MAX_SHARED_CHARACTERS) throw tooMuchText(this.unit);
        strings.push(string);
      },
    };
    for await (const _share of readPart(this.archive, part, this.unit, this.limit, events));
    return strings;
  }

  private async readFormats(part: ZipEntry): Promise<CellFormat[]> {
    const codes = new Map<number, string>();
    const used: number[] = [];
    const path: string[] = [];
    const events = {
      open: (element: XmlElement): void => {
        const parent = path.at(-1);
        path.push(element.local);
        const id = Number(element.get("numFmtId") ?? "0");
        if (parent === "numFmts" && element.local === "numFmt") codes.set(id, element.get("formatCode") ?? "");
        if (parent === "cellXfs" && element.local === "xf" && used.length < MAX_FORMATS) used.push(id);
      },
      text: (): void => undefined,
      close: (): void => void path.pop(),
    };
    for await (const _share of readPart(this.archive, part, this.unit, this.limit, events));
    const known = new Map<number, CellFormat>();
    return used.map((id) => {
      const format = known.get(id) ?? formatOf(id, codes.get(id));
      known.set(id, format);
      return format;
    });
  }
}

/** Gathers the text of `<si>` or `<is>`: all `<t>` in it but those of phonetic hints (`<rPh>`). */
export class RichText {
  private readonly path: string[] = [];
  private text = "";
  private hints = 0;

  open(local: string): void {
    if (local === "rPh") this.hints += 1;
    this.path.push(local);
  }

  add(piece: string): void {
    if (this.hints === 0 && this.path.at(-1) === "t") this.text += piece;
  }

  /** The name of the element that ends. */
  close(): string {
    const local = this.path.pop() ?? "";
    if (local === "rPh") this.hints -= 1;
    return local;
  }

  take(): string {
    const { text } = this;
    this.text = "";
    return text;
  }
}

interface RelatedPart {
  readonly id: string;
  /** The last word of its type: `worksheet`. */
  readonly type: string;
  readonly entry: ZipEntry;
}

/** Parts of a package and how they refer to each other (ECMA-376 part 2). */
class Parts {
  private readonly byName = new Map<string, ZipEntry>();

  constructor(
    private readonly unit: string,
    private readonly archive: ZipArchive,
    private readonly limit: number,
  ) {
    for (const entry of archive.entries) this.byName.set(entry.name.toLowerCase(), entry);
  }

  /** Names of parts do not differ by case. */
  find(name: string): ZipEntry | null {
    return this.byName.get(name.toLowerCase()) ?? null;
  }

  /** What a part refers to; `name` is empty for the package itself. */
  async related(name: string, type?: string): Promise<RelatedPart[]> {
    const folder = name.slice(0, name.lastIndexOf("/") + 1);
    const part = this.find(`${folder}_rels/${name.slice(folder.length)}.rels`);
    const found: RelatedPart[] = [];
    if (part === null) return found;
    await this.read(part, (element) => {
      const kind = /[^/]*$/.exec(element.get("Type") ?? "")?.[0] ?? "";
      if (element.local !== "Relationship" || element.get("TargetMode") === "External" || (type ?? kind) !== kind) return;
      const entry = this.find(resolve(folder, element.get("Target") ?? ""));
      if (entry !== null) found.push({ id: element.get("Id") ?? "", type: kind, entry });
    });
    return found;
  }

  async read(part: ZipEntry, open: (element: XmlElement) => void): Promise<void> {
    const events = { open, text: (): void => undefined, close: (): void => undefined };
    for await (const _share of readPart(this.archive, part, this.unit, this.limit, events));
  }
}

/** The name of a part from a reference to it, which may be relative to its folder. */
function resolve(folder: string, target: string): string {
  if (target.startsWith("/")) return target.slice(1);
  const path: string[] = [];
  for (const step of `${folder}${target}`.split("/")) {
    if (step === "..") path.pop();
    else if (step !== "." && step !== "") path.push(step);
  }
  return path.join("/");
}

function notXlsx(unit: string, archive: ZipArchive): ProblemError {
  const names = archive.entries.map(({ name }) => name.toLowerCase());
  const what = names.includes("xl/workbook.bin")
    ? "is a binary workbook (`.xlsb`)"
    : names.includes("content.xml")
      ? "is an OpenDocument file (`.ods`)"
      : "is a zip archive, but no Excel workbook";
  return new ProblemError(
    problem("SOURCE_FORMAT", `\`${unit}\` ${what}`, { file: unit }, "open it in Excel or WPS and save it as an Excel workbook (`.xlsx`)"),
  );
}

function tooMuchText(unit: string): ProblemError {
  return new ProblemError(
    problem(
      "SOURCE_TOO_LARGE",
      `\`${unit}\` holds more than ${MAX_SHARED_CHARACTERS / 2 ** 20} million characters of text`,
      { file: unit },
      "export it as CSV, which has no such limit, or in several workbooks",
    ),
  );
}
