import type { Project } from "../../config/pipeline.js";
import { plainWays } from "../../config/plain-ways.js";
import { exposedFiles, exposedProblem, insecureProblem } from "../loud.js";
import { type Finding, look } from "./finding.js";

/** What runs say aloud every time: data that travels readable, and secrets that others may read. The store has a finding of its own. */
export function checkLoud(project: Project, used: ReadonlySet<string>): Finding[] {
  const connections = [...project.connections.values()].filter(({ name }) => used.has(name));
  const ways = [
    ...connections.flatMap(({ name, options }) =>
      plainWays(options).map((host) => ({ check: `connection ${name}`, what: `connection \`${name}\``, host })),
    ),
    ...project.notify.channels.flatMap(({ name, settings }) =>
      plainWays(settings.options).map((host) => ({ check: `channel ${name}`, what: `channel \`${name}\``, host })),
    ),
  ];
  const told = [
    ...ways.map(({ check, what, host }) => ({ check, problem: insecureProblem(what, host) })),
    ...exposedFiles(project)
      .filter(({ what }) => what === "secret")
      .map((each) => ({ check: "permissions", problem: exposedProblem(each) })),
  ];
  return told.map(({ check, problem }) => look(check, problem.message, problem.hint ?? ""));
}
