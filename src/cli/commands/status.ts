import { EXIT } from "../exit-codes.js";
import { type CommandContext, type CommonOptions, printJson } from "../io.js";
import { renderProblems } from "../render/problem.js";
import { renderStatus, statusToJson } from "../render/status.js";
import { openProject, shownPath } from "../session.js";
import { lookAtAll } from "../standings.js";

interface StatusCommandOptions extends CommonOptions {
  readonly all?: boolean;
}

/** Everything a person wants to know in the morning, in one screen: how the last runs ended, what waits and why, how old the data is, who is at work. */
export async function status(context: CommandContext, options: StatusCommandOptions): Promise<number> {
  const { io } = context;
  const project = await openProject(context, options);
  return lookAtAll(context, project, ({ store: _, ...all }) => {
    const found = { project: project.name, store: project.store, ...all };
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
      if (all.problems.length > 0) io.err(`\n${renderProblems(all.problems, { color: options.color !== false && io.errIsTerminal })}`);
    }
    return all.problems.length > 0 ? EXIT.usage : EXIT.done;
  });
}
