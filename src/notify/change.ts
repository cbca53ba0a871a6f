import type { NotifyEvent } from "../config/notify-schema.js";
import type { Told } from "../store/notices.js";
import type { Facts } from "./facts.js";

/** What came up since the run that a channel knows of. */
export interface News {
  readonly waiting: number;
  readonly inDoubt: number;
}

export const NOTHING_TOLD: Told = { failed: "", inDoubt: 0, toApprove: 0, run: 0 };

/** What changed since a channel was last told: a run that leaves everything as it was known changes nothing. */
export function changesSince(told: Told | null, facts: Facts, news: News): NotifyEvent[] {
  const before = told ?? NOTHING_TOLD;
  const events: NotifyEvent[] = [];
  if (facts.failed.length > 0 && facts.failed.join(",") !== before.failed) events.push("failed");
  if (facts.inDoubt > 0 && news.inDoubt > 0) events.push("in doubt");
  if (news.waiting > 0 || facts.toApprove > before.toApprove) events.push("waiting");
  const wasBad = before.failed !== "" || before.inDoubt > 0;
  if (wasBad && facts.failed.length === 0 && facts.inDoubt === 0) events.push("recovered");
  return events;
}

/** What a channel knows once it was told, or nothing needed telling. */
export function toldBy(told: Told | null, facts: Facts): Told {
  const before = told ?? NOTHING_TOLD;
  const failed = facts.failed.join(",");
  // Where no run came about, nobody looked at what waits or is in doubt.
  if (facts.run === null) return { ...before, failed };
  // A run that was stopped does not get as far as what waits for approval.
  const toApprove = failed === "" ? facts.toApprove : before.toApprove;
  return { failed, inDoubt: facts.inDoubt, toApprove, run: facts.run };
}
