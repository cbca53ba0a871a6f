import type { YAMLError } from "yaml";
import { type Problem, problem } from "../model/problem.js";
import type { SourceFile } from "./source-file.js";

const SENSITIVE_LINE = /^([ \t-]*["']?[\w.-]*(?:pass|secret|token|key|credential)[\w.-]*["']?[ \t]*:[ \t]*)(\S.*)$/gim;

/** What the YAML parser found, said for people who did not write the parser. */
export function explainYaml(file: SourceFile, fault: YAMLError): Problem {
  // Without a tree nobody knows which values are secret, so whatever looks like one is covered.
  for (const match of file.text.matchAll(SENSITIVE_LINE)) {
    const from = match.index + (match[1] ?? "").length;
    if (!/^["']?\$\{/.test(match[2] ?? "")) file.hide(from, match.index + match[0].length);
  }
  const [start, end] = fault.pos;
  const found = file.text.slice(start, Math.min(end, start + 20)).split("\n")[0] ?? "";
  const before = file.text.slice(0, start);
  const { message, hint } = file.isKeysOnly && !/^[^\p{L}\p{N}]?$/u.test(found) ? UNSHOWN : explain(fault, found, before);
  return problem("CONFIG_YAML", message, file.place(start, Math.max(end, start + 1)), hint);
}

interface Explanation {
  readonly message: string;
  readonly hint: string;
}

/** What the parser says repeats what it found, and that may be a secret. */
const UNSHOWN: Explanation = {
  message: "this cannot be read as YAML",
  hint: "check quotes, brackets and the indentation of this line and the one above; values of this file are not shown",
};

function explain(fault: YAMLError, found: string, before: string): Explanation {
  switch (fault.code) {
    case "TAB_AS_INDENT":
      return { message: "the line is indented with a tab; expected blanks", hint: "replace the tab by two blanks" };
    case "BLOCK_AS_IMPLICIT_KEY":
    case "MULTILINE_IMPLICIT_KEY":
      return {
        message: "a value holds a second `key: value`, or the next line is indented too far",
        hint: 'put quotes around text that contains `: `, as in `text: "net: ${a ? b : c}"`; keys of one mapping start in one column',
      };
    case "MISSING_CHAR":
      return missing(fault.message);
    case "BAD_INDENT":
      return {
        message: "this line is not indented far enough for where it stands",
        hint: "check that every `[`, `{` and quote above it is closed",
      };
    case "MULTIPLE_DOCS":
      return { message: "a second document begins at `---`; expected one per file", hint: "remove the `---` line, or split the file" };
    case "BAD_DQ_ESCAPE":
      return { message: `\`${found}\` is no escape of double-quoted text`, hint: "use single quotes, or write `\\\\` for a backslash" };
    case "BAD_SCALAR_START":
      return { message: `a value cannot begin with \`${found}\` unless it stands in quotes`, hint: "put quotes around the value" };
    case "TAG_RESOLVE_FAILED":
      return { message: `unknown tag \`${found}\``, hint: "remove it; put quotes around text that begins with `!`" };
    case "UNEXPECTED_TOKEN":
      if (found === "{" && /\$$/.test(before))
        return {
          message: "`${…}` stands without quotes inside `{ … }` or `[ … ]`",
          hint: 'put quotes around it, as in `{ date: "${…}" }`',
        };
      return {
        message: `\`${found}\` is not expected here`,
        hint: "check quotes, brackets and the indentation of this line and the one above",
      };
    default:
      return { message: lowerFirst(fault.message), hint: "check quotes, brackets and the indentation of this line and the one above" };
  }
}

function missing(message: string): Explanation {
  if (message.startsWith("Missing closing")) return { message: "a quote is opened and never closed", hint: "close the quote" };
  if (message.startsWith("Sequence item"))
    return { message: "expected `- ` in front of this line, as in the list above it", hint: "add `- `, or correct the indentation" };
  return { message: "a key stands without `:` and value", hint: "write `key: value`, with a blank after the colon" };
}

function lowerFirst(text: string): string {
  return text.charAt(0).toLowerCase() + text.slice(1);
}
