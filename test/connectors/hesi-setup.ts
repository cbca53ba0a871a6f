import { readFileSync } from "node:fs";
import { Value } from "typebox/value";
import type { ConnectorContext, PostItem, ReadRequest, ReverseItem, Source, SourceEvent, Target } from "../../src/connectors/contract.js";
import { HesiConnection } from "../../src/connectors/hesi/connection.js";
import { connector } from "../../src/connectors/hesi/index.js";
import { HesiSourceOptions } from "../../src/connectors/hesi/options.js";
import { HesiTargetOptions } from "../../src/connectors/hesi/target-options.js";
import { type Document, fingerprintOf } from "../../src/model/document.js";
import { idempotencyKey, type Posting } from "../../src/model/posting.js";
import { aClock, afterThisTest, type FakeClock, noteWhatCameOut, type Received, type Reply, type Served, serve } from "./http-setup.js";

export const SECRET = "app/security=99&d1";
/** What is written in this file is a tenant with three documents. */
export const TENANT = new URL("../../fixtures/connectors/hesi/tenant.json", import.meta.url);

export interface Doc {
  id: string;
  active: boolean;
  state: string;
  updateTime: number;
  form: Record<string, unknown> & { code: string };
}

export interface Tenant {
  readonly documents: Doc[];
  readonly invoices: Record<string, unknown[]>;
  readonly invoiceBodies: Record<string, { id: string }[]>;
  readonly [list: string]: unknown;
}

export function aTenant(): Tenant {
  return JSON.parse(readFileSync(TENANT, "utf8")) as Tenant;
}

/** Answers instead of the tenant; nothing when left out, or when it returns undefined. */
export type Instead = (request: Received, path: string, query: Readonly<Record<string, string>>) => Reply | undefined;

export interface HesiServer extends Served {
  readonly tenant: Tenant;
  /** How many tokens were given out. */
  readonly tokens: () => number;
  /** The calls that were let in, as `METHOD /path`. */
  readonly calls: string[];
}

const API = "/api/openapi";

/** A tenant of the documented behaviour, as far as the source needs it. */
export async function serveHesi(instead: Instead = () => undefined, tenant: Tenant = aTenant()): Promise<HesiServer> {
  const state = { tokens: 0, calls: [] as string[] };
  const served = await serve((request) => {
    const url = new URL(request.url, "http://x");
    const path = decodeURIComponent(url.pathname.replace(API, ""));
    const query = Object.fromEntries(url.searchParams);
    const reply = instead(request, path, query);
    if (reply !== undefined) return reply;
    if (path === "/v1/auth/getAccessToken") {
      state.tokens += 1;
      return tokenReply(state.tokens);
    }
    if (query["accessToken"] !== `tok-${state.tokens}`) return { status: 403, body: { errorCode: 403, errorMessage: "未授权" } };
    state.calls.push(`${request.method} ${path}`);
    return answer(tenant, path, query, request.body);
  });
  return { ...served, tenant, calls: state.calls, tokens: () => state.tokens };
}

export function tokenReply(number: number, lifeMs = 7_200_000): Reply {
  return {
    body: {
      value: {
        accessToken: `tok-${number}`,
        refreshToken: `ref-${number}`,
        expireTime: aClock().now.getTime() + lifeMs,
        corporationId: "corp1",
      },
    },
  };
}

function answer(tenant: Tenant, path: string, query: Readonly<Record<string, string>>, body: string): Reply {
  switch (path) {
    case "/v1.1/docs/getApplyList":
      return page(listed(tenant, query), query);
    case "/v1.1/flowDetails": {
      const found = tenant.documents.find(({ id, active }) => id === query["flowId"] && active);
      return found === undefined
        ? { status: 412, body: { errorCode: 412, errorMessage: "单据已删除" } }
        : { body: exact({ value: found }) };
    }
    case "/v1.1/staffs":
      return page(tenant["staffs"], query);
    case "/v1/departments":
      return page(tenant["departments"], query);
    case "/v1/feeTypes":
      return { body: { items: tenant["feeTypes"] } };
    case "/v1/dimensions":
      return page(tenant["dimensions"], query);
    case "/v1/dimensions/items": {
      const all = tenant["dimensionItems"] as { dimensionId: string }[];
      return page(
        all.filter(({ dimensionId }) => dimensionId === query["dimensionId"]),
        query,
      );
    }
    case "/v2.1/payeeInfos":
      return "ids" in query && "names" in query && "cardNos" in query ? page(tenant["payees"], query) : { status: 400, body: "缺少参数" };
    case "/v1/paymentAccounts":
      return { body: { items: tenant["paymentAccounts"] } };
    case "/v2.1/currency":
      return { body: { items: tenant["currencies"] } };
    case "/v2.1/datalink":
      return page(query["entityId"] === "ent1" ? tenant["datalinks"] : [], query);
    case "/v2/extension/flow/INVOICE/search": {
      const { codeOrIds } = JSON.parse(body) as { codeOrIds: string[] };
      return { body: { value: Object.fromEntries(codeOrIds.flatMap((id) => (tenant.invoices[id] ? [[id, tenant.invoices[id]]] : []))) } };
    }
    default: {
      const type = /^\/v2\/extension\/INVOICE\/object\/(\w+)\/search$/.exec(path)?.[1];
      if (type === undefined) return { status: 404, body: { errorCode: 404, errorMessage: `no ${path}` } };
      const { ids } = JSON.parse(body) as { ids: string[] };
      const items = (tenant.invoiceBodies[type] ?? []).filter(({ id }) => ids.includes(id));
      return { body: { count: items.length, items } };
    }
  }
}

function listed({ documents }: Tenant, query: Readonly<Record<string, string>>): Doc[] {
  const at = (text: string | undefined): number => Date.parse(`${text?.replace(" ", "T")}+08:00`);
  return documents
    .filter(({ active }) => query["active"] === undefined || active === (query["active"] === "true"))
    .filter(({ updateTime }) => updateTime >= at(query["startDate"]) && updateTime < at(query["endDate"]))
    .sort((a, b) => a.updateTime - b.updateTime);
}

function page(all: unknown, query: Readonly<Record<string, string>>): Reply {
  const rows = all as unknown[];
  const start = Number(query["start"] ?? 0);
  return { body: exact({ count: rows.length, items: rows.slice(start, start + Number(query["count"] ?? 100)) }) };
}

/** JavaScript cuts the zero at the end of the amounts that are numbers; the system writes it. */
function exact(value: unknown): string {
  return JSON.stringify(value).replace(/"standard":(1000\.1|56\.6)\b/g, '"standard":$10');
}

export interface OpenOptions {
  readonly connection?: Readonly<Record<string, unknown>>;
  readonly source?: Readonly<Record<string, unknown>>;
  readonly columns?: readonly string[];
  readonly optional?: readonly string[];
  readonly since?: string | null;
  readonly wasRead?: ReadRequest["wasRead"];
  readonly clock?: FakeClock;
  readonly signal?: AbortSignal;
}

export function contextOf(clock: FakeClock, signal: AbortSignal = new AbortController().signal): ConnectorContext {
  return {
    folder: "/",
    timeZone: "Asia/Shanghai",
    now: () => clock.now,
    sleep: async (ms) => {
      clock.waits.push(ms);
      clock.now = new Date(clock.now.getTime() + ms);
    },
    signal,
  };
}

export function connectionOf(url: string, more: Readonly<Record<string, unknown>> = {}): HesiConnection {
  const options = Value.Default(HesiConnection, {
    url,
    app_key: "key-1",
    app_security: SECRET,
    timeout: "2s",
    max_response: 1_000_000,
    ...more,
  });
  if (!Value.Check(HesiConnection, options)) throw new Error(JSON.stringify(Value.Errors(HesiConnection, options)));
  return options;
}

export function openSource(url: string, { connection, source = {}, clock = aClock(), signal }: OpenOptions = {}): Source {
  const options = Value.Default(HesiSourceOptions, { ...source, since: { start: "2026-11-01", ...(source["since"] as object) } });
  if (!Value.Check(HesiSourceOptions, options)) throw new Error(JSON.stringify(Value.Errors(HesiSourceOptions, options)));
  const opened = connector.source?.open(connectionOf(url, connection) as never, options as never, contextOf(clock, signal)) as Source;
  afterThisTest(() => opened.close?.());
  return opened;
}

/** Everything that comes out of one reading; no secret may be in it. */
export async function readEvents(url: string, options: OpenOptions = {}): Promise<SourceEvent[]> {
  const events: SourceEvent[] = [];
  const columns = [
    ...(options.columns ?? ["id"]).map((name) => ({ name, aliases: [], required: true })),
    ...(options.optional ?? []).map((name) => ({ name, aliases: [], required: false })),
  ];
  const request: ReadRequest = { columns, since: options.since ?? null, wasRead: options.wasRead ?? (() => false) };
  for await (const event of openSource(url, options).read(request)) events.push(event);
  const text = JSON.stringify(events);
  noteWhatCameOut(text);
  for (const secret of [SECRET, encodeURIComponent(SECRET), "tok-", "ref-"])
    if (text.includes(secret)) throw new Error(`came out: ${secret}`);
  return events;
}

/** The cells of every record, of a reading that ended well and has nothing to report. */
export async function readCells(url: string, options: OpenOptions = {}) {
  const events = await readEvents(url, options);
  for (const event of events) {
    if (event.kind === "abandoned") throw new Error(JSON.stringify(event.problem));
    if (event.kind === "records" && event.malformed.length > 0) throw new Error(JSON.stringify(event.malformed));
  }
  return events.flatMap((event) => (event.kind === "records" ? event.records.map(({ cells }) => cells) : []));
}

export function malformedOf(events: readonly SourceEvent[]) {
  return events.flatMap((event) => (event.kind === "records" ? event.malformed : []));
}

export function openTarget(
  url: string,
  target: Readonly<Record<string, unknown>> = {},
  { connection = {}, clock = aClock() }: { readonly connection?: Readonly<Record<string, unknown>>; readonly clock?: FakeClock } = {},
): Target {
  const options = Value.Default(HesiTargetOptions, { ...target });
  if (!Value.Check(HesiTargetOptions, options)) throw new Error(JSON.stringify(Value.Errors(HesiTargetOptions, options)));
  const opened = connector.target?.open(connectionOf(url, connection) as never, options as never, contextOf(clock)) as Target;
  afterThisTest(() => opened.close?.());
  return opened;
}

/** A document without lines, as a pipeline makes it. */
export function aStatement(type: "result" | "entity", key: string, fields: Readonly<Record<string, string>>): Document {
  return { type, key, date: "", currency: "", text: "", attachments: 0, fields, lines: [] };
}

export function itemOf(document: Document, version = 1): PostItem {
  return { document, idempotencyKey: idempotencyKey("back", document.key, version, "post"), fingerprint: fingerprintOf(document) };
}

export function postingOf(item: PostItem, reference: string): Posting {
  const { document, idempotencyKey: key, fingerprint } = item;
  return {
    documentKey: document.key,
    version: 1,
    idempotencyKey: key,
    fingerprint,
    reference,
    document,
    step: null,
    postedAt: "2026-11-30T00:00:00.000Z",
  };
}

export function reversalOf(item: PostItem, reference: string): ReverseItem {
  return {
    posting: postingOf(item, reference),
    idempotencyKey: idempotencyKey("back", item.document.key, 1, "reverse"),
    fingerprint: item.fingerprint,
  };
}
