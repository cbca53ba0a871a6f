import type { TSchema } from "typebox";
import { Value } from "typebox/value";
import { expect } from "vitest";
import type { Column, ConnectorContext, ReadRequest, Source, SourceEvent, Target } from "../../src/connectors/contract.js";
import { KingdeeConnection } from "../../src/connectors/kingdee/connection.js";
import { connector } from "../../src/connectors/kingdee/index.js";
import { KingdeeSourceOptions } from "../../src/connectors/kingdee/source-options.js";
import { KingdeeTargetOptions } from "../../src/connectors/kingdee/target-options.js";
import type { Document, Line } from "../../src/model/document.js";
import { aClock, afterThisTest, type FakeClock, noteWhatCameOut, type Received, type Reply, serve } from "./http-setup.js";

export const PASSWORD = "pässword-of-demo";
export const APP = { app_id: `200000_${"A".repeat(32)}`, app_secret: "appsecret01" };

type Written = Readonly<Record<string, unknown>>;

export interface Opening {
  readonly connection?: Written;
  readonly options?: Written;
  readonly clock?: FakeClock;
  readonly signal?: AbortSignal;
}

const CONNECTION: Written = { account_set: "63f1d2a4b5c6d7", user: "demo", sign_in: "ValidateUser", password: PASSWORD };

export function openKingdeeSource(url: string, { connection = {}, options = {}, clock = aClock(), signal }: Opening = {}): Source {
  const context = contextOf(clock, signal);
  const source = connector.source?.open(
    filled(KingdeeConnection, { ...CONNECTION, url: `${url}/k3cloud/`, ...connection }),
    filled(KingdeeSourceOptions, options),
    context,
  ) as Source;
  afterThisTest(() => source.close?.());
  return source;
}

export async function openKingdeeTarget(
  url: string,
  { connection = {}, options = {}, clock = aClock(), signal }: Opening = {},
): Promise<Target> {
  const target = (await connector.target?.open(
    filled(KingdeeConnection, { ...CONNECTION, url: `${url}/k3cloud/`, ...connection }),
    filled(KingdeeTargetOptions, options),
    contextOf(clock, signal),
  )) as Target;
  afterThisTest(() => target.close?.());
  return target;
}

function contextOf(clock: FakeClock, signal: AbortSignal = new AbortController().signal): ConnectorContext {
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

function filled(schema: TSchema, options: Written): never {
  const complete = Value.Default(schema, structuredClone(options));
  if (!Value.Check(schema, complete)) throw new Error(JSON.stringify(Value.Errors(schema, complete)));
  return complete as never;
}

export interface ReadOptions extends Opening {
  readonly columns?: readonly (string | Column)[];
  readonly since?: string | null;
  readonly wasRead?: ReadRequest["wasRead"];
}

export async function readEvents(
  url: string,
  { columns = ["FNumber"], since = null, wasRead = () => false, ...opening }: ReadOptions,
): Promise<SourceEvent[]> {
  const events: SourceEvent[] = [];
  const asked = columns.map((column) => (typeof column === "string" ? { name: column, aliases: [], required: true } : column));
  for await (const event of openKingdeeSource(url, opening).read({ columns: asked, since, wasRead })) events.push(event);
  noteWhatCameOut(JSON.stringify(events));
  expect(JSON.stringify(events)).not.toContain(PASSWORD);
  return events;
}

export function aLine(line: Partial<Line> = {}): Line {
  return { side: "debit", amountMinor: 10_000n, account: "660203", text: "办公用品", partner: null, dimensions: { 部门: "0201" }, ...line };
}

export function aVoucher(document: Partial<Document> = {}): Document {
  return {
    type: "journal",
    key: "BX-001",
    date: "2026-11-20",
    currency: "CNY",
    text: "报销 BX-001 张三",
    attachments: 2,
    fields: {},
    lines: [aLine(), aLine({ side: "credit", account: "100201", text: "支付", dimensions: {} })],
    ...document,
  };
}

/** `ResponseStatus` as the ERP writes it. */
export function status(given: Written): unknown {
  return {
    Result: {
      ResponseStatus: { IsSuccess: false, ErrorCode: 500, MsgCode: 0, Errors: [], SuccessEntitys: [], SuccessMessages: [], ...given },
    },
  };
}

export interface Call {
  readonly operation: string;
  readonly received: Received;
  /** What stands under `data`. */
  readonly data: Readonly<Record<string, unknown>>;
}

export const LOGGED_IN: Reply = {
  headers: { "set-cookie": "kdservice-sessionid=session-one-4711; path=/; HttpOnly" },
  body: { LoginResultType: 1, Message: null, KDSVCSessionId: "session-one-4711" },
};

/** A server that lets everybody in, and answers the calls as it is told. */
export async function serveKingdee(answer: (call: Call) => unknown, login: () => Reply = () => LOGGED_IN) {
  const calls: Call[] = [];
  const server = await serve(async (received) => {
    const operation = /\.(\w+)\.common\.kdsvc$/.exec(received.url)?.[1] ?? "";
    if (/^(ValidateUser|LoginBy)/.test(operation)) return login();
    if (operation === "Logout") return { body: "true" };
    const json = operation === "SwitchOrg" ? {} : (JSON.parse(received.body) as { data?: Call["data"] });
    const call = { operation, received, data: json.data ?? {} };
    calls.push(call);
    const reply = await answer(call);
    return reply !== null && typeof reply === "object" && ("status" in reply || "headers" in reply) ? (reply as Reply) : { body: reply };
  });
  return { ...server, calls };
}
