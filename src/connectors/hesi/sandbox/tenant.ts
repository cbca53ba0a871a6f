import type { SandboxCollection, SandboxState } from "../../sandbox/contract.js";
import { Refused } from "./envelope.js";
import type * as shapes from "./shapes.js";
import { formatTime } from "./times.js";

const TAKEN = 62n ** 11n;
const LETTERS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
/** Prime, so that ids never repeat; large, so that nobody guesses the next one. */
const STRIDE = 32_416_190_071_000_003n;

/** Everything one company has in the system. */
export class Tenant {
  readonly corporationId = "ID_sandboxCorp";
  readonly flows: SandboxCollection<shapes.Flow>;
  readonly staffs: SandboxCollection<shapes.Staff>;
  readonly departments: SandboxCollection<shapes.Department>;
  readonly feeTypes: SandboxCollection<shapes.FeeType>;
  readonly dimensions: SandboxCollection<shapes.Dimension>;
  readonly items: SandboxCollection<shapes.DimensionItem>;
  readonly entities: SandboxCollection<shapes.Entity>;
  readonly dataLinks: SandboxCollection<shapes.DataLink>;
  readonly payees: SandboxCollection<Readonly<Record<string, unknown>> & { readonly id: string }>;
  readonly accounts: SandboxCollection<Readonly<Record<string, unknown>> & { readonly id: string }>;
  readonly currencies: SandboxCollection<Readonly<Record<string, unknown>>>;
  readonly invoices: SandboxCollection<shapes.Invoice>;
  readonly payments: SandboxCollection<shapes.Payment>;
  readonly tokens: SandboxCollection<shapes.Token>;

  constructor(
    readonly state: SandboxState,
    private readonly clock: () => Date,
    readonly seed: number,
  ) {
    const times = {
      createTime: (row: { createTime: string }) => row.createTime,
      updateTime: (row: { updateTime: string }) => row.updateTime,
    };
    const active = (row: { active: boolean }): number => Number(row.active);
    this.flows = state.collection<shapes.Flow>("flows", {
      formType: (flow) => flow.formType,
      state: (flow) => flow.state,
      active,
      createTime: (flow) => flow.createTime,
      updateTime: (flow) => flow.updateTime,
      submitDate: (flow) => flow.form.submitDate,
      payDate: (flow) => flow.form.payDate,
      code: (flow) => flow.form.code,
      outerCode: (flow) => (typeof flow.form["outerCode"] === "string" ? flow.form["outerCode"] : null),
      ownerId: (flow) => flow.ownerId,
      specification: (flow) => flow.form.specificationId.split(":")[0] ?? "",
      hasVoucher: (flow) => Number(flow.form.voucherNo !== ""),
    });
    this.staffs = state.collection<shapes.Staff>("staffs", {
      ...times,
      active,
      external: (row) => Number(row.external),
      cellphone: (row) => row.cellphone,
      email: (row) => row.email,
    });
    this.departments = state.collection<shapes.Department>("departments", {
      ...times,
      active,
      parentId: (row) => row.parentId,
      code: (row) => row.code,
    });
    this.feeTypes = state.collection<shapes.FeeType>("fee types", { code: (row) => row.code, name: (row) => row.name });
    this.dimensions = state.collection<shapes.Dimension>("dimensions", times);
    this.items = state.collection<shapes.DimensionItem>("dimension items", {
      ...times,
      active,
      dimensionId: (row) => row.dimensionId,
      code: (row) => row.code,
      parentId: (row) => row.parentId,
    });
    this.entities = state.collection<shapes.Entity>("entities");
    this.dataLinks = state.collection<shapes.DataLink>("data links", {
      ...times,
      active,
      entityId: (row) => row.entityId,
      code: (row) => row.code,
    });
    this.payees = state.collection("payees");
    this.accounts = state.collection("accounts");
    this.currencies = state.collection("currencies");
    this.invoices = state.collection<shapes.Invoice>("invoices", { number: (row) => row.number });
    this.payments = state.collection<shapes.Payment>("payments");
    this.tokens = state.collection<shapes.Token>("tokens");
  }

  now(): number {
    return this.clock().getTime();
  }

  /** Now, as master data write it. */
  time(): string {
    return formatTime(this.now());
  }

  /** Such as `ID_3wPHuDsWTMM`; the same seed gives the same ids in the same order. */
  newId(prefix: "ID_" | "" = "ID_"): string {
    let rest = (BigInt(this.state.next("ids")) * STRIDE + BigInt(this.seed) * 7_919n) % TAKEN;
    let text = "";
    for (let index = 0; index < 11; index += 1) {
      text = LETTERS[Number(rest % 62n)] + text;
      rest /= 62n;
    }
    return prefix + text;
  }

  /** Ids of people and departments carry the company's. */
  newCorporateId(): string {
    return `${this.corporationId}:${this.newId("")}`;
  }

  /** Throws Refused where the document is not there or was deleted. */
  flow(id: string): shapes.Flow {
    const found = this.flows.get(id);
    if (found === null) throw new Refused(412, `不存在此单据[${id}]`);
    if (!found.active) throw new Refused(412, "单据已删除");
    return found;
  }

  /** Keeps a changed document; its updateTime moves with every change, ours included. */
  keep(flow: shapes.Flow): void {
    flow.updateTime = Math.max(this.now(), flow.updateTime + 1);
    this.flows.put(flow.id, flow);
  }

  note(flow: shapes.Flow, action: string, comment = ""): void {
    const operatorId = flow.ownerId;
    flow.logs.push({ action, state: flow.state, operatorId, time: this.now(), attributes: comment === "" ? {} : { comment } });
  }

  /** A sum of money has reached the person: the document is paid from now on. */
  paid(flow: shapes.Flow, by: shapes.Payment["by"]): void {
    const at = this.now();
    flow.state = "paid";
    flow.form.payDate = at;
    flow.form.flowEndTime = at;
    this.note(flow, "freeflow.pay");
    this.keep(flow);
    const amount = String(flow.form.payMoney.standard);
    this.payments.put(String(this.state.next("payments")).padStart(9, "0"), { flowId: flow.id, code: flow.form.code, amount, at, by });
  }
}
