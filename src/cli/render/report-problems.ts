import type { Problem } from "../../model/problem.js";
import { type CommandContext, printJson } from "../io.js";
import { problemToJson, renderProblems } from "./problem.js";

/** Problems that ended a command: on stderr for people, and as one JSON object on stdout when that was asked for. */
export function reportProblems(
  context: CommandContext,
  problems: readonly Problem[],
  options: { readonly json: boolean; readonly color: boolean },
): void {
  const { io } = context;
  if (options.json) printJson(io, { problems: problems.map(problemToJson) });
  else io.err(renderProblems(problems, { color: options.color && io.errIsTerminal }));
}
