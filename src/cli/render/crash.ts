import { masker } from "./mask.js";

/** Causes of causes that are told. */
const MOST = 5;

/**
 * What is printed of an error that is no problem of the user's but a mistake of the program: its stack, and those of what caused it. Nothing else of
 * it: libraries hang whole requests, connections and passwords on their errors, and the usual printing of an error shows them all.
 */
export function crashText(cause: unknown, secrets: Iterable<string>): string {
  const told: string[] = [];
  for (let each: unknown = cause; each !== undefined && told.length < MOST; each = each instanceof Error ? each.cause : undefined)
    told.push(each instanceof Error ? (each.stack ?? `${each.name}: ${each.message}`) : String(each));
  return `${masker([...secrets])(withoutUserInfo(told.join("\ncaused by: ")))}\n`;
}

/** What stands before the `@` of an address. */
function withoutUserInfo(text: string): string {
  return text.replace(/\b([a-z][a-z0-9+.-]*:\/\/)[^\s/@]+@/gi, "$1•••@");
}
