import fc from "fast-check";
import { expect, test } from "vitest";
import { isList, isObject, type Json, JsonNumber, parseJson, writeJson } from "../../src/connectors/http/json.js";
import { Redaction } from "../../src/connectors/http/redaction.js";

/** As JSON.parse gives it, numbers rounded. */
function plain(value: Json): unknown {
  if (value instanceof JsonNumber) return Number(value.text);
  if (isList(value)) return value.map(plain);
  if (!isObject(value)) return value;
  const result = Object.create(null) as Record<string, unknown>;
  for (const [key, each] of value) result[key] = plain(each);
  return result;
}

function reference(text: string): unknown {
  try {
    return {
      value: JSON.parse(text, (_, value: unknown) =>
        typeof value === "object" && value !== null && !Array.isArray(value) ? Object.assign(Object.create(null), value) : value,
      ),
    };
  } catch {
    return null;
  }
}

test("reads what JSON.parse reads, and refuses what it refuses", () => {
  const texts = fc.oneof(
    fc.json({ maxDepth: 5 }),
    fc
      .tuple(fc.json(), fc.nat(), fc.constantFrom("", ",", "}", "]", '"', "\\", "0", "-", ".", "e", "\u0001", " ", "\u00a0", "tru"))
      .map(([text, at, part]) => {
        const place = at % (text.length + 1);
        return text.slice(0, place) + part + text.slice(place + (at % 2));
      }),
    fc.string({
      unit: fc.constantFrom("{", "}", "[", "]", '"', ":", ",", "\\", "u", "0", "1", "-", ".", "e", "E", "+", "t", "rue", "null", " ", "\n"),
      maxLength: 12,
    }),
  );
  fc.assert(
    fc.property(texts, (text) => {
      fc.pre(!text.includes("__proto__"));
      const read = parseJson(text);
      expect(read === undefined ? null : { value: plain(read) }).toEqual(reference(text));
    }),
    { numRuns: 3000 },
  );
});

test("keeps every digit, and writes what it read", () => {
  for (const digits of ["12345678901234567890", "0.10", "-0", "1E400", "1e-7", "100.00"]) {
    expect(parseJson(`[${digits}]`)).toEqual([new JsonNumber(digits)]);
    expect(writeJson(parseJson(`{"a":[${digits},true,null,"\\u00e9"]}`) ?? null)).toBe(`{"a":[${digits},true,null,"é"]}`);
  }
});

test("names have no meaning of their own, and depth has an end", () => {
  const read = parseJson('{"__proto__":{"number":"V-1"},"constructor":1,"a":1,"a":2}');
  expect(read !== undefined && isObject(read) ? [...read.keys()] : []).toEqual(["__proto__", "constructor", "a"]);
  expect(({} as { number?: unknown }).number).toBeUndefined();
  expect(parseJson("[".repeat(200) + "]".repeat(200))).toBeDefined();
  expect(parseJson("[".repeat(100_000))).toBeUndefined();
});

test("a long answer is read in time that grows with its length only", () => {
  const text = JSON.stringify({
    rows: Array.from({ length: 40_000 }, (_, n) => ({ id: n, text: `第 ${n} 行 "引号" \\ \u0001`, amount: n / 100 })),
  });
  const begun = performance.now();
  expect(parseJson(text)).toBeDefined();
  expect(text.length).toBeGreaterThan(2_000_000);
  expect(performance.now() - begun).toBeLessThan(3000);
});

test("no text of another system shows a secret, however it is cut and disguised", () => {
  fc.assert(
    fc.property(
      fc
        .string({ minLength: 6, maxLength: 40, unit: fc.constantFrom(...'abcXYZ019+/=%&"\\ é密') })
        .filter((each) => each.trim() === each && !/ {2}/.test(each)),
      fc.string({ maxLength: 700 }),
      fc.string({ maxLength: 30 }),
      (secret, before, after) => {
        const redaction = new Redaction();
        redaction.hide(secret);
        fc.pre(!`${before}${after}`.includes(secret));
        for (const form of [
          secret,
          encodeURIComponent(secret),
          JSON.stringify(secret),
          Buffer.from(secret).toString("base64"),
          [...secret].join("\u0007"),
        ]) {
          const shown = redaction.show(`${before} ${form} ${after}`);
          expect(shown.includes(secret)).toBe(false);
          expect([...shown].length).toBeLessThanOrEqual(500);
          expect(shown).not.toMatch(/\p{Cc}/u);
        }
      },
    ),
    { numRuns: 300 },
  );
});

test("of a secret that stands in another, nothing is left", () => {
  const redaction = new Redaction();
  redaction.hide("token");
  redaction.hide("token-4711");
  redaction.hide("");
  expect(redaction.show("a token-4711 b token c")).toBe("a ••• b ••• c");
});
