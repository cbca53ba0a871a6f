import type { SheetForm } from "./layout.js";
import type { Cell, Row } from "./rows.js";
import { type ZipPart, zip } from "./zip.js";

const MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main";
const RELATED = "http://schemas.openxmlformats.org/officeDocument/2006/relationships";
const PACKAGE = "http://schemas.openxmlformats.org/package/2006";
const TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml";
const XML = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n';

/** Styles of the sheet by their place in `cellXfs`. */
const AS_TEXT = 1;
const AS_DATE = 2;

/**
 * The bytes of a workbook with one sheet (ECMA-376 part 1). Numbers stand in it as the decimal text they were given as, text
 * is marked as text, so that codes keep their zeros when a person edits them.
 */
export function writeWorkbook(form: SheetForm, rows: readonly Row[]): Buffer {
  const strings = new Strings();
  const all: readonly Row[] = [...form.head.map((names) => names.map((text): Cell => ({ kind: "text", text }))), ...rows];
  const data = all.map((cells, at) => rowOf(cells, at + 1, strings)).join("");
  const parts: ZipPart[] = [
    {
      name: "[Content_Types].xml",
      content: `${XML}<Types xmlns="${PACKAGE}/content-types"><Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/><Default Extension="xml" ContentType="application/xml"/>${[
        ["xl/workbook.xml", "sheet.main"],
        ["xl/worksheets/sheet1.xml", "worksheet"],
        ["xl/styles.xml", "styles"],
        ["xl/sharedStrings.xml", "sharedStrings"],
      ]
        .map(([part, type]) => `<Override PartName="/${part}" ContentType="${TYPE}.${type}+xml"/>`)
        .join("")}</Types>`,
    },
    { name: "_rels/.rels", content: relationships([["officeDocument", "xl/workbook.xml"]]) },
    {
      name: "xl/workbook.xml",
      content: `${XML}<workbook xmlns="${MAIN}" xmlns:r="${RELATED}"><sheets><sheet name="${escapeXml(form.sheet)}" sheetId="1" r:id="rId1"/></sheets></workbook>`,
    },
    {
      name: "xl/_rels/workbook.xml.rels",
      content: relationships([
        ["worksheet", "worksheets/sheet1.xml"],
        ["styles", "styles.xml"],
        ["sharedStrings", "sharedStrings.xml"],
      ]),
    },
    { name: "xl/styles.xml", content: STYLES },
    { name: "xl/sharedStrings.xml", content: strings.part() },
    { name: "xl/worksheets/sheet1.xml", content: `${XML}<worksheet xmlns="${MAIN}"><sheetData>${data}</sheetData></worksheet>` },
  ];
  return zip(parts);
}

/** Format 49 is text; 164 is the first number a workbook may give to a format of its own. */
const STYLES = `${XML}<styleSheet xmlns="${MAIN}"><numFmts count="1"><numFmt numFmtId="164" formatCode="yyyy\\-mm\\-dd"/></numFmts><fonts count="1"><font><sz val="11"/><name val="Calibri"/></font></fonts><fills count="2"><fill><patternFill patternType="none"/></fill><fill><patternFill patternType="gray125"/></fill></fills><borders count="1"><border/></borders><cellStyleXfs count="1"><xf numFmtId="0" fontId="0" fillId="0" borderId="0"/></cellStyleXfs><cellXfs count="3">${[
  0, 49, 164,
]
  .map((format) => `<xf numFmtId="${format}" fontId="0" fillId="0" borderId="0" xfId="0"${format === 0 ? "" : ' applyNumberFormat="1"'}/>`)
  .join("")}</cellXfs></styleSheet>`;

class Strings {
  private readonly places = new Map<string, number>();
  private used = 0;

  place(text: string): number {
    this.used += 1;
    const known = this.places.get(text);
    if (known !== undefined) return known;
    this.places.set(text, this.places.size);
    return this.places.size - 1;
  }

  part(): string {
    const items = [...this.places.keys()].map((text) => `<si><t xml:space="preserve">${escapeXml(text)}</t></si>`).join("");
    return `${XML}<sst xmlns="${MAIN}" count="${this.used}" uniqueCount="${this.places.size}">${items}</sst>`;
  }
}

function rowOf(cells: Row, number: number, strings: Strings): string {
  const written = cells.map((cell, at) => (cell === null ? "" : cellOf(cell, `${columnName(at)}${number}`, strings)));
  return `<row r="${number}">${written.join("")}</row>`;
}

function cellOf({ kind, text }: NonNullable<Cell>, place: string, strings: Strings): string {
  if (kind === "number") return `<c r="${place}"><v>${text}</v></c>`;
  if (kind === "date") return `<c r="${place}" s="${AS_DATE}"><v>${text}</v></c>`;
  return `<c r="${place}" s="${AS_TEXT}" t="s"><v>${strings.place(text)}</v></c>`;
}

/** A, B … Z, AA … */
function columnName(at: number): string {
  return (at < 26 ? "" : columnName(Math.floor(at / 26) - 1)) + String.fromCharCode(65 + (at % 26));
}

function relationships(all: readonly (readonly [type: string, target: string])[]): string {
  const each = all.map(([type, target], at) => `<Relationship Id="rId${at + 1}" Type="${RELATED}/${type}" Target="${target}"/>`);
  return `${XML}<Relationships xmlns="${PACKAGE}/relationships">${each.join("")}</Relationships>`;
}

/** `_x0041_` in a workbook stands for `A`, so a text that looks like it is marked as it stands (ECMA-376 part 1, 22.9.2.19). */
function escapeXml(text: string): string {
  return text
    .replaceAll(/_(?=x[0-9A-Fa-f]{4}_)/g, "_x005F_")
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;")
    .replaceAll('"', "&quot;")
    .replaceAll("\r", "&#13;");
}
