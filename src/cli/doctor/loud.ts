import type { Pipeline, Project } from "../../config/pipeline.js";
import { exposedFiles, exposedProblem, plainPlaces } from "../loud.js";
import { type Finding, look } from "./finding.js";

/** What runs say aloud every time: data that travels readable, and secrets that others may read. The store has a finding of its own. */
export function checkLoud(project: Project, pipelines: readonly Pipeline[]): Finding[] {
  const told = [
    ...plainPlaces(project, pipelines),
    ...exposedFiles(project)
      .filter(({ what }) => what === "secret")
      .map((each) => ({ check: "permissions", problem: exposedProblem(each) })),
  ];
  return told.map(({ check, problem }) => look(check, problem.message, problem.hint ?? ""));
}
