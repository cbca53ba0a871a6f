import { encodeText } from "./encode.js";
import type { TextForm } from "./layout.js";
import type { Row } from "./rows.js";

/** The bytes of a text file, each line ended by CR LF. */
export function writeTextFile(form: TextForm, rows: readonly Row[]): Buffer {
  const head = form.head.map((names) => names.map((name) => quoted(name, form)));
  const lines = rows.map((cells) =>
    cells.map((cell) => {
      if (cell === null) return "";
      return quoted(cell.kind === "text" && form.escapesFormulas ? withoutFormula(cell.text) : cell.text, form);
    }),
  );
  return encodeText([...head, ...lines].map((cells) => `${cells.join(form.delimiter)}\r\n`).join(""), form.encoding);
}

/** A layout without quotes takes no value that would need them; that was judged before. */
function quoted(text: string, { delimiter, hasQuotes }: TextForm): string {
  const needsQuotes = hasQuotes && (text.includes(delimiter) || /["\r\n]|^\s|\s$/.test(text));
  return needsQuotes ? `"${text.replaceAll('"', '""')}"` : text;
}

/** Spreadsheets run what begins like a formula; a tab or a line end before it does not stop them. */
function withoutFormula(text: string): string {
  return /^[\t\r\n]*[=+\-@]/.test(text) ? `'${text}` : text;
}
