import type { AnswerOptions, SandboxAnswer } from "../../sandbox/contract.js";
import { CODE, type Fault, fault, NO_SUCH_FORM, notFound, type Outcome, ok, refused, type Shape, statusOf } from "./answers.js";
import type { Books } from "./books.js";
import type { JsonObject, Written } from "./exact-json.js";
import type { KnownForm } from "./forms/index.js";
import { type Named, namedIn } from "./named.js";
import { pushToPayment } from "./push.js";
import { ask } from "./query/query.js";
import { businessInfo, viewOf } from "./query/view.js";
import { type FORM_OPERATIONS, type FormRequest, NOT_BUILT } from "./request.js";
import { modelsOf, type SaveRequest, saveModel } from "./save/save.js";
import type { Settings } from "./settings.js";
import { isStep, type StepName, takeStep, takeSteps } from "./steps.js";
import { isYes, plainText, texts, wholeNumber } from "./texts.js";

/** One call on a form, after sign-in. */
export interface Setting {
  readonly books: Books;
  readonly settings: Settings;
  /** Internal id of the organisation that the caller is in. */
  readonly organisation: number;
  /** Server time of the call. */
  readonly time: string;
  readonly options: AnswerOptions;
}

type Operation = (setting: Setting, known: KnownForm, request: FormRequest) => SandboxAnswer;

const OPERATIONS: Readonly<Record<(typeof FORM_OPERATIONS)[number], Operation>> = {
  ExecuteBillQuery: (setting, known, { data }) => query(setting, known, data, "row"),
  BillQuery: (setting, known, { data }) => query(setting, known, data, "list"),
  View: view,
  QueryBusinessInfo: (_, { form }) =>
    ok({ Result: { ResponseStatus: statusOf([], { textIds: true }), NeedReturnData: businessInfo(form) } }),
  Save: (setting, known, { data }) => save(setting, known, data, "one"),
  Draft: (setting, known, { data }) => save(setting, known, data, "draft"),
  BatchSave: (setting, known, { data }) => save(setting, known, data, "batch"),
  ExcuteOperation: execute,
  Push: push,
};

/** How an operation words a refusal of the whole call. */
export function shapeOf(operation: string): Shape {
  return operation === "ExecuteBillQuery" ? "row" : operation === "BillQuery" ? "list" : "status";
}

const isUnbuilt = (name: string): boolean => NOT_BUILT.some((each) => each === name);
const isBuilt = (name: string): name is keyof typeof OPERATIONS => Object.hasOwn(OPERATIONS, name);

export function isOperation(name: string): boolean {
  return isUnbuilt(name) || isStep(name) || isBuilt(name);
}

export function operate(setting: Setting, operation: string, request: FormRequest): SandboxAnswer {
  const shape = shapeOf(operation);
  if (isUnbuilt(operation)) return refused([fault(`此模拟系统没有实现操作“${operation}”`, CODE.exception)], shape);
  if (request.formId === "") return refused([fault("业务对象标识不能为空", CODE.formEmpty)], shape);
  const known = setting.books.forms.get(request.formId);
  if (known === undefined) return refused([NO_SUCH_FORM], shape);
  if (isStep(operation)) return step(setting, known, operation, request.data);
  if (!isBuilt(operation)) throw new Error(`bug: no operation \`${operation}\``);
  return OPERATIONS[operation](setting, known, request);
}

function query({ books, settings }: Setting, form: KnownForm, data: JsonObject, shape: "row" | "list"): SandboxAnswer {
  const keys = texts(data["FieldKeys"]);
  if (keys.length === 0) return refused([fault("查询字段不能为空", CODE.fieldMissing, "FieldKeys")], shape);
  const answer = ask(
    books,
    {
      form,
      keys,
      filter: data["FilterString"] ?? "",
      order: plainText(data["OrderString"]),
      start: wholeNumber(data["StartRow"], 0),
      limit: wholeNumber(data["Limit"], 0),
      top: wholeNumber(data["TopRowCount"], 0),
    },
    settings.mostRows,
  );
  if (answer.fault !== undefined) return refused([answer.fault], shape);
  if (shape === "row") return ok(answer.rows);
  return ok(answer.rows.map((row): Written => Object.fromEntries(row.map((value, at) => [keys[at] as string, value]))));
}

function view({ books }: Setting, { form }: KnownForm, { data }: FormRequest): SandboxAnswer {
  const id = plainText(data["Id"]);
  const number = plainText(data["Number"]);
  const byNumber = books.byNumber(form.id, number);
  const bill = id === "" || id === "0" ? byNumber[0] : books.get(form.id, Number(id));
  if (bill === undefined) return refused([notFound(`${form.title}${id}${number}`)]);
  return ok({ Result: { ResponseStatus: statusOf([], { textIds: true }), Result: viewOf(books, form, bill) } });
}

function save(setting: Setting, known: KnownForm, data: JsonObject, kind: "one" | "batch" | "draft"): SandboxAnswer {
  const models = modelsOf(data, kind === "batch");
  if (models === null) return refused([fault("参数 Model 不能为空", CODE.parameterWrong, "Model")]);
  const request: SaveRequest = {
    known,
    deletesRows: isYes(data["IsDeleteEntry"], true),
    only: texts(data["NeedUpDateFields"]),
    checks: isYes(data["ValidateFlag"], true),
    asDraft: kind === "draft",
    returnFields: texts(data["NeedReturnFields"]),
  };
  const goesOn = kind !== "draft" && isYes(data["IsAutoSubmitAndAudit"], false);
  return onEach(
    setting.options,
    models,
    (model, index): Outcome => {
      const result = saveModel(setting, request, model);
      if (result.faults !== undefined) return { index, faults: result.faults };
      const faults = goesOn ? submitAndAudit(setting, known, result.done.id) : [];
      return faults.length > 0 ? { index, faults } : { index, done: result.done };
    },
    (outcomes) => {
      const [first] = outcomes;
      const returned = outcomes.map(({ done }) => done?.returned ?? {});
      return {
        ResponseStatus: statusOf(outcomes, { textIds: true }),
        ...(kind === "batch" ? {} : { Id: first?.done === undefined ? "" : String(first.done.id), Number: first?.done?.number ?? "" }),
        ...(request.returnFields.length === 0 ? {} : { NeedReturnData: returned }),
      };
    },
  );
}

/** What was saved stays saved, also when a step after it fails. */
function submitAndAudit({ books, time }: Setting, known: KnownForm, id: number): readonly Fault[] {
  for (const name of ["Submit", "Audit"] as const) {
    const bill = books.get(known.form.id, id);
    const faults = bill === undefined ? [notFound(known.form.title)] : takeStep(books, known, name, bill, time);
    if (faults.length > 0) return faults;
  }
  return [];
}

function step(setting: Setting, known: KnownForm, name: StepName, data: JsonObject): SandboxAnswer {
  return onNamed(setting, known, data, (named) => takeSteps(setting.books, known, name, named, setting.time));
}

function push(setting: Setting, known: KnownForm, { data }: FormRequest): SandboxAnswer {
  const target = plainText(data["TargetFormId"]);
  return onNamed(setting, known, data, (named) => pushToPayment(setting.books, known, target, named, setting.time));
}

function execute(setting: Setting, known: KnownForm, { data, operationNumber }: FormRequest): SandboxAnswer {
  if (operationNumber === "") return refused([fault("操作标识不能为空", CODE.operationEmpty)]);
  const allowed = /^(Forbid|Enable|Cancel|UnCancel|CancelAssign)$/.test(operationNumber);
  if (!allowed || !isStep(operationNumber)) return refused([fault(`操作“${operationNumber}”不存在`, CODE.exception)]);
  return step(setting, known, operationNumber, data);
}

function onNamed(
  setting: Setting,
  known: KnownForm,
  data: JsonObject,
  work: (named: readonly Named[]) => readonly Outcome[],
): SandboxAnswer {
  const named = namedIn(setting.books, known, data);
  if (named === null) return refused([fault("Ids 和 Numbers 必须且只能传入其中一个", CODE.parameterWrong)]);
  const result = (outcomes: readonly Outcome[]): Written => ({ ResponseStatus: statusOf(outcomes, { textIds: false }) });
  return onEach(
    setting.options,
    named,
    (each, index): Outcome => {
      const [outcome] = work([each]);
      if (outcome === undefined) throw new Error("bug: a step without an outcome");
      return { ...outcome, index };
    },
    result,
  );
}

/** Works on each item, and answers with exactly one outcome for each; a cut call breaks off after some of them. */
function onEach<T>(
  { cutAfter }: AnswerOptions,
  items: readonly T[],
  work: (item: T, index: number) => Outcome,
  resultOf: (outcomes: readonly Outcome[]) => Written,
): SandboxAnswer {
  const isCut = cutAfter !== null && items.length > cutAfter;
  const outcomes = (isCut ? items.slice(0, cutAfter) : items).map(work);
  const isRefusal = outcomes.every(({ done }) => done === undefined);
  if (isCut) return { status: 500, headers: { "content-type": "text/html; charset=utf-8" }, body: "<h1>500</h1>", isRefusal };
  return { ...ok({ Result: resultOf(outcomes) }), isRefusal };
}
