import { isList, isObject, type Json, textOf } from "../http/json.js";

/** What the ERP says went wrong, in its own words. */
export interface Fault {
  /** Empty where it names none. */
  readonly field: string;
  readonly message: string;
  /** Place in the call, from 0; null where it names none. */
  readonly place: number | null;
}

/** A document that the ERP says it dealt with. */
export interface Success {
  readonly id: string | null;
  readonly number: string | null;
  readonly place: number | null;
}

/** `ResponseStatus`, which is there in every answer but that of a good query. */
export interface Status {
  readonly isSuccess: boolean;
  /** 0 where none is given. */
  readonly code: number;
  readonly faults: readonly Fault[];
  readonly successes: readonly Success[];
}

/** The codes that say something about the whole call (reference of the vendor, as clients repeat it). */
export const CODE = {
  sessionLost: 1,
  noPermission: 2,
  exception: 4,
  database: 6,
  licence: 7,
  noData: 10,
  state: 12,
  locked: 13,
  limit: 14,
  administrator: 15,
} as const;

/** Nothing can be done until somebody changes the installation. */
const FORBIDDEN: readonly number[] = [CODE.noPermission, CODE.licence, CODE.administrator];
/** The same may be sent again later: an edit lock, and too many calls. */
const LATER: readonly number[] = [CODE.locked, CODE.limit];

/** Null where there is none. Both `{"Result": …}` and, of a query, `[[{"Result": …}]]` hold one. */
export function statusOf(whole: Json | undefined): Status | null {
  const status = member(member(unwrapped(whole), "Result"), "ResponseStatus");
  if (status === undefined || !isObject(status)) return null;
  return {
    isSuccess: /^(true|1)$/i.test(plain(status.get("IsSuccess"))),
    code: wholeNumber(status.get("MsgCode")) ?? 0,
    faults: itemsOf(status.get("Errors")).map((each) => ({
      field: plain(each.get("FieldName")),
      message: plain(each.get("Message")),
      place: wholeNumber(each.get("DIndex")),
    })),
    successes: itemsOf(status.get("SuccessEntitys")).map((each) => ({
      id: named(each.get("Id")),
      number: named(each.get("Number")),
      place: wholeNumber(each.get("DIndex")),
    })),
  };
}

/** An error of a query stands where its first row would. */
function unwrapped(whole: Json | undefined): Json | undefined {
  let value = whole;
  for (let depth = 0; depth < 2 && value !== undefined && isList(value) && value.length === 1; depth += 1) value = value[0];
  return value;
}

/** The session is over, or there was none; nothing was done. */
export function isSessionLost(whole: Json | undefined): boolean {
  const status = statusOf(whole);
  return status !== null && !status.isSuccess && status.code === CODE.sessionLost && status.successes.length === 0;
}

/** A refusal of everything, that repeating does not change. */
export function isForbidden({ isSuccess, code, successes }: Status): boolean {
  return !isSuccess && successes.length === 0 && FORBIDDEN.includes(code);
}

export function isForLater({ isSuccess, code }: Status): boolean {
  return !isSuccess && LATER.includes(code);
}

/** The ERP's own words, each once. */
export function wordsOf({ faults, code }: Pick<Status, "faults" | "code">): string {
  const words = [
    ...new Set(faults.map(({ field, message }) => (field === "" ? message : `${message} (${field})`)).filter((each) => each !== "")),
  ];
  return `${words.length === 0 ? "without a word" : words.join("; ")}${code === 0 ? "" : ` [MsgCode ${code}]`}`;
}

function member(value: Json | undefined, name: string): Json | undefined {
  return value !== undefined && value !== null && isObject(value) ? value.get(name) : undefined;
}

function itemsOf(value: Json | undefined): readonly ReadonlyMap<string, Json>[] {
  return value !== undefined && value !== null && isList(value) ? value.filter(isObject) : [];
}

/** Empty for what is no text, no number and no truth value. */
export function plain(value: Json | undefined): string {
  if (typeof value === "boolean") return String(value);
  return textOf(value)?.trim() ?? "";
}

function named(value: Json | undefined): string | null {
  const text = plain(value);
  return text === "" || text === "0" ? null : text;
}

function wholeNumber(value: Json | undefined): number | null {
  const text = plain(value);
  return /^\d{1,9}$/.test(text) ? Number(text) : null;
}
