import type { RE2JS } from "re2js";
import { define, type FunctionRow } from "./function-row.js";
import { requireLength } from "./functions-text.js";
import { BOOLEAN, TEXT, withNullable } from "./kinds.js";
import { optional, pattern, text, whole } from "./parameters.js";

const value = text("value");

/** Matching takes time in proportion to the text, whatever the pattern: no pipeline file can hang a run. */
export const PATTERN_FUNCTIONS: readonly FunctionRow[] = [
  define({
    name: "matches",
    group: "patterns",
    parameters: [value, pattern("pattern")],
    result: BOOLEAN,
    about: "True when the pattern is found anywhere in the text; `^` and `$` stand for its start and end.",
    examples: [
      ['matches(单据编号, "^BX-[0-9]+$")', "true"],
      ['matches("发票 044001900111", "\\\\d{12}")', "true"],
    ],
    run: (_site, given, wanted) => wanted.test(given),
  }),
  define({
    name: "capture",
    group: "patterns",
    parameters: [value, pattern("pattern"), optional(whole("group", 0, 99))],
    result: withNullable(TEXT, true),
    about:
      "The part of the first match that stands in parentheses (`group` counts them from 1; 0 is all of the match); without `group`, the first pair or else all. Empty when nothing matches.",
    examples: [
      ['capture("发票号 04400190，共 1 张", "发票号 ([0-9]+)")', '"04400190"'],
      ['capture(费用类型, "[0-9]+")', "null"],
    ],
    run: (site, given, wanted, group) => {
      const count = wanted.groupCount();
      const index = group ?? Math.min(count, 1);
      if (index > count) return site.fail(`pattern \`${wanted.pattern()}\` has no group ${index}`, `it has ${count}`);
      const matcher = wanted.matcher(given);
      return matcher.find() ? matcher.group(index) : null;
    },
  }),
  define({
    name: "replace_pattern",
    group: "patterns",
    parameters: [value, pattern("pattern"), text("with")],
    result: TEXT,
    about: "Replaces every match of the pattern; `$1` in `with` is the first part in parentheses, and `$$` a dollar sign.",
    examples: [
      ['replace_pattern("6602 01 ", "\\\\s+", "")', '"660201"'],
      ['replace_pattern("20261120", "^(....)(..)(..)$", "$1-$2-$3")', '"2026-11-20"'],
    ],
    run: (site, given, wanted, by) =>
      replaceAll(
        given,
        wanted,
        by,
        (message) => site.fail(message),
        (length) => requireLength(site, length),
      ),
  }),
];

function replaceAll(
  given: string,
  wanted: RE2JS,
  by: string,
  fail: (message: string) => never,
  requireLengthOf: (length: number) => void,
): string {
  const groups = wanted.groupCount();
  const parts = by.split(/(\$\$|\$\d)/);
  const matcher = wanted.matcher(given);
  let result = "";
  let at = 0;
  while (matcher.find()) {
    result += given.slice(at, matcher.start());
    for (const part of parts) {
      if (part === "$$") result += "$";
      else if (part.length === 2 && part.startsWith("$")) {
        const index = Number(part[1]);
        if (index > groups) fail(`\`${part}\` stands in the replacement, and pattern \`${wanted.pattern()}\` has ${groups} groups`);
        result += matcher.group(index) ?? "";
      } else result += part;
    }
    at = matcher.end();
    requireLengthOf(result.length);
  }
  return result + given.slice(at);
}
