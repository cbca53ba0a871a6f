import type { Pipeline } from "../config/pipeline.js";
import type { ConnectorContext, Target } from "../connectors/contract.js";

/** The pipeline's target, ready to be asked. Throws ProblemError. */
export async function openTarget(pipeline: Pipeline, context: ConnectorContext): Promise<Target> {
  const { connector, connectionOptions, options } = pipeline.target;
  if (connector.target === undefined) throw new Error(`bug: connector ${connector.name} is no target`);
  return connector.target.open(connectionOptions as never, options as never, context);
}
