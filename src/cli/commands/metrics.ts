import { EXIT } from "../exit-codes.js";
import type { CommandContext, CommonOptions } from "../io.js";
import { metricsText } from "../observation.js";
import { openProject } from "../session.js";

/** What stands in the file of `metrics.file`, as it would be written now. */
export async function metrics(context: CommandContext, options: CommonOptions): Promise<number> {
  context.io.out(await metricsText(context, await openProject(context, options)));
  return EXIT.done;
}
