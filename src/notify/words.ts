import type { NotifyEvent } from "../config/notify-schema.js";
import { PROBLEM_CODES } from "../model/problem-codes.js";
import { CHINESE_TITLES } from "../model/problem-titles-zh.js";
import { BUG, type Cause } from "./facts.js";

export type Language = "en" | "zh";

/** The words of a message in one language. */
export interface Words {
  /** What stands after the name of a pipeline in the subject. */
  readonly event: Readonly<Record<NotifyEvent, string>>;
  /** Stands for a pipeline where no single one can be named. */
  readonly whole: string;
  readonly several: (n: number) => string;
  readonly cause: (code: Cause) => string;
  readonly failed: (cause: string) => string;
  readonly notStarted: (cause: string) => string;
  readonly recovered: string;
  readonly inDoubt: (n: number, money: string) => string;
  readonly waiting: (n: number, news: number, money: string) => string;
  readonly toApprove: (n: number) => string;
  readonly posted: (n: number, money: string) => string;
  /** Of how many documents the amount is not known, beside what is. */
  readonly unknown: (n: number, isAll: boolean) => string;
  readonly keys: (keys: string, isAll: boolean) => string;
  readonly next: string;
  readonly more: (n: number) => string;
  readonly comma: string;
  readonly test: string;
  readonly testSubject: string;
}

const items = (n: number): string => (n === 1 ? "1 item waits" : `${n} items wait`);
const documents = (n: number): string => (n === 1 ? "1 document" : `${n} documents`);

const ENGLISH: Words = {
  event: { failed: "failed", "in doubt": "in doubt", waiting: "items wait", recovered: "works again" },
  whole: "the project",
  several: (n) => `${n} pipelines`,
  cause: (code) =>
    code === BUG ? "the program itself failed; its own words stand where it ran" : `${PROBLEM_CODES[code].title} (${code})`,
  failed: (cause) => `stopped: ${cause}`,
  notStarted: (cause) => `could not start: ${cause}`,
  recovered: "works again: the last run did what it had to do",
  inDoubt: (n, money) => `in doubt: ${documents(n)} sent, answer unknown${money}; nothing more is sent for them until the target was asked`,
  waiting: (n, news, money) => `${items(n)}${news === 0 || news >= n ? "" : `, ${news} of them new`}${money}`,
  toApprove: (n) => `${documents(n)} ${n === 1 ? "waits" : "wait"} for a plan that is approved; nothing was sent`,
  posted: (n, money) => `posted in this run: ${documents(n)}${money}`,
  unknown: (n, isAll) => (isAll ? "amount not known yet" : `and ${n} whose amount is not known yet`),
  keys: (keys, isAll) => (isAll ? keys : `${keys}, …`),
  next: "next:",
  more: (n) => `… and ${n} more: sync status`,
  comma: ", ",
  test: "This is a test. Nothing happened; messages about runs will come here.",
  testSubject: "test message",
};

const CHINESE: Words = {
  event: { failed: "运行失败", "in doubt": "存疑", waiting: "有待处理项", recovered: "恢复正常" },
  whole: "整个项目",
  several: (n) => `${n} 个管道`,
  cause: (code) => (code === BUG ? "程序自身出错，详情见其运行处的输出" : `${CHINESE_TITLES[code]}（${code}）`),
  failed: (cause) => `已停止：${cause}`,
  notStarted: (cause) => `未能开始：${cause}`,
  recovered: "恢复正常：最近一次运行已完成应做的工作",
  inDoubt: (n, money) => `存疑：${n} 张单据已发送但应答未知${money}；在向目标系统查询之前不会再次发送`,
  waiting: (n, news, money) => `待处理 ${n} 项${news === 0 || news >= n ? "" : `，其中新增 ${news} 项`}${money}`,
  toApprove: (n) => `${n} 张单据等待方案批准，未发送任何单据`,
  posted: (n, money) => `本次过账 ${n} 张单据${money}`,
  unknown: (n, isAll) => (isAll ? "金额尚不可知" : `另有 ${n} 项金额尚不可知`),
  keys: (keys, isAll) => (isAll ? keys : `${keys} 等`),
  next: "接下来：",
  more: (n) => `…… 另有 ${n} 个：sync status`,
  comma: "，",
  test: "这是一条测试消息。没有发生任何事情；运行的消息将发送到这里。",
  testSubject: "测试消息",
};

export function wordsIn(language: Language): Words {
  return language === "zh" ? CHINESE : ENGLISH;
}
