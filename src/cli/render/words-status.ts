import type { LeaseStanding, RunState } from "../standing.js";
import { count } from "./progress.js";
import type { Language } from "./words.js";

/** The words of `sync status` in one language. */
export interface StatusWords {
  readonly columns: {
    readonly pipeline: string;
    readonly run: string;
    readonly ended: string;
    readonly lag: string;
    readonly waiting: string;
    readonly inDoubt: string;
    readonly coming: string;
  };
  readonly never: string;
  readonly state: Readonly<Record<RunState, string>>;
  /** A kind of run that is not the usual one. */
  readonly kind: (kind: string) => string;
  readonly ago: (age: string) => string;
  readonly in: (time: string) => string;
  /** A run that should have begun, and did not. */
  readonly due: (age: string) => string;
  readonly since: (age: string) => string;
  readonly unit: { readonly second: string; readonly minute: string; readonly hour: string; readonly day: string };
  readonly stopped: string;
  readonly killed: (host: string, pid: number) => string;
  readonly limbo: string;
  readonly inDoubt: string;
  readonly waiting: string;
  readonly unsent: string;
  readonly unknown: string;
  readonly unbuilt: string;
  readonly causes: string;
  readonly moreCauses: (causes: number, items: number) => string;
  readonly approval: (documents: number) => string;
  readonly leases: string;
  readonly noLease: string;
  readonly process: (pid: number, host: string) => string;
  readonly life: (state: LeaseStanding["state"], age: string) => string;
  readonly folded: (pipelines: number) => string;
  readonly next: string;
}

const ENGLISH: StatusWords = {
  columns: {
    pipeline: "pipeline",
    run: "last run",
    ended: "when",
    lag: "lag",
    waiting: "waiting",
    inDoubt: "in doubt",
    coming: "next run",
  },
  never: "never ran",
  state: {
    running: "running",
    done: "done",
    waiting: "items wait",
    "in-doubt": "in doubt",
    threshold: "threshold",
    failed: "failed",
    interrupted: "interrupted",
    killed: "killed",
  },
  kind: (kind) => kind,
  ago: (age) => `${age} ago`,
  in: (time) => `in ${time}`,
  due: (age) => `due ${age} ago`,
  since: (age) => `for ${age}`,
  unit: { second: "s", minute: "min", hour: "h", day: "d" },
  stopped: "did not do all its work",
  killed: (host, pid) => `process ${pid} on ${host} ended without writing how; the next run goes on from there`,
  limbo: "money in limbo",
  inDoubt: "in doubt: sent, answer unknown",
  waiting: "on the list",
  unsent: "not sent yet",
  unknown: "cannot be built, amount unknown",
  unbuilt: "more, not added up",
  causes: "waiting, by cause",
  moreCauses: (causes, items) =>
    `… and ${count(items)} more for ${causes === 1 ? "one other cause" : `${count(causes)} other causes`}: sync quarantine list --by cause`,
  approval: (documents) =>
    `${count(documents)} ${documents === 1 ? "document waits" : "documents wait"} for a plan that is approved and applied`,
  leases: "held by runs",
  noLease: "no run is under way",
  process: (pid, host) => `process ${pid} on ${host}`,
  life: (state, age) =>
    state === "held" ? `last sign of life ${age} ago` : state === "gone" ? "its process is gone" : `no sign of life for ${age}`,
  folded: (pipelines) => `… and ${count(pipelines)} more, where all is done: sync status --all`,
  next: "more: sync runs show RUN, sync quarantine list --by cause",
};

const CHINESE: StatusWords = {
  columns: { pipeline: "管道", run: "上次运行", ended: "时间", lag: "滞后", waiting: "待处理", inDoubt: "存疑", coming: "下次运行" },
  never: "从未运行",
  state: {
    running: "运行中",
    done: "完成",
    waiting: "有待处理项",
    "in-doubt": "存疑",
    threshold: "超过阈值",
    failed: "失败",
    interrupted: "按要求停止",
    killed: "进程中断",
  },
  kind: (kind) => ({ plan: "方案", apply: "执行方案", retry: "重试", recover: "找回" })[kind] ?? kind,
  ago: (age) => `${age}前`,
  in: (time) => `${time}后`,
  due: (age) => `应于 ${age}前开始`,
  since: (age) => `已 ${age}`,
  unit: { second: "秒", minute: "分钟", hour: "小时", day: "天" },
  stopped: "未完成全部工作",
  killed: (host, pid) => `${host} 上的进程 ${pid} 未写明结果即中断；下次运行从此处继续`,
  limbo: "未落定的金额",
  inDoubt: "存疑：已发送，应答未知",
  waiting: "待处理",
  unsent: "尚未发送",
  unknown: "无法生成单据，金额未知",
  unbuilt: "其余未计算金额",
  causes: "待处理原因",
  moreCauses: (causes, items) => `… 另有 ${count(causes)} 种原因，共 ${count(items)} 项：sync quarantine list --by cause`,
  approval: (documents) => `${count(documents)} 张单据等待方案批准后执行`,
  leases: "运行占用",
  noLease: "当前没有运行",
  process: (pid, host) => `${host} 上的进程 ${pid}`,
  life: (state, age) => (state === "held" ? `${age}前有响应` : state === "gone" ? "进程已不存在" : `${age}无响应`),
  folded: (pipelines) => `… 另有 ${count(pipelines)} 个管道均已完成：sync status --all`,
  next: "更多：sync runs show RUN，sync quarantine list --by cause",
};

export function statusWords(language: Language): StatusWords {
  return language === "zh" ? CHINESE : ENGLISH;
}

/** `40 s`, `12 min`, `6 h`, `3 d`: rounded down, in the largest unit of which there are two, so that `90 min` is not told as `1 h`. */
export function ageText(ms: number, { unit }: Pick<StatusWords, "unit">): string {
  const seconds = Math.max(0, Math.floor(ms / 1000));
  const text = (size: number, name: string): string => `${Math.floor(seconds / size)} ${name}`;
  if (seconds >= 2 * 86_400) return text(86_400, unit.day);
  if (seconds >= 2 * 3_600) return text(3_600, unit.hour);
  return seconds >= 120 ? text(60, unit.minute) : text(1, unit.second);
}
