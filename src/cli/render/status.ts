import { styleText } from "node:util";
import stringWidth from "string-width";
import { formatAmount } from "../../model/money.js";
import { dispositionOf, type Problem } from "../../model/problem.js";
import { visible } from "../../model/visible.js";
import type { Coming } from "../due.js";
import { exitOfRun } from "../exit-codes.js";
import { type Money, moneyToJson } from "../limbo.js";
import type { LeaseStanding, RunState, Standing } from "../standing.js";
import { shorten } from "./fit.js";
import { problemToJson } from "./problem.js";
import { count } from "./progress.js";
import { renderTable, type TableColumn } from "./table.js";
import type { Language } from "./words.js";
import { ageText, type StatusWords, statusWords } from "./words-status.js";

interface Status {
  readonly project: string;
  readonly store: string;
  readonly at: Date;
  readonly standings: readonly Standing[];
  readonly leases: readonly LeaseStanding[];
  /** What is wrong with the files of pipelines. */
  readonly problems: readonly Problem[];
}

interface StatusOptions {
  readonly color: boolean;
  readonly language: Language;
  /** Nothing is wider than this; null where nobody looks at a screen. */
  readonly columns: number | null;
  /** Pipelines where all is done are folded when it would be longer than this; null: never. */
  readonly rows: number | null;
  readonly pathOf: (file: string) => string;
}

/** Causes shown of all pipelines together, and of each of many. */
const MOST_CAUSES = 12;
const LEAST_CAUSES = 3;
/** The name of a pipeline keeps so many columns whatever stands beside it. */
const LEAST_NAME = 12;
const GAP = 2;

type Tone = "green" | "yellow" | "red" | "bold" | "dim";

const TONES: Readonly<Record<RunState, Tone>> = {
  running: "bold",
  done: "green",
  waiting: "yellow",
  "in-doubt": "yellow",
  threshold: "red",
  failed: "red",
  interrupted: "yellow",
  killed: "red",
};

/** All pipelines at a glance: the last runs, how old the data is, what stands in limbo and why, and who is at work. */
export function renderStatus(status: Status, options: StatusOptions): string {
  const whole = new Screen(status, options).render(status.standings);
  if (options.rows === null || lines(whole) < options.rows) return whole;
  const noisy = status.standings.filter((each) => !isQuiet(each));
  return noisy.length === status.standings.length ? whole : new Screen(status, options).render(noisy);
}

function lines(text: string): number {
  return text.split("\n").length;
}

/** Nothing about it needs a person. */
function isQuiet({ last, waiting, held, unconfirmed, runningNow, toApprove, coming }: Standing): boolean {
  if (last?.state !== "done" || runningNow !== null || toApprove !== null) return false;
  return waiting + held + unconfirmed === 0 && (coming === null || coming.dueSince === null);
}

/** One column of the table. What else a pipeline is to tell about itself in a line is a row here. */
interface Column extends TableColumn {
  readonly cell: (standing: Standing) => string;
}

class Screen {
  private readonly words: StatusWords;
  private readonly now: number;

  constructor(
    private readonly status: Status,
    private readonly options: StatusOptions,
  ) {
    this.words = statusWords(options.language);
    this.now = status.at.getTime();
  }

  render(shown: readonly Standing[]): string {
    const { project, at, standings } = this.status;
    const folded = standings.length - shown.length;
    const sections = [
      this.table(shown) + (folded === 0 ? "" : `${this.words.folded(folded)}\n`),
      this.stopped(shown),
      this.limbo(shown),
      this.causes(shown),
      this.approvals(shown),
      this.leases(),
      `${this.paint("dim", this.words.next)}\n`,
    ].filter((text) => text !== "");
    return `${this.paint("bold", visible(project))}, ${minute(at.toISOString())} UTC\n\n${sections.join("\n")}`;
  }

  private table(shown: readonly Standing[]): string {
    const { words } = this;
    const { columns: titles } = words;
    const columns: Column[] = [
      { title: titles.run, cell: (each) => this.lastRun(each) },
      {
        title: titles.ended,
        cell: ({ last }) => (last === null ? "" : this.when(last.state === "running" ? null : last.endedAt, last.startedAt)),
      },
      { title: titles.lag, align: "right", cell: ({ lag }) => (lag.ms === null ? "" : this.age(lag.ms)) },
      { title: titles.waiting, align: "right", cell: ({ last, waiting, held }) => (last === null ? "" : count(waiting + held)) },
      { title: titles.inDoubt, align: "right", cell: ({ last, unconfirmed }) => (last === null ? "" : count(unconfirmed)) },
    ];
    if (this.status.standings.some(({ coming }) => coming !== null))
      columns.push({ title: titles.coming, cell: ({ coming }) => this.coming(coming) });
    const cells = shown.map((each) => columns.map(({ cell }) => cell(each)));
    const taken = columns.reduce((sum, { title }, index) => sum + GAP + widest([title, ...cells.map((row) => row[index] ?? "")]), 0);
    const names = shown.map(({ pipeline }) => this.narrow(visible(pipeline), Math.max(LEAST_NAME, this.room(taken))));
    const text = renderTable(
      [{ title: titles.pipeline }, ...columns],
      cells.map((row, index) => [names[index] as string, ...row]),
    );
    return this.options.color ? this.painted(text, shown, names) : text;
  }

  /** The state of each run in its colour; done last, because colours have no width. */
  private painted(text: string, shown: readonly Standing[], names: readonly string[]): string {
    const [head = "", ...rows] = text.split("\n");
    const colored = rows.map((row, index) => {
      const last = shown[index]?.last;
      if (last === null || last === undefined) return row;
      const word = this.words.state[last.state];
      const at = row.indexOf(word, (names[index] ?? "").length);
      return at === -1 ? row : row.slice(0, at) + this.paint(TONES[last.state], word) + row.slice(at + word.length);
    });
    return [this.paint("bold", head), ...colored].join("\n");
  }

  private lastRun({ last }: Standing): string {
    if (last === null) return this.words.never;
    const kind = last.kind === "run" ? "" : `, ${this.words.kind(last.kind)}`;
    return `#${last.id} ${this.words.state[last.state]}${kind}`;
  }

  private when(endedAt: string | null, startedAt: string): string {
    if (endedAt === null) return this.words.since(this.ageOf(startedAt));
    return this.words.ago(this.ageOf(endedAt));
  }

  private coming(coming: Coming | null): string {
    if (coming === null) return "";
    const { next, dueSince } = coming;
    if (dueSince !== null) return this.words.due(this.age(this.now - dueSince.getTime()));
    return next === null ? "" : this.words.in(this.age(next.getTime() - this.now));
  }

  /** Why a run did not do all its work. */
  private stopped(shown: readonly Standing[]): string {
    const { words } = this;
    const rows = shown.flatMap(({ pipeline, last }) => {
      if (last === null) return [];
      if (last.state === "killed") return [[`  ${visible(pipeline)}`, words.killed(visible(last.host), last.pid)]];
      const isStopped = last.state === "failed" || last.state === "threshold" || last.state === "interrupted";
      const cause = last.result?.problems.find(({ code }) => dispositionOf(code) === "stop");
      return isStopped && cause !== undefined ? [[`  ${visible(pipeline)}`, visible(`${cause.code}: ${cause.message}`)]] : [];
    });
    return this.section(words.stopped, rows);
  }

  private limbo(shown: readonly Standing[]): string {
    const { words } = this;
    const rows = shown.flatMap(({ pipeline, limbo }) => {
      if (limbo === null) return [];
      const kinds: readonly (readonly [string, Money])[] = [
        [words.inDoubt, limbo.inDoubt],
        [words.waiting, limbo.waiting],
        [words.unsent, limbo.unsent],
      ];
      return kinds.flatMap(([what, money]) => this.moneyRows(money).map((row) => [`  ${visible(pipeline)}`, what, ...row]));
    });
    return this.section(words.limbo, rows, ["left", "left", "right", "right", "left"]);
  }

  /** How many items, and what they are worth; of master data there is nothing to tell. */
  private moneyRows(money: Money): string[][] {
    const { words } = this;
    const rows = money
      .byCurrency()
      .map(({ currency, amountMinor, items }) => [count(items), formatAmount(amountMinor, currency), currency]);
    if (money.unknown > 0) rows.push([count(money.unknown), "?", words.unknown]);
    if (money.unbuilt > 0) rows.push([count(money.unbuilt), "?", words.unbuilt]);
    return rows;
  }

  private causes(shown: readonly Standing[]): string {
    const { words } = this;
    const waiting = shown.filter(({ causes }) => causes.length > 0).length;
    const several = waiting > 1;
    const most = Math.max(LEAST_CAUSES, Math.floor(MOST_CAUSES / Math.max(1, waiting)));
    const rows = shown.flatMap(({ pipeline, causes }) => {
      const own = causes.slice(0, most).map(({ code, message, items }) => [count(items.length), code, visible(message)]);
      const rest = causes.slice(most);
      const more = rest.reduce((sum, { items }) => sum + items.length, 0);
      if (rest.length > 0) own.push(["", words.moreCauses(rest.length, more), ""]);
      const name = several ? [visible(pipeline)] : [];
      return own.map(([n = "", ...row]) => [`  ${n}`, ...name, ...row]);
    });
    const numbers = widest(rows.map(([n = ""]) => n));
    const aligned = rows.map(([n = "", ...row]) => [n.padStart(numbers), ...row]);
    return this.section(words.causes, aligned);
  }

  private approvals(shown: readonly Standing[]): string {
    return shown
      .flatMap(({ pipeline, toApprove }) =>
        toApprove === null
          ? []
          : [`${visible(pipeline)}: ${this.words.approval(toApprove.sends)}\n  ${visible(this.options.pathOf(toApprove.file))}\n`],
      )
      .join("");
  }

  private leases(): string {
    const { words } = this;
    const { leases } = this.status;
    if (leases.length === 0) return `${words.noLease}\n`;
    const rows = leases.map(({ name, pid, host, acquiredAt, renewedAt, state }) => [
      `  ${visible(name)}`,
      words.process(pid, visible(host)),
      words.since(this.ageOf(acquiredAt)),
      words.life(state, this.ageOf(renewedAt)),
    ]);
    return this.section(words.leases, rows);
  }

  /** A heading and aligned rows; what is too wide loses its end. Nothing where there are no rows. */
  private section(title: string, rows: readonly (readonly string[])[], align: readonly ("left" | "right")[] = []): string {
    if (rows.length === 0) return "";
    const most = Math.max(...rows.map((row) => row.length));
    const columns = Array.from({ length: most }, (_, index): TableColumn => ({ title: "", align: align[index] ?? "left" }));
    const [, ...body] = renderTable(columns, rows).split("\n");
    return `${this.paint("bold", title)}\n${body.map((line) => this.narrow(line, this.options.columns ?? Number.POSITIVE_INFINITY)).join("\n")}`;
  }

  private room(taken: number): number {
    return this.options.columns === null ? Number.POSITIVE_INFINITY : this.options.columns - taken;
  }

  private narrow(text: string, columns: number): string {
    return columns === Number.POSITIVE_INFINITY ? text : shorten(text, columns);
  }

  private age(ms: number): string {
    return ageText(ms, this.words);
  }

  private ageOf(instant: string): string {
    return this.age(this.now - Date.parse(instant));
  }

  private paint(tone: Tone, text: string): string {
    return this.options.color ? styleText(tone, text, { validateStream: false }) : text;
  }
}

function widest(texts: readonly string[]): number {
  return Math.max(0, ...texts.map((text) => stringWidth(text)));
}

function minute(instant: string): string {
  return instant.slice(0, 16).replace("T", " ");
}

/** The same as data, everything of it; amounts as exact decimal text, ages in milliseconds. */
export function statusToJson({ project, store, at, standings, leases, problems }: Status): unknown {
  return {
    project,
    store,
    at: at.toISOString(),
    pipelines: standings.map(standingToJson),
    leases: leases.map(({ owner: _, ...lease }) => lease),
    problems: problems.map(problemToJson),
  };
}

function standingToJson(standing: Standing): unknown {
  const { pipeline, title, last, causes, limbo, runningNow, coming, ...figures } = standing;
  const nextRun = coming === null ? null : { at: coming.next?.toISOString() ?? null, dueSince: coming.dueSince?.toISOString() ?? null };
  if (last === null) return { pipeline, title, last, nextRun };
  const { id, kind, state, startedAt, endedAt, result } = last;
  return {
    pipeline,
    title,
    last: { run: id, kind, status: state, startedAt, endedAt, exitCode: result === null ? null : exitOfRun(result, null) },
    nextRun,
    ...figures,
    causes: causes.map(({ code, message, hint, items }) => ({ code, n: items.length, message, hint })),
    limbo:
      limbo === null
        ? null
        : { inDoubt: moneyToJson(limbo.inDoubt), waiting: moneyToJson(limbo.waiting), unsent: moneyToJson(limbo.unsent) },
    runningNow: runningNow === null ? null : { host: runningNow.host, pid: runningNow.pid, since: runningNow.acquiredAt },
  };
}
