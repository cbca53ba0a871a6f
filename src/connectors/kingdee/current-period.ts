import { addMonths, type DateText, formatDate, isRealDate, periodOf } from "../../model/dates.js";
import type { Document } from "../../model/document.js";
import { type Problem, ProblemError, problem } from "../../model/problem.js";
import { refuseOption } from "../http/action.js";
import { type Json, textOf } from "../http/json.js";
import type { KingdeeClient } from "./client.js";
import { quoted } from "./filter.js";
import type { KingdeeTargetOptions } from "./target-options.js";

const BOOKS = "BD_AccountBook";

/** Tells closed months from open ones by the current period of the account book: those before it are closed. */
export class CurrentPeriod {
  private asked: Promise<DateText> | null = null;

  constructor(
    private readonly client: KingdeeClient,
    private readonly book: string,
    private readonly fields: NonNullable<KingdeeTargetOptions["current_period"]>,
  ) {}

  /** Null where the options do not say where the period stands. Throws ProblemError where they name no book. */
  static of({ book, current_period: fields }: KingdeeTargetOptions, client: KingdeeClient): CurrentPeriod | null {
    if (fields === undefined) return null;
    if (book === undefined)
      return refuseOption("CONFIG_MISSING_KEY", "`current_period` needs `book`", 'say whose period it is, such as `book: "001"`');
    return new CurrentPeriod(client, book, fields);
  }

  /** Why a document would be refused; null where its period is open. Throws QueryFault and ProblemError. */
  async faultOf({ key, date }: Document): Promise<Problem | null> {
    const first = await this.firstDay();
    if (date === "" || date >= first) return null;
    const message = `the period \`${periodOf(date)}\` is closed: the current one of book \`${this.book}\` is \`${periodOf(first)}\``;
    return problem("TARGET_PERIOD_CLOSED", message, { document: key }, "open the period in the ERP, or change the date");
  }

  /** The first day from `date` on that may be posted to. Throws QueryFault and ProblemError. */
  async nextOpen(date: DateText): Promise<DateText> {
    const first = await this.firstDay();
    return date < first ? first : date;
  }

  /** Of the current period, asked for once: the ERP itself looks again when something is saved. */
  private firstDay(): Promise<DateText> {
    this.asked ??= this.ask();
    this.asked.catch(() => {
      this.asked = null;
    });
    return this.asked;
  }

  private async ask(): Promise<DateText> {
    const { year, period } = this.fields;
    const rows = await this.client.query({
      form: BOOKS,
      fields: ["FNumber", year, period],
      filter: `FNumber=${quoted(this.book)}`,
      order: "FNumber ASC",
      start: 0,
      limit: 2,
    });
    const [, givenYear, givenPeriod] = rows.length === 1 ? (rows[0] as readonly Json[]) : [];
    const [at, month] = [Number(textOf(givenYear ?? null) ?? ""), Number(textOf(givenPeriod ?? null) ?? "")];
    // A thirteenth period, of adjustments, belongs to the last month.
    const first = isRealDate(at, 1, 1) && month >= 1 && month <= 13 ? addMonths(formatDate(at, 1, 1), Math.min(month, 12) - 1) : null;
    if (first !== null) return first;
    throw new ProblemError(
      problem(
        "TARGET_UNAVAILABLE",
        `the book \`${this.book}\` has no current period in \`${year}\` and \`${period}\``,
        [],
        "check `current_period` and `book`; the fields of `BD_AccountBook` differ from site to site. Nothing was sent",
      ),
    );
  }
}
