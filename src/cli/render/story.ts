import { styleText } from "node:util";
import { formatAmount, formatMinor } from "../../model/money.js";
import { displayKey } from "../../model/record.js";
import { visible } from "../../model/visible.js";
import { exitOfRun } from "../exit-codes.js";
import type { Done, Folded, Setback, Story } from "../story.js";
import { auditRowToJson, wordsOf } from "./audit.js";
import { count } from "./progress.js";
import { renderFigures, renderHead, runToJson, secondsBetween } from "./run.js";
import { renderTable, type TableColumn } from "./table.js";
import type { Language } from "./words.js";
import { ageText, statusWords } from "./words-status.js";
import { type StoryWords, storyWords } from "./words-story.js";
import { wrapWithin } from "./wrap.js";

interface StoryOptions {
  readonly color: boolean;
  readonly language: Language;
  /** Long texts are broken to so many columns. */
  readonly columns: number;
  readonly now: Date;
  /** Covers what must not be shown: other systems may repeat what we signed in with. */
  readonly mask: (text: string) => string;
}

/** How each kind of run is started. */
const COMMANDS: Readonly<Record<string, string>> = {
  run: "sync run",
  plan: "sync plan",
  apply: "sync apply",
  retry: "sync quarantine retry",
  recover: "sync recover",
};
/** Causes that are told of what waits. */
const MOST_CAUSES = 10;
const INDENT = "    ";

/** One run from its beginning to its end. */
export function renderStory(story: Story, options: StoryOptions): string {
  return new Teller(story, options).tell();
}

class Teller {
  private readonly words: StoryWords;

  constructor(
    private readonly story: Story,
    private readonly options: StoryOptions,
  ) {
    this.words = storyWords(options.language);
  }

  tell(): string {
    const { story, words, options } = this;
    const { run } = story;
    const { result } = run;
    const head = result === null ? `${this.bold(visible(run.pipeline))}\n${this.runLine()}\n` : renderHead(result, run.pipeline, options);
    const sections = [
      this.read(),
      this.done(),
      this.setbacks(words.refused, story.refused, false),
      this.setbacks(words.lost, story.lost, true),
      this.setbacks(words.unanswered, story.unanswered, true),
      this.noted(),
      this.waits(),
    ].filter((text) => text !== "");
    const figures = result === null ? "" : `\n${renderFigures(result, options)}`;
    return [`${head}\n${(this.frame() + figures).trimEnd()}\n`, ...sections].join("\n");
  }

  private runLine(): string {
    const { run, state } = this.story;
    return this.words.run(run.id, statusWords(this.options.language).state[state]);
  }

  /** Who started it and how, and how it ended. */
  private frame(): string {
    const { story, words } = this;
    const { run, started, state } = story;
    const command = `${COMMANDS[run.kind] ?? run.kind}${started?.full === true ? " --full" : ""}`;
    const lines = [
      [words.started, `${instant(run.startedAt)}${started === null ? "" : `${words.comma}${words.by(visible(started.by), command)}`}`],
      ["", words.process(run.pid, visible(run.host), started?.program ?? null)],
      [words.ended, this.ending(state)],
    ];
    if (started === null) lines.push(["", words.noLog]);
    return renderTable(
      [{ title: "" }, { title: "" }],
      lines.map(([what = "", text = ""]) => [`  ${what}`, text]),
    ).slice(1);
  }

  private ending(state: Story["state"]): string {
    const { words, options } = this;
    const { run } = this.story;
    if (run.result === null || run.endedAt === null) {
      const age = ageText(options.now.getTime() - Date.parse(run.startedAt), statusWords(options.language));
      return state === "running" ? `${words.noEnd.running}${words.comma}${statusWords(options.language).since(age)}` : words.noEnd.killed;
    }
    return [instant(run.endedAt), words.took(secondsBetween(run.startedAt, run.endedAt)), words.exit(exitText(run.result))].join(
      words.comma,
    );
  }

  private read(): string {
    const { units } = this.story;
    const rows = units.shown.map(({ unit, records }) => [`  ${visible(unit)}`, this.words.records(records)]);
    return this.section(this.words.read, units, this.table(rows, ["left", "right"]));
  }

  private done(): string {
    const { done } = this.story;
    const rows = done.shown.map((each) => [
      `  ${visible(displayKey(each.document))}`,
      this.words.deed[each.deed],
      visible(each.reference),
      each.amountMinor === null ? "" : formatAmount(each.amountMinor, each.currency),
      each.currency,
    ]);
    const table = this.table(rows, ["left", "left", "left", "right", "left"]).split("\n");
    const lines = done.shown.flatMap((each, index) => [table[index] ?? "", ...this.notesOf(each)]);
    return this.section(this.words.done, done, lines.map((line) => `${line}\n`).join(""));
  }

  private notesOf({ reversal, wasLost, draft }: Done): string[] {
    const { words } = this;
    const notes = [
      reversal === null ? null : words.reversal(visible(reversal)),
      wasLost ? words.wasLost : null,
      draft === null ? null : words.draft(draft),
    ];
    return notes.filter((note) => note !== null).map((note) => `${INDENT}${note}`);
  }

  /** What the other system said, in full: this is the place to read it. */
  private setbacks(title: string, list: Folded<Setback>, tellsNow: boolean): string {
    const { words, options } = this;
    const text = list.shown
      .map(({ document, outcome, code, message, act, step, now }) => {
        const what = [words.outcome(outcome), step ?? (act === "reverse" ? words.deed.reversed : null)]
          .filter((each) => each !== null)
          .join(", ");
        const said =
          message === null
            ? []
            : wrapWithin(visible(options.mask(`${code === null ? "" : `${code}: `}${message}`)), options.columns - INDENT.length);
        const after = tellsNow ? [words.now[now]] : [];
        return [`  ${visible(displayKey(document))}  ${what}`, ...[...said, ...after].map((line) => `${INDENT}${line}`)]
          .map((line) => `${line}\n`)
          .join("");
      })
      .join("");
    return this.section(title, list, text);
  }

  private noted(): string {
    const { noted } = this.story;
    const text = noted.shown
      .map((row) => {
        const about = row.subject === null ? "" : ` ${displayKey(row.subject)}`;
        const said = visible(this.options.mask(`${row.event}${about}: ${wordsOf(row)}`));
        const [first = "", ...rest] = wrapWithin(said, this.options.columns - INDENT.length);
        return [`  ${first}`, ...rest.map((line) => `${INDENT}${line}`)].map((line) => `${line}\n`).join("");
      })
      .join("");
    return this.section(this.words.noted, noted, text);
  }

  private waits(): string {
    const { story, words, options } = this;
    if (story.waits.length === 0) return "";
    const shown = story.waits.slice(0, MOST_CAUSES);
    const digits = Math.max(...shown.map(({ items }) => count(items.length).length));
    const indent = " ".repeat(digits + 4);
    const text = shown
      .map(({ code, message, items }) => {
        const [first = "", ...rest] = wrapWithin(visible(options.mask(`${code}: ${message}`)), options.columns - indent.length);
        return [`  ${count(items.length).padStart(digits)}  ${first}`, ...rest.map((line) => indent + line)]
          .map((line) => `${line}\n`)
          .join("");
      })
      .join("");
    const left = story.waits.slice(MOST_CAUSES);
    const more =
      left.length === 0
        ? ""
        : `  ${statusWords(options.language).moreCauses(
            left.length,
            left.reduce((sum, { items }) => sum + items.length, 0),
          )}\n`;
    return `${this.bold(story.isLast ? words.waits : words.stillWaits)}\n${text}${more}`;
  }

  private table(rows: readonly (readonly string[])[], align: readonly ("left" | "right")[]): string {
    const columns = align.map((each): TableColumn => ({ title: "", align: each }));
    return renderTable(columns, rows).slice(1);
  }

  private section(title: string, { shown, total }: Folded<unknown>, body: string): string {
    if (total === 0) return "";
    const rest = total - shown.length;
    return `${this.bold(this.words.titled(title, count(total)))}\n${body}${rest === 0 ? "" : `  ${this.words.more(rest, total)}\n`}`;
  }

  private bold(text: string): string {
    return this.options.color ? styleText("bold", text, { validateStream: false }) : text;
  }
}

/** Which signal stopped a run is not kept. */
function exitText(result: NonNullable<Story["run"]["result"]>): string {
  return result.status === "interrupted" ? "130 (143 after SIGTERM)" : String(exitOfRun(result, null));
}

function instant(text: string): string {
  return `${text.slice(0, 19).replace("T", " ")} UTC`;
}

/** The same as data; what was folded away is counted. */
export function storyToJson(story: Story, mask: (text: string) => string): unknown {
  const { run, state, started, units, done, refused, lost, unanswered, noted, waits } = story;
  const { result, ...row } = run;
  const list = <T>({ shown, total }: Folded<T>, each: (one: T) => unknown) => ({ total, shown: shown.map(each) });
  const setback = ({ document, message, ...rest }: Setback) => ({
    document: displayKey(document),
    ...rest,
    message: message === null ? null : mask(message),
  });
  return {
    ...row,
    ...(result === null ? {} : (runToJson(result) as object)),
    status: state,
    exitCode: result === null ? null : exitOfRun(result, null),
    started,
    units: list(units, (each) => each),
    inTarget: list(done, ({ document, amountMinor, currency, ...rest }) => ({
      document: displayKey(document),
      ...rest,
      amount: amountMinor === null ? null : formatMinor(amountMinor, currency),
      currency: currency === "" ? null : currency,
    })),
    refused: list(refused, setback),
    lost: list(lost, setback),
    unanswered: list(unanswered, setback),
    noted: list(noted, (each) => auditRowToJson({ ...each, detail: mask(each.detail) })),
    waits: waits.map(({ code, message, hint, items }) => ({ code, n: items.length, message: mask(message), hint })),
  };
}
