import { sandbox } from "../../../src/connectors/kingdee/sandbox/index.js";
import { type Serving, serve } from "../sandbox/serve.js";

export const ACCOUNT_SET = "63f1d2a4b5c6d7";
export const APP_ID = `200000_${"A".repeat(32)}`;
export const APP_SECRET = "appsecret01";
const PASSWORD = "demo-password";

export interface Fault {
  readonly FieldName: string | null;
  readonly Message: string;
  readonly DIndex: number;
}

export interface Status {
  readonly IsSuccess: boolean;
  readonly ErrorCode?: number;
  readonly MsgCode: number;
  readonly Errors: readonly Fault[];
  readonly SuccessEntitys: readonly { readonly Id: string | number; readonly Number: string; readonly DIndex: number }[];
}

export interface Answered {
  readonly Result: {
    readonly ResponseStatus: Status;
    readonly Id?: string;
    readonly Number?: string;
    readonly Result?: Record<string, unknown>;
    readonly NeedReturnData?: unknown;
  };
}

export interface Seen {
  readonly id: number;
  readonly number: string;
  readonly status: string;
  readonly cancelled: boolean;
  readonly header: Record<string, unknown>;
  readonly lines: readonly Record<string, unknown>[];
}

const SERVICE = "Kingdee.BOS.WebApi.ServicesStub";
export const FORM_SERVICE = `${SERVICE}.DynamicFormService`;
export const AUTH_SERVICE = `${SERVICE}.AuthService`;

/** A client that keeps cookies, as a browser would. */
export class Client {
  readonly cookies = new Map<string, string>();

  constructor(readonly address: string) {}

  async raw(operation: string, body: unknown, headers: Record<string, string> = {}): Promise<Response> {
    const path = operation.includes(".")
      ? operation
      : `${operation.startsWith("Login") || operation === "ValidateUser" ? AUTH_SERVICE : FORM_SERVICE}.${operation}`;
    const cookie = [...this.cookies].map(([name, value]) => `${name}=${value}`).join("; ");
    const answer = await fetch(`${this.address}/k3cloud/${path}.common.kdsvc`, {
      method: "POST",
      headers: { "content-type": "application/json", ...(cookie === "" ? {} : { cookie }), ...headers },
      body: typeof body === "string" ? body : JSON.stringify(body),
    });
    for (const line of answer.headers.getSetCookie()) {
      const [, name = "", value = ""] = /^([^=]+)=([^;]*)/.exec(line) ?? [];
      this.cookies.set(name, value);
    }
    return answer;
  }

  async json<T>(operation: string, body: unknown, headers: Record<string, string> = {}): Promise<T> {
    return (await (await this.raw(operation, body, headers)).json()) as T;
  }

  async signIn(): Promise<{ readonly LoginResultType: number; readonly Message: string | null }> {
    return this.json("ValidateUser", { parameters: [ACCOUNT_SET, "demo", PASSWORD, 2052] });
  }

  async on(operation: string, formid: string, data: unknown): Promise<Answered> {
    return this.json(operation, { formid, data });
  }

  async query(form: string, fields: string, more: Record<string, unknown> = {}): Promise<unknown[][]> {
    return this.json("ExecuteBillQuery", { data: { FormId: form, FieldKeys: fields, ...more } });
  }
}

export interface Opened extends Client {
  readonly inspect: <T>(name: string) => Promise<T>;
  readonly act: (name: string, body: unknown) => Promise<Record<string, unknown>>;
  readonly control: <T>(method: string, path: string, body?: unknown) => Promise<T>;
  readonly close: () => Promise<void>;
}

/** A stand-in on a free port, with a client that is signed in to it. */
export async function open(options: Serving = {}): Promise<Opened> {
  const served = await serve(sandbox, options);
  const client = new Client(served.address);
  await client.signIn();
  return Object.assign(client, {
    inspect: async <T>(name: string) => served.control<T>("GET", `/inspect/${name}`),
    act: async (name: string, body: unknown) => served.control<Record<string, unknown>>("POST", `/act/${name}`, body),
    control: served.control,
    close: served.close,
  });
}

const number = (FNumber: string): { readonly FNumber: string } => ({ FNumber });

export interface Line {
  readonly account: string;
  readonly debit?: string;
  readonly credit?: string;
  readonly dimensions?: Record<string, string>;
  readonly key?: string;
  readonly more?: Record<string, unknown>;
}

/** Some leaf accounts of the sample company: with a department, with an employee, with nothing. */
export const TRAVEL: Line = { account: "66020101", dimensions: { FFLEX5: "0101" } };
export const STAFF: Line = { account: "224101", dimensions: { FFLEX7: "000101" } };
export const BANK: Line = { account: "100201" };

export function voucher(lines: readonly Line[], header: Record<string, unknown> = {}): Record<string, unknown> {
  return {
    FVOUCHERID: 0,
    FAccountBookID: number("001"),
    FDate: "2026-03-31",
    FVOUCHERGROUPID: number("PRE001"),
    FVOUCHERGROUPNO: "",
    ...header,
    FEntity: lines.map(({ account, debit = "0", credit = "0", dimensions = {}, key = "", more = {} }) => ({
      FEXPLANATION: `报销 ${key}`,
      FACCOUNTID: number(account),
      FDetailID: Object.fromEntries(Object.entries(dimensions).map(([flex, value]) => [`FDETAILID__${flex}`, number(value)])),
      FCURRENCYID: number("PRE001"),
      FEXCHANGERATE: 1,
      FDEBIT: debit,
      FCREDIT: credit,
      FBUSNO: key,
      ...more,
    })),
  };
}

/** 报销: travel against what is owed to the employee. */
export function expense(amount: string, key: string, header: Record<string, unknown> = {}): Record<string, unknown> {
  return voucher(
    [
      { ...TRAVEL, debit: amount, key },
      { ...STAFF, credit: amount, key },
    ],
    header,
  );
}

export function payable(key: string, amounts: readonly string[], header: Record<string, unknown> = {}): Record<string, unknown> {
  return {
    FBillTypeID: number("YFD02_SYS"),
    FBillNo: key,
    FDATE: "2026-03-31",
    FSUPPLIERID: number("S0001"),
    FCURRENCYID: number("PRE001"),
    FSETTLEORGID: number("100"),
    ...header,
    FEntityDetail: amounts.map((FALLAMOUNTFOR_D) => ({
      FCOSTID: number("TRAVEL-AIR"),
      FALLAMOUNTFOR_D,
      FCOSTDEPARTMENTID: number("0101"),
    })),
  };
}
