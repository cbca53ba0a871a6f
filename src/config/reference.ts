import type { Connector } from "../connectors/contract.js";
import { DOCUMENT_TYPES, type DocumentTypeInfo } from "../model/document-types.js";
import { CaseFile } from "./case-schema.js";
import { CHANNELS } from "./notify-schema.js";
import { PipelineFile, ProjectFile } from "./schema.js";
import { expectedOf, type SchemaNode, schemaNode, showExample } from "./schema-node.js";

/**
 * The configuration reference: one table for each part of `sync.yaml` and of a pipeline file, then those of each
 * connector. It stands between the markers `<!-- generated:configuration -->` of docs/configuration.md.
 */
export function renderConfigurationReference(connectors: readonly Connector[]): string {
  const project = schemaNode(ProjectFile);
  const pipeline = schemaNode(PipelineFile);
  const parts = Object.entries(pipeline.properties ?? {});
  const scalars = parts.filter(([, schema]) => !isNested(schema));
  const nested = parts.filter(([, schema]) => isNested(schema));
  const sections = [
    "### sync.yaml",
    table(rowsOf(project, "")),
    ...Object.entries(CHANNELS).flatMap(([kind, schema]) => [
      `### Channel ${kind}, under \`notify\``,
      sentence(schemaNode(schema).description ?? ""),
      table(rowsOf(schemaNode(schema), "")),
    ]),
    "### Pipeline file",
    table(scalars.map(([name, schema]) => rowOf(name, schema, pipeline.required?.includes(name) === true))),
    ...nested.flatMap(([name, schema]) => [
      `### Pipeline file: ${name}`,
      ...(schema.description === undefined ? [] : [sentence(schema.description)]),
      table(rowsOf(schema, "")),
    ]),
    "### Cases, under `tests` or in files",
    table(caseRows()),
    ...Object.entries(DOCUMENT_TYPES).flatMap(([name, info]) => documentType(name, info)),
    ...connectors.flatMap(connectorSections),
  ];
  return `${sections.join("\n\n")}\n`;
}

/** Of a night only what a case without nights does not have; no value of a case is computed. */
function caseRows(): Row[] {
  return rowsOf(schemaNode(CaseFile), "")
    .filter(({ option }) => !/^cases\[\]\.nights\[\]\.(input|expect)\./.test(option))
    .map((row) => ({ ...row, type: row.type.replace(" with `${…}`", "") }));
}

function documentType(name: string, info: DocumentTypeInfo): string[] {
  const hasLines = info.lines !== "none";
  const money = [
    ["date", "date", "required", "the accounting date"],
    ["currency", "text", "required", "ISO 4217 code, such as `CNY`"],
    ["text", "text", "required", "what the document is about (摘要)"],
    ["attachments", "number", "`0`", "number of original papers (附件张数)"],
  ];
  const common = hasLines ? money : [["text", "text", "", "in words, for people"]];
  const own = Object.entries(info.fields).map(([field, { type, required, about }]) => [field, type, required ? "required" : "", about]);
  const rows = [...common, ...own].map(([field, type, given, about]) => `| \`${field}\` | ${type} | ${given} | ${about} |`);
  const lines = info.lines === "both" ? "`debit` or `credit`" : "`amount`";
  const says = [
    sentence(info.title),
    hasLines ? `Each line gives ${lines}.` : "It has no lines; a change is written over what stands there.",
  ];
  if (info.open) says.push("Further values under any name are texts for the target.");
  const further = Object.entries(info.lineFields).map(([field, { type, about }]) => `| \`${field}\` | ${type} |  | ${about} |`);
  return [
    `### Header of a ${name}`,
    says.join(" "),
    ["| value | type | default | about |", "|---|---|---|---|", ...rows].join("\n"),
    ...(further.length === 0
      ? []
      : ["Under `fields` of a line:", ["| value | type | default | about |", "|---|---|---|---|", ...further].join("\n")]),
  ];
}

function connectorSections(connector: Connector): string[] {
  const sections = [`### Connector ${connector.name}`, sentence(connector.summary)];
  const add = (title: string, schema: SchemaNode): void => {
    sections.push(title, Object.keys(schema.properties ?? {}).length === 0 ? "None." : table(rowsOf(schema, "")));
  };
  add("Connection, in sync.yaml:", schemaNode(connector.connection));
  if (connector.source !== undefined) add("As a source, under `source`:", schemaNode(connector.source.options));
  if (connector.target !== undefined) {
    add("As a target, under `target`:", schemaNode(connector.target.options));
    sections.push(`It takes ${connector.target.documents.map((type) => `\`${type}\``).join(", ")}.`);
  }
  return sections;
}

// ---------------------------------------------------------------- rows

interface Row {
  readonly option: string;
  readonly type: string;
  readonly given: string;
  readonly about: string;
  readonly example: string;
}

/** The options of a mapping, those of inner mappings and lists below their own row. */
function rowsOf(schema: SchemaNode, prefix: string): Row[] {
  const rows: Row[] = [];
  for (const [name, described] of Object.entries(schema.properties ?? {})) {
    const path = `${prefix}${name.includes(" ") ? `"${name}"` : name}`;
    rows.push(rowOf(path, described, schema.required?.includes(name) === true), ...innerRows(described, path));
  }
  for (const described of Object.values(schema.patternProperties ?? {}))
    if (isNested(described)) rows.push(...rowsOf(described, `${prefix}NAME.`));
  if (schema.items !== undefined) rows.push(...innerRows(schema, prefix.replace(/\.$/, "")));
  return rows;
}

function innerRows(schema: SchemaNode, path: string): Row[] {
  if (schema.template === true) return [];
  if (schema.anyOf !== undefined) return schema.anyOf.flatMap((branch) => innerRows(branch, path));
  if (schema.type === "array" && schema.items !== undefined) return innerRows(schema.items, `${path}[]`);
  return schema.type === "object" ? rowsOf(schema, path === "" ? "" : `${path}.`) : [];
}

function isNested(schema: SchemaNode): boolean {
  return schema.type === "object" || (schema.type === "array" && schema.items !== undefined && schema.items.type !== "string");
}

const PATHS = { file: "path of a file", folder: "path of a folder", "new file": "path of a file, which need not exist" } as const;

function rowOf(option: string, schema: SchemaNode, isRequired: boolean): Row {
  const [example] = schema.examples ?? [];
  return {
    option,
    type: schema.template === true ? "text with `${…}`" : schema.path !== undefined ? PATHS[schema.path] : expectedOf(schema),
    given: schema.default !== undefined ? `\`${showDefault(schema.default)}\`` : isRequired ? "required" : "",
    about: `${schema.description ?? ""}${schema.secret === true ? " (secret)" : ""}`,
    example: example === undefined ? "" : `\`${showExample(example)}\``,
  };
}

function showDefault(value: unknown): string {
  return typeof value === "string" && !/^[\p{L}\d./*-]+$/u.test(value) ? JSON.stringify(value) : showExample(value);
}

function table(rows: readonly Row[]): string {
  const cells = rows.map(({ option, type, given, about, example }) => [`\`${option}\``, type, given, about, example].map(cell).join(" | "));
  return ["| option | type | default | about | example |", "|---|---|---|---|---|", ...cells.map((row) => `| ${row} |`)].join("\n");
}

function cell(text: string): string {
  return text.replaceAll("|", "\\|").replaceAll("\n", " ");
}

function sentence(text: string): string {
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}${/[.!?]$/.test(text) ? "" : "."}`;
}
