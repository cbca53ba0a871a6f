import {
  type AnswerOptions,
  type SandboxAnswer,
  type SandboxCall,
  type SandboxDefinition,
  SandboxError,
  type SandboxSystem,
} from "../../sandbox/contract.js";
import { act } from "./acts.js";
import { tooMuch } from "./documents.js";
import { error, ok, Refused, type Request, refused } from "./envelope.js";
import { inspect } from "./inspect.js";
import { find } from "./routes.js";
import { fill } from "./seed.js";
import { CREDENTIALS, notSignedIn, refuseFreshTokens } from "./sign-in.js";
import { Tenant } from "./tenant.js";

class Hesi implements SandboxSystem {
  constructor(private readonly tenant: Tenant) {}

  answer(call: SandboxCall, { cutAfter }: AnswerOptions): SandboxAnswer {
    const { tenant } = this;
    const found = find(call.method, call.path);
    if (found?.route.kind !== "open") {
      const signedOut = notSignedIn(tenant, call.query);
      if (signedOut !== null) return signedOut;
    }
    if (found === null) return refused(new Refused(404, "请求的接口不存在"));
    const request: Request = { call, query: call.query, parts: found.parts, cutAfter };
    try {
      return tenant.state.transaction(() => found.route.answer(tenant, request));
    } catch (cause) {
      if (cause instanceof Refused) return refused(cause);
      throw cause;
    }
  }

  /** In the way of the call: where it answers each row for itself, it does so here too. */
  refusal(call: SandboxCall): SandboxAnswer {
    const reason = "当前企业数据正在维护，请稍后再试";
    if (call.path.endsWith("/datalink/add")) {
      const errorMsg = listIn(call.body, "dataLinks").map((_, index) => `第${index + 1}条数据导入失败：${reason}`);
      return ok({ value: { errorMsg, dataLinkIds: {}, success: false } });
    }
    if (call.path.endsWith("/paymentResults")) {
      return ok({ items: listIn(call.body, "items").map(({ id }) => ({ id, code: "R00006", errorMsg: reason })) });
    }
    return error(412, reason);
  }

  expireSessions(): void {
    for (const { accessToken } of this.tenant.tokens.all()) this.tenant.tokens.delete(accessToken);
  }

  isWrite(call: SandboxCall): boolean {
    return find(call.method, call.path)?.route.kind === "write";
  }

  route(call: SandboxCall): string {
    return find(call.method, call.path)?.route.path ?? call.path;
  }

  inspect(name: string, query: URLSearchParams): unknown {
    return inspect(this.tenant, name, query);
  }

  act(name: string, body: unknown): unknown {
    try {
      return act(this.tenant, name, body);
    } catch (cause) {
      if (cause instanceof Refused) throw new SandboxError(cause.message);
      throw cause;
    }
  }

  ownFault(text: string): ((call: SandboxCall) => SandboxAnswer | null) | null {
    const most = /^504 above (\d{1,9})$/.exec(text);
    if (most !== null) return tooMuch(this.tenant, Number(most[1]));
    return text === "403 after sign-in" ? refuseFreshTokens(this.tenant) : null;
  }
}

/** The objects of a list in the body; none where there is no such list. */
function listIn(body: string, name: string): Readonly<Record<string, unknown>>[] {
  try {
    const list = (JSON.parse(body) as Readonly<Record<string, unknown>> | null)?.[name];
    return Array.isArray(list) ? list.map((each: unknown) => (typeof each === "object" && each !== null ? { ...each } : {})) : [];
  } catch {
    return [];
  }
}

/** 合思 as its open API is documented; see `docs/sandboxes.md`. */
export const sandbox: SandboxDefinition = {
  name: "hesi",
  summary: "合思 (易快报), the expense system: claims, approval, payment, voucher numbers",
  port: 8701,
  connection: (address) => ({ url: address, app_key: CREDENTIALS.appKey, app_security: CREDENTIALS.appSecurity }),
  faults: [
    ["504 above 200", "a list of documents with more in its window than that is answered 504, so that the window has to be halved"],
    ["403 after sign-in", "the first call with a new token is refused, as in older releases"],
  ],
  open: ({ state, now, seed }) => {
    const isNew = state.isEmpty;
    // A kept state goes on with the seed it began with: its ids must not come again.
    const settings = state.collection<number>("settings");
    if (isNew) settings.put("seed", seed);
    const tenant = new Tenant(state, now, settings.get("seed") ?? seed);
    if (isNew) fill(tenant);
    return new Hesi(tenant);
  },
};
