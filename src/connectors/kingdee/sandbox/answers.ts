import type { SandboxAnswer } from "../../sandbox/contract.js";
import { type Written, writeExact } from "./exact-json.js";

/** The `MsgCode` of an answer, as the vendor numbers them. */
export const CODE = {
  none: 0,
  sessionLost: 1,
  noPermission: 2,
  operationEmpty: 3,
  exception: 4,
  formEmpty: 5,
  parameterWrong: 8,
  fieldMissing: 9,
  noData: 10,
  validation: 11,
  notInThisState: 12,
  editLock: 13,
  callLimit: 14,
} as const;

/** One reason why something was refused. */
export interface Fault {
  readonly field: string | null;
  readonly message: string;
  readonly code: number;
}

export const fault = (message: string, code: number, field: string | null = null): Fault => ({ field, message, code });

/** What became of one item of a call: exactly one of the two. */
export type Outcome =
  | { readonly index: number; readonly done: Done; readonly faults?: undefined }
  | { readonly index: number; readonly faults: readonly Fault[]; readonly done?: undefined };

export interface Done {
  readonly id: number;
  readonly number: string;
  /** The fields asked for by `NeedReturnFields`. */
  readonly returned?: Readonly<Record<string, Written>>;
}

export interface StatusStyle {
  /** Ids as text, as Save writes them; Submit and its like write numbers. */
  readonly textIds: boolean;
}

export function statusOf(outcomes: readonly Outcome[], style: StatusStyle): Written {
  const refused = outcomes.flatMap(({ index, faults }) => (faults ?? []).map((each) => ({ index, ...each })));
  // The order of the vendor: its own SDK looks for the text `,"IsSuccess":false,` to tell an error from rows.
  return {
    ...(refused.length === 0 ? {} : { ErrorCode: 500 }),
    IsSuccess: refused.length === 0,
    Errors: refused.map(({ index, field, message }) => ({ FieldName: field, Message: message, DIndex: index })),
    SuccessEntitys: outcomes.flatMap(({ index, done }) =>
      done === undefined ? [] : [{ Id: style.textIds ? String(done.id) : done.id, Number: done.number, DIndex: index }],
    ),
    SuccessMessages: [],
    MsgCode: refused[0]?.code ?? CODE.none,
  };
}

export function ok(body: Written): SandboxAnswer {
  return { status: 200, headers: { "content-type": "application/json; charset=utf-8" }, body: writeExact(body) };
}

/** How an operation of this kind words a failure that is not about one item: queries put it where a row would stand. */
export type Shape = "status" | "row" | "list";

export function refused(faults: readonly Fault[], shape: Shape = "status", index = 0): SandboxAnswer {
  const result = { Result: { ResponseStatus: statusOf([{ index, faults }], { textIds: true }) } };
  const body: Written = shape === "row" ? [[result]] : shape === "list" ? [result] : result;
  return { ...ok(body), isRefusal: true };
}

export const SESSION_LOST = fault("会话信息已丢失，请重新登录", CODE.sessionLost);
export const NO_SUCH_FORM = fault("业务对象不存在", CODE.exception);
export const notFound = (what: string): Fault => fault(`${what}：数据在系统中不存在`, CODE.noData);
export const editLock = (title: string, operation: string, number: string): Fault =>
  fault(`当前用户使用业务单据“${title}”${number}，与业务操作-${operation}冲突，请稍候再使用`, CODE.editLock);
