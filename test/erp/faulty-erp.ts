import { randomBytes } from "node:crypto";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { type BookRules, type ByHand, ErpBooks, type Reply, refusal } from "./books.js";
import { type CallContext, type Work, WRITES, workOf } from "./calls.js";
import { FaultPlan, type Rule } from "./faults.js";
import { JournalWriter } from "./journal.js";
import type { Voucher } from "./voucher.js";

export interface ErpOptions {
  readonly journal: string;
  readonly seed: number;
  readonly refusesDuplicates: boolean;
  /** Vouchers are saved, submitted and audited, each with a call of its own. */
  readonly inSteps: boolean;
  /** Asks for a bearer token from POST /oauth/token. */
  readonly auth: Auth | null;
}

export interface Auth {
  readonly clientId: string;
  readonly clientSecret: string;
  /** Requests that one token is good for. */
  readonly uses: number;
  readonly lifetimeMs: number;
}

/** What POST /control changes; what is left out stays as it is. */
export interface Control extends Partial<BookRules> {
  readonly rules?: readonly Rule[];
  /** Every posting and reversal takes so long. */
  readonly slowMs?: number;
  /** GET /vouchers does not show a voucher before it is so old: a read replica that lags. */
  readonly readLagMs?: number;
  /** Vouchers on one page of GET /list. */
  readonly pageSize?: number;
  /** What a person does in the ERP's own screens, now and in this order. */
  readonly byHand?: readonly ByHand[];
}

/** A small JSON ERP that keeps honest books and answers about them as told. */
export class FaultyErp {
  private readonly books: ErpBooks;
  private readonly faults: FaultPlan;
  private readonly journal: JournalWriter;
  private readonly tokens = new Map<string, { left: number; readonly until: number }>();
  private slowMs = 0;
  private readLagMs = 0;
  private pageSize = 50;
  /** Requests taken that will still change the books. */
  private pending = 0;
  private readonly server: Server;

  constructor(private readonly options: ErpOptions) {
    this.journal = new JournalWriter(options.journal);
    this.faults = new FaultPlan(options.seed);
    const { journal } = this;
    const told = ({ number, externalNo, date, lines }: Voucher) => ({ at: Date.now(), number, externalNo, date, lines });
    this.books = new ErpBooks(
      { accounts: null, closedThrough: null, refusesDuplicates: options.refusesDuplicates, inSteps: options.inSteps },
      {
        booked: (voucher) => journal.write({ event: "booked", ...told(voucher), reverses: voucher.reverses }),
        draft: (what, voucher) => journal.write({ event: "draft", what, ...told(voucher) }),
        edited: (voucher) => journal.write({ event: "edited", ...told(voucher) }),
      },
      Date.now,
    );
    this.server = createServer((request, response) => void this.serve(request, response));
    this.server.keepAliveTimeout = 60_000;
  }

  /** Listens on 127.0.0.1; returns the port. */
  async listen(port: number): Promise<number> {
    await new Promise<void>((resolve) => this.server.listen(port, "127.0.0.1", resolve));
    const address = this.server.address();
    return typeof address === "object" && address !== null ? address.port : port;
  }

  close(): void {
    this.server.closeAllConnections();
    this.server.close();
    this.journal.close();
  }

  private async serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    response.on("error", () => undefined);
    const text = await readAll(request).catch(() => null);
    // Nothing that did not come whole is worked on.
    if (text === null) return;
    const url = new URL(request.url ?? "/", "http://erp");
    const path = `${request.method} ${decodeURIComponent(url.pathname)}`;
    if (path === "POST /control") return answer(response, this.control(JSON.parse(text) as Control));
    if (path === "GET /books") return answer(response, this.summary());
    if (path === "POST /oauth/token")
      return this.disturbed({ call: "token", externalNo: null, act: () => this.token(text) }, request, response);
    const body = parse(text);
    const work = workOf(this.calls(), path, url, body);
    if (work === null) return answer(response, refusal(404, "NO_ROUTE", `${path} 不存在`));
    return this.disturbed(work, request, response);
  }

  private calls(): CallContext {
    const before = Date.now() - this.readLagMs;
    return {
      books: this.books,
      noted: (externalNo, reply) => this.noted(externalNo, reply),
      member: (externalNo, member) => {
        const rule = this.faults.strike("post", externalNo);
        return rule?.fault === "refuse" ? refusedBy(rule) : this.books.post(member);
      },
      isVisible: (voucher) => this.readLagMs === 0 || voucher.bookedAt <= before,
      pageSize: this.pageSize,
    };
  }

  /** Answers one request, or does to it what the rule says. */
  private async disturbed(work: Work, request: IncomingMessage, response: ServerResponse): Promise<void> {
    const isWrite = WRITES.includes(work.call);
    const refused = work.call === "token" ? null : this.signedOut(request);
    const rule = refused === null ? this.faults.strike(work.call, work.externalNo) : null;
    this.journal.write({ event: "request", at: Date.now(), call: work.call, externalNo: work.externalNo, fault: rule?.fault ?? null });
    if (refused !== null) return answer(response, refused);
    if (isWrite && this.slowMs > 0) await this.held(this.slowMs);
    if (rule === null) return answer(response, work.act());
    switch (rule.fault) {
      case "drop before commit":
        return drop(response);
      case "commit and drop":
        work.act();
        return drop(response);
      case "refuse":
        return answer(response, this.noted(work.externalNo, refusedBy(rule)));
      case "500 before commit":
        return answer(response, refusal(500, "INTERNAL", "内部错误"));
      case "commit and 500":
        work.act();
        return answer(response, refusal(500, "INTERNAL", "内部错误"));
      case "429":
        return answer(response, refusal(429, "TOO_MANY", "请求过于频繁"), rule.retryAfter);
      case "503":
        return answer(response, refusal(503, "MAINTENANCE", "系统维护中"), rule.retryAfter);
      case "hang":
        return;
      case "commit and hang":
        work.act();
        return;
      case "hang and commit when given up":
        this.pending += 1;
        response.once("close", () => {
          this.pending -= 1;
          work.act();
        });
        return;
      case "late":
        drop(response);
        await this.held(rule.delayMs ?? 500);
        work.act();
        return;
      case "late behind 504":
        answer(response, refusal(504, "GATEWAY", "upstream timed out"));
        await this.held(rule.delayMs ?? 500);
        work.act();
        return;
      case "slow":
        await this.held(rule.delayMs ?? 500);
        return answer(response, work.act());
      case "expire session":
        this.tokens.clear();
        return answer(response, refusal(401, "SESSION", "会话已过期"));
      case "garbage before commit":
        return raw(response, 200, "<html><body>请登录</body></html>", "text/html; charset=utf-8");
      case "commit and garbage":
        work.act();
        return raw(response, 200, "<html><body>502 Bad Gateway</body></html>", "text/html; charset=utf-8");
      case "commit and truncate": {
        const whole = JSON.stringify(work.act().body);
        return raw(response, 200, whole.slice(0, whole.length - 4), "application/json");
      }
      case "commit and cut": {
        const whole = Buffer.from(JSON.stringify(work.act().body));
        response.writeHead(200, { "content-type": "application/json", "content-length": whole.length });
        response.write(whole.subarray(0, whole.length - 4), () => drop(response));
        return;
      }
      case "commit and say no number": {
        work.act();
        return answer(response, { status: 200, body: { success: true } });
      }
      case "half a batch":
        work.actHalf?.();
        return drop(response);
    }
  }

  private noted(externalNo: string | null, reply: Reply): Reply {
    if (reply.body["success"] !== true) {
      this.journal.write({
        event: "refused",
        at: Date.now(),
        externalNo,
        status: reply.status,
        message: String(reply.body["errorMessage"]),
      });
    }
    return reply;
  }

  private token(text: string): Reply {
    const { auth } = this.options;
    const form = new URLSearchParams(text);
    if (auth === null || form.get("client_id") !== auth.clientId || form.get("client_secret") !== auth.clientSecret) {
      return { status: 401, body: { error: "invalid_client" } };
    }
    const token = randomBytes(12).toString("hex");
    this.tokens.set(token, { left: auth.uses, until: Date.now() + auth.lifetimeMs });
    return { status: 200, body: { access_token: token, token_type: "Bearer", expires_in: Math.ceil(auth.lifetimeMs / 1000) } };
  }

  private signedOut(request: IncomingMessage): Reply | null {
    if (this.options.auth === null) return null;
    const word = request.headers.authorization?.replace(/^Bearer /, "") ?? "";
    const token = this.tokens.get(word);
    if (token !== undefined && token.left > 0 && Date.now() < token.until) {
      token.left -= 1;
      return null;
    }
    this.tokens.delete(word);
    return refusal(401, "SESSION", "会话已过期");
  }

  private control(wanted: Control): Reply {
    const { rules, slowMs, readLagMs, pageSize, byHand = [], ...bookRules } = wanted;
    if (rules !== undefined) this.faults.replace(rules);
    if (slowMs !== undefined) this.slowMs = slowMs;
    if (readLagMs !== undefined) this.readLagMs = readLagMs;
    if (pageSize !== undefined) this.pageSize = pageSize;
    Object.assign(this.books.rules, bookRules);
    const refused = byHand.map((deed) => this.books.byHand(deed)).find((reply) => reply.body["success"] !== true);
    return refused === undefined ? { status: 200, body: { success: true } } : { status: 400, body: refused.body };
  }

  private summary(): Reply {
    return { status: 200, body: { pending: this.pending, vouchers: this.books.vouchers } };
  }

  private async held(ms: number): Promise<void> {
    this.pending += 1;
    await new Promise((resolve) => setTimeout(resolve, ms));
    this.pending -= 1;
  }
}

function refusedBy(rule: Rule): Reply {
  return refusal(200, "ACCOUNT", rule.message ?? "科目不存在: 6602.99");
}

function answer(response: ServerResponse, reply: Reply, retryAfter?: string): void {
  if (retryAfter !== undefined) response.setHeader("retry-after", retryAfter);
  raw(response, reply.status, JSON.stringify(reply.body), "application/json");
}

function raw(response: ServerResponse, status: number, body: string, type: string): void {
  response.writeHead(status, { "content-type": type, "content-length": Buffer.byteLength(body) });
  response.end(body);
}

function drop(response: ServerResponse): void {
  response.socket?.destroy();
}

async function readAll(request: IncomingMessage): Promise<string> {
  const parts: Buffer[] = [];
  for await (const part of request) parts.push(part as Buffer);
  return Buffer.concat(parts).toString("utf8");
}

function parse(text: string): unknown {
  try {
    return text === "" ? null : JSON.parse(text);
  } catch {
    return null;
  }
}
