import { ProblemError, problem } from "../../model/problem.js";
import { EXIT } from "../exit-codes.js";
import { type CommandContext, type CommonOptions, printJson } from "../io.js";
import { count } from "../render/progress.js";
import { renderRun, runToJson } from "../render/run.js";
import { renderTable } from "../render/table.js";
import { openProject, openStore } from "../session.js";
import { wholeNumber } from "./plan.js";

interface RunsOptions extends CommonOptions {
  readonly pipeline?: string;
  readonly limit: string;
}

export async function runs(context: CommandContext, options: RunsOptions, id: string | undefined): Promise<number> {
  const { io } = context;
  const project = await openProject(context, options);
  const store = openStore(context, project, false);
  try {
    if (id !== undefined) {
      const found = store.runs.get(wholeNumber(id, "the run"));
      if (found === null) throw new ProblemError(problem("NOT_FOUND", `there is no run ${id}`, [], "`sync runs` lists them"));
      if (found.result === null) {
        if (options.json === true) printJson(io, found);
        else
          io.out(
            `${found.pipeline}\nrun ${found.id}: started ${found.startedAt} by process ${found.pid} on ${found.host}, and has not ended\n`,
          );
      } else if (options.json === true) printJson(io, runToJson(found.result));
      else
        io.out(renderRun(found.result, found.pipeline, { color: options.color !== false && io.outIsTerminal, language: project.language }));
      return EXIT.done;
    }
    const rows = store.runs.list({
      ...(options.pipeline === undefined ? {} : { pipeline: options.pipeline }),
      limit: wholeNumber(options.limit, "--limit"),
    });
    if (options.json === true) {
      printJson(
        io,
        rows.map(({ result, ...row }) => ({ ...row, counts: result?.counts ?? null })),
      );
      return EXIT.done;
    }
    io.out(
      renderTable(
        [
          { title: "run", align: "right" },
          { title: "pipeline" },
          { title: "kind" },
          { title: "status" },
          { title: "started (UTC)" },
          { title: "read", align: "right" },
          { title: "posted", align: "right" },
          { title: "replaced", align: "right" },
          { title: "reversed", align: "right" },
          { title: "waiting", align: "right" },
        ],
        rows.map(({ id: run, pipeline, kind, status, startedAt, result }) => {
          const figures =
            result === null
              ? ["", "", "", "", ""]
              : [result.counts.read, result.counts.posted, result.counts.replaced, result.counts.reversed, result.counts.waiting].map(
                  count,
                );
          return [String(run), pipeline, kind, status, startedAt.slice(0, 19).replace("T", " "), ...figures];
        }),
      ),
    );
    return EXIT.done;
  } finally {
    store.close();
  }
}
