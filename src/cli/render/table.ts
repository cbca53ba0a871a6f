import stringWidth from "string-width";

export interface TableColumn {
  readonly title: string;
  readonly align?: "left" | "right";
}

/** Rows in aligned columns, right for Chinese and other wide characters; no lines, so that it can be cut and pasted. */
export function renderTable(columns: readonly TableColumn[], rows: readonly (readonly string[])[]): string {
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

/** Cut to a display width, with an ellipsis. */
export function fit(text: string, width: number): string {
  if (stringWidth(text) <= width) return text;
  let cut = "";
  let used = 0;
  for (const character of text) {
    const wide = stringWidth(character);
    if (used + wide > width - 1) break;
    cut += character;
    used += wide;
  }
  return `${cut}…`;
}
