import type { Expression, LineTemplate, Pipeline } from "../config/pipeline.js";
import type { Environment, LookupTable } from "../expression/types.js";
import { Decimal } from "../model/decimal.js";
import { checkDocument, type Document, type Line } from "../model/document.js";
import { lineCover } from "../model/document-cover.js";
import { DOCUMENT_TYPES, type DocumentTypeInfo } from "../model/document-types.js";
import { isCurrencyCode } from "../model/money.js";
import { type Problem, problem } from "../model/problem.js";
import { displayKey, type Row } from "../model/record.js";
import type { Value } from "../model/value.js";
import { evaluate } from "./evaluate.js";
import { mapLines } from "./map.js";

/** What the records of one document come to: a document, nothing (not wanted), or the problems that keep it waiting. */
export type Grouped =
  | { readonly kind: "wanted"; readonly document: Document }
  | { readonly kind: "unwanted" }
  | { readonly kind: "faulty"; readonly problems: readonly Problem[] };

/** Looks on while a document is built, to tell later why it is as it is. */
export interface Watch {
  /** In place of those of the pipeline, in their order. */
  readonly lookups: readonly LookupTable[];
  readonly onLine: (line: Line, template: LineTemplate, environment: Environment) => void;
}

/**
 * Builds one document from all of its records, which must be in the order of its lines. `headed` are those of them that
 * give the date, currency, text and fields: of a batch the records of one member, since the members agree in these.
 */
export function groupDocument(
  pipeline: Pipeline,
  key: string,
  records: readonly Row[],
  headed: readonly Row[] = records,
  watch: Watch | null = null,
): Grouped {
  const name = displayKey(key);
  const problems: Problem[] = [];
  const onProblem = (found: Problem): void => {
    // One cause often shows in many lines; it is told once.
    if (!problems.some((known) => known.code === found.code && known.message === found.message)) problems.push(found);
  };
  const { mapping } = pipeline;
  const environment: Environment = {
    row: records[0] as Row,
    records,
    lookups: watch?.lookups ?? pipeline.lookups.map((lookup) => lookup.table),
    variables: [],
  };
  const give = (expression: Expression): Value | undefined => evaluate(expression, environment, name, onProblem);

  if (mapping.when !== null) {
    let wanted = 0;
    for (const row of records) {
      environment.row = row;
      if (give(mapping.when) === true) wanted += 1;
    }
    if (problems.length > 0) return { kind: "faulty", problems };
    if (wanted === 0) return { kind: "unwanted" };
    if (wanted < records.length) {
      const place = mapping.when.placeOf(0, mapping.when.text.length);
      return {
        kind: "faulty",
        problems: [
          problem(
            "MAP_DISAGREE",
            `\`document.when\` is true for ${wanted} of its ${records.length} records and false for the others`,
            [{ document: name }, place],
            "a document is posted whole or not at all: check why its records differ at the source",
          ),
        ],
      };
    }
    environment.row = records[0] as Row;
  }

  environment.records = headed;
  environment.row = headed[0] as Row;
  const { header } = mapping;
  const date = header.date === null ? "" : give(header.date);
  const currency = header.currency === null ? "" : give(header.currency);
  const text = header.text === null ? "" : give(header.text);
  const fields: Record<string, string> = {};
  for (const field of header.fields) {
    const value = give(field.value);
    if (typeof value === "string" && value !== "") fields[field.name] = value;
    else if (typeof value === "boolean") fields[field.name] = String(value);
  }
  environment.records = records;
  environment.row = records[0] as Row;
  const attachments = header.attachments === null ? Decimal.ZERO : give(header.attachments);
  const isMoney = header.currency !== null;
  if (isMoney && typeof currency === "string" && !isCurrencyCode(currency)) {
    onProblem(
      problem("MAP_HEADER", `currency \`${currency}\` is not an ISO 4217 code such as \`CNY\``, [
        { document: name },
        header.currency.placeOf(0, header.currency.text.length),
      ]),
    );
  }
  const papers = attachments instanceof Decimal ? attachments.toMinor(0) : null;
  if (attachments !== undefined && (papers === null || papers < 0n || papers > 999_999n)) {
    onProblem(problem("MAP_HEADER", `\`${String(attachments)}\` attachments, expected a whole number from 0`, { document: name }));
  }
  // Without a currency no amount can be read; the problems so far are what the accountant has to mend first.
  if (typeof currency !== "string" || (isMoney && !isCurrencyCode(currency))) return { kind: "faulty", problems };

  const textOfLines = typeof text === "string" ? text : "";
  const onLine = watch === null ? {} : { onLine: (line: Line, template: LineTemplate) => watch.onLine(line, template, environment) };
  let lines = mapLines({ pipeline, document: name, records, currency, text: textOfLines, environment, onProblem, ...onLine });
  if (mapping.mergeBy !== null) lines = mergeLines(pipeline, lines, textOfLines, name, onProblem);
  lines = lines.filter((line) => line.amountMinor !== 0n);

  environment.row = records[0] as Row;
  environment.variables = [];
  for (const check of pipeline.checks) {
    if (check.kind !== "require") continue;
    if (give(check.condition) === false) {
      onProblem(problem("DOCUMENT_CHECK", check.message, [{ document: name }, check.condition.placeOf(0, check.condition.text.length)]));
    }
  }
  if (problems.length > 0) return { kind: "faulty", problems };

  const document: Document = {
    type: mapping.type,
    key,
    date: date as string,
    currency,
    text: text as string,
    attachments: Number(papers),
    fields,
    lines,
  };
  const faults = checkDocument(document);
  return faults.length > 0 ? { kind: "faulty", problems: faults } : { kind: "wanted", document };
}

/** Adds up lines that agree in the named attributes and in their side. What they do not agree in must not get lost. */
function mergeLines(
  { mapping, personal }: Pipeline,
  lines: readonly Line[],
  text: string,
  document: string,
  onProblem: (problem: Problem) => void,
): Line[] {
  const by = mapping.mergeBy ?? [];
  const { lineFields }: DocumentTypeInfo = DOCUMENT_TYPES[mapping.type];
  const isSum = (name: string): boolean => lineFields[name]?.type === "amount" && !by.includes(name);
  const merged = new Map<string, MergedLine>();
  // One for all lines, so that the same value is covered alike; few documents have any use for it.
  let cover: ReturnType<typeof lineCover> | null = null;
  const coveredLine = (): ReturnType<typeof lineCover> => {
    cover ??= lineCover(personal, mapping.type);
    return cover;
  };
  for (const line of lines) {
    const key = placeOf(line, by);
    const sum = merged.get(key);
    if (sum === undefined) {
      merged.set(key, { known: line, amountMinor: line.amountMinor, text: line.text, fields: line.fields });
      continue;
    }
    const textBefore = sum.text;
    sum.amountMinor += line.amountMinor;
    if (textBefore !== line.text) sum.text = text;
    if (sum.fields === undefined && line.fields === undefined && isSamePlace(sum.known, line)) continue;
    const known: Line = { ...sum.known, text: textBefore, ...(sum.fields === undefined ? {} : { fields: sum.fields }) };
    const further = Object.keys({ ...known.fields, ...line.fields });
    for (const name of ["account", "partner", ...Object.keys({ ...known.dimensions, ...line.dimensions }), ...further]) {
      if (by.includes(name) || isSum(name) || attribute(known, name) === attribute(line, name)) continue;
      const show = (value: string | null): string => (value === null ? "empty" : `\`${value}\``);
      const covered = coveredLine();
      const [here, there] = [known, line].map((each) => attribute(covered(each), name));
      onProblem(
        problem(
          "MAP_DISAGREE",
          `lines that \`merge by\` would make one differ in \`${name}\`: ${show(here ?? null)} and ${show(there ?? null)}`,
          { document },
          `add \`${name}\` to \`merge by\``,
        ),
      );
    }
    const sums = further.filter(isSum).map((name) => [name, addUp(known.fields?.[name], line.fields?.[name])]);
    if (further.length > 0) sum.fields = { ...known.fields, ...Object.fromEntries(sums) };
  }
  return Array.from(merged.values(), ({ known: { side, account, partner, dimensions }, amountMinor, text: said, fields }): Line => {
    return { side, amountMinor, account, text: said, partner, dimensions, ...(fields === undefined ? {} : { fields }) };
  });
}

/** The first of the lines that become one, and what changes with each further one. */
interface MergedLine {
  readonly known: Line;
  amountMinor: bigint;
  text: string;
  fields: Line["fields"];
}

/** Equal for lines that agree in side and in these attributes; a value cannot be taken for two, because its length stands before it. */
function placeOf(line: Line, by: readonly string[]): string {
  let place: string = line.side;
  for (const name of by) {
    const value = attribute(line, name);
    place += value === null ? ",-" : `,${value.length}:${value}`;
  }
  return place;
}

/** Most lines that are merged differ in their text and amount alone, and nothing of them can get lost. */
function isSamePlace(a: Line, b: Line): boolean {
  if (a.account !== b.account || a.partner !== b.partner) return false;
  let names = 0;
  for (const name in a.dimensions) {
    if (a.dimensions[name] !== b.dimensions[name]) return false;
    names += 1;
  }
  for (const _ in b.dimensions) names -= 1;
  return names === 0;
}

function attribute(line: Line, name: string): string | null {
  if (name === "account") return line.account;
  if (name === "partner") return line.partner;
  if (name === "text") return line.text;
  return line.dimensions[name] ?? line.fields?.[name] ?? null;
}

/** Two amounts as exact text in one currency; one that is not given is nothing. */
function addUp(a: string | undefined, b: string | undefined): string {
  if (a === undefined || b === undefined) return a ?? b ?? "0";
  return (Decimal.parse(a) as Decimal).add(Decimal.parse(b) as Decimal).toString();
}
