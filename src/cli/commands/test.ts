import { readFileSync, writeFileSync } from "node:fs";
import { resolve } from "node:path";
import type { Pipeline } from "../../config/pipeline.js";
import type { Problem } from "../../model/problem.js";
import { type CaseResult, isFailed, type PipelineResults, tryCase } from "../../run/case-result.js";
import { type CaseUpdate, updateCases } from "../../run/case-update.js";
import { EXIT } from "../exit-codes.js";
import { type CommandContext, type CommonOptions, printJson } from "../io.js";
import { renderCaseHead, renderCaseResult, resultsToJson } from "../render/case.js";
import { renderJunit } from "../render/junit.js";
import { problemToJson, renderProblems } from "../render/problem.js";
import { openForCases } from "../session.js";

interface TestOptions extends CommonOptions {
  readonly update?: boolean;
  readonly junit?: string;
}

/** Runs the cases beside pipelines. Nothing is sent, no connection is opened, and the store of the project is not touched. */
export async function test(context: CommandContext, options: TestOptions, given: unknown): Promise<number> {
  const { io } = context;
  const names = Array.isArray(given) ? (given as string[]) : [];
  const { project, chosen, problems } = await openForCases(context, options, names);
  const color = options.color !== false && io.outIsTerminal;
  const all: PipelineResults[] = [];
  for (const { pipeline, cases } of chosen) {
    const results: CaseResult[] = [];
    if (options.json !== true) io.out(renderCaseHead(pipeline, cases, color));
    for (const one of cases.cases) {
      const tried = await tryCase(pipeline, one, project.timeZone);
      const result = { ...tried, isUpdated: options.update === true && isFailed(tried) };
      results.push(result);
      if (options.json !== true) io.out(renderCaseResult(result, color));
    }
    if (options.update === true) update(pipeline, results);
    all.push({ pipeline, results, problems: cases.problems });
  }
  return report(context, options, all, problems);
}

function update({ mapping }: Pipeline, results: readonly CaseResult[]): void {
  const byFile = new Map<string, CaseUpdate[]>();
  for (const { test: one, nights } of results) {
    for (const [index, { cameOut, differences }] of nights.entries()) {
      const night = one.nights[index];
      if (differences.length === 0 || night === undefined) continue;
      const { path, expected } = night;
      byFile.set(one.file, [...(byFile.get(one.file) ?? []), { path, expected, cameOut, type: mapping.type }]);
    }
  }
  for (const [file, updates] of byFile) writeFileSync(file, updateCases(readFileSync(file, "utf8"), updates));
}

function report(context: CommandContext, options: TestOptions, all: readonly PipelineResults[], others: readonly Problem[]): number {
  const { io } = context;
  const results = all.flatMap((each) => each.results);
  const problems = [...others, ...all.flatMap((each) => each.problems)];
  const failed = results.filter(isFailed).length;
  const updated = results.filter((result) => result.isUpdated).length;
  const passed = results.length - failed - updated;
  if (options.junit !== undefined) writeFileSync(resolve(context.cwd, options.junit), renderJunit(all, others));
  if (options.json === true) {
    printJson(io, { passed, failed, updated, pipelines: all.map(resultsToJson), problems: problems.map(problemToJson) });
  } else {
    if (problems.length > 0) io.err(`\n${renderProblems(problems, { color: options.color !== false && io.errIsTerminal })}`);
    const extra = updated === 0 ? "" : `, ${updated} updated: read the difference before you commit it`;
    io.out(`\n${passed} passed, ${failed} failed${extra}\n`);
  }
  if (failed > 0) return EXIT.error;
  return problems.length > 0 ? EXIT.usage : EXIT.done;
}
