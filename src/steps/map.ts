import type { LineTemplate, Pipeline } from "../config/pipeline.js";
import type { Environment } from "../expression/types.js";
import { allocate, type Decimal } from "../model/decimal.js";
import { bookableMinor, type Line, type Side } from "../model/document.js";
import { currencyPlaces, formatMinor } from "../model/money.js";
import { type Problem, problem } from "../model/problem.js";
import type { Row } from "../model/record.js";
import { canonicalText, type Value } from "../model/value.js";
import { evaluate } from "./evaluate.js";

export interface MapRequest {
  readonly pipeline: Pipeline;
  readonly document: string;
  readonly records: readonly Row[];
  readonly currency: string;
  /** Text of a line that has none of its own. */
  readonly text: string;
  readonly environment: Environment;
  readonly onProblem: (problem: Problem) => void;
  /** Told of each line as it is made; the environment still is as its template saw it. */
  readonly onLine?: (line: Line, template: LineTemplate) => void;
}

/** Makes the lines of one document from its records, in the order of the templates and then of the records. */
export function mapLines(request: MapRequest): Line[] {
  const lines: Line[] = [];
  const { environment, records } = request;
  for (const template of request.pipeline.mapping.lines) {
    if (template.each === "document") {
      environment.row = records[0] as Row;
      mapOne(template, request, lines);
      continue;
    }
    for (const row of records) {
      environment.row = row;
      mapOne(template, request, lines);
    }
  }
  return lines;
}

function mapOne(template: LineTemplate, request: MapRequest, lines: Line[]): void {
  const { environment, document, onProblem } = request;
  const give = (expression: Parameters<typeof evaluate>[0]): Value | undefined => evaluate(expression, environment, document, onProblem);
  environment.variables = [];
  if (template.when !== null && give(template.when) !== true) return;
  if (template.share === null) {
    addLine(template, request, lines);
    return;
  }

  const { share } = template;
  const amount = give(share.amount);
  const weights = give(share.by);
  const extras = share.with.map(({ value }) => give(value));
  if (amount === undefined || weights === undefined || extras.includes(undefined)) return;
  const lists = extras as (readonly Value[])[];
  const parts = weights as readonly Decimal[];
  const place = share.by.placeOf(0, share.by.text.length);
  const uneven = lists.findIndex((list) => list.length !== parts.length);
  if (uneven !== -1) {
    const name = (share.with[uneven] as { name: string }).name;
    onProblem(
      problem(
        "MAP_FAILED",
        `\`share.by\` has ${parts.length} weights and \`share.with.${name}\` has ${(lists[uneven] as readonly Value[]).length} values`,
        [{ document }, place],
      ),
    );
    return;
  }
  const amounts = allocate(amount as Decimal, parts, currencyPlaces(request.currency));
  if (amounts === null) {
    const found = parts.map((part) => part.toString()).join(", ");
    onProblem(
      problem(
        "MAP_FAILED",
        `\`${(amount as Decimal).toString()}\` cannot be split over the weights \`${found}\``,
        [{ document }, place],
        "weights must not add up to zero or differ in sign, and the amount must not have more places than its currency",
      ),
    );
    return;
  }
  for (let i = 0; i < amounts.length; i += 1) {
    environment.variables = [amounts[i] as Decimal, parts[i] as Decimal, ...lists.map((list) => list[i] ?? null)];
    addLine(template, request, lines);
  }
  environment.variables = [];
}

function addLine(template: LineTemplate, request: MapRequest, lines: Line[]): void {
  const { environment, document, onProblem, currency } = request;
  const give = (expression: Parameters<typeof evaluate>[0]): Value | undefined => evaluate(expression, environment, document, onProblem);
  const amount = give(template.amount);
  const account = give(template.account);
  const text = template.text === null ? request.text : give(template.text);
  const partner = template.partner === null ? null : give(template.partner);
  const dimensions: Record<string, string> = {};
  let complete = amount !== undefined && account !== undefined && text !== undefined && partner !== undefined;
  for (const { name, value } of template.dimensions) {
    const given = give(value);
    if (given === undefined) complete = false;
    else if (given !== null && given !== "") dimensions[name] = given as string;
  }
  const fields: Record<string, string> = {};
  for (const field of template.fields) {
    const given = give(field.value);
    if (given === undefined) complete = false;
    else if (given !== null && given !== "") {
      const value = fieldText(field, given, request);
      if (value === null) complete = false;
      else fields[field.name] = value;
    }
  }
  if (!complete) return;

  const minor = bookableMinor(amount as Decimal, currency);
  if (typeof minor === "string") {
    onProblem(
      problem(
        "MAP_AMOUNT",
        `${minor}, which ${currency} has no coins for`,
        [{ document }, template.amount.placeOf(0, template.amount.text.length)],
        'round it on purpose: `round(x, 2, "half-up")`',
      ),
    );
    return;
  }
  // Refunds arrive as negative receipts, so the side is chosen after the sign is known.
  const flips = minor < 0n && request.pipeline.mapping.negative === "other side";
  const side: Side = flips ? (template.side === "debit" ? "credit" : "debit") : template.side;
  const line: Line = {
    side,
    amountMinor: flips ? -minor : minor,
    account: account as string,
    text: text as string,
    partner: partner === "" ? null : (partner as string | null),
    dimensions,
    ...(template.fields.length === 0 ? {} : { fields }),
  };
  lines.push(line);
  request.onLine?.(line, template);
}

/** A further value of a line as exact text; null with a problem where its currency has no coins for it. */
function fieldText(field: LineTemplate["fields"][number], given: Value, { currency, document, onProblem }: MapRequest): string | null {
  if (field.type !== "amount") return canonicalText(given);
  const minor = bookableMinor(given as Decimal, currency);
  if (typeof minor === "bigint") return formatMinor(minor, currency);
  const place = field.value.placeOf(0, field.value.text.length);
  const hint = 'round it on purpose: `round(x, 2, "half-up")`';
  onProblem(problem("MAP_AMOUNT", `${minor}, which ${currency} has no coins for`, [{ document }, place], hint));
  return null;
}
