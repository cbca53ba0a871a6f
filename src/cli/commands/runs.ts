import { hostname } from "node:os";
import { ProblemError, problem } from "../../model/problem.js";
import { AuditLog } from "../../store/audit-log.js";
import type { RunRow } from "../../store/runs.js";
import type { Store } from "../../store/store.js";
import { isAlive } from "../effects.js";
import { EXIT } from "../exit-codes.js";
import { type CommandContext, type CommonOptions, printJson } from "../io.js";
import { showLong } from "../pager.js";
import { masker } from "../render/mask.js";
import { count } from "../render/progress.js";
import { renderStory, storyToJson } from "../render/story.js";
import { renderTable } from "../render/table.js";
import { openProject, openToLook, pipelineInStore, placeOf } from "../session.js";
import { leasesOf } from "../standing.js";
import { storyOf } from "../story.js";
import { wholeNumber } from "./plan.js";

interface RunsOptions extends CommonOptions {
  readonly pipeline?: string;
  readonly limit: string;
}

const LAST = "last";

/** Past runs, newest first. A number instead of a pipeline tells the story of that run. */
export async function list(context: CommandContext, options: RunsOptions, what: string | undefined): Promise<number> {
  if (what !== undefined && isNumber(what)) return show(context, options, what);
  const { io } = context;
  const limit = wholeNumber(options.limit, "--limit");
  const project = await openProject(context, options);
  const store = openToLook(context, project);
  try {
    const name = what ?? options.pipeline;
    const rows = store.runs.list({ ...(name === undefined ? {} : { pipeline: pipelineInStore(store, name).name }), limit });
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

/** The story of one run: by its number, or the last one, of a pipeline where one is named. */
export async function show(context: CommandContext, options: RunsOptions, given?: string, pipeline?: string): Promise<number> {
  const { io } = context;
  const limit = wholeNumber(options.limit, "--limit");
  const project = await openProject(context, options);
  const store = openToLook(context, project);
  try {
    const run = chosenRun(store, given, pipeline ?? options.pipeline);
    const log = AuditLog.open(placeOf(project));
    try {
      const now = context.now();
      const isHeld = leasesOf(store, now, hostname(), isAlive).some(({ name, state }) => name === run.pipeline && state === "held");
      const story = storyOf(run, { store, log, limit, isHeld });
      const mask = masker(project.secrets);
      if (options.json === true) printJson(io, storyToJson(story, mask));
      else {
        const color = options.color !== false && io.outIsTerminal;
        showLong(context, renderStory(story, { color, language: project.language, columns: io.columns, now, mask }), true);
      }
    } finally {
      log.close();
    }
    return EXIT.done;
  } finally {
    store.close();
  }
}

function chosenRun(store: Store, given: string | undefined, pipeline: string | undefined): RunRow {
  const byNumber = given !== undefined && isNumber(given);
  // `runs show PIPELINE` is the last run of it.
  const name = pipeline ?? (given === undefined || byNumber || given === LAST ? undefined : given);
  const known = name === undefined ? undefined : pipelineInStore(store, name).name;
  if (!byNumber) {
    const last = store.runs.list({ ...(known === undefined ? {} : { pipeline: known }), limit: 1 })[0];
    if (last !== undefined) return last;
    throw new ProblemError(problem("NOT_FOUND", "there is no run yet", [], "`sync run` makes the first"));
  }
  const found = store.runs.get(wholeNumber(given, "the run"));
  if (found === null)
    throw new ProblemError(
      problem(
        "NOT_FOUND",
        `there is no run ${given}`,
        [],
        `\`sync runs\` lists them; of one that was let go, \`sync audit log --run ${given}\` still tells`,
      ),
    );
  if (known !== undefined && known !== found.pipeline)
    throw new ProblemError(
      problem("NOT_FOUND", `run ${given} is one of \`${found.pipeline}\`, not of \`${known}\``, [], `see \`sync runs ${known}\``),
    );
  return found;
}

function isNumber(text: string): boolean {
  return /^\d+$/.test(text);
}
