/** A shorter secret hides whole values only: covered inside others, it would make everything unreadable and be guessed from what is missing. */
const SHORTEST_INSIDE = 4;
const COVER = "•••";

/** Covers the secrets of a project in what other systems sent; they may echo what we signed in with. */
export function masker(secrets: readonly string[]): (text: string) => string {
  const whole = new Set(secrets);
  const forms = secrets
    .filter((secret) => secret.length >= SHORTEST_INSIDE)
    .flatMap((secret) => [secret, encodeURIComponent(secret), Buffer.from(secret).toString("base64")]);
  // The longest first: a secret that is part of another must not leave the rest of it standing.
  const inside = [...new Set(forms)].sort((left, right) => right.length - left.length);
  return (text) => {
    if (whole.has(text)) return COVER;
    return inside.reduce((covered, secret) => covered.replaceAll(secret, COVER), text);
  };
}
