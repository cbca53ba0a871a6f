import { type Disposition, dispositionOf, type ProblemCode } from "../model/problem.js";
import type { Helper, Language } from "./explanation.js";

/** What stands around the words of a page. */
export interface Labels {
  readonly code: string;
  readonly title: string;
  readonly next: string;
  readonly means: string;
  readonly matters: string;
  readonly mend: string;
  /** Behind `mend`: who usually does it. */
  readonly usually: (who: string) => string;
  readonly until: string;
  readonly cause: string;
  readonly example: string;
  readonly prints: (command: string) => string;
  /** Of a file of which only a part is shown. */
  readonly line: (name: string, line: number) => string;
  readonly list: string;
  readonly or: string;
  readonly helpers: Readonly<Record<Helper, string>>;
  readonly dispositions: Readonly<Record<Disposition, string>>;
  /** What happens until it is mended. */
  readonly untilThen: Readonly<Record<Disposition | "files" | "plan" | "command", string>>;
}

const ENGLISH: Labels = {
  code: "code",
  title: "means",
  next: "what happens next",
  means: "What it means",
  matters: "Why it matters",
  mend: "How to mend it",
  usually: (who) => `usually ${who}`,
  until: "Until then",
  cause: "What causes it",
  example: "The smallest input that causes it",
  prints: (command) => `\`${command}\` then prints`,
  line: (name, line) => `${name}, from line ${line}`,
  list: "all about one: sync explain CODE",
  or: " or ",
  helpers: {
    it: "finance IT",
    accountant: "the accountant",
    erp: "the ERP administrator",
    source: "the source system's administrator",
  },
  dispositions: {
    stop: "stop",
    quarantine: "quarantine",
    hold: "hold",
    retry: "retry",
    verify: "verify",
    notice: "notice",
  },
  untilThen: {
    stop: "This pipeline stops and sends nothing more. What was sent before is noted, and the next run goes on from there.",
    quarantine: "It waits with its reason (`sync quarantine list`) and is tried again with every run. The others are posted.",
    hold: "The document waits with its reason (`sync quarantine list`), and every run looks again. The others are posted.",
    retry: "It is tried again within the run, a few times; after that the document waits for the next run.",
    verify: "Nothing more is sent for this document. Every run first asks the target whether it has it.",
    notice: "The run goes on. Nothing waits because of it.",
    files: "A pipeline with a mistake does not run; the others do. With a mistake in `sync.yaml`, none does.",
    plan: "Nothing of the plan is sent.",
    command: "The command did nothing.",
  },
};

const CHINESE: Labels = {
  code: "代码",
  title: "含义",
  next: "程序如何处理",
  means: "含义",
  matters: "为什么重要",
  mend: "如何处理",
  usually: (who) => `通常由${who}处理`,
  until: "处理之前",
  cause: "常见原因",
  example: "最小复现示例",
  prints: (command) => `此时 \`${command}\` 输出`,
  line: (name, line) => `${name}，从第 ${line} 行起`,
  list: "查看某一项：sync explain CODE",
  or: "或",
  helpers: { it: "财务 IT 人员", accountant: "会计", erp: "ERP 管理员", source: "来源系统管理员" },
  dispositions: { stop: "停止", quarantine: "待处理", hold: "暂缓", retry: "重试", verify: "查询", notice: "通知" },
  untilThen: {
    stop: "该管道停止，不再发送。此前发送的已经记下，下次运行从那里继续。",
    quarantine: "该项附上原因待处理（`sync quarantine list`），每次运行都会重试。其余单据照常过账。",
    hold: "该单据附上原因暂缓（`sync quarantine list`），每次运行都会再看。其余单据照常过账。",
    retry: "本次运行内重试几次，仍不成功的单据留给下次运行。",
    verify: "不再为该单据发送任何内容。每次运行都会先向目标系统查询是否已收到。",
    notice: "运行照常继续，没有单据因此等待。",
    files: "有错误的管道不运行，其余照常。`sync.yaml` 有错误时全部不运行。",
    plan: "方案中的内容一概不发送。",
    command: "命令什么也没做。",
  },
};

export function labelsOf(language: Language): Labels {
  return language === "zh" ? CHINESE : ENGLISH;
}

/** What the program does about it until somebody has mended it. */
export function untilThen(code: ProblemCode, language: Language): string {
  const texts = labelsOf(language).untilThen;
  if (code === "USAGE" || code === "NOT_FOUND" || code === "CONFIG_NO_PROJECT") return texts.command;
  if (/^(CONFIG|EXPR)_/.test(code)) return texts.files;
  if (code.startsWith("PLAN_")) return texts.plan;
  return texts[dispositionOf(code)];
}

/** Who usually mends it, in words. */
export function helpersText(who: readonly Helper[], language: Language): string {
  const { helpers, or } = labelsOf(language);
  return who.map((each) => helpers[each]).join(or);
}
