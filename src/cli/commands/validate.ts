import { EXIT } from "../exit-codes.js";
import { type CommandContext, type CommonOptions, printJson } from "../io.js";
import { problemToJson, renderProblems } from "../render/problem.js";
import { pointer } from "../render/report-problems.js";
import { openWorkspace, shownPath } from "../session.js";

export async function validate(context: CommandContext, options: CommonOptions): Promise<number> {
  const { io } = context;
  const { project, pipelines, problems } = await openWorkspace(context, options);
  if (options.json === true) {
    printJson(io, {
      project: project?.name ?? null,
      pipelines: pipelines.map(({ name, title, file }) => ({ name, title, file: shownPath(context, file) })),
      problems: problems.map(problemToJson),
    });
  } else if (problems.length > 0) {
    io.out(`${renderProblems(problems, { color: options.color !== false && io.outIsTerminal })}${pointer(problems, "en")}`);
  } else {
    const count = pipelines.length === 1 ? "1 pipeline" : `${pipelines.length} pipelines`;
    io.out(`${count} checked, no problem found: ${pipelines.map((pipeline) => pipeline.name).join(", ") || "none"}\n`);
  }
  return problems.length > 0 ? EXIT.usage : EXIT.done;
}
