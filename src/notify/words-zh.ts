import type { ProblemCode } from "../model/problem.js";

/** What keeps single items waiting, and what stops runs most often. */
const CAUSES: Partial<Record<ProblemCode, string>> = {
  RECORD_MALFORMED: "记录行无法拆分为各列",
  RECORD_INVALID: "记录不符合其数据结构",
  RECORD_NO_KEY: "记录缺少主键",
  RECORD_MISSING: "应包含的记录未出现",
  RECORD_TWICE: "两条不同记录主键相同",
  MAP_FAILED: "表达式对这些记录无法得出结果",
  MAP_LOOKUP_MISSING: "对照表中没有该值",
  MAP_LOOKUP_STOP: "必须完整的对照表中没有该值",
  MAP_DISAGREE: "同一单据的记录相互矛盾",
  MAP_AMOUNT: "金额无法入账",
  MAP_HEADER: "单据表头的值无法入账",
  DOCUMENT_BAD_RECORD: "单据中有记录待处理",
  DOCUMENT_EMPTY: "单据没有分录",
  DOCUMENT_UNBALANCED: "借贷不平",
  DOCUMENT_CHECK: "不满足管道的检查条件",
  DOCUMENT_NOT_UNIQUE: "应唯一的值出现在两张单据中",
  TARGET_UNAVAILABLE: "目标系统无法连接或打开",
  TARGET_REJECTED: "目标系统拒绝了单据",
  TARGET_PERIOD_CLOSED: "会计期间已关闭",
  TARGET_NOT_YET: "目标系统暂不接收，以后可能接收",
  TARGET_CONFLICT: "目标系统在同一键下已有其他单据",
  TARGET_CHANGED_HELD: "已过账单据有变更，按管道设置暂缓",
  TARGET_EDITED: "已过账单据在目标系统中被修改或删除",
  TARGET_BUSY: "目标系统繁忙或无法连接，未发送",
  TARGET_SIGN_IN: "目标系统拒绝登录",
  TARGET_CONTENT_UNKNOWN: "从目标系统恢复，内容不可知",
  TARGET_UNCONFIRMED: "已发送但应答未知",
  SOURCE_UNREADABLE: "来源无法读取",
  SOURCE_SIGN_IN: "来源系统拒绝登录",
  SOURCE_IDENTITY: "服务器身份无法确认",
  CONFIG_MISSING_SECRET: "缺少环境变量或密钥文件",
  STORE_NEWER: "本地存储由更新版本的程序写入",
  STORE_UNREADABLE: "本地存储无法打开",
  STORE_FAILED: "本地存储无法读写",
  STORE_BEHIND: "目标系统中有本地存储不知道的过账",
  RUN_LEFT_OUT: "所依赖的管道未完成工作，本管道未运行",
  RUN_THRESHOLD: "待处理项超过管道允许的阈值",
};

/** By the first word of the code, for what is rare. */
const FAMILIES: Readonly<Record<string, string>> = {
  CONFIG: "配置有误",
  EXPR: "表达式有误",
  SOURCE: "来源数据有问题",
  RECORD: "记录有问题",
  MAP: "映射有问题",
  DOCUMENT: "单据有问题",
  TARGET: "目标系统有问题",
  STORE: "本地存储有问题",
  RUN: "运行受阻",
  PLAN: "方案不能使用",
  RECONCILE: "对账未完成",
};

/** Short words for a code; the code itself always stands beside them. */
export function chineseCause(code: ProblemCode): string {
  return CAUSES[code] ?? FAMILIES[code.split("_")[0] as string] ?? "命令用法有误";
}
