import { type Message, oneLine } from "./message.js";
import { wordsIn } from "./words.js";

/**
 * The message as plain text, at most so many bytes of UTF-8 long: what does not fit is left out by whole pipelines, and how many is said. Plain text
 * everywhere, because keys come from other systems, and in a marked-up text they could be links or call everybody.
 */
export function plainText(message: Message, mostBytes: number): string {
  const words = wordsIn(message.language);
  const parts = message.isTest ? [words.test] : message.sections.map((section) => sectionText(message, section.facts.scope, section));
  for (let shown = parts.length; shown > 0; shown -= 1) {
    const left = parts.length - shown;
    const text = [message.subject, ...parts.slice(0, shown), ...(left > 0 ? [words.more(left)] : [])].join("\n\n");
    if (Buffer.byteLength(text) <= mostBytes) return text;
  }
  return cutTo([message.subject, parts[0] ?? ""].join("\n\n"), mostBytes);
}

function sectionText(
  message: Message,
  scope: string,
  { lines, commands }: { lines: readonly string[]; commands: readonly string[] },
): string {
  const words = wordsIn(message.language);
  const head = message.sections.length > 1 ? [`■ ${scope === "" ? words.whole : oneLine(scope)}`] : [];
  const next = commands.length === 0 ? [] : [words.next, ...commands.map((command) => `  ${command}`)];
  return [...head, ...lines, ...next].join("\n");
}

/** The beginning of a text in so many bytes, never half a character. */
function cutTo(text: string, mostBytes: number): string {
  const end = "…";
  let bytes = Buffer.byteLength(end);
  let kept = "";
  for (const character of text) {
    bytes += Buffer.byteLength(character);
    if (bytes > mostBytes) break;
    kept += character;
  }
  return `${kept}${end}`;
}
