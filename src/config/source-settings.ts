import { DateFormatError, dateReader, dateTimeReader } from "../model/date-formats.js";
import { type Problem, problem } from "../model/problem.js";
import type { Field } from "../model/record.js";
import type { Endpoint } from "./endpoint.js";
import { canonicalJson, fileHash, sha256, withoutSecretsAndPaths } from "./fingerprint.js";
import { suggest } from "./nearest.js";
import type { Project, RecordSchema, SourceSettings } from "./pipeline.js";
import type { PipelineFile } from "./schema.js";
import { schemaNode } from "./schema-node.js";
import { child, childScalar, keyPlace, type MapTree, placeOf, scalarsOf, type Tree } from "./tree.js";

/** What the common keys of `source` say; null when the record schema or the connector is not known. */
export function readSourceSettings(
  tree: MapTree,
  common: Partial<PipelineFile["source"]>,
  endpoint: Endpoint | null,
  schema: RecordSchema | null,
  project: Project,
  problems: Problem[],
): SourceSettings | null {
  checkDateFormats(tree, schema?.fields ?? [], project, problems);
  const numbers = common.numbers ?? { decimal: ".", group: "," };
  if (numbers.decimal === numbers.group) {
    const at = child(child(tree, "numbers"), "decimal") ?? child(tree, "numbers") ?? tree;
    problems.push(
      problem(
        "CONFIG_WRONG_VALUE",
        `\`decimal\` and \`group\` are both \`${numbers.decimal}\``,
        placeOf(at),
        "give both: they must differ",
      ),
    );
  }
  if (schema === null) return null;
  const fields = schema.fields;
  const keyTree = child(tree, "key");
  const key = keyTree === undefined ? null : scalarsOf(keyTree).map((scalar) => fieldIndex(scalar.text, placeOf(scalar), fields, problems));
  const cursor = readCursor(child(tree, "cursor"), common.cursor?.overlap ?? "0", fields, problems);
  const whole = readWhole(child(tree, "whole"), { hasKey: key !== null, hasCursor: cursor !== null }, fields, problems);
  const columns = child(tree, "columns");
  if (columns?.kind === "map") for (const entry of columns.entries.values()) fieldIndex(entry.key, keyPlace(entry), fields, problems);
  if (endpoint === null) return null;
  if (key === null && endpoint.connector.source?.needsKey === true) {
    const message = `\`source\` has no \`key\`, and \`${endpoint.connector.name}\` may deliver a record again in another place: it would be booked twice`;
    problems.push(problem("CONFIG_MISSING_KEY", message, placeOf(tree), "name the fields that identify a record: `key: [单据编号, 行号]`"));
  }
  const aliases = fields.map((field) => {
    const given = common.columns !== undefined && Object.hasOwn(common.columns, field.name) ? common.columns[field.name] : undefined;
    return given === undefined ? [] : typeof given === "string" ? [given] : given;
  });
  const dates = common.dates === undefined ? [] : typeof common.dates === "string" ? [common.dates] : common.dates;
  const delivers = common.delivers ?? "lines";
  const { connector, connectionOptions, options } = endpoint;
  const fingerprint = sha256(
    canonicalJson({
      connector: [
        connector.name,
        endpoint.name,
        withoutSecretsAndPaths(connectionOptions, schemaNode(connector.connection)),
        endpoint.essentials,
      ],
      schema: fileHash(schema.file),
      key,
      cursor,
      delivers,
      whole,
      aliases,
      dates,
      numbers,
      timeZone: project.timeZone,
    }),
  );
  const { name } = endpoint;
  return { connector, name, connectionOptions, options, schema, key, cursor, delivers, whole, aliases, dates, numbers, fingerprint };
}

function checkDateFormats(tree: MapTree, fields: readonly Field[], project: Project, problems: Problem[]): void {
  const hasDates = fields.some((field) => field.type === "date");
  for (const scalar of scalarsOf(child(tree, "dates"))) {
    try {
      dateTimeReader([scalar.text], project.timeZone);
      if (hasDates) dateReader([scalar.text]);
    } catch (error) {
      if (!(error instanceof DateFormatError)) throw error;
      problems.push(problem("CONFIG_WRONG_VALUE", error.message, placeOf(scalar), "a format looks like `yyyy-MM-dd` or `yyyy/M/d HH:mm`"));
    }
  }
}

/** The position of a field of the record, or -1 and a problem with the nearest name. */
export function fieldIndex(name: string, at: Problem["at"][number], fields: readonly Field[], problems: Problem[]): number {
  const index = fields.findIndex((field) => field.name === name);
  if (index === -1)
    problems.push(
      problem(
        "EXPR_UNKNOWN_NAME",
        `the record has no field \`${name}\``,
        at,
        suggest(
          name,
          fields.map((field) => field.name),
          "fields",
        ),
      ),
    );
  return index;
}

const UNIT_MS: Readonly<Record<string, number>> = { s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };

function readCursor(tree: Tree | undefined, overlap: string, fields: readonly Field[], problems: Problem[]): SourceSettings["cursor"] {
  const named = childScalar(tree, "field");
  if (named === undefined) return null;
  const field = fieldIndex(named.text, placeOf(named), fields, problems);
  const type = fields[field]?.type;
  if (type === "boolean")
    problems.push(
      problem("CONFIG_WRONG_VALUE", `\`${named.text}\` is true or false and cannot be a cursor`, placeOf(named), "name a field that grows"),
    );
  const amount = Number.parseInt(overlap, 10);
  const unit = overlap.slice(-1);
  const written = childScalar(tree, "overlap") ?? named;
  if (amount > 0 && UNIT_MS[unit] === undefined)
    problems.push(
      problem("CONFIG_WRONG_VALUE", `overlap \`${overlap}\` has no unit`, placeOf(written), "add `s`, `m`, `h` or `d`, as in `2d`"),
    );
  if (amount > 0 && (type === "text" || type === "number"))
    problems.push(
      problem(
        "CONFIG_WRONG_VALUE",
        `an overlap needs a cursor that is a time; \`${named.text}\` is a ${type}`,
        placeOf(written),
        "remove `overlap`",
      ),
    );
  return { field, overlapMs: amount * (UNIT_MS[unit] ?? 0) };
}

function readWhole(
  tree: Tree | undefined,
  { hasKey, hasCursor }: { readonly hasKey: boolean; readonly hasCursor: boolean },
  fields: readonly Field[],
  problems: Problem[],
): SourceSettings["whole"] {
  if (tree === undefined) return null;
  if (!hasKey)
    problems.push(
      problem(
        "CONFIG_WRONG_VALUE",
        "`whole` needs records that can be told apart",
        placeOf(tree),
        "name the fields that identify a record under `source.key`",
      ),
    );
  const named = childScalar(tree, "month");
  if (named === undefined) return "unit";
  if (!hasCursor)
    problems.push(
      problem(
        "CONFIG_WRONG_VALUE",
        "`whole` by month needs to know which delivery is newer",
        placeOf(named),
        "name the field with the time of the last change under `source.cursor`; an older delivery that is read late then takes nothing away",
      ),
    );
  const month = fieldIndex(named.text, placeOf(named), fields, problems);
  const type = fields[month]?.type;
  if (type !== undefined && type !== "date")
    problems.push(
      problem(
        "CONFIG_WRONG_VALUE",
        `\`${named.text}\` is a ${type}, expected a date`,
        placeOf(named),
        "name the date field by which the deliveries are cut",
      ),
    );
  return { month };
}
