import type { Problem } from "../../model/problem.js";
import { type CommandContext, printJson } from "../io.js";
import { problemToJson, renderProblems } from "./problem.js";
import type { Language } from "./words.js";

/** Problems that ended a command: on stderr for people, and as one JSON object on stdout when that was asked for. */
export function reportProblems(
  context: CommandContext,
  problems: readonly Problem[],
  options: { readonly json: boolean; readonly color: boolean },
): void {
  const { io } = context;
  if (options.json) printJson(io, { problems: problems.map(problemToJson) });
  else io.err(`${renderProblems(problems, { color: options.color && io.errIsTerminal })}${pointer(problems, "en")}`);
}

/** Ends a list of problems, once: where it stands what their codes mean. Empty text where none needs more words than its hint has. */
export function pointer(problems: readonly Problem[], language: Language): string {
  const codes = new Set(problems.map(({ code }) => code).filter((code) => code !== "USAGE" && code !== "NOT_FOUND"));
  // It waits for a record, and what is wrong with that is the other code.
  if (codes.size > 1) codes.delete("DOCUMENT_BAD_RECORD");
  if (codes.size === 0) return "";
  const [only = ""] = codes;
  const command = `sync explain ${codes.size === 1 ? only : "CODE"}`;
  return language === "zh" ? `含义与处理办法：${command}\n` : `what it means and how to mend it: ${command}\n`;
}
