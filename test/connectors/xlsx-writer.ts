import { type ZipPart, zipOf } from "./zip-writer.js";

const MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main";
const RELATED = "http://schemas.openxmlformats.org/officeDocument/2006/relationships";

export interface SheetGiven {
  readonly name: string;
  /** The content of `<sheetData>`. */
  readonly rows: string;
  readonly state?: "hidden" | "veryHidden";
  readonly merges?: readonly string[];
}

export interface WorkbookGiven {
  readonly sheets: readonly SheetGiven[];
  /** Each the content of one `<si>`. */
  readonly strings?: readonly string[];
  /** Format codes; style 1 has the first of them, style 0 none. A number is one of the built-in formats. */
  readonly formats?: readonly (string | number)[];
  readonly is1904?: boolean;
  /** Parts that replace these or come in addition. */
  readonly parts?: readonly ZipPart[];
}

/** A workbook as programs write it, of the parts that matter. */
export function workbookOf({ sheets, strings = [], formats = [], is1904 = false, parts = [] }: WorkbookGiven): Buffer {
  const relations = sheets.map((_, index) => relation(`rId${index + 1}`, "worksheet", `worksheets/sheet${index + 1}.xml`));
  const codes = formats.map((code, index) =>
    typeof code === "number" ? "" : `<numFmt numFmtId="${200 + index}" formatCode="${escaped(code)}"/>`,
  );
  const styles = formats.map((code, index) => `<xf numFmtId="${typeof code === "number" ? code : 200 + index}" applyNumberFormat="1"/>`);
  const all: ZipPart[] = [
    { name: "_rels/.rels", content: relationships([relation("rId1", "officeDocument", "xl/workbook.xml")]) },
    {
      name: "xl/workbook.xml",
      content: `<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\r\n<workbook xmlns="${MAIN}" xmlns:r="${RELATED}"><workbookPr${is1904 ? ' date1904="1"' : ""}/><sheets>${sheets
        .map(
          ({ name, state }, index) =>
            `<sheet name="${escaped(name)}" sheetId="${index + 1}"${state === undefined ? "" : ` state="${state}"`} r:id="rId${index + 1}"/>`,
        )
        .join("")}</sheets></workbook>`,
    },
    {
      name: "xl/_rels/workbook.xml.rels",
      content: relationships([
        ...relations,
        relation("rIdS", "sharedStrings", "/xl/sharedStrings.xml"),
        relation("rIdT", "styles", "styles.xml"),
      ]),
    },
    { name: "xl/sharedStrings.xml", content: `<sst xmlns="${MAIN}">${strings.map((each) => `<si>${each}</si>`).join("")}</sst>` },
    {
      name: "xl/styles.xml",
      content: `<styleSheet xmlns="${MAIN}"><numFmts>${codes.join("")}</numFmts><cellXfs><xf numFmtId="0"/>${styles.join("")}</cellXfs><dxfs><dxf><numFmt numFmtId="0" formatCode="yyyy"/></dxf></dxfs></styleSheet>`,
    },
    ...sheets.map(({ rows, merges = [] }, index) => ({
      name: `xl/worksheets/sheet${index + 1}.xml`,
      content: `<worksheet xmlns="${MAIN}"><sheetData>${rows}</sheetData>${merges.length === 0 ? "" : `<mergeCells>${merges.map((each) => `<mergeCell ref="${each}"/>`).join("")}</mergeCells>`}</worksheet>`,
    })),
  ];
  const replaced = new Set(parts.map((part) => part.name));
  return zipOf([...all.filter((part) => !replaced.has(part.name)), ...parts]);
}

/** Rows of text cells, written inline; null is no cell, and what begins with `<` is a whole cell. */
export function rowsOf(...rows: readonly (readonly (string | null)[])[]): string {
  return rows
    .map((cells, index) => `<row r="${index + 1}">${cells.map((cell, column) => cellOf(cell, column, index + 1)).join("")}</row>`)
    .join("");
}

function cellOf(cell: string | null, column: number, row: number): string {
  const place = `${String.fromCharCode(65 + column)}${row}`;
  if (cell === null) return "";
  if (cell.startsWith("<")) return cell.replace("<c", `<c r="${place}"`);
  return `<c r="${place}" t="inlineStr"><is><t xml:space="preserve">${escaped(cell)}</t></is></c>`;
}

function relation(id: string, type: string, target: string): string {
  return `<Relationship Id="${id}" Type="${RELATED}/${type}" Target="${target}"/>`;
}

function relationships(all: readonly string[]): string {
  return `<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">${all.join("")}</Relationships>`;
}

function escaped(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll('"', "&quot;");
}
