/** Names and values come from files and other systems: what would steer the terminal is shown as a replacement mark. */
export function clean(text: string): string {
  return text.replace(/[\p{Cc}\p{Bidi_Control}\u2028\u2029]/gu, "\ufffd");
}
