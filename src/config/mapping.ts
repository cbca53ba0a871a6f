import type { Expected, Variable } from "../expression/types.js";
import type { Side } from "../model/document.js";
import { DOCUMENT_TYPES, type DocumentType, type DocumentTypeInfo, isDocumentType, type LineFieldType } from "../model/document-types.js";
import { isPersonalShape } from "../model/personal.js";
import { type Problem, problem } from "../model/problem.js";
import type { ExpressionCompiler, Standing } from "./expressions.js";
import { suggest } from "./nearest.js";
import type { DocumentMapping, Expression, LineTemplate } from "./pipeline.js";
import { child, childScalar, keyPlace, type MapTree, placeOf, scalarsOf, type Tree } from "./tree.js";

const TEXT: Expected = { kind: "text", nullable: false };
const TEXT_OR_EMPTY: Expected = { kind: "text", nullable: true };
const NUMBER: Expected = { kind: "number", nullable: false };
const DATE: Expected = { kind: "date", nullable: false };
export const CONDITION: Expected = { kind: "boolean", nullable: false };

/** Header values every document has, beside the fields of its type. */
const HEADER_KEYS: readonly string[] = ["date", "currency", "text", "attachments"];
const REQUIRED_HEADER: readonly string[] = ["date", "currency", "text"];
/** The same of a type without lines, where there is no money to be booked. */
const PLAIN_HEADER_KEYS: readonly string[] = ["text"];

/**
 * Compiles `document`. Parts that are wrong come out as null where an expression should be; the caller throws the
 * result away when there is any problem.
 */
export function readMapping(tree: MapTree, compiler: ExpressionCompiler, problems: Problem[]): DocumentMapping {
  const type = documentType(tree);
  const info: DocumentTypeInfo | null = type === null ? null : DOCUMENT_TYPES[type];
  const lines = child(tree, "lines");
  if (info !== null) checkLines(tree, type ?? "", info, problems);
  const templates = lines?.kind === "list" ? lines.items.filter((item) => item.kind === "map") : [];
  const mapping = {
    type,
    key: compiler.compileKey(tree, "key", "record before the document is known", TEXT),
    batch: compiler.compileKey(tree, "batch", "record before the document is known", TEXT),
    when: compiler.compileKey(tree, "when", "record", CONDITION),
    header: readHeader(tree, type, info, compiler, problems),
    lines: templates.map((template) => readLine(template, type, info, compiler, problems)),
    mergeBy: readMergeBy(tree, templates, problems),
    negative: childScalar(tree, "negative")?.text === "other side" ? "other side" : "red",
  };
  return mapping as DocumentMapping;
}

function documentType(tree: MapTree): DocumentType | null {
  const written = childScalar(tree, "type")?.text;
  return written !== undefined && isDocumentType(written) ? written : null;
}

function withArticle(type: string): string {
  return `${/^[aeiou]/.test(type) ? "an" : "a"} \`${type}\``;
}

/** Every type has lines, or none. */
function checkLines(tree: MapTree, type: string, info: DocumentTypeInfo, problems: Problem[]): void {
  const entry = tree.entries.get("lines");
  if (info.lines === "none") {
    for (const key of ["lines", "batch", "merge by", "negative"]) {
      const found = tree.entries.get(key);
      if (found !== undefined)
        problems.push(
          problem("CONFIG_WRONG_VALUE", `${withArticle(type)} has no lines, and so no \`${key}\``, keyPlace(found), "take it out"),
        );
    }
  } else if (entry === undefined) {
    const hint = "add `lines`: templates of the document's lines";
    problems.push(problem("CONFIG_MISSING_KEY", "key `lines` is missing", placeOf(tree), hint));
  }
}

// ---------------------------------------------------------------- header

function readHeader(
  tree: MapTree,
  type: DocumentType | null,
  info: DocumentTypeInfo | null,
  compiler: ExpressionCompiler,
  problems: Problem[],
): unknown {
  const header = child(tree, "header");
  const fieldNames = Object.keys(info?.fields ?? {});
  if (header?.kind === "map" && info !== null) checkHeaderKeys(header, type ?? "", info, fieldNames, problems);
  const further = info?.open === true && header?.kind === "map" ? [...header.entries.keys()].filter(isFurther(fieldNames)) : [];
  const compile = (key: string, expected: Expected): Expression | null => compiler.compileKey(header, key, "document", expected);
  return {
    date: compile("date", DATE),
    currency: compile("currency", TEXT),
    text: compile("text", TEXT),
    attachments: compile("attachments", NUMBER),
    fields: [...fieldNames, ...further].flatMap((name) => {
      if (child(header, name) === undefined) return [];
      const field = info?.fields[name];
      return [{ name, value: compile(name, field === undefined ? TEXT_OR_EMPTY : { kind: field.type, nullable: !field.required }) }];
    }),
  };
}

/** What an open header gives beside the values its type knows. */
function isFurther(fieldNames: readonly string[]): (name: string) => boolean {
  return (name) => !PLAIN_HEADER_KEYS.includes(name) && !fieldNames.includes(name);
}

function checkHeaderKeys(header: MapTree, type: string, info: DocumentTypeInfo, fieldNames: readonly string[], problems: Problem[]): void {
  const hasLines = info.lines !== "none";
  const known = [...(hasLines ? HEADER_KEYS : PLAIN_HEADER_KEYS), ...fieldNames];
  const required = hasLines ? REQUIRED_HEADER : [];
  const missing = new Set([...required, ...fieldNames.filter((name) => info.fields[name]?.required === true)]);
  for (const name of header.entries.keys()) missing.delete(name);
  for (const entry of header.entries.values()) {
    if (info.open || known.includes(entry.key)) continue;
    const open = known.filter((key) => !header.entries.has(key));
    problems.push(
      problem(
        "CONFIG_UNKNOWN_KEY",
        `${withArticle(type)} has no header value \`${entry.key}\``,
        keyPlace(entry),
        suggest(entry.key, open, "header values"),
      ),
    );
    // A misspelt key is one mistake, not an unknown key and a missing one.
    const hint = suggest(entry.key, open, "header values");
    for (const name of missing) if (hint === `did you mean \`${name}\`?`) missing.delete(name);
  }
  for (const name of missing) {
    const about = info.fields[name]?.about ?? HEADER_ABOUT[name] ?? "";
    problems.push(problem("CONFIG_MISSING_KEY", `the header has no \`${name}\``, placeOf(header), `add \`${name}\`: ${about}`));
  }
}

const HEADER_ABOUT: Readonly<Record<string, string>> = {
  date: "the accounting date, such as `${支付日期}`",
  currency: "the ISO 4217 code, such as `CNY`",
  text: "what the document is about (摘要)",
};

// ---------------------------------------------------------------- lines

function readLine(
  tree: MapTree,
  type: DocumentType | null,
  info: DocumentTypeInfo | null,
  compiler: ExpressionCompiler,
  problems: Problem[],
): LineTemplate {
  const standing: Standing = childScalar(tree, "each")?.text === "document" ? "document" : "record";
  const shareTree = child(tree, "share");
  const share = shareTree === undefined ? null : readShare(shareTree, standing, compiler);
  const variables = share === null ? [] : shareVariables(share.with);
  const compile = (key: string, expected: Expected): Expression | null => compiler.compileKey(tree, key, standing, expected, variables);
  const amountKey = info === null ? null : chooseAmount(tree, type ?? "", info, problems);
  const dimensions = child(tree, "dimensions");
  const amounts = ["debit", "credit", "amount"].map((key) => ({ key, expression: compile(key, NUMBER) }));
  const line = {
    each: standing,
    when: compiler.compileKey(tree, "when", standing, CONDITION),
    share,
    side: (amountKey === "credit" ? "credit" : "debit") satisfies Side,
    amount: amounts.find(({ key }) => key === amountKey)?.expression ?? null,
    account: compile("account", TEXT),
    text: compile("text", TEXT_OR_EMPTY),
    partner: compile("partner", TEXT_OR_EMPTY),
    dimensions:
      dimensions?.kind === "map"
        ? [...dimensions.entries.values()].map(({ key, value }) => ({
            name: key,
            value: compiler.compile(value, standing, TEXT_OR_EMPTY, variables),
          }))
        : [],
    fields: readLineFields(tree, type ?? "", info, problems).map(({ name, type: kind, value }) => {
      const expected: Expected = { kind: kind === "amount" ? "number" : kind, nullable: true };
      return { name, type: kind, value: compiler.compile(value, standing, expected, variables) };
    }),
  };
  return line as LineTemplate;
}

/** The further values of a line that its document type knows. */
function readLineFields(
  tree: MapTree,
  type: string,
  info: DocumentTypeInfo | null,
  problems: Problem[],
): { readonly name: string; readonly type: LineFieldType; readonly value: Tree }[] {
  const fields = child(tree, "fields");
  if (fields?.kind !== "map" || info === null) return [];
  const names = Object.keys(info.lineFields);
  return [...fields.entries.values()].flatMap((entry) => {
    const known = info.lineFields[entry.key];
    if (known !== undefined) return [{ name: entry.key, type: known.type, value: entry.value }];
    const hint = names.length === 0 ? "give it as a dimension" : suggest(entry.key, names, "values of a line");
    problems.push(problem("CONFIG_UNKNOWN_KEY", `a line of ${withArticle(type)} has no value \`${entry.key}\``, keyPlace(entry), hint));
    return [];
  });
}

/** Which key gives the amount of a line; a document of debits and credits takes one of them, any other takes `amount`. */
function chooseAmount(tree: MapTree, type: string, info: DocumentTypeInfo, problems: Problem[]): string | null {
  const allowed = info.lines === "both" ? ["debit", "credit"] : ["amount"];
  const given = ["debit", "credit", "amount"].flatMap((key) => tree.entries.get(key) ?? []);
  const wrong = given.find((entry) => !allowed.includes(entry.key));
  if (wrong !== undefined) {
    const expected = info.lines === "both" ? "`debit` or `credit`" : "`amount`";
    problems.push(
      problem(
        "CONFIG_WRONG_VALUE",
        `a line of ${withArticle(type)} has no \`${wrong.key}\`; expected ${expected}`,
        keyPlace(wrong),
        `replace \`${wrong.key}\` by ${expected}`,
      ),
    );
    return null;
  }
  const [first, second] = given;
  if (second !== undefined) {
    problems.push(
      problem(
        "CONFIG_WRONG_VALUE",
        "the line has both `debit` and `credit`; expected one of them",
        keyPlace(second),
        "write two lines, one for each side",
      ),
    );
    return null;
  }
  if (first !== undefined) return first.key;
  const what = info.lines === "both" ? "neither `debit` nor `credit`" : "no `amount`";
  problems.push(problem("CONFIG_MISSING_KEY", `the line has ${what}`, placeOf(tree), `add \`${allowed[0]}: \${…}\``));
  return null;
}

interface ReadShare {
  readonly amount: Expression | null;
  readonly by: Expression | null;
  readonly with: readonly { readonly name: string; readonly value: Expression | null }[];
}

function readShare(tree: Tree, standing: Standing, compiler: ExpressionCompiler): ReadShare {
  const lists = child(tree, "with");
  return {
    amount: compiler.compileKey(tree, "amount", standing, NUMBER),
    by: compiler.compileKey(tree, "by", standing, { kind: "list", of: "number", nullable: false }),
    with:
      lists?.kind === "map"
        ? [...lists.entries.values()].map(({ key, value }) => ({
            name: key,
            value: compiler.compile(value, standing, { kind: "list", of: "text", nullable: false }),
          }))
        : [],
  };
}

/** What the lines of a share can read of their part; an entry of a personal list is personal. */
function shareVariables(lists: ReadShare["with"]): Variable[] {
  return [
    { name: "share.amount", type: { kind: "number", nullable: false } },
    { name: "share.weight", type: { kind: "number", nullable: false } },
    ...lists.map(
      ({ name, value }): Variable => ({
        name: `share.${name}`,
        type: { kind: "text", nullable: false },
        personal: isPersonalShape(value?.parts ?? null),
      }),
    ),
  ];
}

function readMergeBy(tree: MapTree, templates: readonly Tree[], problems: Problem[]): readonly string[] | null {
  const written = child(tree, "merge by");
  if (written === undefined) return null;
  const names = new Set(["account", "partner", "text"]);
  for (const template of templates) {
    for (const key of ["dimensions", "fields"]) {
      const given = child(template, key);
      if (given?.kind === "map") for (const name of given.entries.keys()) names.add(name);
    }
  }
  const given = scalarsOf(written);
  for (const scalar of given)
    if (!names.has(scalar.text))
      problems.push(
        problem(
          "CONFIG_WRONG_VALUE",
          `lines cannot be merged by \`${scalar.text}\`: no line has it`,
          placeOf(scalar),
          suggest(scalar.text, [...names], "names") ?? "expected `account`, `partner`, `text` or a dimension",
        ),
      );
  return given.map((scalar) => scalar.text);
}
