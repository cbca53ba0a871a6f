import { dirname, resolve } from "node:path";
import { globSync } from "tinyglobby";
import { type Problem, problem } from "../model/problem.js";
import type { Case, Night, YamlPath } from "./case.js";
import { readExpected } from "./case-expected.js";
import { type RowsContext, readRows, readUsual, type Usual } from "./case-rows.js";
import { CaseFile, TestCase } from "./case-schema.js";
import { readWithIncludes } from "./include.js";
import type { Pipeline, Project } from "./pipeline.js";
import { read } from "./read.js";
import { schemaNode } from "./schema-node.js";
import { isFile, readSourceFile } from "./source-file.js";
import { child, childScalar, keyPlace, type MapTree, parseTree, placeOf, type ScalarTree, scalarsOf, type Tree } from "./tree.js";

export interface Cases {
  /** Those without mistakes. */
  readonly cases: readonly Case[];
  readonly problems: readonly Problem[];
}

/** The cases beside a pipeline: those in the file itself, in files that it names, and in `NAME.test.yaml` beside `NAME.yaml`. */
export function loadCases(pipeline: Pipeline, project: Project): Cases {
  const problems: Problem[] = [];
  const reader = new CaseReader(pipeline, project, problems);
  const tree = readWithIncludes(pipeline.file, project.folder, problems);
  const tests = child(tree ?? undefined, "tests");
  const files: string[] = [];
  if (tests !== undefined) {
    if (isPatterns(tests)) for (const pattern of scalarsOf(tests)) files.push(...filesOf(pattern, problems));
    else reader.readSuite(tests, ["tests"]);
  }
  const beside = pipeline.file.replace(/\.[^.]+$/, ".test.yaml");
  if (isFile(beside)) files.push(beside);
  for (const file of new Set(files)) reader.readFile(file);
  return { cases: reader.cases, problems };
}

function isPatterns(tests: Tree): boolean {
  return (
    tests.kind === "scalar" || (tests.kind === "list" && tests.items.length > 0 && tests.items.every((item) => item.kind === "scalar"))
  );
}

function filesOf(pattern: ScalarTree, problems: Problem[]): string[] {
  const folder = dirname(pattern.file.path);
  const found = globSync(pattern.text, { cwd: folder, absolute: true, onlyFiles: true, expandDirectories: false })
    .map((file) => resolve(file))
    .sort((a, b) => (a < b ? -1 : 1));
  if (found.length === 0)
    problems.push(
      problem(
        "CONFIG_MISSING_FILE",
        `no file fits \`${pattern.text}\``,
        placeOf(pattern),
        `the path starts at the folder of \`${pattern.file.name}\`; create the file or correct the path`,
      ),
    );
  return found;
}

const ONE = schemaNode(TestCase);
/** The cases are read one by one, so that a mistake in one does not hide the others. */
const FILE = (() => {
  const whole = schemaNode(CaseFile);
  return { ...whole, properties: { ...whole.properties, cases: { type: "array", minItems: 1 } } };
})();

class CaseReader {
  readonly cases: Case[] = [];
  private readonly names = new Map<string, ScalarTree>();

  constructor(
    private readonly pipeline: Pipeline,
    private readonly project: Project,
    private readonly problems: Problem[],
  ) {}

  readFile(path: string): void {
    const file = readSourceFile(path, this.project.folder, this.problems);
    const tree = file === null ? null : parseTree(file, this.problems);
    if (tree !== null) this.readSuite(tree, []);
  }

  /** A list of cases, or a mapping with `usual` and `cases`. */
  readSuite(tree: Tree, path: YamlPath): void {
    if (tree.kind === "list") {
      for (const [index, item] of tree.items.entries()) this.readCase(item, new Map(), [...path, index]);
      return;
    }
    if (tree.kind === "scalar") {
      const message = "the cases are no list and no mapping with `cases`";
      this.problems.push(problem("CONFIG_WRONG_VALUE", message, placeOf(tree), "begin each case with `- name: …`"));
      return;
    }
    const own = this.context([]);
    const suite = read(tree, FILE, own) as Partial<CaseFile>;
    const usual = readUsual(child(tree, "usual"), suite.usual ?? {}, own);
    this.problems.push(...own.problems);
    const cases = child(tree, "cases");
    if (cases?.kind === "list") for (const [index, item] of cases.items.entries()) this.readCase(item, usual, [...path, "cases", index]);
  }

  private context(problems: Problem[]): RowsContext {
    return { source: this.pipeline.source, project: this.project, problems };
  }

  private readCase(tree: Tree, usual: Usual, path: YamlPath): void {
    const context = this.context([]);
    const value = read(tree, ONE, context) as Partial<TestCase>;
    const found = tree.kind === "map" && value.name !== undefined ? this.makeCase(tree, value.name, value, usual, path, context) : null;
    this.problems.push(...context.problems);
    if (found !== null && context.problems.length === 0) this.cases.push(found);
  }

  private makeCase(tree: MapTree, name: string, value: Partial<TestCase>, usual: Usual, path: YamlPath, context: RowsContext): Case | null {
    const { problems } = context;
    const named = childScalar(tree, "name");
    if (named === undefined) return null;
    const first = this.names.get(name);
    if (first !== undefined) {
      const message = `two cases of \`${this.pipeline.name}\` have the name \`${name}\``;
      problems.push(problem("CONFIG_DUPLICATE_NAME", message, [placeOf(first), placeOf(named)], "give each a name of its own"));
    } else this.names.set(name, named);
    const nights = child(tree, "nights");
    const shape = shapeProblem(tree);
    // A misspelt key is one mistake, not an unknown key and a missing one.
    if (shape !== null && problems.length === 0) problems.push(shape);
    const night = (at: Tree, given: Partial<NonNullable<TestCase["nights"]>[number]>, index: number, where: YamlPath): Night[] => {
      const input = child(at, "input");
      if (input === undefined || given.input === undefined) return [];
      const records = readRows(input, given.input, usual, context);
      const said = child(at, "expect");
      const expected =
        said === undefined || given.expect === undefined
          ? null
          : readExpected(said, given.expect, { type: this.pipeline.mapping.type, problems });
      const unit = given.unit ?? `night ${index + 1}`;
      return [{ unit, records, expected, place: placeOf(at), path: where }];
    };
    const made =
      nights?.kind === "list"
        ? nights.items.flatMap((item, index) => night(item, value.nights?.[index] ?? {}, index, [...path, "nights", index]))
        : night(tree, value, 0, path);
    const closedThrough = value.closed_through ?? null;
    return { name, place: placeOf(named), file: named.file.path, closedThrough, nights: made };
  }
}

function shapeProblem(tree: MapTree): Problem | null {
  const nights = tree.entries.get("nights");
  const other = tree.entries.get("input") ?? tree.entries.get("expect");
  if (nights === undefined && !tree.entries.has("input"))
    return problem("CONFIG_MISSING_KEY", "the case delivers nothing: it has neither `input` nor `nights`", placeOf(tree), "add `input`");
  if (nights === undefined || other === undefined) return null;
  const message = `the case has \`nights\` and \`${other.key}\``;
  return problem("CONFIG_WRONG_VALUE", message, keyPlace(other), `put \`${other.key}\` under the night it belongs to`);
}
