import type { ServerResponse } from "node:http";
import { type Received, type Reply, SECRETS, serve } from "./http-setup.js";

export type Params = readonly unknown[];

/** The error of a JSON-RPC answer. */
export class Failure {
  constructor(readonly error: unknown) {}
}

export interface Call {
  readonly method: string;
  readonly params: Params;
  readonly received: Received;
}

/** Answers by method; where there is none, the usual ones. What they give is the result, a `Failure`, or an HTTP reply as it is. */
export type Answers = Readonly<Record<string, (params: Params, call: Call, response: ServerResponse) => unknown>>;

export const D = (decimal: string) => ({ __class__: "Decimal", decimal });
export const day = (year: number, month: number, day: number) => ({ __class__: "date", year, month, day });
export const moment = (second: number, microsecond = 0) => ({
  __class__: "datetime",
  year: 2026,
  month: 11,
  day: 20,
  hour: 8,
  minute: 0,
  second,
  microsecond,
});

/** Of `[field, "in", [...]]` in a domain; also of those behind `OR`. */
function wanted(domain: unknown, field: string): string[] {
  if (!Array.isArray(domain)) return [];
  const [name, operator, values] = domain as readonly unknown[];
  if (name === field && operator === "in") return values as string[];
  return domain.flatMap((each) => wanted(each, field));
}

/** A company with any account and any party, one open period, and no records. */
const USUAL: Answers = {
  "common.db.login": () => [7, "session-of-poster-4711"],
  "model.res.user.get_preferences": () => ({ company: 1 }),
  "model.company.company.search_read": () => [
    { id: 1, "party.": { id: 1, code: "C", name: "示例科技有限公司" }, "currency.": { id: 3, code: "CNY" } },
  ],
  "model.account.account.search_read": ([domain]) =>
    wanted(domain, "code").map((code, index) => ({ id: 20 + index, code, type: 1, party_required: code === "2241" ? 1 : 0 })),
  "model.party.party.search_read": ([domain]) =>
    wanted(domain, "code").map((code, index) => ({ id: 40 + index, code, name: `名 ${code}`, addresses: [5], account_payable: 9 })),
  "model.account.journal.search_read": () => [{ id: 5, code: "GEN" }],
  "model.account.journal.period.search_read": () => [],
  "model.account.period.search_read": () => [
    { id: 23, start_date: day(2026, 11, 1), end_date: day(2026, 11, 30), state: "open" },
    { id: 24, start_date: day(2026, 12, 1), end_date: day(2026, 12, 31), state: "open" },
  ],
  "model.account.move.search_read": () => [],
  "model.ir.model.access.get_access": () => ({ "account.move": { read: 1, write: 1, create: 1, delete: 0 } }),
};

/** A server that speaks JSON-RPC as Tryton does: errors come with HTTP 200. */
export async function serveTryton(own: Answers = {}) {
  const calls: Call[] = [];
  const server = await serve(async (received, response) => {
    const body = JSON.parse(received.body) as { id: number; method: string; params: Params };
    const call = { method: body.method, params: body.params, received };
    calls.push(call);
    const answer = own[body.method] ?? USUAL[body.method];
    if (answer === undefined) return { status: 403, body: "<title>403 Forbidden</title>" };
    const said = await answer(body.params, call, response);
    if (said === undefined) return undefined;
    if (said instanceof Failure) return { body: { id: body.id, error: said.error } };
    const isReply = said !== null && typeof said === "object" && ("status" in said || "body" in said);
    return isReply ? (said as Reply) : { body: { id: body.id, result: said } };
  });
  const place = { url: `${server.url}/erp`, password: SECRETS.password };
  return { ...server, calls, place, of: (method: string) => calls.filter((call) => call.method === method) };
}

interface Move {
  readonly id: number;
  readonly description: string;
  readonly state: string;
}

/** Keeps what is created, so that it is found by its key. */
export function keeping(moves: Move[] = []): Answers {
  return {
    "model.account.move.search_read": ([domain]) => {
      const keys = wanted(domain, "description");
      const rows = moves.filter(({ description }) => keys.includes(description));
      return rows.map((move) => ({ ...move, number: String(move.id), post_number: `记-${move.id}` }));
    },
    "model.account.move.create": ([values]) =>
      (values as { description: string }[]).map(({ description }) => {
        moves.push({ id: moves.length + 1, description, state: "draft" });
        return moves.length;
      }),
    "model.account.move.post": ([ids]) => {
      for (const id of ids as number[]) moves[id - 1] = { ...(moves[id - 1] as Move), state: "posted" };
      return null;
    },
  };
}
