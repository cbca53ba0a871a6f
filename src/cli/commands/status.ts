import { existsSync } from "node:fs";
import { displayCursor } from "../../model/cursor.js";
import type { Store } from "../../store/store.js";
import { EXIT } from "../exit-codes.js";
import { type CommandContext, type CommonOptions, printJson } from "../io.js";
import { problemToJson, renderProblems } from "../render/problem.js";
import { count } from "../render/progress.js";
import { renderTable } from "../render/table.js";
import { allPipelines, openProject, openStore, shownPath } from "../session.js";

/** The newest plan, where nobody applied it and something waits for it. */
function planToApprove(
  store: Store,
  pipelineId: number,
): { readonly file: string; readonly sends: number; readonly madeAt: string } | null {
  const plan = store.plans.latest(pipelineId);
  return plan === null || plan.appliedIn !== null || plan.sends === 0 ? null : { file: plan.file, sends: plan.sends, madeAt: plan.madeAt };
}

/** One line per pipeline: how the last run ended, what waits, how far it has read. */
export async function status(context: CommandContext, options: CommonOptions): Promise<number> {
  const { io } = context;
  const project = await openProject(context, options);
  const { pipelines, problems } = await allPipelines(project);
  const store = existsSync(project.store) ? openStore(context, project, false) : null;
  try {
    const rows = pipelines.map(({ name, title, approval }) => {
      const last = store?.runs.list({ pipeline: name, limit: 1 })[0] ?? null;
      if (store === null || last === null) return { pipeline: name, title, last: null };
      const id = store.pipelineId(name);
      const waiting = store.quarantine.countWaiting(id);
      const watermark = store.watermarks.get(id, "records");
      const lease = store.leases.get(name);
      return {
        pipeline: name,
        title,
        last: { run: last.id, kind: last.kind, status: last.status, startedAt: last.startedAt, endedAt: last.endedAt },
        posted: store.postings.countLive(id),
        waiting: waiting.waiting,
        held: waiting.held,
        dropped: waiting.dropped,
        unconfirmed: store.attempts.countOpen(id),
        watermark: watermark === null ? null : displayCursor(watermark),
        causes: store.quarantine.byCode(id),
        toApprove: approval === null ? null : planToApprove(store, id),
        runningNow: lease === null ? null : { host: lease.host, pid: lease.pid, since: lease.acquiredAt },
      };
    });
    if (options.json === true) {
      printJson(io, { project: project.name, store: project.store, pipelines: rows, problems: problems.map(problemToJson) });
      return problems.length > 0 ? EXIT.usage : EXIT.done;
    }
    const table = rows.map((row) =>
      row.last === null
        ? [row.pipeline, "never ran", "", "", "", "", ""]
        : [
            row.pipeline,
            row.runningNow === null ? row.last.status : "running",
            row.last.startedAt.slice(0, 16).replace("T", " "),
            count(row.posted),
            count(row.waiting + row.held),
            count(row.unconfirmed),
            row.watermark ?? "",
          ],
    );
    io.out(
      renderTable(
        [
          { title: "pipeline" },
          { title: "last run" },
          { title: "started (UTC)" },
          { title: "posted", align: "right" },
          { title: "waiting", align: "right" },
          { title: "in doubt", align: "right" },
          { title: "watermark" },
        ],
        table,
      ),
    );
    for (const { pipeline, toApprove } of rows)
      if (toApprove != null)
        io.out(
          `\n${pipeline}: ${count(toApprove.sends)} documents wait for a plan that is approved and applied\n  ${shownPath(context, toApprove.file)}\n`,
        );
    for (const row of rows) {
      if (row.last === null || row.causes.length === 0) continue;
      io.out(`\n${row.pipeline} waits for:\n`);
      io.out(
        renderTable(
          [{ title: "  cause" }, { title: "items", align: "right" }],
          row.causes.map(({ code, n }) => [`  ${code}`, count(n)]),
        ),
      );
    }
    if (problems.length > 0) io.err(`\n${renderProblems(problems, { color: options.color !== false && io.errIsTerminal })}`);
    return problems.length > 0 ? EXIT.usage : EXIT.done;
  } finally {
    store?.close();
  }
}
