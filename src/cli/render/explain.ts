import { styleText } from "node:util";
import stringWidth from "string-width";
import type { Example } from "../../explain/example.js";
import { labelsOf } from "../../explain/labels.js";
import { CODES, type Page, titleOf } from "../../explain/page.js";
import type { Language } from "./words.js";
import { wrap } from "./wrap.js";

export interface ExplainView {
  readonly language: Language;
  readonly columns: number;
  readonly color: boolean;
}

/** The page of one code, for people. */
export function renderPage(page: Page, { language, columns, color }: ExplainView): string {
  const labels = labelsOf(language);
  const bold = (text: string): string => (color ? styleText("bold", text, { validateStream: false }) : text);
  const paragraph = (text: string): string => block(text, columns, "  ", "  ");
  const section = (title: string, body: string): string => `\n${bold(title)}\n${body}`;
  const steps = page.mend.map((step, index) => block(step, columns, `  ${index + 1}. `, "     ")).join("");
  let text = block(page.title, columns, `${page.code}  `, "  ").replace(page.code, bold(page.code));
  text += section(labels.means, paragraph(page.means));
  text += section(labels.matters, paragraph(page.matters));
  const mend = language === "zh" ? `${labels.mend}（${labels.usually(page.who)}）` : `${labels.mend} (${labels.usually(page.who)})`;
  text += section(mend, steps);
  text += section(labels.until, paragraph(page.until));
  if (page.cause !== null) text += section(labels.cause, paragraph(page.cause));
  if (page.example !== null) text += section(labels.example, renderExample(page.example, language, columns));
  return text;
}

function renderExample({ command, files, printed }: Example, language: Language, columns: number): string {
  const labels = labelsOf(language);
  let text = "";
  for (const { name, from, text: content } of files) {
    text += `  ${from === 1 ? name : labels.line(name, from)}\n`;
    for (const line of content.split("\n")) text += `${`    ${line}`.trimEnd()}\n`;
  }
  text += `  ${labels.prints(command)}\n`;
  for (const line of printed.split("\n")) {
    // The line of a file, and the mark below it, stay as they are.
    if (/^\s*\d* \|/.test(line)) text += `    ${line}\n`;
    else {
      const indent = `    ${/^\s*/.exec(line)?.[0] ?? ""}`;
      text += block(line.trimStart(), columns, indent, `${indent}  `);
    }
  }
  return text;
}

/** All codes with what they mean in a few words. */
export function renderCodes(language: Language, columns: number): string {
  const width = Math.max(...CODES.map((code) => code.length)) + 2;
  const rows = CODES.map((code) => block(titleOf(code, language), columns, code.padEnd(width), " ".repeat(width)));
  return `${rows.join("")}\n${labelsOf(language).list}\n`;
}

function block(text: string, columns: number, first: string, rest: string): string {
  const lines = wrap(text, Math.max(20, columns - Math.max(stringWidth(first), stringWidth(rest))));
  return lines.map((line, index) => `${index === 0 ? first : rest}${line}\n`).join("");
}
