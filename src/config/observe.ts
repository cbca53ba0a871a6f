import { resolve } from "node:path";
import type { TSchema } from "typebox";
import { type Problem, type ProblemCode, problem } from "../model/problem.js";
import { fillInMap, type SecretSources } from "./fill-in.js";
import { hideSecrets } from "./hide-secrets.js";
import { Log, Metrics, Traces } from "./observe-schema.js";
import type { Observing } from "./pipeline.js";
import { read } from "./read.js";
import { schemaNode } from "./schema-node.js";
import { child, type MapTree, mergeTrees, placeOf } from "./tree.js";

/** What is needed on the machine where something is written or sent. */
const NOT_HERE: readonly ProblemCode[] = ["CONFIG_MISSING_SECRET", "CONFIG_MISSING_FILE"];

interface ObserveContext {
  readonly folder: string;
  readonly environment: string | null;
  readonly from: SecretSources;
  /** Nothing will be written or sent, so that secrets and files need not be on this machine. */
  readonly unopened: boolean;
  /** Every secret that is found is added. */
  readonly secrets: Set<string>;
}

/** What of logs, metrics and traces can be used, and what is wrong with the rest: a mistake here must not keep a run from its work. */
export function readObserving(tree: MapTree, context: ObserveContext): Observing {
  const problems: Problem[] = [];
  const log = readPart<Log>(tree, "log", Log, context, problems);
  const metrics = readPart<Metrics>(tree, "metrics", Metrics, context, problems);
  const traces = readPart<Traces>(tree, "traces", Traces, context, problems);
  const isFile = log !== null && log.to !== "stderr";
  return { log: isFile ? { ...log, to: resolve(context.folder, log.to) } : log, metrics, traces, problems };
}

/** One part, with what the environment says of it laid over; null where it is left out or cannot be used. */
function readPart<T>(tree: MapTree, key: string, schema: TSchema, context: ObserveContext, problems: Problem[]): T | null {
  const base = child(tree, key);
  const own = context.environment === null ? undefined : child(child(child(tree, "environments"), context.environment), key);
  const part = own?.kind === "map" && base?.kind === "map" ? mergeTrees(own, base) : (own ?? base);
  if (part === undefined) return null;
  const described = schemaNode(schema);
  hideSecrets(part, described);
  if (part.kind !== "map") {
    problems.push(problem("CONFIG_WRONG_VALUE", `\`${key}\` is no mapping; expected \`key: value\` lines`, placeOf(part)));
    return null;
  }
  const found: Problem[] = [];
  const onSecret = (scalar: { readonly text: string; readonly filledIn?: readonly string[] }): void => {
    for (const secret of [scalar.text, ...(scalar.filledIn ?? [])]) if (secret !== "") context.secrets.add(secret);
  };
  const value = read(fillInMap(part, context.from, found), described, { problems: found, onSecret }) as T;
  problems.push(...(context.unopened ? found.filter(({ code }) => !NOT_HERE.includes(code)) : found));
  return found.length === 0 ? value : null;
}
