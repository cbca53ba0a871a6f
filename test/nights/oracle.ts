import type { Told } from "./office.js";

/** What a run came to, as the store tells it. */
export interface Morning {
  readonly run: number;
  /** Codes of what stopped it. */
  readonly failed: readonly string[];
  readonly waiting: ReadonlySet<string>;
  readonly inDoubt: ReadonlySet<string>;
}

/**
 * Which changes people must hear of, worked out a second time from what a person would call a change: a failure with another cause than the one they
 * know of, something waiting that did not wait before, an answer missing that was not missing before, and the first good run after a bad one.
 */
export class Hearing {
  private failed = "";
  private inDoubt: ReadonlySet<string> = new Set();
  private waiting: ReadonlySet<string> = new Set();

  expected({ failed, waiting, inDoubt }: Morning): string[] {
    const events: string[] = [];
    const codes = failed.join(",");
    if (codes !== "" && codes !== this.failed) events.push("failed");
    if (hasNew(inDoubt, this.inDoubt)) events.push("in doubt");
    if (hasNew(waiting, this.waiting)) events.push("waiting");
    if ((this.failed !== "" || this.inDoubt.size > 0) && codes === "" && inDoubt.size === 0) events.push("recovered");
    this.failed = codes;
    this.inDoubt = inDoubt;
    this.waiting = waiting;
    return events;
  }
}

function hasNew(now: ReadonlySet<string>, before: ReadonlySet<string>): boolean {
  return [...now].some((key) => !before.has(key));
}

/** What people heard about one run; two messages about one are told as they are. */
export function heard(told: readonly Told[], pipeline: string, run: number): string[] {
  return told.flatMap(({ pipelines }) =>
    pipelines.filter((each) => each.pipeline === pipeline && each.run === run).flatMap(({ events }) => events),
  );
}
