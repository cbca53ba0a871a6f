import { expect } from "vitest";

/** Values that must not come out, and every form in which they could. */
export class Canaries {
  private readonly forms = new Map<string, readonly string[]>();

  constructor(private readonly prefix: string) {}

  /** One that never was before. What stands in it is written differently in JSON, in a URL and in YAML. */
  next(): string {
    const value = `${this.prefix}${String(this.forms.size).padStart(3, "0")}-Ka/n"a&r+ie ${"x".repeat(8)}`;
    this.add(value);
    return value;
  }

  add(...values: readonly string[]): void {
    for (const value of values) this.forms.set(value, formsOf(value));
  }

  get all(): readonly string[] {
    return [...this.forms.keys()];
  }

  /** The first of them that stands in a text in any form. */
  foundIn(text: string): string | null {
    for (const [value, forms] of this.forms) if (forms.some((form) => text.includes(form))) return value;
    return null;
  }

  expectNoneIn(what: string, text: string): void {
    const found = this.foundIn(text);
    expect(found === null ? null : { found, what, text: text.slice(0, 4000) }).toBeNull();
  }
}

/** Raw, with the blanks of a URL, in JSON, in a URL, in a form, in Base64 wherever it begins, and in hexadecimal digits. */
function formsOf(value: string): readonly string[] {
  const json = JSON.stringify(value).slice(1, -1);
  const ascii = json.replace(/[\u0080-\uffff]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`);
  const url = encodeURIComponent(value);
  const base64 = [0, 1, 2].map((shift) => {
    const text = Buffer.concat([Buffer.alloc(shift), Buffer.from(value)]).toString("base64");
    // What its neighbours have a part in is left out.
    return text.slice(shift === 0 ? 0 : 4, -4);
  });
  const halfDecoded = value.replaceAll(" ", "+");
  return [
    value,
    halfDecoded,
    JSON.stringify(halfDecoded).slice(1, -1),
    json,
    ascii,
    url,
    url.replaceAll("%20", "+"),
    ...base64,
    Buffer.from(value).toString("hex"),
  ];
}
