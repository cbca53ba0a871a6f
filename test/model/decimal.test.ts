import { Decimal as Oracle } from "decimal.js";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { allocate, Decimal, ROUNDING_MODES, type RoundingMode } from "../../src/model/decimal.js";

const Exact = Oracle.clone({ precision: 400, toExpNeg: -400, toExpPos: 400 });

const ORACLE_MODES: Readonly<Record<RoundingMode, Oracle.Rounding>> = {
  "half-up": Oracle.ROUND_HALF_UP,
  "half-even": Oracle.ROUND_HALF_EVEN,
  "half-down": Oracle.ROUND_HALF_DOWN,
  up: Oracle.ROUND_UP,
  down: Oracle.ROUND_DOWN,
  ceiling: Oracle.ROUND_CEIL,
  floor: Oracle.ROUND_FLOOR,
};

const places = fc.integer({ min: 0, max: 8 });
const mode = fc.constantFrom(...ROUNDING_MODES);
/** Short numbers too, so that ties and carries come up often. */
const written = fc
  .tuple(
    fc.boolean(),
    fc.oneof(fc.bigInt({ min: 0n, max: 999n }), fc.bigInt({ min: 0n, max: 10n ** 30n })),
    fc.integer({ min: 0, max: 12 }),
  )
  .map(([negative, coefficient, scale]) => {
    const digits = coefficient.toString().padStart(scale + 1, "0");
    const text = scale === 0 ? digits : `${digits.slice(0, -scale)}.${digits.slice(-scale)}`;
    return negative ? `-${text}` : text;
  });

function read(text: string): Decimal {
  const value = Decimal.parse(text);
  if (value === null) throw new Error(`not a number: ${text}`);
  return value;
}

/** The plain text of an oracle value, without a sign before zero. */
function plain(value: Oracle): string {
  return value.isZero() ? "0" : value.toFixed();
}

function check(run: (left: Decimal, right: Decimal, a: Oracle, b: Oracle) => void): void {
  fc.assert(
    fc.property(written, written, (left, right) => run(read(left), read(right), new Exact(left), new Exact(right))),
    { numRuns: 2000 },
  );
}

describe("decimals against decimal.js", () => {
  it("add, subtract, multiply, negate, abs", () => {
    check((left, right, a, b) => {
      expect(left.add(right).toCanonical()).toBe(plain(a.plus(b)));
      expect(left.subtract(right).toCanonical()).toBe(plain(a.minus(b)));
      expect(left.multiply(right).toCanonical()).toBe(plain(a.times(b)));
      expect(left.negate().toCanonical()).toBe(plain(a.negated()));
      expect(left.abs().toCanonical()).toBe(plain(a.abs()));
    });
  });

  it("compare and equal", () => {
    check((left, right, a, b) => {
      expect(left.compare(right)).toBe(a.comparedTo(b));
      expect(left.equals(right)).toBe(a.equals(b));
      expect(left.equals(left.add(new Decimal(0n, 5)))).toBe(true);
      expect(left.isZero()).toBe(a.isZero());
    });
  });

  it("round in every mode", () => {
    fc.assert(
      fc.property(written, places, mode, (text, to, how) => {
        const rounded = read(text).round(to, how);
        expect(rounded.scale).toBe(to);
        expect(rounded.toCanonical()).toBe(plain(new Exact(text).toDecimalPlaces(to, ORACLE_MODES[how])));
      }),
      { numRuns: 5000 },
    );
  });

  it("round ties", () => {
    const ties = fc.tuple(fc.bigInt({ min: -10_000n, max: 10_000n }), fc.integer({ min: 0, max: 4 }));
    fc.assert(
      fc.property(ties, mode, ([units, to], how) => {
        const tie = new Decimal(units * 10n + 5n, to + 1);
        expect(tie.round(to, how).toCanonical()).toBe(plain(new Exact(tie.toString()).toDecimalPlaces(to, ORACLE_MODES[how])));
      }),
      { numRuns: 3000 },
    );
  });

  it("divide in every mode, rounding once", () => {
    fc.assert(
      fc.property(written, written, places, mode, (text, divisor, to, how) => {
        fc.pre(!read(divisor).isZero());
        const quotient = read(text).divide(read(divisor), to, how);
        expect(quotient.scale).toBe(to);
        expect(quotient.toCanonical()).toBe(plain(new Exact(text).div(divisor).toDecimalPlaces(to, ORACLE_MODES[how])));
      }),
      { numRuns: 5000 },
    );
  });

  it("minor units, which are exact or nothing", () => {
    fc.assert(
      fc.property(written, places, (text, to) => {
        const scaled = new Exact(text).times(new Exact(10).pow(to));
        expect(read(text).toMinor(to)).toBe(scaled.isInteger() ? BigInt(scaled.toFixed()) : null);
      }),
    );
  });
});

describe("decimals as text", () => {
  it("print as they were written", () => {
    fc.assert(
      fc.property(written, (text) => {
        expect(read(text).toString()).toBe(/^-[0.]+$/.test(text) ? text.slice(1) : text);
      }),
    );
  });

  it("have one canonical text for equal values", () => {
    fc.assert(
      fc.property(written, places, (text, more) => {
        const value = read(text);
        const wider = value.round(value.scale + more, "down");
        expect(wider.toCanonical()).toBe(value.toCanonical());
        expect(read(value.toCanonical()).equals(value)).toBe(true);
      }),
    );
  });

  it.each(["", "-", "+", ".", "1.", ".5", "1e5", "1,000", " 1", "1 ", "0x10", "１", "Infinity", "NaN", "1.2.3", "--1", "1".repeat(61)])(
    "%j is not a number",
    (text) => {
      expect(Decimal.parse(text)).toBeNull();
    },
  );

  it.each([
    ["+5", "5"],
    ["-0", "0"],
    ["-0.00", "0.00"],
    ["007", "7"],
    ["999999999999999", "999999999999999"],
    ["9999999999999999", "9999999999999999"],
    ["-9007199254740993", "-9007199254740993"],
    ["90071992547409.93", "90071992547409.93"],
    ["9007199254740.993", "9007199254740.993"],
    ["+900719925474099.31", "900719925474099.31"],
  ])("%s reads as %s", (text, printed) => {
    expect(read(text).toString()).toBe(printed);
  });

  it("refuses division by zero", () => {
    expect(() => read("1").divide(read("0.00"), 2, "half-up")).toThrow(RangeError);
  });
});

describe("allocate", () => {
  const total = fc
    .tuple(fc.bigInt({ min: -(10n ** 12n), max: 10n ** 12n }), fc.constantFrom(0, 2, 3))
    .map(([units, scale]) => new Decimal(units, scale));
  const weight = fc
    .tuple(fc.bigInt({ min: 0n, max: 100_000n }), fc.integer({ min: 0, max: 3 }))
    .map(([units, scale]) => new Decimal(units, scale));

  it("adds up to the total, each part within one unit of its share", () => {
    fc.assert(
      fc.property(total, fc.array(weight, { minLength: 1, maxLength: 12 }), fc.boolean(), (amount, shares, negative) => {
        const weights = negative ? shares.map((share) => share.negate()) : shares;
        const sum = weights.reduce((left, right) => left.add(right), Decimal.ZERO);
        const parts = allocate(amount, weights, 3);
        if (sum.isZero()) {
          expect(parts).toBeNull();
          return;
        }
        expect(parts).not.toBeNull();
        const added = (parts ?? []).reduce((left, right) => left.add(right), Decimal.ZERO);
        expect(added.equals(amount)).toBe(true);
        for (const [index, part] of (parts ?? []).entries()) {
          const share = new Exact(amount.toString()).times((weights[index] as Decimal).toString()).div(sum.toString());
          expect(share.minus(part.toString()).abs().lessThan("0.001")).toBe(true);
        }
      }),
      { numRuns: 2000 },
    );
  });

  it("gives the units left over to the largest remainders, the first of equals", () => {
    const split = (amount: string, ...weights: string[]): string | undefined => allocate(read(amount), weights.map(read), 2)?.join(" ");
    expect(split("100", "1", "1", "1")).toBe("33.34 33.33 33.33");
    expect(split("-100", "1", "1", "1")).toBe("-33.34 -33.33 -33.33");
    expect(split("0.05", "1", "3", "1")).toBe("0.01 0.03 0.01");
    expect(split("1", "0", "1")).toBe("0.00 1.00");
    expect(split("1", "1", "-1")).toBeUndefined();
    expect(split("1", "2", "-1")).toBeUndefined();
    expect(split("0.001", "1")).toBeUndefined();
    expect(allocate(read("1"), [], 2)).toBeNull();
  });
});
