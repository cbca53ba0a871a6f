import type { Connector } from "../connectors/contract.js";
import { type Problem, problem } from "../model/problem.js";
import { nearest, thereAre } from "./nearest.js";
import { placeOf, type ScalarTree } from "./tree.js";

/** Every connector there is. The names are known without loading any; a connector is loaded when something names it. */
export type ConnectorRegistry = ReadonlyMap<string, () => Promise<Connector>>;

/** The connector a file names, or null and a problem with the nearest name. */
export async function findConnector(named: ScalarTree, connectors: ConnectorRegistry, problems: Problem[]): Promise<Connector | null> {
  const load = connectors.get(named.text);
  if (load !== undefined) return load();
  const names = [...connectors.keys()];
  const close = nearest(named.text, names);
  problems.push(
    problem(
      "CONFIG_UNKNOWN_CONNECTOR",
      `unknown connector \`${named.text}\`; ${thereAre(names)}`,
      placeOf(named),
      close === null ? "`sync connectors list` says what each one is for" : `did you mean \`${close}\`?`,
    ),
  );
  return null;
}
