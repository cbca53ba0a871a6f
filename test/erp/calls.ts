import { type ErpBooks, type Reply, refusal, shown } from "./books.js";
import type { Call } from "./faults.js";
import { isObject, type Voucher } from "./voucher.js";

export interface Work {
  readonly call: Call;
  readonly externalNo: string | null;
  /** Does the work: what an undisturbed answer would say. */
  readonly act: () => Reply;
  /** For a batch: does only the first half. */
  readonly actHalf?: () => void;
}

export interface CallContext {
  readonly books: ErpBooks;
  /** Writes a refusal down. */
  readonly noted: (externalNo: string | null, reply: Reply) => Reply;
  /** Takes one member of a batch, unless a fault strikes it. */
  readonly member: (externalNo: string | null, member: unknown) => Reply;
  /** Whether a reader may see this voucher yet. */
  readonly isVisible: (voucher: Voucher) => boolean;
  readonly pageSize: number;
}

/** Calls that change something. */
export const WRITES: readonly Call[] = ["post", "batch", "reverse", "submit", "audit", "change", "delete"];

/** What a request asks for; null for an address that is not there. */
export function workOf(context: CallContext, path: string, url: URL, body: unknown): Work | null {
  const { books, noted } = context;
  const externalNo = externalNoOf(body);
  const work = (call: Call, whose: string | null, act: () => Reply): Work => ({ call, externalNo: whose, act: () => noted(whose, act()) });
  if (path === "POST /vouchers") return work("post", externalNo, () => books.post(body));
  if (path === "POST /batch") return batch(context, body);
  const one = /^(GET|POST|PUT|DELETE) \/vouchers\/([^/]+)(?:\/(submit|audit|reverse))?$/.exec(path);
  if (one !== null) {
    const [, method, number = "", verb] = one;
    const owner = books.get(number)?.externalNo ?? null;
    if (method === "POST" && verb === "reverse") return work("reverse", externalNo, () => books.reverse(number, body));
    if (method === "POST" && verb === "submit") return work("submit", owner, () => books.submit(number));
    if (method === "POST" && verb === "audit") return work("audit", owner, () => books.audit(number));
    if (method === "PUT" && verb === undefined) return work("change", externalNo, () => books.change(number, body));
    if (method === "DELETE" && verb === undefined) return work("delete", owner, () => books.remove(number));
    if (method === "GET" && verb === undefined) return { call: "read", externalNo: owner, act: () => books.read(number) };
  }
  const asked = (name: string): string => url.searchParams.get(name) ?? "";
  if (path === "GET /vouchers") return { call: "find", externalNo: asked("externalNo"), act: () => find(context, asked("externalNo")) };
  if (path === "GET /latest") return { call: "latest", externalNo: null, act: () => latest(books, asked("prefix")) };
  if (path === "GET /list") return { call: "list", externalNo: null, act: () => list(context, asked("prefix"), asked("after")) };
  return null;
}

function externalNoOf(body: unknown): string | null {
  return isObject(body) && typeof body["externalNo"] === "string" ? body["externalNo"] : null;
}

/** Members are booked one by one, each with its own answer, in order. */
function batch({ noted, member }: CallContext, body: unknown): Work {
  const members = isObject(body) && Array.isArray(body["vouchers"]) ? (body["vouchers"] as unknown[]) : null;
  if (members === null) return { call: "batch", externalNo: null, act: () => refusal(400, "BAD_BODY", "vouchers 必填") };
  const post = (each: unknown): Record<string, unknown> => {
    const externalNo = externalNoOf(each);
    return { externalNo, ...noted(externalNo, member(externalNo, each)).body };
  };
  return {
    call: "batch",
    externalNo: null,
    act: () => ({ status: 200, body: { success: true, results: members.map(post) } }),
    actHalf: () => void members.slice(0, Math.ceil(members.length / 2)).map(post),
  };
}

function find({ books, isVisible }: CallContext, externalNo: string): Reply {
  return { status: 200, body: { success: true, items: books.find(externalNo).filter(isVisible).map(shown) } };
}

function latest(books: ErpBooks, prefix: string): Reply {
  const found = books.latest(prefix);
  return { status: 200, body: { success: true, externalNo: found?.externalNo ?? null, number: found?.number ?? null } };
}

/** One page, oldest first, from behind a number on; `next` is the address of the page that follows. */
function list({ books, isVisible, pageSize }: CallContext, prefix: string, after: string): Reply {
  const behind = books.vouchers.filter((voucher) => voucher.number > after && voucher.externalNo.startsWith(prefix) && isVisible(voucher));
  const items = behind.slice(0, pageSize);
  const last = behind.length > pageSize ? items.at(-1) : undefined;
  const next = last === undefined ? null : `/list?${new URLSearchParams({ prefix, after: last.number }).toString()}`;
  return { status: 200, body: { success: true, items: items.map(shown), next } };
}
