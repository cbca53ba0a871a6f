import stringWidth from "string-width";
import type { Project } from "../../config/pipeline.js";
import { formatAmount } from "../../model/money.js";
import type { Progress, Stage } from "../../run/effects.js";
import type { Io } from "../io.js";
import { shorten } from "./fit.js";

const TERMINAL_MS = 100;
const PLAIN_MS = 10_000;
/** The line is shown again this often while nothing moves, so that the seconds go on: a slow target can be silent for minutes. */
const IDLE_MS = 1_000;
/** A rate that was measured for less time says nothing about the rest. */
const LEAST_MEASURED_MS = 2_000;

export interface ProgressDisplay {
  readonly show: (progress: Progress) => void;
  /** Takes the line away, so that what follows starts clean. */
  readonly end: () => void;
}

/** Does something again and again until what it returned is called; it never keeps the program from ending. */
export type Repeat = (work: () => void, everyMs: number) => () => void;

interface ProgressWords {
  readonly stage: Readonly<Record<Stage, string>>;
  readonly records: (n: string) => string;
  /** `total` is empty where it is not known. */
  readonly documents: (n: string, total: string) => string;
  readonly left: (time: string) => string;
}

const WORDS: Readonly<Record<Project["language"], ProgressWords>> = {
  en: {
    stage: { read: "reading", plan: "mapping", post: "posting", compare: "comparing" },
    records: (n) => `${n} records`,
    documents: (n, total) => `${n}${total === "" ? "" : ` of ${total}`} documents`,
    left: (time) => `about ${time} left`,
  },
  zh: {
    stage: { read: "读取", plan: "映射", post: "过账", compare: "核对" },
    records: (n) => `${n} 条记录`,
    documents: (n, total) => `${n}${total === "" ? "" : `/${total}`} 张单据`,
    left: (time) => `约剩 ${time}`,
  },
};

/** One line that is rewritten on a terminal; a plain line every ten seconds elsewhere; nothing when quiet. */
export function progressDisplay(
  io: Io,
  quiet: boolean,
  now: () => Date,
  language: Project["language"] = "en",
  repeat: Repeat = repeatedly,
): ProgressDisplay {
  if (quiet) return { show: () => undefined, end: () => undefined };
  return new Display(io, () => now().getTime(), WORDS[language], repeat);
}

function repeatedly(work: () => void, everyMs: number): () => void {
  const timer = setInterval(work, everyMs);
  timer.unref();
  return () => clearInterval(timer);
}

class Display implements ProgressDisplay {
  private readonly start: number;
  private readonly stop: () => void;
  private shownAt: number;
  private stageAt: number;
  /** What the stage had done when it began to be measured. */
  private doneAtStart = 0;
  private records = 0;
  private latest: Progress | null = null;
  private isShown = false;

  constructor(
    private readonly io: Io,
    private readonly now: () => number,
    private readonly words: ProgressWords,
    repeat: Repeat,
  ) {
    this.start = now();
    this.stageAt = this.start;
    this.shownAt = io.errIsTerminal ? 0 : this.start;
    this.stop = repeat(() => this.refresh(io.errIsTerminal ? IDLE_MS : PLAIN_MS), IDLE_MS);
  }

  readonly show = (progress: Progress): void => {
    this.records = Math.max(this.records, progress.records);
    const { latest } = this;
    if (latest === null || latest.stage !== progress.stage || progress.done < latest.done) {
      // A stage can come again: lost answers are looked for, and what is left is planned and sent once more.
      this.stageAt = latest === null ? this.start : this.now();
      this.doneAtStart = latest === null ? 0 : progress.done;
    }
    this.latest = progress;
    this.refresh(this.io.errIsTerminal ? TERMINAL_MS : PLAIN_MS);
  };

  readonly end = (): void => {
    this.stop();
    if (this.isShown && this.io.errIsTerminal) this.io.err("\r\u001b[2K");
    this.isShown = false;
    this.latest = null;
  };

  private refresh(everyMs: number): void {
    const { io, latest } = this;
    const time = this.now();
    if (latest === null || time - this.shownAt < everyMs) return;
    this.shownAt = time;
    let text = this.line(latest, time, "all");
    // How many records were read is the least of it once they are, and then how fast it goes.
    if (io.errIsTerminal && latest.stage !== "read")
      for (const parts of ["no records", "no rate"] as const) if (stringWidth(text) >= io.columns) text = this.line(latest, time, parts);
    // A line that is broken by the terminal cannot be taken back.
    io.err(io.errIsTerminal ? `\r\u001b[2K${shorten(text, io.columns - 1)}` : `${text}\n`);
    this.isShown = true;
  }

  private line({ stage, documents, done, total, money }: Progress, time: number, shown: "all" | "no records" | "no rate"): string {
    const { words } = this;
    const share = total > 0 ? ` ${String(Math.min(100, Math.floor((100 * done) / total))).padStart(3)}%` : "";
    const parts: string[] = [];
    if (shown === "all" && this.records > 0) parts.push(words.records(count(this.records)));
    // While a source is read, its total counts bytes or files, and nobody knows how many documents will come of it.
    if (stage !== "read") parts.push(words.documents(count(documents), total > 0 ? count(total) : ""));
    // A currency of which as much was cancelled as was posted has nothing to tell.
    for (const { currency, amountMinor } of money?.() ?? [])
      if (amountMinor !== 0n) parts.push(`${formatAmount(amountMinor, currency)} ${currency}`);
    const measuredMs = time - this.stageAt;
    const moved = (stage === "read" ? this.records : done) - (stage === "read" ? 0 : this.doneAtStart);
    if (shown !== "no rate" && measuredMs >= LEAST_MEASURED_MS && moved > 0) parts.push(`${rateText((1000 * moved) / measuredMs)}/s`);
    parts.push(timeText(time - this.start));
    const progressed = done - this.doneAtStart;
    if (measuredMs >= LEAST_MEASURED_MS && progressed > 0 && total > done)
      parts.push(words.left(timeText((measuredMs * (total - done)) / progressed)));
    return `${words.stage[stage]}${share}  ${parts.join(", ")}`;
  }
}

/** `152,000`, `45`, `0.8`: two figures are enough for something that changes. */
function rateText(perSecond: number): string {
  if (perSecond < 10) return perSecond.toFixed(1);
  const size = 10 ** Math.max(0, Math.floor(Math.log10(perSecond)) - 2);
  return count(Math.round(perSecond / size) * size);
}

/** `12 s`, `3:05 min`, `1:02 h`. */
function timeText(ms: number): string {
  const seconds = Math.round(ms / 1000);
  const two = (n: number): string => String(n).padStart(2, "0");
  if (seconds < 100) return `${seconds} s`;
  if (seconds < 3_600) return `${Math.floor(seconds / 60)}:${two(seconds % 60)} min`;
  return `${Math.floor(seconds / 3_600)}:${two(Math.floor((seconds % 3_600) / 60))} h`;
}

/** `1,234`. */
export function count(n: number): string {
  return n.toString().replace(/\B(?=(\d{3})+$)/g, ",");
}
