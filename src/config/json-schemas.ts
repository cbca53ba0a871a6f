import type { Connector } from "../connectors/contract.js";
import { Suite } from "./case-schema.js";
import { CHANNEL_KINDS, CHANNELS, Channel } from "./notify-schema.js";
import { PipelineFile, ProjectFile, SourceCommon } from "./schema.js";
import { type SchemaNode, schemaNode } from "./schema-node.js";
import { shareRepeated } from "./shared-schemas.js";

type Json = { readonly [key: string]: unknown };

/**
 * The schemas an editor completes and checks `sync.yaml`, pipeline files and files of cases with, by file name. Draft 7, because that is
 * what editors know best. They say what can be said without reading anything else; `sync validate` says the rest.
 */
export function renderJsonSchemas(connectors: readonly Connector[]): Map<string, string> {
  return new Map([
    ["project.schema.json", print(projectSchema(connectors))],
    ["pipeline.schema.json", print(pipelineSchema(connectors))],
    ["test.schema.json", print(forEditors(schemaNode(Suite)))],
  ]);
}

function print(schema: Json): string {
  return `${JSON.stringify({ $schema: "http://json-schema.org/draft-07/schema#", ...shareRepeated(schema) }, null, 2)}\n`;
}

function projectSchema(connectors: readonly Connector[]): Json {
  const whole = forEditors(schemaNode(ProjectFile));
  const properties = whole["properties"] as Record<string, Json>;
  const names = connectors.map((connector) => connector.name);
  const connections = properties["connections"] as Json;
  const [pattern] = Object.keys(connections["patternProperties"] as Json);
  const one: Json = {
    type: "object",
    description: "one system, with where it is and how to sign in",
    required: ["connector"],
    properties: { connector: { enum: names, description: "which connector; `sync connectors list` says what each one is for" } },
    allOf: connectors.map((connector) =>
      when("connector", connector.name, closedOptions(fillable(schemaNode(connector.connection)), ["connector"])),
    ),
  };
  const notify = properties["notify"] as Json;
  return {
    ...whole,
    properties: {
      ...properties,
      connections: { ...connections, patternProperties: { [pattern ?? ""]: one } },
      notify: { ...notify, patternProperties: { [pattern ?? ""]: channelSchema() } },
    },
  };
}

function channelSchema(): Json {
  const common = forEditors(schemaNode(Channel));
  const keys = Object.keys(common["properties"] as Json);
  const own = CHANNEL_KINDS.map((kind) => when("channel", kind, closedOptions(fillable(schemaNode(CHANNELS[kind])), keys)));
  return { ...common, allOf: own };
}

function pipelineSchema(connectors: readonly Connector[]): Json {
  const whole = forEditors(schemaNode(PipelineFile));
  const properties = whole["properties"] as Record<string, Json>;
  const { required, ...rest } = whole;
  return {
    ...rest,
    // What an include gives need not be given again.
    anyOf: [{ required: ["include"] }, { required }],
    properties: {
      ...properties,
      source: endpoint(schemaNode(SourceCommon), connectors, (connector) => connector.source?.options),
      target: endpoint(schemaNode(PipelineFile.properties.target), connectors, (connector) => connector.target?.options),
    },
  };
}

/**
 * Which connector a connection uses stands in another file, so every connector's options are offered; where the connector
 * itself is named, only its own.
 */
function endpoint(common: SchemaNode, connectors: readonly Connector[], optionsOf: (connector: Connector) => unknown): Json {
  const able = connectors.filter((connector) => optionsOf(connector) !== undefined);
  const base = forEditors(common);
  const offered: Record<string, Json[]> = {};
  for (const connector of able) {
    const options = forEditors(optionsOf(connector) as SchemaNode)["properties"] as Record<string, Json> | undefined;
    for (const [key, schema] of Object.entries(options ?? {})) offered[key] = [...(offered[key] ?? []), schema];
  }
  const merged = Object.fromEntries(
    Object.entries(offered).map(([key, schemas]) => [key, schemas.length === 1 ? schemas[0] : { anyOf: schemas }]),
  );
  const commonKeys = Object.keys(base["properties"] as Json);
  const commonProperties = base["properties"] as Record<string, Json>;
  return {
    ...base,
    properties: {
      ...commonProperties,
      ...merged,
      connector: { ...commonProperties["connector"], enum: able.map((connector) => connector.name) },
    },
    additionalProperties: false,
    allOf: able.map((connector) =>
      when("connector", connector.name, closedOptions(forEditors(optionsOf(connector) as SchemaNode), commonKeys)),
    ),
  };
}

function when(key: string, value: string, then: Json): Json {
  return { if: { required: [key], properties: { [key]: { const: value } } }, then };
}

function closedOptions(options: Json, otherKeys: readonly string[]): Json {
  const keys = Object.keys((options["properties"] ?? {}) as Json);
  const { properties = {}, required = [] } = options;
  return { properties, required, propertyNames: { enum: [...otherKeys, ...keys] } };
}

/** A connection's value can always come from the environment, whatever its kind. */
function fillable(schema: SchemaNode): Json {
  const editors = forEditors(schema);
  const properties = Object.entries((editors["properties"] ?? {}) as Record<string, Json>).map(([key, described]) => {
    const isText = described["type"] === "string" && described["pattern"] === undefined;
    const { description, ...value } = described;
    const reference = { type: "string", pattern: "\\$\\{(env\\.|file:)" };
    return [key, isText || described["type"] === "object" ? described : { description, anyOf: [value, reference] }] as const;
  });
  return { ...editors, properties: Object.fromEntries(properties) };
}

/** The same schema with only what editors know; what has a default need not be given. */
function forEditors(schema: SchemaNode): Json {
  const result: Record<string, unknown> = {};
  for (const [key, value] of Object.entries(schema)) {
    if (key === "secret" || key === "path" || key === "template") continue;
    if (key === "properties" || key === "patternProperties") {
      const inner = Object.entries(value as Record<string, SchemaNode>);
      result[key] = Object.fromEntries(inner.map(([name, described]) => [name, forEditors(described)]));
    } else if (key === "anyOf" || key === "allOf") result[key] = (value as SchemaNode[]).map(forEditors);
    else if (key === "items" || (key === "additionalProperties" && typeof value === "object"))
      result[key] = forEditors(value as SchemaNode);
    else if (key === "required") {
      const needed = (value as string[]).filter((name) => schema.properties?.[name]?.default === undefined);
      if (needed.length > 0) result[key] = needed;
    } else result[key] = value;
  }
  return result;
}
