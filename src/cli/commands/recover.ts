import type { CommandContext } from "../io.js";
import { Observing } from "../observing.js";
import type { RunOptions } from "../run-once.js";
import { choosePipeline, openProject, openStore } from "../session.js";
import { runOne } from "./run.js";

/** Rebuilds what the store knows of a pipeline's postings from the target; nothing is sent. */
export async function recover(
  context: CommandContext,
  options: RunOptions & { readonly asWanted?: boolean },
  name: string | undefined,
): Promise<number> {
  const observing = new Observing(context, options);
  return observing.around(async () => {
    const project = await openProject(context, options);
    await observing.use(project);
    const pipeline = await choosePipeline(project, name);
    const store = openStore(context, project, true);
    try {
      const what = { kind: "recover", only: null, asWanted: options.asWanted === true } as const;
      return await runOne(context, options, project, store, pipeline, what, observing);
    } finally {
      store.close();
    }
  });
}
