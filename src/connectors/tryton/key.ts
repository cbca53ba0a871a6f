/** How our idempotency key stands in the ERP: whole, so that it can be read back. Control characters are refused there, and blanks at its ends may get lost. */
export function writeKey(idempotencyKey: string): string {
  return idempotencyKey.replace(
    /[%\p{Cc}\u2028\u2029]|^ | $/gu,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase().padStart(4, "0")}`,
  );
}

/** The key that a text of the ERP stands for. */
export function readKey(text: string): string {
  return text.replace(/%([0-9A-F]{4})/g, (_, code: string) => String.fromCharCode(Number.parseInt(code, 16)));
}

const REVERSAL = "/reversal";

export function reversalOf(idempotencyKey: string): string {
  return `${idempotencyKey}${REVERSAL}`;
}

/** The key of what a reversal cancels; null for the key of a posting. */
export function reversedBy(idempotencyKey: string): string | null {
  return idempotencyKey.endsWith(REVERSAL) ? idempotencyKey.slice(0, -REVERSAL.length) : null;
}
