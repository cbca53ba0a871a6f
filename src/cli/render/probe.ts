import stringWidth from "string-width";
import type { Pipeline } from "../../config/pipeline.js";
import { type Problem, problem } from "../../model/problem.js";
import { visible } from "../../model/visible.js";
import type { ProbedRecord, ProbedSource, ProbedTarget } from "../../run/probe.js";
import type { RecordCover } from "../personal.js";
import { problemToJson } from "./problem.js";
import { pad } from "./table.js";

/** What was tried of a pipeline; null where the connection has no part in it. */
export interface Probed {
  readonly pipeline: Pipeline;
  readonly source: ProbedSource | null;
  readonly target: ProbedTarget | null;
  readonly cover: RecordCover;
}

type Mask = (text: string) => string;

/** Values longer than this, in columns, are cut: a look is wanted, not the whole. */
const MOST_VALUE = 100;

export function renderProbed({ pipeline, source, target, cover }: Probed, mask: Mask): string {
  return [
    ...(source === null ? [] : [renderSource(pipeline, source, cover, mask)]),
    ...(target === null ? [] : [renderTarget(pipeline, target, mask)]),
  ].join("\n");
}

function renderSource(pipeline: Pipeline, probed: ProbedSource, cover: RecordCover, mask: Mask): string {
  const { name, connector, schema } = pipeline.source;
  const names = schema.fields.map((field) => field.name);
  const head = `source ${name} (${connector.name}) of ${pipeline.name}: ${countText(probed)}\n`;
  return head + probed.records.map((record) => `\n${renderRecord(record, names, cover, mask)}`).join("");
}

function countText({ records, hasMore, problems }: ProbedSource): string {
  if (records.length === 0) return problems.length > 0 ? "no record could be read" : "it answers, and has no record";
  const records_ = records.length === 1 ? "record" : "records";
  return hasMore ? `the first ${records.length} ${records_}` : `all ${records.length} ${records_}`;
}

function renderRecord(record: ProbedRecord, names: readonly string[], cover: RecordCover, mask: Mask): string {
  const lines = [`${shown(record.unit, mask)}:${record.line}`];
  if (record.cells === null) lines.push(`  ${shown(cover.row(record.text ?? ""), mask)}`);
  const width = Math.max(...names.map((name) => stringWidth(name)));
  for (const [index, cell] of (record.cells ?? []).entries()) {
    const name = names[index] ?? "";
    const value = cover.cell(name, cell);
    lines.push(`  ${pad(name, width, "left")}  ${value === null ? "" : shown(String(value), mask)}`.trimEnd());
  }
  if (record.problem !== null) lines.push(`  would wait: ${record.problem.code}: ${visible(mask(record.problem.message))}`);
  return `${lines.join("\n")}\n`;
}

function shown(value: string, mask: Mask): string {
  const covered = visible(mask(value));
  if (stringWidth(covered) <= MOST_VALUE) return covered;
  let cut = "";
  let width = 0;
  for (const character of covered) {
    width += stringWidth(character);
    if (width > MOST_VALUE - 1) break;
    cut += character;
  }
  return `${cut}…`;
}

function renderTarget(pipeline: Pipeline, probed: ProbedTarget, mask: Mask): string {
  return `target ${pipeline.target.name} (${pipeline.target.connector.name}) of ${pipeline.name}: ${targetText(probed, mask)}\n`;
}

function targetText({ asked, latest, problems }: ProbedTarget, mask: Mask): string {
  if (problems.length > 0) return "it cannot be used now";
  if (asked === null) return "opened; it cannot be asked anything without posting";
  if (asked === "lookup") return "it answers when a document is looked up";
  return latest === null ? "it answers, and has taken nothing from this pipeline" : `it answers, and took ${shown(latest, mask)} last`;
}

/** The problems that were met, without secrets in their words. */
export function problemsOf({ source, target }: Probed, mask: Mask): Problem[] {
  return [...(source?.problems ?? []), ...(target?.problems ?? [])].map(({ code, message, at, hint }) =>
    problem(code, mask(message), at, hint),
  );
}

export function probedToJson(probed: Probed, mask: Mask): unknown {
  const { pipeline, source, target, cover } = probed;
  const names = pipeline.source.schema.fields.map((field) => field.name);
  const recordJson = (record: ProbedRecord): unknown => ({
    unit: record.unit,
    line: record.line,
    record:
      record.cells === null
        ? null
        : Object.fromEntries(
            record.cells.map((cell, index) => {
              const value = cover.cell(names[index] ?? "", cell);
              return [names[index], typeof value === "string" ? mask(value) : value];
            }),
          ),
    ...(record.text === null ? {} : { text: mask(cover.row(record.text)) }),
    problem: record.problem === null ? null : problemToJson({ ...record.problem, message: mask(record.problem.message) }),
  });
  return {
    pipeline: pipeline.name,
    source: source === null ? null : { connection: pipeline.source.name, records: source.records.map(recordJson), hasMore: source.hasMore },
    target: target === null ? null : { connection: pipeline.target.name, asked: target.asked, latest: target.latest },
    problems: problemsOf(probed, mask).map(problemToJson),
  };
}
