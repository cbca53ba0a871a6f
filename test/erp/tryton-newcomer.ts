import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { afterThisTest } from "../connectors/http-setup.js";
import { commandsOf, follow, root, shownIn } from "./tryton-company.js";
import type { TrytonServer } from "./tryton-server.js";

/** Without what differs from one time to the next: how long it took, and the numbers of vouchers in books that had others before. */
function steady(text: string): string {
  return text
    .replace(/ +$/gm, "")
    .replace(/\d+(\.\d+)? s\b/g, "N s")
    .replace(/(记-2026-|AP2026)\d{6}/g, "$1NNNNNN");
}

/** The page "Post into a real ERP in five minutes", typed as it stands. Its company and server are those of the suite, which are made as it says. */
export function newcomerSuite(server: () => TrytonServer): void {
  test("the page for newcomers does what it shows", async () => {
    const erp = server();
    const home = mkdtempSync(join(tmpdir(), "tryton-newcomer-"));
    afterThisTest(() => rmSync(home, { recursive: true }));
    const [, company = ""] = commandsOf("A company");
    const [folder = "", copies = ""] = company.split("\n");
    // Installing the package is what `.ci/newcomer` tries.
    const programs = `npm() { :; }\nnpx() { shift; "${process.execPath}" "$SYNC"/bin/sync.js "$@"; }`;
    const commands = [programs, folder, copies, `ln -s "${erp.folder}" erp`, ...commandsOf("Post"), ...commandsOf("Again, and changed")];
    const address = "http://127.0.0.1:8765/company";
    const typed = commands.join("\n");
    expect(typed).toContain(address);
    const { out } = await follow(typed.replace(address, erp.url), home, { SYNC: root });
    const shown = [...shownIn("Post"), ...shownIn("Again, and changed")];
    expect(shown.length).toBe(3);
    for (const block of shown) expect(steady(out)).toContain(steady(block));
    expect([...erp.balances()].sort()).toEqual([
      ["22210101", 11_400n],
      ["2241", -235_651n],
      ["660201", 150_000n],
      ["660202", 30_000n],
      ["660203", 15_450n],
      ["660204", 8_800n],
      ["660299", 20_001n],
    ]);
  }, 600_000);
}
