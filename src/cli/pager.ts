import { spawnSync } from "node:child_process";
import type { CommandContext } from "./io.js";

/**
 * Shows a long text on a terminal with the user's pager (`PAGER`, else `less`), so that its beginning is not gone before it is read. An empty `PAGER`,
 * a pager that is not there, and anything but a terminal get the text as it is.
 */
export function showLong({ io, env }: CommandContext, text: string, isWanted: boolean): void {
  const lines = text.split("\n").length;
  const pager = env["PAGER"] ?? "less";
  if (!isWanted || !io.outIsTerminal || lines < io.rows || pager.trim() === "") {
    io.out(text);
    return;
  }
  // F: ends by itself where it fits after all; R: colours; X: the text stays on the screen.
  const done = spawnSync(pager, { shell: true, input: text, stdio: ["pipe", "inherit", "inherit"], env: { LESS: "FRX", ...env } });
  // 127: the shell knows no such program.
  if (done.error !== undefined || done.status === 127) io.out(text);
}
