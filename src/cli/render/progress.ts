import type { Progress } from "../../run/effects.js";
import type { Io } from "../io.js";

const WORDS = { read: "reading", plan: "mapping", post: "posting", compare: "comparing" } as const;
const TERMINAL_MS = 100;
const PLAIN_MS = 10_000;

export interface ProgressDisplay {
  readonly show: (progress: Progress) => void;
  /** Takes the line away, so that what follows starts clean. */
  readonly end: () => void;
}

/** One line that is rewritten on a terminal; a plain line every ten seconds elsewhere; nothing when quiet. */
export function progressDisplay(io: Io, quiet: boolean, now: () => Date): ProgressDisplay {
  if (quiet) return { show: () => undefined, end: () => undefined };
  const start = now().getTime();
  let shownAt = io.errIsTerminal ? 0 : start;
  let records = 0;
  let isShown = false;
  return {
    show(progress) {
      records = Math.max(records, progress.records);
      const time = now().getTime();
      if (time - shownAt < (io.errIsTerminal ? TERMINAL_MS : PLAIN_MS)) return;
      shownAt = time;
      const text = progressLine(progress, records, time - start);
      io.err(io.errIsTerminal ? `\r\u001b[2K${text}` : `${text}\n`);
      isShown = true;
    },
    end() {
      if (isShown && io.errIsTerminal) io.err("\r\u001b[2K");
    },
  };
}

function progressLine(progress: Progress, records: number, elapsedMs: number): string {
  const share = progress.total > 0 ? ` ${String(Math.min(100, Math.floor((100 * progress.done) / progress.total))).padStart(3)}%` : "";
  const parts = [`${count(records)} records`];
  if (progress.stage !== "read") parts.push(`${count(progress.documents)} documents`);
  parts.push(`${(elapsedMs / 1000).toFixed(0)} s`);
  return `${WORDS[progress.stage]}${share}  ${parts.join(", ")}`;
}

/** `1,234`. */
export function count(n: number): string {
  return n.toString().replace(/\B(?=(\d{3})+$)/g, ",");
}
