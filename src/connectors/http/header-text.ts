/**
 * A header carries ASCII only (RFC 9110, 5.5), without blanks at its ends. Anything else is written as it would be in a URL, and so is a
 * percent sign, so that two values never look alike.
 */
export function encodeHeader(text: string): string {
  if (/^[\x20-\x24\x26-\x7e]*$/.test(text) && text.trim() === text) return text;
  return wellFormed(text).replace(/[^\x21-\x24\x26-\x7e]/gu, (character) => encodeURIComponent(character));
}

/** Half a character, as broken exports have it, cannot be encoded; it becomes U+FFFD. */
export function wellFormed(text: string): string {
  return Buffer.from(text).toString();
}

/** RFC 7617, with UTF-8. */
export function basicHeader(user: string, password: string): string {
  return `Basic ${Buffer.from(`${user}:${password}`).toString("base64")}`;
}
