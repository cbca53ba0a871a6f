/** Longer texts of another system say nothing more to a reader. */
const MOST_CHARACTERS = 500;
const COVER = "•••";

/** A shorter secret hides whole values only; covered inside others it would make everything unreadable. */
const SHORTEST_SECRET = 4;

/** Knows all secrets of a project. */
export function redactionOf(secrets: Iterable<string>): Redaction {
  const redaction = new Redaction();
  for (const secret of secrets) if (secret.length >= SHORTEST_SECRET) redaction.hide(secret);
  return redaction;
}

/** What may be shown of what others send us. It knows every secret in use and lets none through. */
export class Redaction {
  private secrets: readonly string[] = [];

  /** From now on this text is covered, also as it stands in a URL, in JSON and in a Basic header. */
  hide(secret: string): void {
    if (secret === "") return;
    const forms = [
      secret,
      encodeURIComponent(secret),
      new URLSearchParams([["", secret]]).toString().slice(1),
      JSON.stringify(secret).slice(1, -1),
      // As those have it who decode the rest of a query and forget its blanks.
      secret.replaceAll(" ", "+"),
      JSON.stringify(secret.replaceAll(" ", "+")).slice(1, -1),
      Buffer.from(secret).toString("base64"),
      Buffer.from(secret).toString("base64url"),
    ];
    // The longest first: a secret that is part of another must not leave the rest of it standing.
    this.secrets = [...new Set([...this.secrets, ...forms])].sort((a, b) => b.length - a.length);
  }

  /** Text of another system on one line, without secrets and control characters, at most 500 characters long. */
  show(text: string): string {
    // Twice, because a control character inside a secret would hide it from the first look.
    const clean = this.cover(withoutControls(this.cover(text)));
    const characters = [...clean.slice(0, 2 * MOST_CHARACTERS + 2)];
    return characters.length <= MOST_CHARACTERS ? clean : `${characters.slice(0, MOST_CHARACTERS - 1).join("")}…`;
  }

  /** The text with its secrets covered, and otherwise as it is. */
  cover(text: string): string {
    let covered = text;
    for (const secret of this.secrets) covered = covered.replaceAll(secret, COVER);
    return covered;
  }
}

/** Line breaks become blanks; other control characters, and those that turn the direction of writing, are dropped. */
function withoutControls(text: string): string {
  return text
    .replace(/[\s\u2028\u2029]+/g, " ")
    .replace(/[\p{Cc}\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff\ufff9-\ufffb]/gu, "")
    .trim();
}
