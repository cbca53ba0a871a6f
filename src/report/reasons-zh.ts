import type { PageWords } from "./page-words.js";

/** Why something waits, as an accountant would say it, and what helps. */
export const CHINESE_REASONS: PageWords["reasons"] = {
  RECORD_MALFORMED: { title: "导出文件中有一行无法读取", help: "请重新导出，或修正文件中的这一行。" },
  RECORD_INVALID: { title: "导出的行不完整或有误", help: "缺少必填内容，或日期、金额格式不对。请在来源系统中更正。" },
  RECORD_NO_KEY: { title: "有一行没有单据编号", help: "无法判断属于哪张单据。多为合计行或备注行；否则请补上编号。" },
  RECORD_MISSING: { title: "缺少明细行", help: "单据少了一行明细，请整单重新导出。" },
  RECORD_TWICE: { title: "两条不同的明细使用了同一编号", help: "请确认哪一条正确，并在来源系统中更正另一条。" },
  MAP_FAILED: { title: "无法得出科目、金额或摘要", help: "单据中的某个值不符合规则的要求。" },
  MAP_LOOKUP_MISSING: { title: "没有对应的科目或编码", help: "请在所述对照表中补上这个值，指明它对应哪个科目。" },
  MAP_DISAGREE: { title: "同一单据的明细互相矛盾", help: "例如一张单据中有两种币种或两个日期。请在来源系统中更正。" },
  MAP_AMOUNT: { title: "金额无法入账", help: "例如小数位数超过该币种允许的位数。" },
  MAP_HEADER: { title: "日期、币种或摘要无法入账", help: "请在来源系统中更正。" },
  DOCUMENT_BAD_RECORD: { title: "有一行明细有误，整张单据等待处理", help: "单据要么整张入账，要么不入账。更正该行后，单据随即恢复。" },
  DOCUMENT_EMPTY: { title: "没有可入账的金额", help: "单据金额全部为零。如属正常，可将其移出待处理清单。" },
  DOCUMENT_UNBALANCED: { title: "借贷不平", help: "请核对单据的不含税金额、税额与价税合计。" },
  DOCUMENT_CHECK: { title: "未通过管道规定的检查", help: "具体检查见说明。请在来源系统中更正单据。" },
  DOCUMENT_NOT_UNIQUE: { title: "同一号码出现在两张单据中", help: "例如同一张发票重复报销。请确认哪一张单据正确。" },
  TARGET_REJECTED: { title: "财务系统拒绝接收", help: "财务系统的原话附在每一项后面。请按其要求更正。" },
  TARGET_PERIOD_CLOSED: { title: "会计期间已结账", help: "请反结账，或将单据日期改到未结账的期间。" },
  TARGET_NOT_YET: { title: "财务系统暂不接收", help: "每次运行都会重试。" },
  TARGET_CONFLICT: { title: "财务系统中该号码下已有另一张单据", help: "请在财务系统中查明其来源。" },
  TARGET_CHANGED_HELD: { title: "过账之后来源有变更", help: "按管道规定，此类更正由人工处理。请在财务系统中更正。" },
  TARGET_EDITED: { title: "有人在财务系统中修改或删除了它", help: "程序不会覆盖。请查明是谁、为何修改，再在财务系统或来源系统中更正。" },
  TARGET_BUSY: { title: "财务系统繁忙", help: "没有发送任何内容，每次运行都会重试。" },
  TARGET_CONTENT_UNKNOWN: { title: "已入账，但无法得知其内容", help: "请在财务系统中核对。" },
  TARGET_UNCONFIRMED: { title: "已发送，但没有收到应答", help: "再次发送之前，会先向财务系统查询是否已收到。" },
};
