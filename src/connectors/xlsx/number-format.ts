/** What the number format of a cell shows. */
export interface CellFormat {
  /** `moment` shows a date, a time of day or both; `elapsed` a length of time such as `[h]:mm`. */
  readonly kind: "number" | "moment" | "elapsed";
  readonly hasDate: boolean;
  readonly hasTime: boolean;
  /** Fractions of a second are shown. */
  readonly hasFractions: boolean;
  /** Whole numbers are shown with at least this many digits: `00000` shows 42 as 00042. */
  readonly digits: number;
}

const NUMBER: CellFormat = { kind: "number", hasDate: false, hasTime: false, hasFractions: false, digits: 0 };
const DATE: CellFormat = { ...NUMBER, kind: "moment", hasDate: true };
const TIME: CellFormat = { ...NUMBER, kind: "moment", hasTime: true };
const BOTH: CellFormat = { ...NUMBER, kind: "moment", hasDate: true, hasTime: true };
const ELAPSED: CellFormat = { ...NUMBER, kind: "elapsed", hasTime: true };

/** Formats that are known by number alone: ECMA-376 part 1, 18.8.30, with those that Chinese Excel adds. */
const BUILT_IN = new Map<number, CellFormat>([
  ...[14, 15, 16, 17, 27, 28, 29, 30, 31, 36, 50, 51, 52, 53, 54, 57, 58].map((id) => [id, DATE] as const),
  ...[18, 19, 20, 21, 32, 33, 34, 35, 45, 55, 56].map((id) => [id, TIME] as const),
  [22, BOTH],
  [46, ELAPSED],
  [47, { ...TIME, hasFractions: true }],
]);

/** `code` is the format as text, where the workbook says it. */
export function formatOf(id: number, code: string | undefined): CellFormat {
  return code === undefined ? (BUILT_IN.get(id) ?? NUMBER) : formatOfCode(code);
}

function formatOfCode(code: string): CellFormat {
  // The first section is for positive numbers. Colours, conditions and currencies stand in brackets, text in quotes.
  const section = firstSection(code);
  if (/\[(h+|m+|s+)\]/i.test(section)) return ELAPSED;
  const letters = section
    .replace(/\[[^\]]*\]/g, "")
    .replace(/general|G\/通用格式/i, "")
    .replace(/AM\/PM|A\/P|上午\/下午/gi, "h");
  if (/^0{2,}$/.test(letters)) return { ...NUMBER, digits: letters.length };
  const kept = letters.replace(/E[+-]/gi, "").replace(/[^ymdhsegb.0]/gi, "");
  // An `m` next to hours or seconds means minutes, else months.
  const hasTime = /[hs]/i.test(kept);
  const hasDate = /[ydegb]/i.test(kept) || /m/i.test(hasTime ? kept.replace(/h+m+|m+(?=\.?0*s)/gi, "") : kept);
  if (!hasDate && !hasTime) return NUMBER;
  return { kind: "moment", hasDate, hasTime, hasFractions: /s\.0/i.test(kept), digits: 0 };
}

/** Up to the first semicolon, without quoted and escaped text, blanks (`_x`) and fills (`*x`). */
function firstSection(code: string): string {
  let section = "";
  for (let at = 0; at < code.length; at += 1) {
    const character = code[at] as string;
    if (character === ";") break;
    if (character === '"') {
      const close = code.indexOf('"', at + 1);
      at = close === -1 ? code.length : close;
    } else if (character === "\\" || character === "_" || character === "*") at += 1;
    else section += character;
  }
  return section;
}
