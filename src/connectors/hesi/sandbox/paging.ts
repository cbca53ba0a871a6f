import type { SandboxAnswer, SandboxCollection, SandboxQuery } from "../../sandbox/contract.js";
import { ok, Refused } from "./envelope.js";
import { formatTime, parseTime } from "./times.js";

const MOST_ROWS = 100;

export interface Window {
  readonly from?: number;
  /** Does not belong to the window, although one text of the documentation says so. */
  readonly before?: number;
}

/** `start` from 0 and `count` from 1 to 100, both demanded. */
export function pageOf(query: URLSearchParams): { skip: number; take: number } {
  const skip = whole(query, "start");
  const take = whole(query, "count");
  if (take < 1 || take > MOST_ROWS) throw new Refused(400, `参数count取值范围为1-${MOST_ROWS}`);
  return { skip, take };
}

function whole(query: URLSearchParams, name: string): number {
  const text = query.get(name) ?? "";
  if (text === "") throw new Refused(400, `参数${name}不能为空`);
  if (!/^\d{1,9}$/.test(text)) throw new Refused(400, `参数${name}格式不正确`);
  return Number(text);
}

export function windowOf(query: URLSearchParams): Window {
  const start = query.get("startDate") ?? "";
  const end = query.get("endDate") ?? "";
  return {
    ...(start === "" ? {} : { from: parseTime(start, "startDate") }),
    ...(end === "" ? {} : { before: parseTime(end, "endDate") }),
  };
}

export function orderOf<T extends string>(
  query: URLSearchParams,
  known: readonly T[],
  otherwise: T,
  type: "asc" | "desc",
): { by: T; descending: boolean } {
  const by = oneOf(query, "orderBy", known, otherwise);
  return { by, descending: oneOf(query, "orderByType", ["asc", "desc"], type) === "desc" };
}

export function oneOf<T extends string>(query: URLSearchParams, name: string, known: readonly T[], otherwise: T): T {
  const text = query.get(name) ?? "";
  if (text === "") return otherwise;
  const found = known.find((each) => each === text);
  if (found === undefined) throw new Refused(400, `参数${name}无法识别`);
  return found;
}

/** A yes or no that narrows a list; left out, it does not. */
export function flag(query: URLSearchParams, name: string): { [name: string]: number } {
  const text = query.get(name) ?? "";
  return text === "" ? {} : { [name]: oneOf(query, name, ["true", "false"], "true") === "true" ? 1 : 0 };
}

/** A parameter that must be there and says yes or no. */
export function yesOrNo(query: URLSearchParams, name: string): boolean {
  if ((query.get(name) ?? "") === "") throw new Refused(400, `参数${name}不能为空`);
  return oneOf(query, name, ["true", "false"], "false") === "true";
}

/** One page of master data: their times are text, which sorts as time does. */
export function masterPage<T>(
  rows: SandboxCollection<T>,
  query: URLSearchParams,
  where: NonNullable<SandboxQuery["where"]>,
): SandboxAnswer {
  const { from, before } = windowOf(query);
  const order = orderOf(
    query,
    ["createTime", "updateTime"],
    from === undefined && before === undefined ? "createTime" : "updateTime",
    "asc",
  );
  const window = {
    ...(from === undefined ? {} : { from: formatTime(from) }),
    ...(before === undefined ? {} : { before: formatTime(before) }),
  };
  const asked = { where, order: { ...order, ...window }, ...pageOf(query) };
  return ok({ count: rows.count(asked), items: rows.find(asked) });
}
