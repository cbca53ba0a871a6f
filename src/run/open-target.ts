import type { Pipeline } from "../config/pipeline.js";
import type { ConnectorContext, Target } from "../connectors/contract.js";
import { hasLines } from "../model/document-types.js";
import { ProblemError, problem } from "../model/problem.js";
import { discreetTarget } from "./discreet-target.js";

/** The pipeline's target, ready to be asked; what it says tells no personal value that it was sent. Throws ProblemError, also where it cannot do what the pipeline asks for. */
export async function openTarget(pipeline: Pipeline, context: ConnectorContext): Promise<Target> {
  const { connector, connectionOptions, options } = pipeline.target;
  if (connector.target === undefined) throw new Error(`bug: connector ${connector.name} is no target`);
  const target = await connector.target.open(connectionOptions as never, options as never, context);
  const writesOver = !hasLines(pipeline.mapping.type);
  if (!writesOver && target.update !== undefined && target.postings === undefined)
    throw new Error(`bug: ${connector.name} changes drafts and cannot list them`);
  if (pipeline.target.changed === "update draft" && target.update === undefined) {
    await target.close?.();
    throw new ProblemError(
      problem(
        "CONFIG_WRONG_VALUE",
        `\`target.changed\` is \`update draft\`, and \`${pipeline.target.name}\` has no drafts that can be changed`,
        { file: pipeline.file },
        "use `reverse and repost` or `hold`",
      ),
    );
  }
  if (writesOver && pipeline.target.changed !== "hold" && target.update === undefined) {
    await target.close?.();
    const message = `\`${pipeline.target.name}\` cannot change what it holds, and documents of type \`${pipeline.mapping.type}\` are written over when they change`;
    throw new ProblemError(problem("CONFIG_WRONG_VALUE", message, { file: pipeline.file }, "say `target.changed: hold`"));
  }
  return discreetTarget(target, pipeline.personal);
}
