import { CODE, editLock, type Fault, fault, type Outcome } from "./answers.js";
import { type Bill, type Status, statusOfBill, textOf } from "./bill.js";
import type { Books } from "./books.js";
import type { KnownForm } from "./forms/index.js";
import type { Named } from "./named.js";
import { isPushed } from "./push.js";
import { auditFaults, VOUCHER } from "./rules/voucher.js";

export type StepName = "Submit" | "Audit" | "UnAudit" | "CancelAssign" | "Delete" | "Forbid" | "Enable" | "Cancel" | "UnCancel";

interface Step {
  readonly title: string;
  /** The states it may be done in. */
  readonly from: readonly Status[];
  /** The state it leads to; left out, the state stays. */
  readonly to?: Status;
  /** What else it changes. */
  readonly sets?: Readonly<Record<string, string>>;
  readonly only?: "bill" | "base";
}

const STEPS: Readonly<Record<StepName, Step>> = {
  Submit: { title: "提交", from: ["A", "D"], to: "B" },
  Audit: { title: "审核", from: ["B"], to: "C" },
  UnAudit: { title: "反审核", from: ["C"], to: "D" },
  CancelAssign: { title: "撤销", from: ["B"], to: "A" },
  Delete: { title: "删除", from: ["Z", "A"] },
  Forbid: { title: "禁用", from: ["C"], sets: { FForbidStatus: "B" }, only: "base" },
  Enable: { title: "反禁用", from: ["C"], sets: { FForbidStatus: "A" }, only: "base" },
  Cancel: { title: "作废", from: ["Z", "A", "D"], sets: { FCancelStatus: "B" }, only: "bill" },
  UnCancel: { title: "反作废", from: ["Z", "A", "D"], sets: { FCancelStatus: "A" }, only: "bill" },
};

export const STEP_NAMES = Object.keys(STEPS) as readonly StepName[];

export function isStep(name: string): name is StepName {
  return Object.hasOwn(STEPS, name);
}

const STATUS_TITLES: Readonly<Record<Status, string>> = { Z: "暂存", A: "创建", B: "审核中", C: "已审核", D: "重新审核" };

/** Does one step on one bill, or says why it cannot be done. */
export function takeStep(books: Books, known: KnownForm, name: StepName, bill: Bill, time: string): readonly Fault[] {
  const { form } = known;
  const step = STEPS[name];
  const number = textOf(bill.values, form.number);
  if (step.only !== undefined && step.only !== form.kind) return [fault(`${form.title}没有操作“${step.title}”`, CODE.operationEmpty)];
  if (bill.values["_locked"] === true) return [editLock(form.title, step.title, number)];
  const status = statusOfBill(bill);
  if (!step.from.includes(status)) {
    return [fault(`${form.title}${number}的状态为${STATUS_TITLES[status]}，不能${step.title}`, CODE.notInThisState, "FDocumentStatus")];
  }
  if (bill.values["FCancelStatus"] === "B" && (name === "Submit" || name === "Audit")) {
    return [fault(`${form.title}${number}已作废，不能${step.title}`, CODE.notInThisState, "FCancelStatus")];
  }
  if (name === "Audit" && form.id === VOUCHER) {
    const faults = auditFaults(books, bill);
    if (faults.length > 0) return faults;
  }
  if (name === "UnAudit" && bill.values["_posted"] === true) return [fault(`凭证${number}已过账，不能反审核`, CODE.notInThisState)];
  if (name === "UnAudit" && isPushed(books, form.id, bill)) return [fault(`${form.title}${number}已下推，不能反审核`, CODE.notInThisState)];
  if (name === "Delete") books.remove(form.id, bill.id);
  else books.put(form.id, { ...bill, values: { ...bill.values, ...changes(step, time) } });
  return [];
}

function changes(step: Step, time: string): Readonly<Record<string, string | null>> {
  return {
    ...step.sets,
    ...(step.to === undefined ? {} : { FDocumentStatus: step.to }),
    ...(step.to === "C" ? { FApproveDate: time } : {}),
    ...(step.to === "D" ? { FApproveDate: null } : {}),
    FModifyDate: time,
  };
}

/** A step on many bills: some may succeed and others fail. */
export function takeSteps(books: Books, known: KnownForm, name: StepName, named: readonly Named[], time: string): readonly Outcome[] {
  return named.map((each, index): Outcome => {
    if ("fault" in each) return { index, faults: [each.fault] };
    const faults = takeStep(books, known, name, each.bill, time);
    if (faults.length > 0) return { index, faults };
    return { index, done: { id: each.bill.id, number: textOf(each.bill.values, known.form.number) } };
  });
}
