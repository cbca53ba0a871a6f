import type { Problem } from "../../model/problem.js";
import { type CaseResult, isFailed, type PipelineResults } from "../../run/case-result.js";
import { differencesText } from "./case.js";
import { renderProblem } from "./problem.js";

/**
 * The results as JUnit XML, which CI systems show: a suite for each pipeline, a test case for each case, and an error for
 * each mistake. `others` are mistakes that belong to no pipeline that could be read.
 */
export function renderJunit(all: readonly PipelineResults[], others: readonly Problem[]): string {
  const suites = all.map(({ pipeline, results, problems }) => ({ name: pipeline.name, results, problems }));
  if (others.length > 0) suites.push({ name: "configuration", results: [], problems: others });
  const sum = (of: (suite: (typeof suites)[number]) => number): number => suites.reduce((total, each) => total + of(each), 0);
  const counts = {
    tests: sum(({ results, problems }) => results.length + problems.length),
    failures: sum(({ results }) => results.filter(isFailed).length),
    errors: sum(({ problems }) => problems.length),
  };
  const text = suites.map(renderSuite).join("");
  return `<?xml version="1.0" encoding="UTF-8"?>\n<testsuites${attributes({ name: "sync test", ...counts })}>\n${text}</testsuites>\n`;
}

interface Suite {
  readonly name: string;
  readonly results: readonly CaseResult[];
  readonly problems: readonly Problem[];
}

function renderSuite({ name, results, problems }: Suite): string {
  const counts = { tests: results.length + problems.length, failures: results.filter(isFailed).length, errors: problems.length };
  const cases = [...results.map((result) => renderCase(name, result)), ...problems.map((problem) => renderFault(name, problem))];
  return `  <testsuite${attributes({ name, ...counts })}>\n${cases.join("")}  </testsuite>\n`;
}

function renderCase(pipeline: string, result: CaseResult): string {
  const { name, place } = result.test;
  const open = `    <testcase${attributes({ name, classname: pipeline, file: place.file, line: place.line })}`;
  if (!isFailed(result)) return `${open}/>\n`;
  const differences = result.nights.flatMap((night) => night.differences);
  const message = differences.map(({ about }) => about).join("; ");
  const text = escapeXml(`- expected  + came out\n${differencesText(differences)}`);
  return `${open}>\n      <failure${attributes({ type: "difference", message })}>${text}</failure>\n    </testcase>\n`;
}

function renderFault(pipeline: string, problem: Problem): string {
  const [place] = problem.at;
  const where = { name: problem.message, classname: pipeline, file: place?.file, line: place?.line };
  const about = attributes({ type: problem.code, message: problem.message });
  const text = escapeXml(renderProblem(problem, { color: false }));
  return `    <testcase${attributes(where)}>\n      <error${about}>${text}</error>\n    </testcase>\n`;
}

function attributes(values: Readonly<Record<string, string | number | undefined>>): string {
  return Object.entries(values)
    .map(([name, value]) =>
      value === undefined ? "" : ` ${name}="${escapeXml(String(value)).replaceAll('"', "&quot;").replace(/\s/g, " ")}"`,
    )
    .join("");
}

/** XML has no way to write most control characters and half characters; a replacement mark stands for them. */
function escapeXml(text: string): string {
  return text
    .replace(/[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/gu, "\ufffd")
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;");
}
