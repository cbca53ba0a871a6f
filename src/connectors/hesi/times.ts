import { dateTimeReader } from "../../model/date-formats.js";
import { type MomentWriter, momentWriter } from "../../model/moment-formats.js";
import type { RecordFields } from "../http/source/fields.js";

/** Fields that are named like times. Master data has them as text on the clock of the system, documents as milliseconds since 1970. */
const NAMED_LIKE_TIMES = /(Time|Date|日期|时间)$/;

/** Writes the times of a record as ISO 8601 with the offset of the zone, so that the day that people see is the day that stands there. */
export class Times {
  private readonly writer: MomentWriter;
  private readonly readText: (text: string) => string | null;
  private readonly more: ReadonlySet<string>;

  /** `more`: further fields that hold times, by the last part of their name. Throws DateFormatError for a zone that does not exist. */
  constructor(timeZone: string, more: readonly string[]) {
    this.writer = momentWriter("yyyy-MM-ddTHH:mm:ss.SSSXXX", timeZone);
    this.readText = dateTimeReader(["yyyy-MM-dd HH:mm:ss"], timeZone);
    this.more = new Set(more);
  }

  /** Changes the fields in place. A time of 0 is how the system says that there is none. */
  write(fields: RecordFields): void {
    for (const [name, value] of fields) {
      if (typeof value !== "string") continue;
      const last = name.slice(name.lastIndexOf(".") + 1);
      if (NAMED_LIKE_TIMES.test(last) || this.more.has(last)) fields.set(name, this.moment(value));
    }
  }

  private moment(value: string): string | null {
    if (value === "0") return null;
    if (/^\d{12,13}$/.test(value)) return this.writer.write(Number(value));
    const utc = this.readText(value);
    return utc === null ? value : this.writer.write(Date.parse(utc));
  }
}
