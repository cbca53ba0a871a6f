import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import type { Target } from "../../src/connectors/contract.js";
import { appHeaders, clientOf, gatewayHeaders } from "../../src/connectors/http/sign-in/kingdee.js";
import { sandbox } from "../../src/connectors/kingdee/sandbox/index.js";
import { ACCOUNT_SET, APPLICATION, USER } from "../../src/connectors/kingdee/sandbox/sign-in.js";
import { serveSandbox } from "../../src/connectors/sandbox/server.js";
import { Decimal } from "../../src/model/decimal.js";
import type { Document, Line } from "../../src/model/document.js";
import { formatMinor } from "../../src/model/money.js";
import type { Posting } from "../../src/model/posting.js";
import { aClock, afterThisTest, itemOf, type Received, reversalOf } from "./http-setup.js";
import {
  type IndependentClient,
  lacking,
  membersOfItsQuery,
  openIndependentClient,
  operationOf,
  type Recorder,
  record,
  WAYS,
  type Way,
} from "./kingdee-independent-client.js";
import { judge, OURS_ALONE, repeat, SIGNED, theirApiSignature, WITH_SESSIONS } from "./kingdee-independent-requests.js";
import { aLine, aVoucher, openKingdeeTarget, readEvents } from "./kingdee-setup.js";
import { referenceOf } from "./ledger-documents.js";

type Options = Readonly<Record<string, unknown>>;

interface System extends Recorder {
  readonly target: (options: Options, signIn?: string, more?: Options) => Promise<Target>;
  readonly connection: Options;
  readonly client: (way: Way, more?: Options) => IndependentClient;
}

/** Our stand-in, with somebody before it who notes what comes. */
async function start({ checkApiSignature = true } = {}): Promise<System> {
  const clock = aClock();
  const server = await serveSandbox(sandbox, { host: "127.0.0.1", port: 0, file: null, seed: 1, faults: [], now: () => clock.now });
  afterThisTest(() => server.close());
  await fetch(`${server.address}/_sandbox/act/settings`, { method: "POST", body: JSON.stringify({ checkApiSignature }) });
  const recorder = await record(server.address);
  const connection = { ...sandbox.connection(recorder.url), sign_in: "LoginBySign" };
  return {
    ...recorder,
    connection,
    target: (options, signIn = "LoginBySign", more = {}) =>
      openKingdeeTarget(recorder.url, { connection: { ...connection, sign_in: signIn, ...more }, options, clock }),
    client: (way, more) => openIndependentClient(recorder.url, way, more),
  };
}

const VOUCHERS: Options = { book: "001", partner: { "2241": "employee" } };
const PAYABLES: Options = { form: "AP_Payable", organisation: "100" };

const TRAVEL = aLine({ account: "66020101", text: "机票 上海—北京", dimensions: { 部门: "0101" } });
const OFFICE = aLine({ text: "办公用品：“笔” & 纸 100%", dimensions: { 部门: "0201" } });
const BANK = aLine({ side: "credit", account: "100201", text: "支付", dimensions: {} });
const STAFF = aLine({ side: "credit", account: "224101", text: "应付 陈芳's 报销", dimensions: {}, partner: "000101" });

const journal = (key: string, ...lines: readonly (readonly [Line, bigint])[]): Document =>
  aVoucher({ key, text: `报销 ${key} 张三`, lines: lines.map(([line, amountMinor]) => ({ ...line, amountMinor })) });

/** One fen, amounts that binary numbers do not hold exactly, and one near the longest that JavaScript keeps to the fen. */
const JOURNALS: readonly Document[] = [
  journal("BX-101", [TRAVEL, 1n], [OFFICE, 10n], [OFFICE, 1_29n], [STAFF, 1_10n], [BANK, 30n]),
  journal("BX-102", [TRAVEL, 1_234_567_89n], [BANK, 1_234_567_89n]),
  journal("BX-103", [OFFICE, 999_999_999_999_97n], [TRAVEL, 4n], [BANK, 999_999_999_999_99n], [STAFF, 2n]),
];

const payable = (key: string): Document => ({
  type: "payable",
  key,
  date: "2026-11-20",
  currency: "CNY",
  text: `会议费 ${key}（含税）`,
  attachments: 0,
  fields: { supplier: "S0001", due: "2026-12-20" },
  lines: [
    aLine({ account: "OFFICE-SUPPLIES", amountMinor: 106_01n, fields: { tax: "6.00", tax_rate: "6" }, dimensions: { 部门: "0201" } }),
    aLine({ account: "PEOPLE-MEETING", amountMinor: 33_33n, dimensions: { 部门: "0101" } }),
  ],
});

/** Saves, submits and audits. */
async function book(target: Target, documents: readonly Document[]): Promise<readonly Posting[]> {
  const items = documents.map((document) => itemOf(document));
  const outcomes = await target.post(items);
  const postings = items.map((item, at): Posting => {
    const outcome = outcomes[at];
    if (outcome === undefined) throw new Error("a document without an outcome");
    const since = { version: 1, step: "save", postedAt: "2026-11-20T00:00:00.000Z" };
    return { ...item, ...since, documentKey: item.document.key, reference: referenceOf(outcome) };
  });
  for (const step of ["submit", "audit"]) {
    const taken = await target.advance?.(
      step,
      postings.map((posting) => ({ posting })),
    );
    expect(taken?.map(({ kind }) => kind)).toEqual(postings.map(() => "created"));
  }
  return postings;
}

/** JavaScript writes a number with as few digits as name it, so that its text has the fen that were sent. */
function fen(value: unknown): bigint | null {
  return Decimal.parse(String(value))?.toMinor(2) ?? null;
}

const VOUCHER_FIELDS =
  "FVOUCHERID,FBillNo,FDocumentStatus,FDate,FATTACHMENTS,FBUSNO,FACCOUNTID.FNumber,FEXPLANATION,FDetailID.FFLEX5.FNumber,FDetailID.FFLEX7.FNumber,FDEBIT,FCREDIT";

const VOUCHER_QUERY = {
  FormId: "GL_VOUCHER",
  FieldKeys: VOUCHER_FIELDS,
  FilterString: "FBUSNO LIKE 'expense/%'",
  OrderString: "FVOUCHERID ASC, FEntity_FEntryID ASC",
  TopRowCount: 0,
  StartRow: 0,
  Limit: 2_000,
};

/** What a client must read of one voucher, without the internal id: a row for each line. */
function rowsOf({ idempotencyKey, reference, document }: Pick<Posting, "idempotencyKey" | "reference" | "document">): unknown[][] {
  return document.lines.map(({ account, text, dimensions, partner, side, amountMinor }) => [
    reference,
    "C",
    `${document.date}T00:00:00`,
    document.attachments,
    idempotencyKey,
    account,
    text,
    dimensions["部门"] ?? "",
    partner ?? "",
    side === "debit" ? amountMinor : 0n,
    side === "credit" ? amountMinor : 0n,
  ]);
}

/** Rows as the client gives them: without the internal id, the last `amounts` values in fen. */
const read = (rows: readonly (readonly unknown[])[], amounts = 2): unknown[][] =>
  rows.map(([, ...row]) => row.map((value, at) => (at < row.length - amounts ? value : fen(value))));

interface Viewed {
  readonly Result: { readonly ResponseStatus: { readonly IsSuccess: boolean }; readonly Result: Readonly<Record<string, unknown>> };
}

type Entry = Readonly<Record<string, unknown>>;
const numberOf = (value: unknown): string => (value as { readonly Number?: string } | null | undefined)?.Number ?? "";

/** The rows of a voucher from the whole object that `view` gives. */
function rowsOfView({ Result: { ResponseStatus: status, Result: bill } }: Viewed): unknown[][] {
  expect(status.IsSuccess).toBe(true);
  return (bill["GL_VOUCHERENTRY"] as readonly Entry[]).map((entry) => {
    const flex = entry["DetailID"] as Entry;
    const header = [bill["BillNo"], bill["DocumentStatus"], bill["Date"], bill["ATTACHMENTS"], entry["BUSNO"]];
    const words = [numberOf(entry["ACCOUNTID"]), entry["EXPLANATION"], numberOf(flex["FFLEX5"]), numberOf(flex["FFLEX7"])];
    return [...header, ...words, fen(entry["DEBIT"]), fen(entry["CREDIT"])];
  });
}

/** The calls of a working day of ours: documents that are posted, changed and cancelled, and a form that is read. */
async function work(system: System, [first, second]: readonly [string, string], more: Options = {}): Promise<void> {
  const vouchers = await system.target(VOUCHERS, first, more);
  const [posting] = await book(vouchers, JOURNALS);
  const red = await vouchers.reverse([reversalOf(posting?.document as Document, posting?.reference as string)]);
  const draft = journal("BX-104", [OFFICE, 1_00n], [BANK, 1_00n]);
  const [saved] = await vouchers.post([itemOf(draft)]);
  const gone = await vouchers.reverse([reversalOf(draft, saved === undefined ? "" : referenceOf(saved))]);
  await vouchers.close?.();
  const payables = await system.target({ ...PAYABLES, cancel: "unaudit and delete", withdraw: true }, second, more);
  const [owed] = await book(payables, [payable("FY-1")]);
  const undone = await payables.reverse([reversalOf(owed?.document as Document, owed?.reference as string)]);
  await payables.close?.();
  expect([...red, ...gone, ...undone].map(({ kind }) => kind)).toEqual(["created", "created", "created"]);
  await readEvents(system.url, { connection: { ...system.connection, sign_in: second, ...more }, options: { stream: "departments" } });
}

/** Each of our requests beside that of the client for the same call, and the operations that it has no method for. */
async function beside(system: System, clientFor: (operation: string) => IndependentClient) {
  const pairs: (readonly [Received, Received])[] = [];
  const alone = new Set<string>();
  for (const ours of [...system.ours()]) {
    const client = clientFor(operationOf(ours));
    if (await repeat(client, ours)) pairs.push([ours, system.theirs().at(-1) as Received]);
    else alone.add(operationOf(ours));
  }
  return { pairs, alone: [...alone].sort() };
}

const title = "an independent client of 金蝶云·星空";

describe.skipIf(lacking !== null)(lacking === null ? title : `${title} (skipped: ${lacking})`, () => {
  // Its HTTP library would take a proxy of the environment also to this machine.
  beforeEach(() => void vi.stubEnv("no_proxy", "127.0.0.1"));
  afterEach(() => void vi.unstubAllEnvs());

  test.each(WAYS)("signs in with %s and reads what we posted, to the fen", async (_, way) => {
    const system = await start({ checkApiSignature: false });
    const target = await system.target(VOUCHERS);
    const postings = await book(target, JOURNALS);
    const { document, reference, idempotencyKey } = postings[1] as Posting;
    const [red] = await target.reverse([reversalOf(document, reference)]);
    if (red === undefined) throw new Error("a reversal without an outcome");
    const negative = document.lines.map((line) => ({
      ...line,
      amountMinor: -line.amountMinor,
      text: `红字冲销 ${reference} ${line.text}`,
    }));
    const reversal = {
      idempotencyKey: `${idempotencyKey}/reversal`,
      reference: referenceOf(red),
      document: { ...document, attachments: 0, lines: negative },
    };
    const expected = [...postings, reversal].flatMap(rowsOf);
    expect(expected).toHaveLength(13);

    const client = system.client(way);
    const rows = (await client.executeBillQuery(VOUCHER_QUERY)) as readonly (readonly unknown[])[];
    expect(read(rows)).toEqual(expected);
    const objects = (await client.billQuery(VOUCHER_QUERY)) as readonly Entry[];
    expect(objects.map((each) => Object.keys(each).join(","))).toEqual(expected.map(() => VOUCHER_FIELDS));
    expect(read(objects.map((each) => Object.values(each)))).toEqual(expected);
    const ids = [...new Set(rows.map(([id]) => id))];
    const views: unknown[][] = [];
    for (const id of ids) views.push(...rowsOfView((await client.view("GL_VOUCHER", { Id: id })) as Viewed));
    expect(views).toEqual(expected);

    const logins = system.theirs().filter(({ url }) => url.includes(".AuthService."));
    expect(logins.map(operationOf)).toEqual({ 1: ["ValidateUser"], 2: ["LoginByAppSecret"], 3: [] }[way]);
  });

  test.each([
    [
      "AP_Payable",
      "FSUPPLIERID.FNumber,FAP_Remark,FCOSTID.FNumber,FCOSTDEPARTMENTID.FNumber,FNoTaxAmountFor_D,FTAXAMOUNTFOR_D,FALLAMOUNTFOR_D",
      "FEntityDetail",
    ],
    [
      "AP_OtherPayable",
      "FCONTACTUNIT.FNumber,FCOMMENT,FCOSTID.FNumber,FCOSTDEPARTMENTID.FNumber,FNOTAXAMOUNTFOR,FTAXAMOUNTFOR,FTOTALAMOUNTFOR",
      "FEntity",
    ],
  ])("reads what is owed from %s", async (form, fields, entity) => {
    const system = await start();
    const document = payable("FY-1");
    const [posting] = await book(await system.target({ ...PAYABLES, form }), [document]);
    const client = system.client(1);
    const rows = (await client.executeBillQuery({
      FormId: form,
      FieldKeys: `FID,FBillNo,FDocumentStatus,FDATE,FENDDATE_H,${fields}`,
      FilterString: `FBillNo='${posting?.reference}'`,
      OrderString: `FID ASC, ${entity}_FEntryID ASC`,
    })) as readonly (readonly unknown[])[];
    const header = ["expense/FY-1/1", "C", "2026-11-20T00:00:00", "2026-12-20T00:00:00", "S0001"];
    const textOf = (line: Line): string => (form === "AP_Payable" ? document.text : line.text);
    const [supplies, meeting] = document.lines as readonly [Line, Line];
    expect(read(rows, 3)).toEqual([
      [...header, textOf(supplies), "OFFICE-SUPPLIES", "0201", 100_01n, 6_00n, 106_01n],
      [...header, textOf(meeting), "PEOPLE-MEETING", "0101", 33_33n, 0n, 33_33n],
    ]);
    const { Result: bill } = ((await client.view(form, { Number: posting?.reference })) as Viewed).Result;
    expect([bill["BillNo"], bill["DocumentStatus"], bill["DATE"]]).toEqual(["expense/FY-1/1", "C", "2026-11-20T00:00:00"]);
  });

  test("what it saves, submits and audits is found and read by us", async () => {
    const system = await start();
    const client = system.client(2);
    const document = journal("BX-201", [TRAVEL, 1_234_56n], [OFFICE, 7n], [STAFF, 1_234_63n]);
    const { idempotencyKey, fingerprint } = itemOf(document);
    const number = (FNumber: string) => ({ FNumber });
    const entry = ({ account, text, side, amountMinor, dimensions, partner }: Line) => ({
      FEXPLANATION: text,
      FACCOUNTID: number(account),
      FDetailID: partner === null ? { FDETAILID__FFLEX5: number(dimensions["部门"] ?? "") } : { FDETAILID__FFLEX7: number(partner) },
      FCURRENCYID: number("PRE001"),
      FEXCHANGERATETYPE: number("HLTX01_SYS"),
      FEXCHANGERATE: 1,
      FDEBIT: side === "debit" ? Number(formatMinor(amountMinor, "CNY")) : 0,
      FCREDIT: side === "credit" ? Number(formatMinor(amountMinor, "CNY")) : 0,
      FBUSNO: idempotencyKey,
    });
    const model = {
      FVOUCHERID: 0,
      FAccountBookID: number("001"),
      FDate: document.date,
      FVOUCHERGROUPID: number("PRE001"),
      FVOUCHERGROUPNO: "",
      FATTACHMENTS: document.attachments,
      FEntity: document.lines.map(entry),
    };
    const answered = (answer: unknown) =>
      (answer as { readonly Result: { readonly ResponseStatus: unknown; readonly Id?: string; readonly Number?: string } }).Result;
    const saved = answered(await client.save("GL_VOUCHER", { Model: model }));
    expect(saved.ResponseStatus).toMatchObject({ IsSuccess: true });
    const target = await system.target(VOUCHERS);
    expect(await target.lookup(idempotencyKey)).toMatchObject({ reference: saved.Number, step: "save", isDraft: true });
    const submitted = answered(await client.submit("GL_VOUCHER", { Ids: saved.Id }));
    const audited = answered(await client.audit("GL_VOUCHER", { Numbers: [saved.Number] }));
    for (const { ResponseStatus: status } of [submitted, audited]) expect(status).toMatchObject({ IsSuccess: true });
    expect(await target.lookup(idempotencyKey)).toEqual({ reference: saved.Number, step: "audit" });
    const still = { version: 1, step: null, postedAt: "2026-11-20T00:00:00.000Z" };
    const posting = { ...still, documentKey: document.key, idempotencyKey, fingerprint, reference: saved.Number ?? "", document };
    expect(await target.read?.([posting])).toEqual([{ kind: "held", document, isDraft: false }]);
    // What it made is not made again.
    expect(await target.post([itemOf(document)])).toEqual([{ kind: "exists", reference: saved.Number, step: "audit" }]);

    const columns = VOUCHER_FIELDS.split(",");
    const options = { stream: "vouchers", order: ["FVOUCHERID", "FEntity_FEntryID"], times: "as sent" };
    const events = await readEvents(system.url, { connection: system.connection, options, columns });
    const cells = events.flatMap((event) => (event.kind === "records" ? event.records.map((record) => record.cells) : []));
    expect(events.at(-1)?.kind).toBe("complete");
    // A source gives texts, and nothing for what is empty.
    const asCell = (value: unknown): unknown => (typeof value === "bigint" ? value : value === "" ? null : String(value));
    expect(read(cells)).toEqual(rowsOf(posting).map((row) => row.map(asCell)));
  });

  test("the same call is the same request, by a session", async () => {
    const system = await start();
    await work(system, ["ValidateUser", "LoginByAppSecret"]);
    const clients = { ValidateUser: system.client(1), LoginByAppSecret: system.client(2) };
    let client = clients.ValidateUser;
    const { pairs, alone } = await beside(system, (operation) => {
      if (operation === "ValidateUser" || operation === "LoginByAppSecret") client = clients[operation];
      return client;
    });
    const { used, others } = judge(pairs, WITH_SESSIONS);
    expect(others).toEqual([]);
    expect(used).toEqual(WITH_SESSIONS.map(({ part }) => part).sort());
    expect(alone).toEqual(Object.keys(OURS_ALONE).sort());
    // The data of a call are ours on both sides, so what a query is made of is compared with the client's example. It names a system, and leaves it empty.
    const queries = pairs
      .filter(([ours]) => operationOf(ours) === "ExecuteBillQuery")
      .map(([ours]) => JSON.parse(ours.body) as { data: object });
    for (const { data } of queries) expect([...Object.keys(data), "SubSystemId"]).toEqual(membersOfItsQuery());
    expect([...new Set(pairs.map(([ours]) => operationOf(ours)))].sort()).toEqual([
      "Audit",
      "BatchSave",
      "Delete",
      "ExecuteBillQuery",
      "LoginByAppSecret",
      "Submit",
      "UnAudit",
      "ValidateUser",
    ]);
  });

  test("the same call is the same request, signed, header by header", async () => {
    const system = await start({ checkApiSignature: false });
    await work(system, ["signed requests", "signed requests"], { organisation: "100" });
    const client = system.client(3, { org_num: "100" });
    const { pairs, alone } = await beside(system, () => client);
    const { used, others } = judge(pairs, SIGNED);
    expect(others).toEqual([]);
    expect(used).toEqual(SIGNED.map(({ part }) => part).sort());
    // Nobody signs in, and nobody signs out.
    expect(alone).toEqual(["CancelAssign"]);
    for (const [, { url, headers }] of pairs) {
      const moment = { timestamp: String(headers["x-api-timestamp"]), nonce: String(headers["x-api-nonce"]) };
      const gateway = clientOf(APPLICATION.id);
      if (gateway === null) throw new Error("it is an app id");
      const app = { app_id: APPLICATION.id, app_secret: APPLICATION.secret, account: ACCOUNT_SET, user: USER, organisation: "100" };
      const ours = { ...appHeaders(app), ...gatewayHeaders(gateway, "POST", url, moment) };
      const theirs = Object.fromEntries(Object.entries(headers).filter(([name]) => name.startsWith("x-")));
      expect(theirs).toEqual({
        ...ours,
        // Both are explained with `SIGNED`, and differ from ours in nothing else.
        "x-api-signheaders": ours["x-api-signheaders"]?.toLowerCase(),
        "x-api-signature": theirApiSignature({ method: "POST", url, headers, body: "" }),
      });
    }
  });

  test("where its signature of the gateway is checked, it is not let in, and we are", async () => {
    const system = await start();
    const target = await system.target(VOUCHERS, "signed requests");
    expect((await target.post([itemOf(JOURNALS[0] as Document)])).map(({ kind }) => kind)).toEqual(["created"]);
    const answer = await system.client(3).executeBillQuery(VOUCHER_QUERY);
    expect(answer).toMatchObject([
      [{ Result: { ResponseStatus: { IsSuccess: false, Errors: [{ Message: "签名错误：X-Api-Signature" }] } } }],
    ]);
  });
});
