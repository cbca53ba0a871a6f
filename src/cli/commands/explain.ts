import { findProject } from "../../config/find-project.js";
import { nearest } from "../../config/nearest.js";
import { languageOf } from "../../config/project-language.js";
import { CODES, pageOf, titleOf } from "../../explain/page.js";
import { dispositionOf, type ProblemCode, ProblemError, problem } from "../../model/problem.js";
import { EXIT } from "../exit-codes.js";
import { type CommandContext, type CommonOptions, printJson } from "../io.js";
import { renderCodes, renderPage } from "../render/explain.js";
import type { Language } from "../render/words.js";

interface ExplainOptions extends CommonOptions {
  readonly lang?: Language;
}

/** Longer lines are hard to read, however wide the screen is. */
const MOST_COLUMNS = 80;

/** Needs no project: it is asked for when something is wrong with it. Only the language is taken from one that is here. */
export async function explain(context: CommandContext, options: ExplainOptions, name: string | undefined): Promise<number> {
  const { io } = context;
  const language = options.lang ?? languageHere(context.cwd);
  const columns = Math.min(io.columns, MOST_COLUMNS);
  if (name === undefined) {
    const list = CODES.map((code) => ({ code, disposition: dispositionOf(code), title: titleOf(code, language) }));
    if (options.json === true) printJson(io, list);
    else io.out(renderCodes(language, columns));
    return EXIT.done;
  }
  const page = pageOf(codeOf(name), language);
  if (options.json === true) printJson(io, page);
  else io.out(renderPage(page, { language, columns, color: options.color !== false && io.outIsTerminal }));
  return EXIT.done;
}

function languageHere(cwd: string): Language {
  const file = findProject(cwd);
  return file === null ? "en" : languageOf(file);
}

function codeOf(name: string): ProblemCode {
  const wanted = name.trim().toUpperCase();
  const found = CODES.find((code) => code === wanted);
  if (found !== undefined) return found;
  const close = nearest(wanted, CODES);
  const hint = close === null ? "`sync explain` lists them all" : `did you mean \`${close}\`?`;
  throw new ProblemError(problem("USAGE", `there is no problem code \`${name}\``, [], hint));
}
