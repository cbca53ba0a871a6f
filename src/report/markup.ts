import { visible } from "../model/visible.js";

/** Text of a page that is markup already. Whatever else is put into markup is escaped. */
export class Markup {
  constructor(readonly text: string) {}
}

type Part = string | number | Markup | readonly Markup[];

/** Puts values into a template: markup as it stands, everything else escaped. */
export function html(texts: TemplateStringsArray, ...parts: readonly Part[]): Markup {
  let text = texts[0] as string;
  for (const [index, part] of parts.entries()) text += markupOf(part) + (texts[index + 1] as string);
  return new Markup(text);
}

function markupOf(part: Part): string {
  if (part instanceof Markup) return part.text;
  if (typeof part === "object") return part.map((each) => each.text).join("");
  return escaped(String(part));
}

const ENTITIES: Readonly<Record<string, string>> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#39;" };

/** Safe between tags and inside quoted attributes. */
function escaped(text: string): string {
  return visible(text).replace(/[&<>"']/g, (character) => ENTITIES[character] as string);
}

export const NOTHING = new Markup("");

export function when(condition: boolean, make: () => Markup): Markup {
  return condition ? make() : NOTHING;
}

/** A sentence in which values stand between backticks. A backtick without its other half is a character like any other. */
export function prose(text: string): Markup {
  const parts = text.split("`");
  const last = parts.length % 2 === 0 ? `\`${parts.pop()}` : "";
  return html`${parts.map((part, index) => (index % 2 === 1 ? html`<code>${part}</code>` : html`${part}`))}${last}`;
}
