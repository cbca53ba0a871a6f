import { addMonths, type DateText, type Period, periodOf } from "../../model/dates.js";
import { ProblemError, problem } from "../../model/problem.js";
import type { PeriodOptions } from "./options.js";

/** Why nothing may be posted to a month, and what to do about it. */
export interface PeriodFault {
  readonly message: string;
  readonly hint: string;
}

/** Which months may be posted to. What the connection says is the whole truth; the books only keep a copy of it. */
export class PeriodRules {
  private readonly closed: ReadonlySet<Period>;
  private readonly known = new Map<Period, PeriodFault | null>();

  constructor(private readonly options: PeriodOptions = {}) {
    const { open_from, open_through } = options;
    if (open_from !== undefined && open_through !== undefined && open_from > open_through) {
      throw new ProblemError(
        problem(
          "CONFIG_WRONG_VALUE",
          `no month is open: \`open_from\` is \`${open_from}\` and \`open_through\` is \`${open_through}\``,
          { field: "periods.open_through" },
          "let `open_through` be the same month or a later one",
        ),
      );
    }
    this.closed = new Set(options.closed ?? []);
  }

  /** Null when the month is open. */
  faultOf(period: Period): PeriodFault | null {
    let fault = this.known.get(period);
    if (fault === undefined) {
      fault = this.judge(period);
      this.known.set(period, fault);
    }
    return fault;
  }

  /** The first day from `date` on that may be posted to; null when no later month is open. */
  nextOpen(date: DateText): DateText | null {
    if (this.faultOf(periodOf(date)) === null) return date;
    const { open_from, closed_through, open_through } = this.options;
    let month: DateText | null = `${periodOf(date)}-01`;
    for (const jump of [open_from, closed_through]) if (jump !== undefined && `${jump}-01` > month) month = `${jump}-01`;
    while (month !== null && (open_through === undefined || periodOf(month) <= open_through)) {
      if (this.faultOf(periodOf(month)) === null) return month;
      month = addMonths(month, 1);
    }
    return null;
  }

  /** Months that are closed one by one. */
  get named(): Iterable<Period> {
    return this.closed;
  }

  private judge(period: Period): PeriodFault | null {
    const { open_from, closed_through, open_through } = this.options;
    if (open_from !== undefined && period < open_from) {
      return {
        message: `period \`${period}\` lies before \`${open_from}\`, the month the books begin with`,
        hint: "give the document a date in an open month",
      };
    }
    if (closed_through !== undefined && period <= closed_through) {
      return {
        message: `period \`${period}\` is closed: the books are closed through \`${closed_through}\``,
        hint: "give the document a date in an open month, or reopen the month by moving `periods.closed_through` back",
      };
    }
    if (this.closed.has(period)) {
      return {
        message: `period \`${period}\` is closed`,
        hint: "give the document a date in an open month, or reopen the month by taking it out of `periods.closed`",
      };
    }
    if (open_through !== undefined && period > open_through) {
      return {
        message: `period \`${period}\` is not open yet: the books are open through \`${open_through}\``,
        hint: "wait until the month is opened with `periods.open_through`, or check the date of the document",
      };
    }
    return null;
  }
}
