import stringWidth from "string-width";
import { visible } from "../../model/visible.js";

export interface TableColumn {
  readonly title: string;
  readonly align?: "left" | "right";
}

/**
 * Rows in aligned columns, right for Chinese and other wide characters; no lines, so that it can be cut and pasted. What would steer the
 * terminal is shown as a replacement mark; the program's own colours stay.
 */
export function renderTable(columns: readonly TableColumn[], given: readonly (readonly string[])[]): string {
  const rows = given.map((row) => row.map(visibleStyled));
  const widths = columns.map((column, index) => Math.max(stringWidth(column.title), ...rows.map((row) => stringWidth(row[index] ?? ""))));
  const line = (cells: readonly string[]): string =>
    columns
      .map((column, index) => pad(cells[index] ?? "", widths[index] as number, column.align ?? "left"))
      .join("  ")
      .trimEnd();
  return [line(columns.map((column) => column.title)), ...rows.map(line)].map((text) => `${text}\n`).join("");
}

export function pad(text: string, width: number, align: "left" | "right"): string {
  const blanks = " ".repeat(Math.max(0, width - stringWidth(text)));
  return align === "right" ? blanks + text : text + blanks;
}

/** The colours and weights that the program itself writes. None of them hides anything. */
const OWN_STYLES = /(\u001b\[(?:0|1|2|22|3[1-6]|39)m)/;

/** The same for a text that may be coloured already. */
function visibleStyled(text: string): string {
  return text
    .split(OWN_STYLES)
    .map((part, index) => (index % 2 === 1 ? part : visible(part)))
    .join("");
}
