import type { DateText } from "../../model/dates.js";
import type { Document } from "../../model/document.js";

/** What is known of the voucher that is cancelled. */
export interface Original {
  readonly date: DateText;
  readonly word: string;
  readonly number: string;
}

/**
 * The opposite of a document: with negative amounts on the same sides (红字), or with the sides swapped. Every text begins with
 * the voucher it cancels, as 会计基础工作规范 art. 51(5) wants it: `注销2026年11月20日记-12号凭证`.
 */
export function oppositeOf(document: Document, original: Original, date: DateText, way: "red" | "swap sides"): Document {
  const { date: day, word, number } = original;
  const cancels = `注销${+day.slice(0, 4)}年${+day.slice(5, 7)}月${+day.slice(8, 10)}日${word}-${number}号凭证`;
  const marked = (text: string): string => (text === "" ? cancels : `${cancels} ${text}`);
  return {
    ...document,
    date,
    text: marked(document.text),
    // A correcting voucher needs no papers of its own (会计基础工作规范 art. 51(4)).
    attachments: 0,
    lines: document.lines.map((line) => {
      const text = marked(line.text === "" ? document.text : line.text);
      if (way === "red") return { ...line, text, amountMinor: -line.amountMinor };
      return { ...line, text, side: line.side === "debit" ? "credit" : "debit" };
    }),
  };
}
