import type { RunCounts, RunStatus } from "../../model/run.js";
import { count } from "./progress.js";

export type Language = "en" | "zh";

/** The words of a run's summary in one language. */
export interface RunWords {
  readonly run: (id: number, status: string, seconds: string) => string;
  readonly status: Readonly<Record<RunStatus, string>>;
  /** One line of the summary: what, how many of what, and what that means. */
  readonly lines: (counts: RunCounts) => readonly (readonly [string, number, string, string])[];
  readonly account: string;
  readonly debit: string;
  readonly credit: string;
  readonly total: string;
  readonly next: string;
  readonly steps: { readonly quarantine: string; readonly balance: string; readonly journal: string; readonly status: string };
}

const files = (n: number): string => (n === 1 ? "1 file" : `${count(n)} files`);

const ENGLISH: RunWords = {
  run: (id, status, seconds) => `run ${id}: ${status}, ${seconds} s`,
  status: {
    running: "running",
    done: "done",
    waiting: "done, and items wait",
    "in-doubt": "in doubt: some answers are unknown",
    threshold: "stopped by a threshold; nothing was sent",
    failed: "stopped by an error",
    interrupted: "stopped on request; what was sent is finished",
  },
  lines: (counts) => [
    [
      "read",
      counts.read,
      "records",
      `${count(counts.changed)} new or changed, ${count(counts.unchanged)} as before, from ${files(counts.units)}${counts.unitsKnown === 0 ? "" : `; ${files(counts.unitsKnown)} as before, not read again`}`,
    ],
    ["left out", counts.leftOut, counts.leftOut === 1 ? "row" : "rows", "as the source's options say: totals, footers"],
    ["posted", counts.posted, "documents", ""],
    ["added", counts.supplemented, "documents", "supplements and differences of batches that were posted before"],
    ["recovered", counts.recovered, "postings", "found in the target, and not in the store until now"],
    ["confirmed", counts.confirmed, "documents", "their answer was lost, and the target was found to hold them"],
    ["replaced", counts.replaced, "documents", "changed at the source: reversed and posted again, or corrected as a draft"],
    ["reversed", counts.reversed, "documents", "no longer wanted at the source"],
    ["kept", counts.kept, "documents", "posted before and unchanged"],
    ["waiting", counts.waiting, "items", counts.waiting === 0 ? "" : "each with its reason: sync quarantine list"],
    ["withheld", counts.toApprove, "documents", "they wait for a plan that is approved: sync apply"],
    ["in doubt", counts.unconfirmed, "documents", "sent, answer unknown; looked up before anything else is sent"],
  ],
  account: "account",
  debit: "debit",
  credit: "credit",
  total: "total",
  next: "next:",
  steps: {
    quarantine: "what waits, and why",
    balance: "the trial balance of the books",
    journal: "every voucher",
    status: "all pipelines at a glance",
  },
};

const CHINESE: RunWords = {
  run: (id, status, seconds) => `第 ${id} 次运行：${status}，用时 ${seconds} 秒`,
  status: {
    running: "运行中",
    done: "完成",
    waiting: "完成，有待处理项",
    "in-doubt": "存疑：部分单据未收到应答",
    threshold: "超过阈值而停止，未发送任何单据",
    failed: "因错误停止",
    interrupted: "按要求停止，已发送的单据均已处理完毕",
  },
  lines: (counts) => [
    [
      "读取",
      counts.read,
      "条记录",
      `新增或变更 ${count(counts.changed)}，未变 ${count(counts.unchanged)}，来自 ${counts.units} 个文件${counts.unitsKnown === 0 ? "" : `；另有 ${counts.unitsKnown} 个文件未变，不再读取`}`,
    ],
    ["略过", counts.leftOut, "行", "按来源设置略过：合计行、页脚"],
    ["过账", counts.posted, "张单据", ""],
    ["补充", counts.supplemented, "张单据", "已过账批次的补充凭证与差异凭证"],
    ["找回", counts.recovered, "笔过账", "目标系统已有，本地存储此前没有记录"],
    ["补认", counts.confirmed, "张单据", "应答曾丢失，已在目标系统中查到"],
    ["重制", counts.replaced, "张单据", "来源已变更：冲销后重新过账，草稿则直接修改"],
    ["冲销", counts.reversed, "张单据", "来源已作废"],
    ["保持", counts.kept, "张单据", "以前已过账且未变"],
    ["待处理", counts.waiting, "项", counts.waiting === 0 ? "" : "每项都有原因：sync quarantine list"],
    ["待批准", counts.toApprove, "张单据", "等待方案批准后执行：sync apply"],
    ["存疑", counts.unconfirmed, "张单据", "已发送但应答未知；先查询，再发送其他内容"],
  ],
  account: "科目",
  debit: "借方",
  credit: "贷方",
  total: "合计",
  next: "接下来：",
  steps: { quarantine: "待处理的单据及原因", balance: "科目余额表", journal: "全部凭证", status: "各管道概览" },
};

export function runWords(language: Language): RunWords {
  return language === "zh" ? CHINESE : ENGLISH;
}

/** The words of the table that closes several runs. */
export interface ManyWords {
  readonly columns: readonly [pipeline: string, read: string, posted: string, waiting: string, outcome: string];
  readonly failed: (codes: string) => string;
  readonly leftOut: (needs: string) => string;
  readonly notScheduled: (why: { readonly isScheduled: boolean; readonly next: string | null }) => string;
  readonly notBegun: string;
}

const MANY: Readonly<Record<Language, ManyWords>> = {
  en: {
    columns: ["pipeline", "read", "posted", "waiting", "outcome"],
    failed: (codes) => `did not begin: ${codes}`,
    leftOut: (needs) => `left out: it comes after ${needs}, which did not do its work`,
    notScheduled: ({ isScheduled, next }) =>
      isScheduled ? `not scheduled now; ${next === null ? "no further run is due" : `the next run is due ${next}`}` : "it has no schedule",
    notBegun: "not begun: asked to stop before",
  },
  zh: {
    columns: ["管道", "读取", "过账", "待处理", "结果"],
    failed: (codes) => `未能开始：${codes}`,
    leftOut: (needs) => `未运行：须在 ${needs} 之后，而后者未能完成`,
    notScheduled: ({ isScheduled, next }) =>
      isScheduled ? `当前不在计划内；${next === null ? "没有后续运行" : `下次运行：${next}`}` : "没有运行计划",
    notBegun: "未开始：此前已按要求停止",
  },
};

export function manyWords(language: Language): ManyWords {
  return MANY[language];
}
