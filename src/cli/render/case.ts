import { basename } from "node:path";
import { styleText } from "node:util";
import stringWidth from "string-width";
import type { Cases } from "../../config/cases.js";
import type { Pipeline } from "../../config/pipeline.js";
import type { Place } from "../../model/problem.js";
import { visible } from "../../model/visible.js";
import type { Difference, DiffRow } from "../../run/case-compare.js";
import { type CaseResult, isFailed, type PipelineResults } from "../../run/case-result.js";
import { documentToJson } from "./document.js";
import { problemToJson } from "./problem.js";
import { pad } from "./table.js";

type Style = "bold" | "green" | "red" | "yellow" | "dim";
type Paint = (style: Style, text: string) => string;

function painter(color: boolean): Paint {
  return (style, text) => (color ? styleText(style, text, { validateStream: false }) : text);
}

/** What stands above the cases of a pipeline. One without cases is said so. */
export function renderCaseHead({ name, title, file }: Pipeline, { cases, problems }: Cases, color: boolean): string {
  const head = `${painter(color)("bold", name)}${title === name ? "" : `  ${visible(title)}`}\n`;
  if (cases.length > 0 || problems.length > 0) return head;
  const beside = basename(file).replace(/\.[^.]+$/, ".test.yaml");
  return `${head}  no cases: write some under \`tests\` in its file, or in ${beside} beside it\n`;
}

/** One case for people: passed, or everything in which it differs, line by line. */
export function renderCaseResult(result: CaseResult, color: boolean): string {
  const paint = painter(color);
  const { test, nights, isUpdated } = result;
  const name = visible(test.name);
  if (!isUpdated && !isFailed(result)) return `  ${paint("green", "passed ")}  ${name}\n`;
  const mark = isUpdated ? paint("yellow", "updated") : paint("red", "FAILED ");
  let text = `  ${mark}  ${name}\n    ${paint("dim", `at ${placeText(test.place)}`)}\n`;
  for (const [index, { differences }] of nights.entries()) {
    if (differences.length > 0 && nights.length > 1) text += `    ${paint("bold", `night ${index + 1}`)}\n`;
    for (const difference of differences) text += renderDifference(difference, paint);
  }
  return `${text}    ${paint("dim", isUpdated ? "- was expected  + is expected now" : "- expected  + came out")}\n`;
}

/** Differences without colours, for a CI system. */
export function differencesText(differences: readonly Difference[]): string {
  return differences.map((difference) => renderDifference(difference, (_, text) => text)).join("");
}

function renderDifference({ about, at, tables }: Difference, paint: Paint): string {
  const line = at?.line === undefined ? "" : paint("dim", `, line ${at.line}`);
  return `    ${visible(about)}${line}\n${tables.map((rows) => renderRows(rows, paint)).join("")}`;
}

/** Of five columns, as lines of a document have them, the third is the amount. */
const LINE_COLUMNS = 5;
const AMOUNT = 2;

/** Aligned rows, right for Chinese and other wide characters. */
function renderRows(rows: readonly DiffRow[], paint: Paint): string {
  const shown = rows.map(({ sign, cells }) => ({ sign, cells: cells.map(visible) }));
  const count = Math.max(...shown.map(({ cells }) => cells.length));
  const widths = Array.from({ length: count }, (_, index) => Math.max(...shown.map(({ cells }) => stringWidth(cells[index] ?? ""))));
  const align = (index: number): "left" | "right" => (count === LINE_COLUMNS && index === AMOUNT ? "right" : "left");
  return shown
    .map(({ sign, cells }) => {
      const padded = cells.map((cell, index) => pad(cell, widths[index] ?? 0, align(index)));
      const line = `      ${sign} ${padded.join("  ").trimEnd()}`;
      return `${sign === " " ? line : paint(sign === "-" ? "red" : "green", line)}\n`;
    })
    .join("");
}

function placeText({ file, line, column }: Place): string {
  return [file === undefined ? undefined : visible(file), line, column].filter((part) => part !== undefined).join(":");
}

/** The results of a pipeline as data; documents with amounts as exact text. */
export function resultsToJson({ pipeline, results }: PipelineResults): unknown {
  return {
    pipeline: pipeline.name,
    cases: results.map((result) => ({
      name: result.test.name,
      at: placeOnly(result.test.place),
      result: result.isUpdated ? "updated" : isFailed(result) ? "failed" : "passed",
      nights: result.nights.map(({ cameOut, differences }) => ({
        documents: cameOut.documents.map(documentToJson),
        plan: Object.fromEntries(cameOut.plan),
        quarantine: cameOut.waiting.map(({ key, problem }) => ({ key, problem: problemToJson(problem) })),
        stopped: cameOut.stopped.map(problemToJson),
        differences: differences.map(({ about, at, tables }) => ({
          about,
          ...(at === null ? {} : { at: placeOnly(at) }),
          rows: tables.flat(),
        })),
      })),
    })),
  };
}

function placeOnly({ file, line, column }: Place): Place {
  return { ...(file === undefined ? {} : { file }), ...(line === undefined ? {} : { line }), ...(column === undefined ? {} : { column }) };
}
