import { describe, expect, test } from "vitest";
import { changesSince, type News, toldBy } from "../../src/notify/change.js";
import { type Facts, factsOfStop } from "../../src/notify/facts.js";
import type { Told } from "../../src/store/notices.js";

const done = (more: Partial<Facts> = {}): Facts => ({ ...factsOfStop("p", []), run: 1, ...more });
const failed = (...codes: Facts["failed"]): Facts => done({ failed: codes });

/** Each night: what it came to, what was new in it, and what a channel hears. A night that is not told was not delivered. */
type Night = readonly [Facts, Partial<News>, readonly string[], "not delivered"?];

function play(nights: readonly Night[]): (readonly string[])[] {
  let told: Told | null = null;
  return nights.map(([facts, news, , delivery], index) => {
    const night = facts.run === null ? facts : { ...facts, run: index + 1 };
    const events = changesSince(told, night, { waiting: 0, inDoubt: 0, ...news });
    if (delivery === undefined) told = toldBy(told, night);
    return events;
  });
}

const STORIES: readonly (readonly [string, readonly Night[]])[] = [
  [
    "nights without trouble are silent",
    [
      [done(), {}, []],
      [done(), {}, []],
    ],
  ],
  [
    "a failure is told once, however long it lasts, and its end once",
    [
      [failed("TARGET_UNAVAILABLE"), {}, ["failed"]],
      [failed("TARGET_UNAVAILABLE"), {}, []],
      [failed("TARGET_UNAVAILABLE"), {}, []],
      [done(), {}, ["recovered"]],
      [done(), {}, []],
      [failed("TARGET_UNAVAILABLE"), {}, ["failed"]],
    ],
  ],
  [
    "another cause is another failure",
    [
      [failed("TARGET_UNAVAILABLE"), {}, ["failed"]],
      [failed("TARGET_SIGN_IN"), {}, ["failed"]],
    ],
  ],
  [
    "what waits is told when something is added to it, and not when it becomes less",
    [
      [done({ waiting: 5 }), { waiting: 5 }, ["waiting"]],
      [done({ waiting: 5 }), {}, []],
      [done({ waiting: 3 }), {}, []],
      [done({ waiting: 4 }), { waiting: 1 }, ["waiting"]],
      [done(), {}, []],
    ],
  ],
  [
    "two gone and two new ones are news, although the number is the same",
    [
      [done({ waiting: 2 }), { waiting: 2 }, ["waiting"]],
      [done({ waiting: 2 }), { waiting: 2 }, ["waiting"]],
    ],
  ],
  [
    "a doubt is told once, and that it is cleared",
    [
      [done({ inDoubt: 1 }), { inDoubt: 1 }, ["in doubt"]],
      [done({ inDoubt: 1 }), {}, []],
      [done({ inDoubt: 2 }), { inDoubt: 1 }, ["in doubt"]],
      [done(), {}, ["recovered"]],
    ],
  ],
  [
    "a doubt that a failure leaves behind is no recovery",
    [
      [failed("STORE_FAILED"), {}, ["failed"]],
      [done({ inDoubt: 1 }), { inDoubt: 1 }, ["in doubt"]],
      [done(), {}, ["recovered"]],
    ],
  ],
  [
    "everything at once is one message",
    [
      [failed("RUN_THRESHOLD"), {}, ["failed"]],
      [done({ waiting: 3 }), { waiting: 3 }, ["waiting", "recovered"]],
    ],
  ],
  [
    "documents that wait for approval are told when they become more",
    [
      [done({ toApprove: 3 }), {}, ["waiting"]],
      [done({ toApprove: 3 }), {}, []],
      [failed("TARGET_UNAVAILABLE"), {}, ["failed"]],
      [done({ toApprove: 3 }), {}, ["recovered"]],
      [done({ toApprove: 4 }), {}, ["waiting"]],
      [done(), {}, []],
      [done({ toApprove: 1 }), {}, ["waiting"]],
    ],
  ],
  [
    "what was not delivered is told by the next run, as far as it is still so",
    [
      [failed("TARGET_UNAVAILABLE"), {}, ["failed"], "not delivered"],
      [failed("TARGET_UNAVAILABLE"), {}, ["failed"]],
      [done(), {}, ["recovered"], "not delivered"],
      [done(), {}, ["recovered"]],
      [failed("TARGET_UNAVAILABLE"), {}, ["failed"], "not delivered"],
      [done(), {}, []],
    ],
  ],
  [
    "a start that fails says nothing about what waits",
    [
      [done({ inDoubt: 1, waiting: 1 }), { inDoubt: 1, waiting: 1 }, ["in doubt", "waiting"]],
      [factsOfStop("p", ["CONFIG_MISSING_SECRET"]), {}, ["failed"]],
      [done({ inDoubt: 1, waiting: 1 }), {}, []],
      [done(), {}, ["recovered"]],
    ],
  ],
];

describe("a channel hears of changes, and not of nights", () => {
  test.each(STORIES)("%s", (_, nights) => expect(play(nights)).toEqual(nights.map(([, , heard]) => heard)));
});
