import type { Answer } from "./transport.js";

/**
 * The cookies of one session with one host (RFC 6265). They go with every call to it: paths, and the difference between ways to reach the host, are
 * not looked at, because all of its calls are ours.
 */
export class Cookies {
  private readonly values = new Map<string, string>();

  /** Takes what the answer sets; what it sets to be over is forgotten. */
  take(answer: Answer, now: Date): void {
    for (const line of answer.headers.get("set-cookie")?.split("\n") ?? []) {
      const [pair = "", ...attributes] = line.split(";");
      const at = pair.indexOf("=");
      const name = pair.slice(0, at).trim();
      if (at === -1 || name === "") continue;
      if (isOver(attributes, now)) this.values.delete(name);
      else this.values.set(name, pair.slice(at + 1).trim());
    }
  }

  set(name: string, value: string): void {
    this.values.set(name, value);
  }

  get(name: string): string | null {
    return this.values.get(name) ?? null;
  }

  /** For the `Cookie` header; null when there is none. */
  header(): string | null {
    if (this.values.size === 0) return null;
    return [...this.values].map(([name, value]) => `${name}=${value}`).join("; ");
  }

  all(): readonly string[] {
    return [...this.values.values()];
  }
}

/** `Max-Age` counts before `Expires`. */
function isOver(attributes: readonly string[], now: Date): boolean {
  const attribute = (name: string): string | null => {
    const found = attributes.find((each) => each.trim().toLowerCase().startsWith(`${name}=`));
    return found === undefined ? null : found.slice(found.indexOf("=") + 1).trim();
  };
  const age = attribute("max-age");
  if (age !== null && /^-?\d+$/.test(age)) return Number(age) <= 0;
  const expires = Date.parse(attribute("expires") ?? "");
  return !Number.isNaN(expires) && expires <= now.getTime();
}
