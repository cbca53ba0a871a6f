import type { Connector } from "../connectors/contract.js";
import { bug, type Problem, problem } from "../model/problem.js";
import { listNames, nearest, thereAre } from "./nearest.js";
import type { Project } from "./pipeline.js";
import { readConnectionOptions } from "./project.js";
import { read } from "./read.js";
import { type ConnectorRegistry, findConnector } from "./registry.js";
import { type SchemaNode, schemaNode } from "./schema-node.js";
import { childScalar, keyPlace, type MapTree, placeOf, type ScalarTree } from "./tree.js";

export type Role = "source" | "target";

/** What a pipeline names under `source` or `target`: a connector, where it connects to, and how it is used there. */
export interface Endpoint {
  readonly connector: Connector;
  /** The name of the connection, or of the connector when it needs none. */
  readonly name: string;
  readonly connectionOptions: unknown;
  /** The connector's own options in this role. */
  readonly options: unknown;
  /** Those of the options that decide what is read or posted: paths as written, no secrets. */
  readonly essentials: unknown;
}

export interface EndpointReading {
  /** The keys every source or target has. */
  readonly common: Readonly<Record<string, unknown>>;
  readonly endpoint: Endpoint | null;
}

export interface EndpointContext {
  readonly project: Project;
  readonly broken: ReadonlySet<string>;
  readonly connectors: ConnectorRegistry;
  readonly problems: Problem[];
}

/** Reads `source` or `target`: the common keys by their schema, all others by the connector's. */
export async function readEndpoint(tree: MapTree, role: Role, common: SchemaNode, context: EndpointContext): Promise<EndpointReading> {
  const { problems } = context;
  const found = await findEndpoint(tree, role, context);
  const options = found === null ? null : await optionsSchema(found.connector, role, found.named, context);
  if (found === null || options === null) {
    const value = read(tree, { ...common, additionalProperties: true }, { problems });
    return { common: value as Record<string, unknown>, endpoint: null };
  }
  const own = removeConnectionKeys(tree, found.connector, [common, options], problems);
  const merged = mergeSchemas(common, options, found.connector.name);
  const value = read(own, merged, { problems }) as Record<string, unknown>;
  const written = read(own, merged, { problems: [], keepPaths: true }) as Record<string, unknown>;
  const { connector, name, connectionOptions } = found;
  const endpoint = {
    connector,
    name,
    connectionOptions,
    options: pick(value, options),
    essentials: pick(written, options),
  };
  return { common: pick(value, common), endpoint };
}

interface FoundEndpoint {
  readonly connector: Connector;
  readonly name: string;
  readonly connectionOptions: unknown;
  readonly named: ScalarTree;
}

async function findEndpoint(tree: MapTree, role: Role, context: EndpointContext): Promise<FoundEndpoint | null> {
  const connection = childScalar(tree, "connection");
  const connector = childScalar(tree, "connector");
  if (connection !== undefined && connector !== undefined) {
    context.problems.push(
      problem(
        "CONFIG_WRONG_VALUE",
        `\`${role}\` gives both \`connection\` and \`connector\`; expected one of them`,
        placeOf(connector),
        "a connection of sync.yaml already says which connector it uses: remove `connector`",
      ),
    );
    return null;
  }
  if (connection !== undefined) return findConnection(connection, context);
  if (connector !== undefined) return findBareConnector(connector, role, context);
  // An empty or nested value is reported where the common keys are read.
  if (tree.entries.has("connection") || tree.entries.has("connector")) return null;
  context.problems.push(
    problem(
      "CONFIG_MISSING_KEY",
      `\`${role}\` names no system; expected \`connection\` or \`connector\``,
      placeOf(tree),
      connectionHint([...context.project.connections.keys()]),
    ),
  );
  return null;
}

function connectionHint(known: readonly string[]): string {
  return known.length === 0
    ? "add `connector: NAME`; see `sync connectors list`"
    : `add \`connection: NAME\`; sync.yaml has ${listNames(known)}`;
}

function findConnection(named: ScalarTree, context: EndpointContext): FoundEndpoint | null {
  const found = context.project.connections.get(named.text);
  if (found !== undefined) return { connector: found.connector, name: found.name, connectionOptions: found.options, named };
  if (context.broken.has(named.text)) return null;
  const known = [...new Set([...context.project.connections.keys(), ...context.broken])];
  const close = nearest(named.text, known);
  const asConnector = context.connectors.has(named.text)
    ? `write \`connector: ${named.text}\`, or add it under \`connections\``
    : undefined;
  context.problems.push(
    problem(
      "CONFIG_UNKNOWN_CONNECTION",
      `no connection \`${named.text}\` in sync.yaml; ${thereAre(known)}`,
      placeOf(named),
      close === null ? (asConnector ?? "add it under `connections` in sync.yaml") : `did you mean \`${close}\`?`,
    ),
  );
  return null;
}

async function findBareConnector(named: ScalarTree, role: Role, context: EndpointContext): Promise<FoundEndpoint | null> {
  const connector = await findConnector(named, context.connectors, context.problems);
  if (connector === null) return null;
  const empty: MapTree = { kind: "map", entries: new Map(), file: named.file, start: named.start, end: named.end, label: null };
  const own: Problem[] = [];
  const connectionOptions = readConnectionOptions(empty, connector, { problems: own });
  if (own.length > 0) {
    const required = schemaNode(connector.connection).required ?? [];
    const usable = [...context.project.connections.values()].filter((each) => each.connector.name === connector.name);
    const [first] = usable;
    context.problems.push(
      problem(
        "CONFIG_MISSING_KEY",
        `\`${connector.name}\` needs a connection that gives ${listNames(required)}`,
        placeOf(named),
        first === undefined
          ? `add one under \`connections\` in sync.yaml and name it here: \`${role}: { connection: NAME }\``
          : `write \`connection: ${first.name}\``,
      ),
    );
    return null;
  }
  return { connector, name: connector.name, connectionOptions, named };
}

/** The connector's options in a role, or null and a problem when it has no such role. */
async function optionsSchema(connector: Connector, role: Role, named: ScalarTree, context: EndpointContext): Promise<SchemaNode | null> {
  const definition = role === "source" ? connector.source : connector.target;
  if (definition !== undefined) return schemaNode(definition.options);
  const able: string[] = [];
  for (const load of context.connectors.values()) {
    const each = await load();
    if ((role === "source" ? each.source : each.target) !== undefined) able.push(each.name);
  }
  const other = role === "source" ? "it can only be a target" : "it can only be a source";
  context.problems.push(
    problem(
      "CONFIG_WRONG_VALUE",
      `connector \`${connector.name}\` cannot be a ${role}; ${other}`,
      placeOf(named),
      `connectors that can: ${listNames(able)}`,
    ),
  );
  return null;
}

/** Takes out keys that belong to the connection, each with a problem that says where it belongs. */
function removeConnectionKeys(tree: MapTree, connector: Connector, schemas: readonly SchemaNode[], problems: Problem[]): MapTree {
  const connection = schemaNode(connector.connection).properties ?? {};
  const isKnown = (key: string): boolean => schemas.some((schema) => Object.hasOwn(schema.properties ?? {}, key));
  const entries = new Map(tree.entries);
  for (const entry of tree.entries.values()) {
    const described = Object.hasOwn(connection, entry.key) ? connection[entry.key] : undefined;
    if (described === undefined || isKnown(entry.key)) continue;
    if (described.secret === true) entry.value.file.hide(entry.value.start, entry.value.end);
    problems.push(
      problem(
        "CONFIG_UNKNOWN_KEY",
        `\`${entry.key}\` belongs to the connection of \`${connector.name}\`, not to a pipeline`,
        keyPlace(entry),
        described.secret === true
          ? `move it to sync.yaml under \`connections\`, as \`${entry.key}: \${env.NAME}\`, and change it if this file was ever committed`
          : "move it to sync.yaml, under `connections`",
      ),
    );
    entries.delete(entry.key);
  }
  return { ...tree, entries };
}

/** One closed schema of the common keys and the connector's, so that a misspelt key is compared with both. */
export function mergeSchemas(common: SchemaNode, options: SchemaNode, connector: string): SchemaNode {
  for (const key of Object.keys(options.properties ?? {}))
    if (Object.hasOwn(common.properties ?? {}, key))
      bug(`connector ${connector} has an option \`${key}\`, which every pipeline already has`);
  return {
    type: "object",
    properties: { ...common.properties, ...options.properties },
    required: [...(common.required ?? []), ...(options.required ?? [])],
    additionalProperties: false,
  };
}

function pick(value: Readonly<Record<string, unknown>>, schema: SchemaNode): Record<string, unknown> {
  return Object.fromEntries(Object.entries(value).filter(([key]) => Object.hasOwn(schema.properties ?? {}, key)));
}
