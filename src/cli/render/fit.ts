import stringWidth from "string-width";

const graphemes = new Intl.Segmenter(undefined, { granularity: "grapheme" });

/** Cuts a text to a number of columns, wide characters counted as two; `…` says that something is missing. */
export function shorten(text: string, columns: number): string {
  if (stringWidth(text) <= columns) return text;
  return `${beginning(text, columns - 1).trimEnd()}…`;
}

/** As much of a text as fits into so many columns, never half a character. */
export function beginning(text: string, columns: number): string {
  let part = "";
  let width = 0;
  for (const { segment } of graphemes.segment(text)) {
    width += stringWidth(segment);
    if (width > columns) break;
    part += segment;
  }
  return part;
}
