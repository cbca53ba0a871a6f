import { nearestName } from "../../model/nearest.js";
import { isDateFormat } from "./dates.js";
import { unencodable } from "./encode.js";
import type { ColumnData, Form, Layout, SheetForm } from "./layout.js";
import {
  BEFORE_DIMENSIONS,
  type CaptionedColumn,
  dimensionColumns,
  GALAXY_COLUMNS,
  GALAXY_SHEET,
  isDimension,
  kingdeeGalaxy,
} from "./layouts/kingdee-galaxy.js";
import { KINGDEE_K3 } from "./layouts/kingdee-k3.js";
import { YONYOU_U8 } from "./layouts/yonyou-u8.js";
import type { LayoutName, ValueOption, VoucherFileOptions } from "./options.js";
import { readTemplate } from "./template.js";
import { refuseValue } from "./values.js";

type OptionName = keyof VoucherFileOptions;

/** What only some layouts read. An option that nothing reads would be a silent mistake. */
const READ_BY: Readonly<Partial<Record<OptionName, readonly LayoutName[]>>> = {
  fill: ["kingdee galaxy", "kingdee k3", "yonyou u8"],
  limits: ["kingdee galaxy", "kingdee k3", "yonyou u8"],
  currencies: ["kingdee galaxy", "kingdee k3", "yonyou u8"],
  columns: ["csv", "xlsx"],
  csv: ["csv"],
  sheet: ["kingdee galaxy", "kingdee k3", "xlsx"],
  template: ["kingdee galaxy"],
  dates: ["kingdee galaxy", "kingdee k3", "csv", "xlsx"],
  number_prefix: ["yonyou u8", "csv", "xlsx"],
};

/** The layout as the options make it. Throws ProblemError for options that do not fit it. */
export async function chooseLayout(options: VoucherFileOptions): Promise<Layout> {
  for (const [name, layouts] of Object.entries(READ_BY) as [OptionName, readonly LayoutName[]][]) {
    if (options[name] === undefined || layouts.includes(options.layout)) continue;
    refuseValue(name, `layout \`${options.layout}\` does not read it`, `it belongs to ${layouts.map((each) => `\`${each}\``).join(", ")}`);
  }
  if (options.template !== undefined && options.sheet !== undefined)
    refuseValue("sheet", "the template says what its sheet is called", "remove one of `sheet` and `template`");
  const layout = await baseOf(options);
  const columns = limited(filled(layout.columns, options.fill ?? {}), options.limits ?? {});
  for (const { name, value } of columns)
    if (value === null) refuseValue("fill", `layout \`${options.layout}\` needs \`${name}\`, which only you can know`, exampleFor(name));
  const dates = layout.dates ?? options.dates ?? "yyyy-MM-dd";
  if (dates === "real" && layout.form.kind === "text")
    refuseValue("dates", "a text file has no `real` dates", "write a format: `yyyy-MM-dd`");
  if (dates !== "real" && !isDateFormat(dates))
    refuseValue("dates", `\`${dates}\` is no date format`, "use `yyyy`, `MM` or `M`, and `dd` or `d`, each once, as in `yyyy/M/d`");
  return {
    ...layout,
    columns,
    dates,
    form: withSheet(layout.form, options.sheet),
    currencies: layout.currencies === null ? null : currenciesOf(options, layout.currencies),
    words: { ...layout.words, ...options.words },
  };
}

async function baseOf(options: VoucherFileOptions): Promise<Layout> {
  switch (options.layout) {
    case "yonyou u8":
      return YONYOU_U8;
    case "kingdee k3":
      return KINGDEE_K3;
    case "kingdee galaxy":
      return galaxy(options);
    default:
      return ownLayout(options);
  }
}

async function galaxy({ template, fill = {} }: VoucherFileOptions): Promise<Layout> {
  if (template === undefined) {
    const asked = [
      ...new Set(
        Object.keys(fill)
          .filter(isDimension)
          .map((name) => name.replace(/#Name$/, "")),
      ),
    ];
    const columns = GALAXY_COLUMNS.flatMap((each) =>
      each.name === BEFORE_DIMENSIONS ? [each, ...asked.flatMap(dimensionColumns)] : [each],
    );
    return kingdeeGalaxy(columns, GALAXY_SHEET);
  }
  const { sheet, keys, captions } = await readTemplate(template);
  const known = new Map(GALAXY_COLUMNS.map((each) => [each.name, each]));
  const columns = keys.map((name, at): CaptionedColumn => {
    const caption = captions[at] ?? "";
    const found = known.get(name);
    // What we do not know stays empty; its place in the head or in the entry does not matter then.
    return found === undefined ? { name, caption, value: "" } : { ...found, caption };
  });
  const needed = GALAXY_COLUMNS.filter(({ value, caption }) => value === null || (value !== "" && caption.startsWith("*")));
  const missing = needed.find(({ name }) => !keys.includes(name));
  if (missing !== undefined)
    refuseValue(
      "template",
      `row 1 of sheet \`${sheet}\` has no \`${missing.name}\` (${missing.caption})`,
      "download the voucher template (凭证引入模板) with all required fields",
    );
  return kingdeeGalaxy(columns, sheet);
}

function ownLayout({ layout, columns, csv, sheet }: VoucherFileOptions): Layout {
  if (columns === undefined)
    return refuseValue(
      "columns",
      `layout \`${layout}\` has no columns of its own`,
      "list them: `columns: [{ name: 日期, value: $.date }, …]`",
    );
  const names = columns.map(({ name }) => name);
  const own = columns.map(({ name, value, as, empty, once, limit }): ColumnData => {
    return {
      ...{ name, value },
      ...(as === undefined ? {} : { as }),
      ...(empty === undefined ? {} : { empty }),
      ...(once === undefined ? {} : { once }),
      ...(limit === undefined ? {} : { limit }),
    };
  });
  const { encoding = "utf-8", delimiter = ",", header = true, formulas = "keep" } = csv ?? {};
  const head = header ? [names] : [];
  const form: Form =
    layout === "csv"
      ? { kind: "text", ending: "csv", encoding, delimiter, hasQuotes: true, escapesFormulas: formulas === "escape", head }
      : { kind: "sheet", ending: "xlsx", sheet: sheet ?? "Sheet1", head };
  const strange = layout === "csv" && header ? names.map((name) => unencodable(name, encoding)).find((each) => each !== null) : undefined;
  if (strange !== undefined)
    return refuseValue("columns", `\`${strange}\` cannot be written in ${encoding}`, "choose another name or encoding");
  if (/["\r\n]/.test(delimiter)) return refuseValue("csv.delimiter", "this sign has a meaning of its own", "use `,`, `;`, `|` or a tab");
  return { form, columns: own, currencies: null, words: {}, hasTextNumbers: true, hasLineBreaks: true, dates: null };
}

function filled(columns: readonly ColumnData[], fill: Readonly<Record<string, ValueOption>>): readonly ColumnData[] {
  refuseUnknown("fill", Object.keys(fill), columns);
  return columns.map((column) => (Object.hasOwn(fill, column.name) ? { ...column, value: fill[column.name] as ValueOption } : column));
}

function limited(columns: readonly ColumnData[], limits: Readonly<Record<string, number>>): readonly ColumnData[] {
  refuseUnknown("limits", Object.keys(limits), columns);
  return columns.map((column) => (Object.hasOwn(limits, column.name) ? { ...column, limit: limits[column.name] as number } : column));
}

function refuseUnknown(option: string, asked: readonly string[], columns: readonly ColumnData[]): void {
  const names = columns.map(({ name }) => name);
  const unknown = asked.find((name) => !names.includes(name));
  if (unknown === undefined) return;
  const near = nearestName(unknown, names);
  refuseValue(
    `${option}.${unknown}`,
    "the layout has no such column",
    near === null ? "the connector's README lists the columns of each layout" : `did you mean \`${near}\`?`,
  );
}

function exampleFor(name: string): string {
  return `add \`fill: { ${name}: … }\``;
}

function withSheet(form: Form, sheet: string | undefined): Form {
  return form.kind === "text" || sheet === undefined ? form : ({ ...form, sheet } satisfies SheetForm);
}

function currenciesOf({ currencies }: VoucherFileOptions, usual: NonNullable<Layout["currencies"]>): Layout["currencies"] {
  if (currencies === undefined) return usual;
  return Object.fromEntries(Object.entries(currencies).map(([iso, { code, name }]) => [iso, { code, name: name ?? code }]));
}
