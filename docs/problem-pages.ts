import type { ExampleFile } from "../src/explain/example.js";
import type { Language } from "../src/explain/explanation.js";
import { labelsOf } from "../src/explain/labels.js";
import { CODES, type Page, pageOf } from "../src/explain/page.js";
import { exampleOf } from "./problem-examples.js";
import { table } from "./table.js";

/** One row for each code, with a link to what is said about it below. */
export function renderProblemTable(language: Language): string {
  const { code, title, next, dispositions } = labelsOf(language);
  const rows = CODES.map((each) => pageOf(each, language)).map((page) => [
    `[\`${page.code}\`](#${page.code.toLowerCase()})`,
    page.title,
    dispositions[page.disposition],
  ]);
  return table([code, title, next], rows);
}

/** A section for each code, as `sync explain` shows it. */
export function renderProblemSections(language: Language): string {
  // The fixtures themselves, and not what the program had of them when it was last written.
  return CODES.map((code) => renderSection({ ...pageOf(code, language), example: exampleOf(code) }, language)).join("\n");
}

function renderSection(page: Page, language: Language): string {
  const labels = labelsOf(language);
  const colon = language === "zh" ? "：" : ": ";
  const said = (label: string, text: string): string => `**${label}**${colon}${text}\n\n`;
  const usually = language === "zh" ? `（${labels.usually(page.who)}）` : ` (${labels.usually(page.who)})`;
  let text = `### ${page.code}\n\n${page.title}\n\n`;
  text += said(labels.means, page.means) + said(labels.matters, page.matters);
  text += `**${labels.mend}**${usually}${colon.trim()}\n\n${page.mend.map((step, index) => `${index + 1}. ${step}\n`).join("")}\n`;
  text += said(labels.until, page.until);
  if (page.cause !== null) text += said(labels.cause, page.cause);
  if (page.example === null) return text.trimEnd().concat("\n");
  const { command, files, printed } = page.example;
  text += `**${labels.example}**${colon.trim()}\n\n`;
  for (const file of files) text += `${placeOf(file, language)}\n\n${fence(file.text)}\n`;
  return `${text}${labels.prints(command)}${colon.trim()}\n\n${fence(printed)}`;
}

function placeOf({ name, from }: ExampleFile, language: Language): string {
  return from === 1 ? `\`${name}\`` : labelsOf(language).line(`\`${name}\``, from);
}

function fence(text: string): string {
  return `\`\`\`text\n${text}\n\`\`\`\n`;
}
