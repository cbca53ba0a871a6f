import { zonedDateReader } from "../../model/date-formats.js";
import { type DateText, isDateText } from "../../model/dates.js";
import { Decimal } from "../../model/decimal.js";
import type { Document } from "../../model/document.js";
import { isCurrencyCode } from "../../model/money.js";
import { nearestName } from "../../model/nearest.js";
import { ProblemError, problem } from "../../model/problem.js";
import { compileAnswerPath, type Reading } from "./answer.js";
import { HeldLines } from "./held-lines.js";
import { plain, unreadable } from "./held-value.js";
import { type Path, valueAt } from "./path.js";
import type { HeldOptions } from "./question-options.js";
import { HEADER_FIELDS } from "./view.js";

/** Makes of an answer the document that the target holds now. What the options do not map is as it was posted. */
export class HeldDocument {
  private readonly date: Path | null;
  private readonly currency: Path | null;
  private readonly text: Path | null;
  private readonly attachments: Path | null;
  private readonly fields: readonly (readonly [string, Path])[];
  private readonly lines: HeldLines | null;
  private readonly zoned: (instant: string) => DateText | null;

  constructor(options: HeldOptions, timeZone: string) {
    const compile = (path: string | undefined, name: string): Path | null =>
      path === undefined ? null : compileAnswerPath(path, `read.document.${name}`);
    this.date = compile(options.date, "date");
    this.currency = compile(options.currency, "currency");
    this.text = compile(options.text, "text");
    this.attachments = compile(options.attachments, "attachments");
    this.fields = Object.entries(options.fields ?? {}).map(([name, path]) => {
      if (!HEADER_FIELDS.includes(name)) refuseField(name);
      return [name, compileAnswerPath(path, `read.document.fields.${name}`)] as const;
    });
    this.lines = options.lines === undefined ? null : new HeldLines(options.lines);
    this.zoned = zonedDateReader(timeZone);
  }

  /** Throws Unreadable. */
  read(reading: Reading, posted: Document): Document {
    const currency = this.currencyOf(reading) ?? posted.currency;
    return {
      ...posted,
      currency,
      date: this.dateOf(reading) ?? posted.date,
      text: this.text === null ? posted.text : plain(valueAt(this.text, reading), this.text),
      attachments: this.attachmentsOf(reading) ?? posted.attachments,
      fields: this.fieldsOf(reading, posted.fields),
      lines: this.lines === null ? posted.lines : this.lines.read(reading, posted.lines, currency),
    };
  }

  private dateOf(reading: Reading): DateText | null {
    if (this.date === null) return null;
    const text = plain(valueAt(this.date, reading), this.date);
    // A moment with a zone is a day only in our own zone.
    if (/[T ].*(Z|[+-]\d\d:?\d\d)$/.test(text)) return this.zoned(text) ?? unreadable(text, this.date, "a date");
    const date = text.replace(/^(\d{4})([-/]?)(\d\d)\2(\d\d)([T ].*)?$/, "$1-$3-$4");
    return isDateText(date) ? date : unreadable(text, this.date, "a date");
  }

  private currencyOf(reading: Reading): string | null {
    if (this.currency === null) return null;
    const code = plain(valueAt(this.currency, reading), this.currency);
    return isCurrencyCode(code) ? code : unreadable(code, this.currency, "an ISO 4217 code");
  }

  private attachmentsOf(reading: Reading): number | null {
    if (this.attachments === null) return null;
    const text = plain(valueAt(this.attachments, reading), this.attachments);
    if (text === "") return 0;
    const count = Decimal.parse(text)?.toMinor(0) ?? null;
    return count !== null && count >= 0n && count < 1_000_000n ? Number(count) : unreadable(text, this.attachments, "a number of papers");
  }

  private fieldsOf(reading: Reading, posted: Document["fields"]): Document["fields"] {
    const fields = { ...posted };
    for (const [name, path] of this.fields) {
      const text = plain(valueAt(path, reading), path);
      if (text === "") delete fields[name];
      else fields[name] = text;
    }
    return fields;
  }
}

function refuseField(name: string): never {
  const close = nearestName(name, HEADER_FIELDS);
  const hint = close === null ? `there is ${HEADER_FIELDS.map((each) => `\`${each}\``).join(", ")}` : `did you mean \`${close}\`?`;
  throw new ProblemError(problem("CONFIG_WRONG_VALUE", `\`read.document.fields\`: there is no header field \`${name}\``, [], hint));
}
