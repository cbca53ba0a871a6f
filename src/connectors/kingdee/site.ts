import { Unwritable } from "../http/template.js";
import type { KingdeeConnection } from "./connection.js";
import type { KingdeeTargetOptions } from "./target-options.js";

/** Numbers of base data that belong to the installation. */
export interface Site {
  readonly organisation: string | null;
  readonly bookCurrency: string;
  readonly rateType: string;
  readonly textLength: number;
  /** Throws Unwritable for a currency without a number. */
  readonly currency: (code: string) => string;
  /** The inverse; a number that is not known stands for itself. */
  readonly currencyCode: (number: string) => string;
}

/** Number of CNY on a new site (client). */
const CNY = "PRE001";

export function siteOf(connection: KingdeeConnection, options: KingdeeTargetOptions): Site {
  const numbers = new Map([["CNY", CNY], ...Object.entries(options.currencies ?? {})]);
  const codes = new Map([...numbers].map(([code, number]) => [number, code]));
  return {
    organisation: options.organisation ?? connection.organisation ?? null,
    bookCurrency: options.book_currency,
    rateType: options.rate_type,
    textLength: options.text_length,
    currency: (code) => {
      const number = numbers.get(code);
      if (number === undefined) throw new Unwritable(`the currency \`${code}\` has no number under \`currencies\``);
      return number;
    },
    currencyCode: (number) => codes.get(number) ?? number,
  };
}
