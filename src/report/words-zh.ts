import { countText } from "./amounts.js";
import type { PageWords } from "./page-words.js";
import { CHINESE_REASONS } from "./reasons-zh.js";

const ticked = (names: readonly string[]): string[] => names.map((name) => `\`${name}\``);
const joined = (names: readonly string[], last: string): string =>
  names.length < 2 ? (names[0] ?? "") : `${names.slice(0, -1).join("、")}${last}${names.at(-1)}`;
const together = (money: string): string => (money === "" ? "" : `，共 ${money}`);

export const CHINESE: PageWords = {
  tag: "zh-CN",
  documents: (n) => `${countText(n)} 张单据`,
  items: (n) => `${countText(n)} 项`,
  list: (names) => joined(names, "、"),
  state: {
    plan: "过账方案。",
    aboutPlan: "本页内容尚未入账，显示的是方案执行后将要入账的内容。",
    preview: "仅供预览。",
    aboutPreview: "本页内容尚未入账。此方案没有保存，不能批准；制作人可以用 `sync plan --out FILE` 保存方案。",
  },
  head: {
    pipeline: "管道",
    target: "记入",
    targetIs: (connection, connector) => `\`${connection}\`（连接器 ${connector}）`,
    project: "项目",
    environment: (project, environment) => `${project}，环境 \`${environment}\``,
    made: "生成时间",
    madeBy: (by, host, run) => `由 \`${by}\` 在 \`${host}\` 上生成，第 ${run} 次运行`,
    id: "方案编号",
    hash: "方案哈希（SHA-256）",
    approval: "批准",
    nobody: "无需批准，用 `sync apply` 执行",
    needs: (names, needed) => {
      if (needed === 2) return `须由 ${joined(ticked(names), "、")} 中的两人批准`;
      return `须由 ${joined(ticked(names), " 或 ")} 批准${needed === null ? "；金额超过管道限额时须两人批准" : ""}`;
    },
  },
  contents: "本页目录",
  summary: {
    title: "概要",
    caption: "各类单据的处理结果。金额为单据金额合计。",
    columns: { what: "处理", number: "单据数", posted: "入账金额", takenBack: "冲回金额" },
    waiting: "待处理，不在本方案内",
    notBooked: (title) => `${title}，不入账`,
    moved: (money) => `变动金额总计：\`${money}\`。退款、负数与冲回的金额在此按绝对值相加。`,
  },
  kinds: {
    create: {
      title: "新单据",
      short: "新增",
      happens: (number, posted, _, target) => `${number}在 \`${target}\` 中尚不存在，首次入账${together(posted)}。`,
    },
    supplement: {
      title: "批次补充",
      short: "补充",
      happens: (number, posted) => `${number}补充到以前入账的批次${together(posted)}，原批次保持不变。`,
    },
    replace: {
      title: "重制单据",
      short: "重制",
      happens: (number, posted, takenBack) =>
        `${number}入账后来源有变更：先冲销原单据${together(takenBack)}，再按新内容入账${together(posted)}。`,
    },
    update: {
      title: "直接修改",
      short: "修改",
      happens: (number) => `${number}尚未正式入账，直接改为新内容，不作冲销。`,
    },
    finish: {
      title: "续办草稿",
      short: "续办",
      happens: (number, posted) => `${number}停留在草稿状态，完成余下步骤${together(posted)}。`,
    },
    reverse: {
      title: "冲销单据",
      short: "冲销",
      happens: (number, _, takenBack) => `${number}来源已作废，以红字单据冲销${together(takenBack)}。`,
    },
    hold: {
      title: "暂缓单据",
      short: "暂缓",
      happens: (number) => `${number}暂缓，不作任何入账，原因见“暂缓单据”。`,
    },
  },
  will: {
    title: (mustBeApproved) => (mustBeApproved ? "批准后会发生什么" : "执行后会发生什么"),
    begin: (isSaved, mustBeApproved, target) =>
      isSaved && mustBeApproved
        ? `批准并用 \`sync apply\` 执行后，\`${target}\` 中将发生且仅发生：`
        : `执行本方案后，\`${target}\` 中将发生且仅发生：`,
    nothing: "什么也不会发生：本方案不入账，也不冲回任何内容。",
    waiting: (number) => `${number}待处理，不作任何入账，原因见“待处理项及原因”。`,
    asked: (number, target) => `已事先向 \`${target}\` 查询，${number}可以接收。`,
    notAsked: (number, target) =>
      `没有事先向 \`${target}\` 查询是否接收这 ${number}，仅做了本程序的检查。被拒绝的单据不会入账，列入待处理并注明原因。`,
    readThere: (number, target) => `${number}的“变更前”内容是制作方案时从 \`${target}\` 读取的。`,
    remembered: (number, target) => `${number}的“变更前”内容是我方当时入账的内容，没有到 \`${target}\` 核对现状。`,
    otherwise: "执行时与本页不符的单据会被剔除并列出。本页之外的内容一律不入账。",
    compare: (begin) => `批准仅对本方案有效。批准前请核对：\`sync plan --from FILE\` 显示的文件哈希应以 \`${begin}\` 开头。`,
  },
  approvals: {
    title: "文件中的批准",
    about: "批准是否有效，在执行方案时核验。",
    one: (by, at, isSigned) => `\`${by}\`，${at}，${isSigned ? "已用密钥签名" : "未签名"}`,
  },
  before: {
    title: "与上次运行比较",
    caption: "单据数与平常相差很大时，值得问一问原因。",
    none: "此管道以前没有入账记录。",
    what: "单据",
    here: "本方案",
    run: (run, at) => `第 ${run} 次运行，${at}`,
    rows: { posted: "新增或续办", replaced: "重制或修改", reversed: "冲销" },
  },
  amounts: {
    title: "金额",
    about: "本方案对账簿的影响。冲回的金额以相反符号计入，因此负数表示减少已入账金额。",
    account: "科目",
    perAccount: "按科目",
    period: "会计期间",
    perPeriod: "按会计期间",
    per: (name) => `按${name}`,
    caption: (currency) => `金额，${currency}`,
    largest: (shown, all) => `${countText(all)} 项中金额最大的 ${shown} 项`,
    all: (n) => `全部 ${countText(n)} 项，按顺序`,
    debit: "借方",
    credit: "贷方",
    legend: "细线为零，冲回的金额在其左侧。",
    total: "合计",
    dimensionNote: "没有该项取值的分录不计入，因此借方与贷方不一定相等。",
  },
  filter: {
    title: "查找单据",
    search: "查找",
    searchHint: "编号、姓名、金额…",
    account: "科目",
    allAccounts: "全部",
    kind: "显示",
    waiting: "待处理",
    open: "全部展开",
    close: "全部收起",
    reset: "全部显示",
    found: "显示 {shown} / {all}",
  },
  waiting: {
    title: "待处理项及原因",
    about: "以下各项不在本方案内。每次运行都会重试，原因消除后另行批准入账。",
    record: "明细行",
    since: (at) => `自 ${at} 起等待`,
    forIt: "供技术人员参考：",
    place: (file, line, field) =>
      [file === null ? "" : `${file}${line === null ? "" : ` 第 ${line} 行`}`, field === null ? "" : `“${field}”列`]
        .filter((part) => part !== "")
        .join("，"),
  },
  reasons: CHINESE_REASONS,
  otherReason: { title: "无法入账", help: "程序给出的原文附在每一项后面。" },
  documentsPart: {
    title: "单据",
    about: "点开单据可查看分录。替换原单据的，变更前后内容并列显示。",
    nothing: "本方案没有单据。",
  },
  document: {
    lines: "分录",
    line: "科目与摘要",
    amount: "金额",
    change: "变化",
    head: "表头变化",
    field: "项目",
    before: "变更前",
    after: "变更后",
    empty: "（空）",
    was: "原",
    now: "现",
    is: { unchanged: "未变", changed: "变更", added: "新增", removed: "删除" },
    fields: { date: "日期", currency: "币种", text: "摘要", attachments: "附件张数" },
    partner: "往来",
    attachments: (n) => `附件 ${n} 张`,
    unknownContent: "原入账内容不详：从目标系统找回，而目标系统不提供内容。",
    postedAs: (reference, at) => `原凭证 \`${reference}\`，${at}`,
    seenTarget: "“变更前”读自目标系统",
    seenStore: "“变更前”是我方入账的内容，未到目标系统核对",
    gone: (reference) => (reference === null ? "目标系统中已不存在" : `目标系统中已不存在，被 \`${reference}\` 冲销`),
    step: (step) => `草稿，已完成步骤 \`${step}\``,
    checkedTarget: "目标系统已检查",
    checkedUs: "仅本程序检查",
    why: "暂缓：",
    types: {
      payable: "应付单",
      expense_claim: "费用报销单",
      payment: "付款单",
      asset: "资产卡片",
      budget_usage: "预算执行",
      entity: "主数据",
      result: "回写结果",
    },
  },
  foot: (program) => `由 \`sync ${program}\` 生成。本文件自成一体，不从任何地方加载内容。`,
  sheets: {
    summary: "概要",
    documents: "单据",
    waiting: "待处理",
    version: "版本",
    versions: { posted: "入账", takenBack: "冲回", held: "暂缓，不入账" },
    key: "单据编号",
    currency: "币种",
    documentText: "摘要",
    lineText: "分录摘要",
    further: "其他",
    reference: "原凭证",
    reason: "原因",
    found: "说明",
    place: "位置",
    since: "起始时间",
    kind: "处理",
    date: "日期",
  },
};
