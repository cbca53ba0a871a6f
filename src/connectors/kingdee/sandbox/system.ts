import {
  type AnswerOptions,
  type OpenSandbox,
  type SandboxAnswer,
  type SandboxCall,
  SandboxError,
  type SandboxSystem,
} from "../../sandbox/contract.js";
import { act } from "./acts.js";
import { CODE, editLock, type Fault, fault, type Outcome, ok, refused, SESSION_LOST, statusOf } from "./answers.js";
import { Books } from "./books.js";
import { serverTime } from "./dates.js";
import type { JsonObject } from "./exact-json.js";
import { Forms } from "./forms/index.js";
import { inspect } from "./inspect.js";
import { isOperation, operate, shapeOf } from "./operations.js";
import { ownFault } from "./own-faults.js";
import { type Address, addressOf, bodyOf, formRequestOf, isWriting, SERVICES } from "./request.js";
import { modelsOf } from "./save/save.js";
import { seedBooks } from "./seed.js";
import { changeSettings, readSettings, type Settings } from "./settings.js";
import { ACCOUNT_SET, ACCOUNT_SET_NAME, type Caller, isLogin, Sessions } from "./sign-in.js";
import { plainText, texts } from "./texts.js";

/** 金蝶云·星空 as its WebAPI shows it. */
export class KingdeeSystem implements SandboxSystem {
  private books: Books;
  private settings: Settings;
  private readonly sessions: Sessions;
  private readonly counts = new Map<string, number>();

  constructor(private readonly open: OpenSandbox) {
    const isNew = open.state.isEmpty;
    this.settings = readSettings(open.state);
    this.books = new Books(open.state, new Forms(this.settings.madeFields));
    this.sessions = new Sessions(open.now, open.seed);
    if (isNew) seedBooks(this.books, open.seed, open.now());
  }

  answer(call: SandboxCall, options: AnswerOptions): SandboxAnswer {
    const address = addressOf(call);
    if (address === null) return page(404);
    if (call.method !== "POST") return page(405);
    this.counts.set(address.operation, (this.counts.get(address.operation) ?? 0) + 1);
    try {
      return this.dispatch(call, address, options) ?? page(404);
    } catch (error) {
      // The state takes back what this call did.
      this.books.forget();
      throw error;
    }
  }

  private dispatch(call: SandboxCall, address: Address, options: AnswerOptions): SandboxAnswer | null {
    const { service, operation } = address;
    if (service === SERVICES.accounts && operation === "GetDataCenterList")
      return ok([{ Id: ACCOUNT_SET, Number: "001", Name: ACCOUNT_SET_NAME }]);
    const body = bodyOf(call);
    if (body === null) return refused([fault("请求内容不是有效的 JSON", CODE.parameterWrong)], shapeOf(operation));
    if (service === SERVICES.auth && operation === "Logout") return this.sessions.logout(call);
    if (service === SERVICES.auth) return isLogin(operation) ? this.sessions.login(operation, body, this.settings) : null;
    if (service !== SERVICES.forms || (operation !== "SwitchOrg" && !isOperation(operation))) return null;
    const caller = this.sessions.callerOf(call, this.settings);
    if (caller === null) return this.signedOut(operation);
    if ("refused" in caller) return refused([fault(caller.refused, CODE.none)], shapeOf(operation));
    return operation === "SwitchOrg" ? this.switchOrganisation(caller, body) : this.onForm(operation, caller, body, options);
  }

  private signedOut(operation: string): SandboxAnswer {
    if (operation === "View" && this.settings.emptyViewWhenSignedOut) return { ...ok({}), isRefusal: true };
    return refused([SESSION_LOST], shapeOf(operation));
  }

  private switchOrganisation(caller: Caller, body: JsonObject): SandboxAnswer {
    const data = formRequestOf("SwitchOrg", body)?.data ?? {};
    const number = plainText(data["OrgNumber"]);
    if (this.organisationId(number) === null) return refused([fault(`组织“${number}”不存在`, CODE.noData, "OrgNumber")]);
    if (caller.session === null) return refused([fault("签名调用不能切换组织", CODE.exception)]);
    return this.sessions.switchOrganisation(caller.session, number);
  }

  private onForm(operation: string, caller: Caller, body: JsonObject, options: AnswerOptions): SandboxAnswer {
    const request = formRequestOf(operation, body);
    if (request === null) return refused([fault("参数 data 无效", CODE.parameterWrong, "data")], shapeOf(operation));
    const organisation = this.organisationId(caller.organisation);
    if (organisation === null) return refused([fault(`组织“${caller.organisation}”不存在`, CODE.noPermission)], shapeOf(operation));
    const { books, settings } = this;
    return operate({ books, settings, organisation, time: serverTime(this.open.now()), options }, operation, request);
  }

  /** `0` is the default organisation, which is the first. */
  private organisationId(number: string): number | null {
    const form = "ORG_Organizations";
    if (number !== "0" && number !== "") return this.books.byNumber(form, number)[0]?.id ?? null;
    for (const { id } of this.books.all(form)) return id;
    return null;
  }

  refusal(call: SandboxCall): SandboxAnswer {
    return this.refuse(call, editLock("单据", "保存", ""));
  }

  /** One reason for a whole call, said once for each of its items. */
  private refuse(call: SandboxCall, reason: Fault): SandboxAnswer {
    const operation = addressOf(call)?.operation ?? "";
    const body = bodyOf(call);
    const data = (body === null ? null : formRequestOf(operation, body))?.data ?? {};
    const items =
      operation === "BatchSave"
        ? (modelsOf(data, true)?.length ?? 1)
        : Math.max(texts(data["Ids"]).length, texts(data["Numbers"]).length, 1);
    if (items === 1) return refused([reason], shapeOf(operation));
    const outcomes = Array.from({ length: items }, (_, index): Outcome => ({ index, faults: [reason] }));
    return { ...ok({ Result: { ResponseStatus: statusOf(outcomes, { textIds: true }) } }), isRefusal: true };
  }

  expireSessions(): void {
    this.sessions.expire();
  }

  isWrite(call: SandboxCall): boolean {
    return isWriting(call);
  }

  route(call: SandboxCall): string {
    return addressOf(call)?.operation ?? call.path;
  }

  ownFault(text: string): ((call: SandboxCall) => SandboxAnswer | null) | null {
    return ownFault(text, {
      seed: this.open.seed,
      isWrite: isWriting,
      isOnForm: (call) => addressOf(call)?.service === SERVICES.forms,
      refuse: (call, reason) => this.refuse(call, reason),
    });
  }

  inspect(name: string, query: URLSearchParams): unknown {
    if (name === "sessions")
      return this.sessions.all().map(({ id, user, organisation, since, lastUsed }) => ({ id, user, organisation, since, lastUsed }));
    if (name === "calls") return Object.fromEntries([...this.counts].sort());
    if (name === "settings") return this.settings;
    return inspect(this.books, name, query);
  }

  act(name: string, body: unknown): unknown {
    if (name === "settings") return this.changeSettings(body);
    try {
      return act({ books: this.books, settings: this.settings, time: serverTime(this.open.now()) }, name, body);
    } catch (error) {
      this.books.forget();
      throw error;
    }
  }

  private changeSettings(body: unknown): Settings {
    const settings = changeSettings(this.open.state, body);
    const forms = new Forms(settings.madeFields);
    for (const { form, entity } of settings.madeFields) {
      const known = forms.get(form)?.form;
      if (known === undefined || (entity !== null && !known.entities.some(({ key }) => key === entity))) {
        throw new SandboxError(`there is no form \`${form}\`${entity === null ? "" : ` with an entity \`${entity}\``}`);
      }
    }
    this.settings = settings;
    this.books = new Books(this.open.state, forms);
    return settings;
  }
}

/** What the web server itself answers: not in the words of the system. */
function page(status: number): SandboxAnswer {
  return { status, headers: { "content-type": "text/html; charset=utf-8" }, body: `<h1>${status}</h1>`, isRefusal: true };
}
