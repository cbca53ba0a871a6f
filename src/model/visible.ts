/**
 * Names and values come from files and other systems. What would turn the text around a value, or show nothing where something is, becomes a
 * replacement mark; an end of line and a tab are blanks.
 */
export function visible(text: string): string {
  return text
    .replace(/[\t\r\n]+/g, " ")
    .replace(/[\p{Cc}\p{Bidi_Control}\u200b\u2060\ufeff\u2028\u2029]|[\u{e0000}-\u{e007f}]/gu, "\ufffd");
}
