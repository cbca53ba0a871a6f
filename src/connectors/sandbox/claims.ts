import type { SampleCompany, SampleDepartment, SampleFeeType, SamplePerson, SampleSupplier } from "./company.js";
import { REASONS } from "./company-tables.js";
import { SeededRandom } from "./random.js";

/** All amounts are whole numbers of the smallest unit (fen, cents), all times epoch milliseconds. */
export interface SampleInvoice {
  /** Empty for a 数电票, whose number has 20 digits; else 12 digits, and the number has 8. */
  readonly code: string;
  readonly number: string;
  readonly date: number;
  readonly total: number;
  /** Tax within the total. */
  readonly tax: number;
  /** Percent. */
  readonly rate: number;
  readonly seller: string;
  readonly sellerTaxNumber: string;
}

export interface SampleApportion {
  readonly department: string;
  /** Code of a project, or null. */
  readonly project: string | null;
  readonly amount: number;
}

export interface SampleForeign {
  readonly currency: "USD" | "JPY";
  readonly amount: number;
  /** Digits behind the point of the currency. */
  readonly scale: number;
  /** Such that amount × rate is exact to the fen. */
  readonly rate: string;
}

export interface SampleLine {
  readonly feeType: string;
  readonly date: number;
  readonly reason: string;
  /** CNY, tax included. */
  readonly amount: number;
  readonly foreign: SampleForeign | null;
  /** Their totals make the amount; none where there is no invoice. */
  readonly invoices: readonly SampleInvoice[];
  /** Their amounts make the amount of the line; none: all of it belongs to the department of the claim. */
  readonly apportions: readonly SampleApportion[];
}

export type SampleState = "draft" | "rejected" | "void" | "approving" | "approved" | "paid" | "archived";

export interface SampleClaim {
  /** 1, 2, 3, … in the order of handing in. */
  readonly serial: number;
  readonly title: string;
  readonly person: string;
  readonly department: string;
  readonly project: string | null;
  readonly entity: string;
  readonly state: SampleState;
  readonly isDeleted: boolean;
  readonly submittedAt: number;
  readonly approvedAt: number | null;
  readonly paidAt: number | null;
  readonly updatedAt: number;
  /** The part of the total that clears a loan instead of being paid. */
  readonly writtenOff: number;
  readonly lines: readonly SampleLine[];
}

const DAY = 86_400_000;
const YEAR_OF_CLAIMS = 3_000;
/** China has one time zone and no summer time. */
const CHINA = 8 * 3_600_000;

/** The claims of the year before a moment, oldest first; the same seed and day give the same claims. */
export function sampleClaims(company: SampleCompany, seed: number, until: Date): SampleClaim[] {
  const maker = new ClaimMaker(company, `claims ${seed}`);
  const last = until.getTime();
  const step = (365 * DAY) / YEAR_OF_CLAIMS;
  return Array.from({ length: YEAR_OF_CLAIMS }, (_, index) => maker.claim(Math.floor(last - (YEAR_OF_CLAIMS - index) * step), last));
}

/** Makes one claim after the other; what it makes depends on the seed and on the order of the calls alone. */
export class ClaimMaker {
  private readonly random: SeededRandom;
  private readonly leaves: readonly SampleFeeType[];
  private readonly places: readonly SampleDepartment[];
  private serial: number;

  /** Serial numbers, and with them invoice numbers, go on behind `after`. */
  constructor(
    private readonly company: SampleCompany,
    seed: string,
    after = 0,
  ) {
    this.random = new SeededRandom(seed);
    this.leaves = company.feeTypes.filter(({ account }) => account !== null);
    this.places = company.departments.filter(({ parent }) => parent !== null);
    this.serial = after;
  }

  /** A claim handed in at a moment, in the state it has reached by `until`. */
  claim(submittedAt: number, until: number): SampleClaim {
    const { random, company } = this;
    this.serial += 1;
    const person = random.pick<SamplePerson>(company.people);
    const project = random.chance(0.4) ? random.pick(company.projects).code : null;
    const isAbroad = random.chance(0.05);
    const count = random.between(1, 6);
    const lines = Array.from({ length: count }, (_, index) => this.line(index + 1, submittedAt, isAbroad));
    const total = lines.reduce((sum, line) => sum + line.amount, 0);
    return {
      serial: this.serial,
      title: `${random.pick(REASONS)} ${person.name}`,
      person: person.number,
      department: person.department,
      project,
      entity: random.pick(company.entities).code,
      submittedAt,
      writtenOff: random.chance(0.04) ? random.between(1, total) : 0,
      lines,
      ...this.fate(submittedAt, until),
    };
  }

  private fate(submittedAt: number, until: number): Pick<SampleClaim, "state" | "isDeleted" | "approvedAt" | "paidAt" | "updatedAt"> {
    const { random } = this;
    const luck = random.fraction();
    const approvedAt = submittedAt + random.between(DAY / 24, 3 * DAY);
    const paidAt = approvedAt + random.between(DAY / 24, 4 * DAY);
    const archivedAt = paidAt + random.between(150 * DAY, 400 * DAY);
    const none = { isDeleted: false, approvedAt: null, paidAt: null };
    if (luck < 0.01) return { ...none, state: "draft", isDeleted: true, updatedAt: submittedAt };
    if (luck < 0.04) return { ...none, state: "draft", updatedAt: submittedAt };
    if (luck < 0.06) return { ...none, state: "rejected", updatedAt: Math.min(until, approvedAt) };
    if (luck < 0.09) return { ...none, state: "void", updatedAt: Math.min(until, approvedAt) };
    if (approvedAt > until) return { ...none, state: "approving", updatedAt: submittedAt };
    if (paidAt > until) return { isDeleted: false, state: "approved", approvedAt, paidAt: null, updatedAt: approvedAt };
    if (archivedAt > until) return { isDeleted: false, state: "paid", approvedAt, paidAt, updatedAt: paidAt };
    return { isDeleted: false, state: "archived", approvedAt, paidAt, updatedAt: archivedAt };
  }

  private line(number: number, submittedAt: number, isAbroad: boolean): SampleLine {
    const { random } = this;
    const type = random.pick(this.leaves);
    const date = midnight(submittedAt - random.between(1, 18) * DAY);
    const foreign = isAbroad ? this.foreign() : null;
    const amount = foreign === null ? random.between(type.least, type.most) : inFen(foreign);
    const hasInvoice = foreign === null && type.rates.some((rate) => rate > 0) && random.chance(0.9);
    return {
      feeType: type.code,
      date,
      reason: random.pick(REASONS),
      amount,
      foreign,
      invoices: hasInvoice ? this.invoices(number, amount, random.pick(type.rates), date) : [],
      apportions: random.chance(0.12) ? this.apportions(amount) : [],
    };
  }

  private foreign(): SampleForeign {
    const { random } = this;
    // Whole hundreds of dollars or yen times a rate of four digits are exact to the fen.
    return random.chance(0.7)
      ? { currency: "USD", amount: random.between(1, 20) * 10_000, scale: 2, rate: `7.${random.between(0, 2)}${random.digits(3)}` }
      : { currency: "JPY", amount: random.between(20, 4_000) * 100, scale: 0, rate: `0.04${random.digits(2)}` };
  }

  private invoices(line: number, total: number, rate: number, date: number): SampleInvoice[] {
    const count = total > 2_000 && this.random.chance(0.1) ? 2 : 1;
    return split(total, count).map((part, index) => {
      const serial = (this.serial * 10 + line) * 10 + index;
      const seller = this.random.pick<SampleSupplier>(this.company.suppliers);
      const isDigital = this.random.chance(0.75);
      const year = new Date(date + CHINA).getUTCFullYear() % 100;
      return {
        // The same 8 digits come back under another code: only both together are the invoice.
        code: isDigital ? "" : `0310022${String(Math.floor(serial / 4_000)).padStart(5, "0")}`,
        number: isDigital ? `${year}31${String(serial).padStart(16, "0")}` : String(12_345_000 + (serial % 4_000)),
        date,
        total: part,
        tax: taxWithin(part, rate),
        rate,
        seller: seller.name,
        sellerTaxNumber: seller.taxNumber,
      };
    });
  }

  private apportions(amount: number): SampleApportion[] {
    const { random } = this;
    return split(amount, Math.min(amount, random.between(2, 3))).map((part) => ({
      department: random.pick(this.places).code,
      project: random.chance(0.5) ? random.pick(this.company.projects).code : null,
      amount: part,
    }));
  }
}

/** Equal parts; the first takes what is left over, so that they make the whole to the fen. */
export function split(amount: number, count: number): number[] {
  const part = Math.floor(amount / count);
  return Array.from({ length: count }, (_, index) => (index === 0 ? amount - part * (count - 1) : part));
}

/** The net is rounded half up to the fen, the rest is tax. */
export function taxWithin(total: number, rate: number): number {
  const net = Math.floor((total * 200 + 100 + rate) / (2 * (100 + rate)));
  return total - net;
}

/** CNY in fen, exact. */
function inFen({ amount, scale, rate }: SampleForeign): number {
  const [whole = "", digits = ""] = rate.split(".");
  return (amount * Number(whole + digits) * 10 ** (2 - scale)) / 10 ** digits.length;
}

function midnight(at: number): number {
  return Math.floor((at + CHINA) / DAY) * DAY - CHINA;
}
