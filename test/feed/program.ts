import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import type { Ended } from "../cli/sync.js";

const program = fileURLToPath(new URL("../../bin/sync.js", import.meta.url));

export interface Running {
  readonly child: ChildProcess;
  readonly startedAt: number;
  /** True from the moment the process is gone. */
  readonly isOver: () => boolean;
  readonly ended: Promise<Ended & { readonly signal: NodeJS.Signals | null; readonly ms: number }>;
}

/** Starts the built program in a folder and goes on; `test/cli/sync.ts` is the one that waits. */
export function startSync(cwd: string, ...args: string[]): Running {
  const startedAt = performance.now();
  const child = spawn(process.execPath, [program, ...args], { cwd, stdio: ["ignore", "pipe", "pipe"] });
  let out = "";
  let err = "";
  let isOver = false;
  child.stdout.setEncoding("utf8").on("data", (part: string) => {
    out += part;
  });
  child.stderr.setEncoding("utf8").on("data", (part: string) => {
    err += part;
  });
  child.once("exit", () => {
    isOver = true;
  });
  const ended = once(child, "close").then(([code, signal]) => ({
    code: code as number | null,
    signal: signal as NodeJS.Signals | null,
    out,
    err,
    ms: performance.now() - startedAt,
  }));
  return { child, startedAt, isOver: () => isOver, ended };
}
