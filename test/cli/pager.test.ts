import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { beforeEach, describe, expect, test } from "vitest";
import type { CommandContext } from "../../src/cli/io.js";
import { showLong } from "../../src/cli/pager.js";
import { emptyFolder } from "./sync.js";

const TEXT = Array.from({ length: 2_000 }, (_, index) => `第 ${index} 张凭证\n`).join("");

let folder: string;
let printed: string;
beforeEach(() => {
  folder = emptyFolder();
  printed = "";
});

function contextOf(pager: string | undefined, more: Partial<CommandContext["io"]> = {}): CommandContext {
  const out = (text: string): void => {
    printed += text;
  };
  const io = { out, err: out, outIsTerminal: true, errIsTerminal: true, columns: 80, rows: 24, ...more };
  return { io, cwd: folder, env: { ...process.env, PAGER: pager }, now: () => new Date(), actor: "test" };
}

/** A pager that keeps what it was given. */
const paged = (): string => (existsSync(join(folder, "paged")) ? readFileSync(join(folder, "paged"), "utf8") : "");
const pager = (): string => `cat > ${join(folder, "paged")}`;

describe("a text that is longer than the screen", () => {
  test("goes through the pager, all of it", () => {
    showLong(contextOf(pager()), TEXT, true);
    expect(paged()).toBe(TEXT);
    expect(printed).toBe("");
  });

  test.each<[string, () => CommandContext, boolean]>([
    ["where it is not wanted", () => contextOf(pager()), false],
    ["where nobody looks", () => contextOf(pager(), { outIsTerminal: false }), true],
    ["where it fits", () => contextOf(pager(), { rows: 3_000 }), true],
    ["where the pager is said to be none", () => contextOf(""), true],
    ["where there is no such pager", () => contextOf("no-such-pager-here 2> /dev/null"), true],
  ])("is printed %s", (_, context, isWanted) => {
    showLong(context(), TEXT, isWanted);
    expect(printed).toBe(TEXT);
    expect(paged()).toBe("");
  });
});
