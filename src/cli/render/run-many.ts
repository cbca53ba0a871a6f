import type { Pipeline } from "../../config/pipeline.js";
import type { Problem } from "../../model/problem.js";
import { type Once, runOnceToJson } from "../run-once.js";
import { problemToJson } from "./problem.js";
import { count } from "./progress.js";
import { renderTable } from "./table.js";
import { type Language, manyWords, runWords } from "./words.js";

/** Why the schedule of a pipeline asks for no run now. */
export interface NotDue {
  readonly isScheduled: boolean;
  /** When the next run is due, in the zone of the schedule; null where there is none. */
  readonly next: string | null;
}

/** What came of one of several pipelines. */
export type Ended = { readonly pipeline: Pipeline; readonly exit: number } & (
  | ({ readonly kind: "run" } & Once)
  /** It could not even begin. */
  | { readonly kind: "failed"; readonly problems: readonly Problem[] }
  | { readonly kind: "left out"; readonly needs: readonly string[]; readonly problems: readonly Problem[] }
  | { readonly kind: "not scheduled"; readonly why: NotDue }
  /** The command was asked to stop before. */
  | { readonly kind: "not begun" }
);

/** The closing table: one line for each pipeline, in the order in which they came. */
export function renderEnded(ended: readonly Ended[], language: Language): string {
  const [only] = ended;
  // The block of one run says it all.
  if (only !== undefined && ended.length === 1) return only.kind === "run" ? "" : `${only.pipeline.name}: ${outcome(only, language)}\n`;
  const words = manyWords(language);
  const rows = ended.map((each) => {
    if (each.kind !== "run") return [each.pipeline.name, "", "", "", outcome(each, language)];
    const { read, posted, waiting } = each.result.counts;
    return [each.pipeline.name, count(read), count(posted), count(waiting), outcome(each, language)];
  });
  if (rows.length === 0) return "";
  const [name, read, posted, waiting, came] = words.columns;
  const right = (title: string) => ({ title, align: "right" as const });
  return renderTable([{ title: name }, right(read), right(posted), right(waiting), { title: came }], rows);
}

function outcome(ended: Ended, language: Language): string {
  const words = manyWords(language);
  switch (ended.kind) {
    case "run":
      return runWords(language).status[ended.result.status];
    case "failed":
      return words.failed(ended.problems.map(({ code }) => code).join(", "));
    case "left out":
      return words.leftOut(ended.needs.join(", "));
    case "not scheduled":
      return words.notScheduled(ended.why);
    case "not begun":
      return words.notBegun;
  }
}

export function endedToJson(ended: Ended): object {
  const { kind: outcome, exit: exitCode } = ended;
  if (ended.kind === "run") return { ...runOnceToJson(ended), outcome, exitCode };
  const told = { pipeline: ended.pipeline.name, outcome, exitCode };
  if (ended.kind === "failed") return { ...told, problems: ended.problems.map(problemToJson) };
  if (ended.kind === "left out") return { ...told, needs: ended.needs, problems: ended.problems.map(problemToJson) };
  return ended.kind === "not scheduled" ? { ...told, why: ended.why } : told;
}
