/** Names and values come from files and other systems: what would steer the terminal is shown as a replacement mark. */
export function clean(text: string): string {
  return text.replace(/[\p{Cc}\p{Bidi_Control}\u2028\u2029]/gu, "\ufffd");
}

/** The colours and weights that the program itself writes. None of them hides anything. */
const OWN_STYLES = /(\u001b\[(?:0|1|2|22|3[1-6]|39)m)/;

/** The same for a text that may be coloured already. */
export function cleanStyled(text: string): string {
  return text
    .split(OWN_STYLES)
    .map((part, index) => (index % 2 === 1 ? part : clean(part)))
    .join("");
}
