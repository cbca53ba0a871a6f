import type { RunState } from "../standing.js";
import type { Deed, Setback } from "../story.js";
import { count } from "./progress.js";
import type { Language } from "./words.js";

/** The words of `sync runs show` in one language. */
export interface StoryWords {
  /** Of a run that has no end: which it is, and how it stands. */
  readonly run: (id: number, state: string) => string;
  readonly titled: (title: string, n: string) => string;
  readonly comma: string;
  readonly started: string;
  readonly ended: string;
  readonly by: (who: string, command: string) => string;
  readonly process: (pid: number, host: string, program: string | null) => string;
  readonly exit: (code: string) => string;
  readonly took: (seconds: string) => string;
  readonly noEnd: Readonly<Record<Extract<RunState, "running" | "killed">, string>>;
  readonly noLog: string;
  readonly read: string;
  readonly records: (n: number) => string;
  readonly done: string;
  readonly deed: Readonly<Record<Deed, string>>;
  readonly reversal: (reference: string) => string;
  readonly wasLost: string;
  readonly draft: (step: string) => string;
  readonly refused: string;
  readonly outcome: (outcome: string) => string;
  readonly lost: string;
  readonly unanswered: string;
  readonly now: Readonly<Record<Setback["now"], string>>;
  readonly noted: string;
  readonly waits: string;
  readonly stillWaits: string;
  readonly more: (n: number, total: number) => string;
}

const ENGLISH: StoryWords = {
  run: (id, state) => `run ${id}: ${state}`,
  titled: (title, n) => `${title}: ${n}`,
  comma: ", ",
  started: "started",
  ended: "ended",
  by: (who, command) => `by ${who}: ${command}`,
  process: (pid, host, program) => `process ${pid} on ${host}${program === null ? "" : `, version ${program}`}`,
  exit: (code) => `exit code ${code}`,
  took: (seconds) => `after ${seconds} s`,
  noEnd: { running: "it is under way", killed: "it was killed: it never wrote its end, and the next run goes on from there" },
  noLog: "the audit log is younger than this run, so it does not tell who started it, nor what was sent",
  read: "taken from the source",
  records: (n) => `${count(n)} ${n === 1 ? "record" : "records"}`,
  done: "in the target",
  deed: { posted: "posted", replaced: "replaced", reversed: "reversed", "draft updated": "draft updated", finished: "taken further" },
  reversal: (reference) => `the one before cancelled by ${reference}`,
  wasLost: "the answer was lost, and the target was found to have it",
  draft: (step) => `still a draft, got as far as ${step}`,
  refused: "refused, or not sent",
  outcome: (outcome) => outcome,
  lost: "answers that were lost",
  unanswered: "on its way when the run died",
  now: {
    "in doubt": "still unknown; the next run asks the target",
    accepted: "found in the target since",
    other: "not in the target under that key",
  },
  noted: "also noted",
  waits: "what waits now, by cause",
  stillWaits: "what it was the first to meet, and still waits",
  more: (n, total) => `… and ${count(n)} more; show them with --limit ${total}`,
};

const CHINESE: StoryWords = {
  run: (id, state) => `第 ${id} 次运行：${state}`,
  titled: (title, n) => `${title}：${n}`,
  comma: "，",
  started: "开始",
  ended: "结束",
  by: (who, command) => `由 ${who} 执行：${command}`,
  process: (pid, host, program) => `${host} 上的进程 ${pid}${program === null ? "" : `，版本 ${program}`}`,
  exit: (code) => `退出码 ${code}`,
  took: (seconds) => `用时 ${seconds} 秒`,
  noEnd: { running: "仍在运行", killed: "进程中断，未写明结果；下次运行从此处继续" },
  noLog: "审计日志晚于本次运行，无法得知由谁启动及发送了什么",
  read: "来源",
  records: (n) => `${count(n)} 条记录`,
  done: "目标系统",
  deed: { posted: "过账", replaced: "重制", reversed: "冲销", "draft updated": "修改草稿", finished: "继续办理" },
  reversal: (reference) => `原凭证由 ${reference} 冲销`,
  wasLost: "应答曾丢失，已在目标系统中查到",
  draft: (step) => `仍为草稿，已到 ${step}`,
  refused: "被拒绝或未发送",
  outcome: (outcome) => ({ rejected: "被拒绝", conflict: "冲突", "not sent": "未发送", "set aside": "已搁置" })[outcome] ?? outcome,
  lost: "丢失的应答",
  unanswered: "运行中断时尚无应答",
  now: { "in doubt": "仍未知；下次运行先查询目标系统", accepted: "之后已在目标系统中查到", other: "目标系统中没有该编号的单据" },
  noted: "其他记录",
  waits: "目前待处理项，按原因",
  stillWaits: "本次运行首次发现且仍待处理",
  more: (n, total) => `… 另有 ${count(n)} 项；用 --limit ${total} 查看`,
};

export function storyWords(language: Language): StoryWords {
  return language === "zh" ? CHINESE : ENGLISH;
}
