import { existsSync } from "node:fs";
import { hostname } from "node:os";
import type { Pipeline } from "../../config/pipeline.js";
import { isAlive } from "../effects.js";
import { EXIT } from "../exit-codes.js";
import { type CommandContext, type CommonOptions, printJson } from "../io.js";
import { renderProblems } from "../render/problem.js";
import { renderStatus, statusToJson } from "../render/status.js";
import { allPipelines, openProject, openToLook, shownPath } from "../session.js";
import { leasesOf, standingOf } from "../standing.js";

interface StatusCommandOptions extends CommonOptions {
  readonly all?: boolean;
}

/** Everything a person wants to know in the morning, in one screen: how the last runs ended, what waits and why, how old the data is, who is at work. */
export async function status(context: CommandContext, options: StatusCommandOptions): Promise<number> {
  const { io } = context;
  const project = await openProject(context, options);
  const { pipelines, problems } = await allPipelines(project);
  const store = existsSync(project.store) ? openToLook(context, project) : null;
  try {
    store?.freeze();
    const at = context.now();
    const leases = store === null ? [] : leasesOf(store, at, hostname(), isAlive);
    const known = new Map(pipelines.map((pipeline) => [pipeline.name, pipeline]));
    // A pipeline whose file is gone or broken may still have documents that wait.
    const names = [...known.keys(), ...(store?.pipelineNames() ?? []).filter((name) => !known.has(name))];
    // Calculating with time zones is loaded only where a pipeline has a schedule.
    const due = pipelines.some(({ schedule }) => schedule !== null) ? await import("../due.js") : null;
    const coming = (pipeline: Pipeline) => due?.comingRun(pipeline, pipelines, store, at) ?? null;
    const around = { store, now: at, timeZone: project.timeZone, leases, coming };
    const standings = names.map((name) => standingOf(name, known.get(name) ?? null, around));
    const found = { project: project.name, store: project.store, at, standings, leases, problems };
    if (options.json === true) printJson(io, statusToJson(found));
    else {
      const { outIsTerminal, columns, rows } = io;
      io.out(
        renderStatus(found, {
          color: options.color !== false && outIsTerminal,
          language: project.language,
          columns: outIsTerminal ? columns : null,
          rows: outIsTerminal && options.all !== true ? rows : null,
          pathOf: (file) => shownPath(context, file),
        }),
      );
      if (problems.length > 0) io.err(`\n${renderProblems(problems, { color: options.color !== false && io.errIsTerminal })}`);
    }
    return problems.length > 0 ? EXIT.usage : EXIT.done;
  } finally {
    store?.close();
  }
}
