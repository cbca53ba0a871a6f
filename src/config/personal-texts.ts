import { isPersonalShape, type LineTexts, type PersonalTexts, type TextShape } from "../model/personal.js";
import type { DocumentMapping, Expression, LineTemplate, SourceSettings } from "./pipeline.js";

/** Where in the documents of a pipeline the fields can stand that its record schema marks as personal. */
export function personalTexts(mapping: DocumentMapping, source: Pick<SourceSettings, "schema" | "key">): PersonalTexts {
  const { header } = mapping;
  return {
    keys:
      isPersonalShape(mapping.key.parts) ||
      isPersonalShape(mapping.batch?.parts ?? null) ||
      (source.key ?? []).some((index) => source.schema.fields[index]?.personal === true),
    text: header.text?.parts ?? [],
    fields: shapes(header.fields),
    lines: mapping.lines.map(lineTexts),
  };
}

function lineTexts({ account, text, partner, dimensions, fields }: LineTemplate): LineTexts {
  return {
    account: typeof account.constant === "string" ? account.constant : null,
    text: text?.parts ?? null,
    partner: partner?.parts ?? null,
    dimensions: shapes(dimensions),
    fields: shapes(fields),
  };
}

function shapes(named: readonly { readonly name: string; readonly value: Expression }[]): Record<string, TextShape> {
  return Object.fromEntries(named.map(({ name, value }) => [name, value.parts]));
}
