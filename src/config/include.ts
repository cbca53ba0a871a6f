import { resolve } from "node:path";
import { type Problem, problem } from "../model/problem.js";
import { isFile, readSourceFile, resolveFrom, showPath } from "./source-file.js";
import { child, type MapTree, mergeTrees, parseTree, placeOf, type ScalarTree, scalarsOf } from "./tree.js";

interface Step {
  readonly path: string;
  /** The `include` value that leads on from this file; none for the last file of a chain. */
  leadsOn?: ScalarTree;
}

/** A pipeline file with what it includes, or null when it cannot be read. Places stay those of the file a thing is written in. */
export function readWithIncludes(path: string, projectFolder: string, problems: Problem[]): MapTree | null {
  return readStep({ path: resolve(path) }, [], projectFolder, problems);
}

function readStep(step: Step, chain: readonly Step[], projectFolder: string, problems: Problem[]): MapTree | null {
  const file = readSourceFile(step.path, projectFolder, problems);
  if (file === null) return null;
  const tree = parseTree(file, problems);
  if (tree === null) return null;
  if (tree.kind !== "map") {
    problems.push(problem("CONFIG_WRONG_VALUE", "the file is not a mapping; expected `key: value` lines", placeOf(tree)));
    return null;
  }
  let merged: MapTree | null = tree;
  for (const included of scalarsOf(child(tree, "include"))) {
    const path = resolveFrom(file, included.text);
    const steps: Step[] = [...chain, { ...step, leadsOn: included }];
    const base = includeFile(path, included, steps, projectFolder, problems);
    // What a broken include would have given is unknown, so that nothing can be said about missing keys.
    merged = base === null || merged === null ? null : mergeTrees(merged, withoutInclude(base));
  }
  return merged;
}

function includeFile(path: string, included: ScalarTree, steps: Step[], projectFolder: string, problems: Problem[]): MapTree | null {
  const circle = steps.findIndex((step) => step.path === path);
  if (circle !== -1) {
    problems.push(explainCircle(steps.slice(circle), projectFolder));
    return null;
  }
  if (!isFile(path)) {
    problems.push(
      problem(
        "CONFIG_MISSING_FILE",
        `included file \`${included.text}\` does not exist`,
        placeOf(included),
        `the path starts at the folder of \`${included.file.name}\`; create the file or correct the path`,
      ),
    );
    return null;
  }
  return readStep({ path }, steps, projectFolder, problems);
}

/** A circle is told from the same file on, wherever reading entered it, so that two pipelines in it report one problem. */
function explainCircle(circle: readonly Step[], projectFolder: string): Problem {
  const first = circle.reduce((least, step, index) => (step.path < (circle[least]?.path ?? "") ? index : least), 0);
  const turned = [...circle.slice(first), ...circle.slice(0, first)];
  const names = [...turned, ...turned.slice(0, 1)].map((step) => `\`${showPath(step.path, projectFolder)}\``);
  const closing = turned.at(-1)?.leadsOn;
  return problem(
    "CONFIG_INCLUDE_CYCLE",
    `files include each other in a circle: ${names.join(" → ")}`,
    closing === undefined ? [] : placeOf(closing),
    "remove one of the includes",
  );
}

function withoutInclude(tree: MapTree): MapTree {
  const entries = new Map(tree.entries);
  entries.delete("include");
  return { ...tree, entries };
}
