import { ProblemError, problem } from "../../model/problem.js";
import { displayKey } from "../../model/record.js";
import { takeLease } from "../../run/lease.js";
import { openTarget } from "../../run/open-target.js";
import { resolveAttempt } from "../../run/resolve.js";
import { liveEffects } from "../effects.js";
import { EXIT } from "../exit-codes.js";
import type { CommandContext, CommonOptions } from "../io.js";
import { choosePipeline, folderOf, openProject, openStore, pipelineInStore } from "../session.js";

interface ResolveOptions extends CommonOptions {
  readonly pipeline?: string;
  readonly posted?: string;
  readonly notPosted?: boolean;
  readonly reason?: string;
}

/** A person looked into the target and says what became of a document whose answer was lost. */
export async function resolve(context: CommandContext, options: ResolveOptions, key: string | undefined): Promise<number> {
  const { io } = context;
  const posted = options.posted?.trim() ?? null;
  if ((posted === null) === (options.notPosted !== true)) {
    throw new ProblemError(problem("USAGE", "say either `--posted NUMBER` or `--not-posted`", [], "look for it in the target first"));
  }
  if (posted === "" || (options.reason?.trim() ?? "") === "") {
    throw new ProblemError(
      problem("USAGE", "the number or the reason is empty", [], 'for example `--posted "记-0123" --reason "seen in the ledger"`'),
    );
  }
  const project = await openProject(context, options);
  const store = openStore(context, project, false);
  const live = liveEffects(context, () => undefined);
  try {
    const pipeline = pipelineInStore(store, options.pipeline);
    const settings = await choosePipeline(project, pipeline.name);
    const { now, sleep, signal } = live.effects;
    const target = await openTarget(settings, { folder: folderOf(settings), timeZone: project.timeZone, now, sleep, signal });
    const { quietMs } = target.traits;
    await target.close?.();
    const lease = takeLease(store, pipeline.name, live.effects);
    try {
      const runId = store.runs.list({ pipeline: pipeline.name, limit: 1 })[0]?.id ?? 0;
      const answer = { pipeline, runId, store, effects: live.effects };
      const resolved = resolveAttempt(answer, pipeline.id, {
        documentKey: key ?? "",
        posted,
        reason: options.reason?.trim() ?? "",
        quietMs,
      });
      const act = resolved.act === "post" ? "posting" : "reversal";
      const outcome = posted === null ? "is not in the target, and is sent again by the next run" : `is in the target as ${posted}`;
      io.out(`${displayKey(resolved.documentKey)}: its ${act} (${resolved.idempotencyKey}) ${outcome}\n`);
      return EXIT.done;
    } finally {
      lease.release();
    }
  } finally {
    live.dispose();
    store.close();
  }
}
