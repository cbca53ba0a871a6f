import type { SandboxAnswer, SandboxCall } from "../../sandbox/contract.js";

/** A refusal with its HTTP status: 400 a parameter or a state, 403 not signed in, 412 a precondition of business. */
export class Refused extends Error {
  override readonly name = "Refused";

  constructor(
    readonly status: 400 | 403 | 404 | 412,
    message: string,
  ) {
    super(message);
  }
}

const JSON_TYPE = { "content-type": "application/json;charset=UTF-8" };

export function ok(value: unknown): SandboxAnswer {
  return { status: 200, headers: JSON_TYPE, body: JSON.stringify(value) };
}

/** What several writes answer: 204, and no body. */
export function noContent(): SandboxAnswer {
  return { status: 204, body: "" };
}

export function refused({ status, message }: Refused): SandboxAnswer {
  return { ...error(status, message), isRefusal: true };
}

export function error(status: number, errorMessage: string): SandboxAnswer {
  return { status, headers: JSON_TYPE, body: JSON.stringify({ errorCode: status, errorMessage }) };
}

/** One call, read as far as all handlers need it. */
export interface Request {
  readonly call: SandboxCall;
  readonly query: URLSearchParams;
  /** Parts of the path that the route names. A `$` in front of an id is left away. */
  readonly parts: Readonly<Record<string, string>>;
  readonly cutAfter: number | null;
}

/**
 * Applies each of the items, and answers. Where the call is to be cut, only the first ones are applied; they stay, and the answer is
 * 500. Everything that can be refused must have been looked at before.
 */
export function applied<T>(
  { cutAfter }: Request,
  items: readonly T[],
  apply: (item: T) => void,
  answer: () => SandboxAnswer,
): SandboxAnswer {
  const isCut = cutAfter !== null && items.length > 1;
  for (const item of isCut ? items.slice(0, cutAfter) : items) apply(item);
  return isCut ? error(500, "系统异常") : answer();
}

type Fields = Readonly<Record<string, unknown>>;

export function fields(value: unknown, where: string): Fields {
  if (typeof value === "object" && value !== null && !Array.isArray(value)) return value as Fields;
  throw new Refused(400, `参数${where}格式不正确`);
}

export function bodyOf({ call }: Request): Fields {
  let value: unknown;
  try {
    value = JSON.parse(call.body);
  } catch {
    throw new Refused(400, "请求体不是合法的JSON");
  }
  return fields(value, "body");
}

/** A list of objects, at least one. */
export function listOf(body: Fields, name: string, most = Number.POSITIVE_INFINITY): Fields[] {
  const value = body[name];
  if (!Array.isArray(value) || value.length === 0) throw new Refused(400, `参数${name}不能为空`);
  if (value.length > most) throw new Refused(400, `参数${name}不能超过${most}条`);
  return value.map((each) => fields(each, name));
}

/** Text that must be there and not be blank. */
export function need(from: Fields, name: string): string {
  const value = from[name];
  if (typeof value === "string" && value.trim() !== "") return value;
  throw new Refused(400, `参数${name}不能为空`);
}

/** Text that may be left out. */
export function maybe(from: Fields, name: string, otherwise = ""): string {
  const value = from[name];
  if (value === undefined || value === null) return otherwise;
  if (typeof value === "string") return value;
  throw new Refused(400, `参数${name}格式不正确`);
}

export function objectOf(from: Fields, name: string): Record<string, unknown> {
  return from[name] === undefined || from[name] === null ? {} : { ...fields(from[name], name) };
}

/** The ids of `[id1,id2]`, as they stand in a path. */
export function idsOf(text: string): string[] {
  const found = /^\[(.+)\]$/.exec(text);
  if (found === null) throw new Refused(400, "参数ids格式不正确");
  return (found[1] as string).split(",").map((id) => id.trim());
}
