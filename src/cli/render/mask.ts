import { Redaction } from "../../connectors/http/redaction.js";

/** A shorter secret hides whole values only: covered inside others, it would make everything unreadable and be guessed from what is missing. */
const SHORTEST_INSIDE = 4;

/** Covers the secrets of a project in what other systems sent; they may echo what we signed in with. */
export function masker(secrets: readonly string[]): (text: string) => string {
  const [inside, whole] = [new Redaction(), new Redaction()];
  for (const secret of secrets) (secret.length >= SHORTEST_INSIDE ? inside : whole).hide(secret);
  const short = new Set(secrets.filter((secret) => secret.length < SHORTEST_INSIDE));
  return (text) => (short.has(text) ? whole.cover(text) : inside.cover(text));
}
