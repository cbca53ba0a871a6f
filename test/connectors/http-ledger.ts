import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { readBody } from "./http-setup.js";

interface Entry {
  readonly account: string;
  readonly debit?: number;
  readonly credit?: number;
}

interface Voucher {
  readonly externalId: string;
  readonly fingerprint: string;
  readonly number: string;
  readonly entries: readonly Entry[];
  reversedBy: string | null;
}

const CLOSED_THROUGH = "2026-09";
const CHART = new Set(["660201", "660202", "224101"]);

/**
 * A small correct ledger behind a JSON API: balanced vouchers on known accounts in open months, one number each, an external id taken once.
 * Whatever it refuses, it refuses with HTTP 200, as many systems do.
 */
export class HttpLedger {
  readonly vouchers: Voucher[] = [];
  readonly tokens: string[] = [];
  /** Of every call that changes something. */
  readonly bodies: string[] = [];
  private server: Server | null = null;

  constructor(private readonly secret: string) {}

  async start(): Promise<string> {
    const server = createServer((request, response) => {
      void readBody(request).then((body) => {
        const url = new URL(request.url ?? "", "http://ledger");
        const [status, answer] = this.answer(request.method ?? "", url, request.headers.authorization ?? "", body);
        response.writeHead(status, { "content-type": "application/json" });
        response.end(JSON.stringify(answer));
      });
    });
    this.server = server;
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  }

  stop(): void {
    this.server?.closeAllConnections();
    this.server?.close();
  }

  /** In cents, by account; accounts at zero are left out. */
  balances(): Map<string, bigint> {
    const cents = new Map<string, bigint>();
    for (const { account, debit = 0, credit = 0 } of this.vouchers.flatMap(({ entries }) => entries)) {
      cents.set(account, (cents.get(account) ?? 0n) + centsOf(debit) - centsOf(credit));
    }
    return new Map([...cents].filter(([, balance]) => balance !== 0n));
  }

  private answer(method: string, url: URL, authorization: string, body: string): [number, unknown] {
    if (url.pathname === "/token") return this.giveToken(authorization);
    if (method !== "GET") this.bodies.push(body);
    if (authorization !== `Bearer ${this.tokens.at(-1)}`) return [401, { success: false, errorMessage: "sign in" }];
    if (method === "GET")
      return [200, { success: true, data: this.vouchers.filter((each) => each.externalId === url.searchParams.get("externalId")) }];
    const wanted = JSON.parse(body) as { externalId: string; fingerprint: string; date: string; entries?: Entry[] };
    const known = this.vouchers.find(({ externalId }) => externalId === wanted.externalId);
    if (known !== undefined) return [409, { success: false, errorMessage: "外部编号已存在", data: known }];
    if (wanted.date.slice(0, 7) <= CLOSED_THROUGH) return refusal("PERIOD_CLOSED", `期间 ${wanted.date.slice(0, 7)} 已结账`);
    const reversed = /^\/vouchers\/([^/]+)\/reverse$/.exec(url.pathname)?.[1];
    return reversed === undefined ? this.book(wanted, wanted.entries ?? []) : this.reverse(wanted, decodeURIComponent(reversed));
  }

  private giveToken(authorization: string): [number, unknown] {
    const [, secret = ""] = Buffer.from(authorization.replace(/^Basic /, ""), "base64")
      .toString()
      .split(":");
    if (decodeURIComponent(secret.replaceAll("+", " ")) !== this.secret) return [401, { error: "invalid_client" }];
    this.tokens.push(`acc-tok-${this.tokens.length + 1}`);
    return [200, { access_token: this.tokens.at(-1), token_type: "Bearer", expires_in: 3600 }];
  }

  private book(wanted: { externalId: string; fingerprint: string }, entries: readonly Entry[]): [number, unknown] {
    const details = entries.filter(({ account }) => !CHART.has(account)).map(({ account }) => ({ text: `科目 ${account} 不存在` }));
    if (details.length > 0) return [200, { success: false, errorMessage: "凭证不能保存", details }];
    const total = entries.reduce((sum, { debit = 0, credit = 0 }) => sum + centsOf(debit) - centsOf(credit), 0n);
    if (total !== 0n) return refusal("UNBALANCED", "借贷不平");
    return this.add(wanted, entries);
  }

  private reverse(wanted: { externalId: string; fingerprint: string }, number: string): [number, unknown] {
    const original = this.vouchers.find((each) => each.number === number);
    if (original === undefined) return refusal("NOT_FOUND", "凭证不存在");
    if (original.reversedBy !== null) return refusal("REVERSED", "凭证已冲销");
    const answer = this.add(
      wanted,
      original.entries.map(({ account, debit, credit }) => ({
        account,
        ...(debit === undefined ? {} : { debit: -debit }),
        ...(credit === undefined ? {} : { credit: -credit }),
      })),
    );
    original.reversedBy = wanted.externalId;
    return answer;
  }

  private add({ externalId, fingerprint }: { externalId: string; fingerprint: string }, entries: readonly Entry[]): [number, unknown] {
    const voucher = {
      externalId,
      fingerprint,
      number: `记-${String(this.vouchers.length + 1).padStart(4, "0")}`,
      entries,
      reversedBy: null,
    };
    this.vouchers.push(voucher);
    return [201, { success: true, data: { number: voucher.number } }];
  }
}

function refusal(code: string, errorMessage: string): [number, unknown] {
  return [200, { success: false, code, errorMessage }];
}

/** The amounts of the tests have at most 16 digits, which a float carries to the cent. */
function centsOf(amount: number): bigint {
  return BigInt(amount.toFixed(2).replace(".", ""));
}
