import { readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import iconv from "iconv-lite";
import { afterAll, beforeAll, expect, test } from "vitest";
import { emptyFolder, sync } from "./sync.js";

// Whoever claims an expense writes its text, and an accountant approves what the terminal shows of it.

const STEERS = "\u001b[2K\u001b[1A\u001b[8m\u0007\u009b2J\u202e";
const FORGED = "+ BX99999999 forged";

let folder: string;
beforeAll(() => {
  folder = emptyFolder();
  sync(folder, "init");
  const exports = join(folder, "exports");
  const [name = ""] = readdirSync(exports);
  const text = iconv.decode(readFileSync(join(exports, name)), "gb18030");
  // In a text of a claim that is posted, in the key of one that waits, and in the name of an account.
  const hostile = text
    .replaceAll(/上海出差[^,]*/g, `"${STEERS}\n${FORGED}\n"`)
    .replaceAll("BX26110005", `"BX2611${STEERS}0005\n${FORGED}"`);
  expect(hostile).not.toBe(text);
  writeFileSync(join(exports, name), iconv.encode(hostile, "gb18030"));
  const chart = join(folder, "lookups/chart-of-accounts.csv");
  writeFileSync(chart, readFileSync(chart, "utf8").replace("差旅费", `"差旅费${STEERS}\n${FORGED}"`));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function expectHarmless(what: string, text: string): void {
  expect([
    what,
    [...text.matchAll(/[\p{Cc}\p{Bidi_Control}\u2028\u2029]/gu)].map(([found]) => found).filter((found) => found !== "\n"),
  ]).toEqual([what, []]);
  expect([what, text.split("\n").filter((line) => line.startsWith(FORGED))]).toEqual([what, []]);
}

test("what a claim says cannot steer a terminal or forge a line of the output", () => {
  const say = (...args: string[]): string => {
    const { out, err } = sync(folder, ...args);
    expectHarmless(args.join(" "), out + err);
    return out;
  };
  const plan = say("plan", "--no-pager");
  expect(plan).toContain("BX26110001");
  say("plan", "--out", "p.plan");
  say("run");
  for (const command of [
    "status",
    "quarantine list",
    "runs",
    "audit log",
    "ledger balance",
    "ledger journal",
    "reconcile",
    "state show",
    "connectors check exports",
    "validate",
    "doctor",
  ])
    say(...command.split(" "));
  say("quarantine", "list", "--by", "cause");
  say("show", "BX26110001", "--why");
  const items = JSON.parse(sync(folder, "quarantine", "list", "--json").out) as { key: string }[];
  for (const { key } of items) say("quarantine", "show", key);
  expectHarmless("ledger export", sync(folder, "ledger", "export").out);
});
