import type { ProblemCode } from "../model/problem.js";
import type { Explanations } from "./explanation.js";

/** Problems of posting: what the target answers, and what stands in it; and of the network, at either end. */
export const TARGET: Explanations<Extract<ProblemCode, `${"TARGET" | "NETWORK"}_${string}`>> = {
  NETWORK_NAME: {
    who: ["it"],
    en: {
      means:
        "The name of a server, of a connection or of its proxy, could not be looked up, five times within 15 seconds: the name service does not answer, or does not know the name.",
      matters: "Nobody was asked and nothing was sent; every document would have fared the same, so the run stopped at once.",
      mend: [
        "The message has the name. Look it up on this machine, as the user that runs `sync`: `getent hosts NAME`",
        "No name is found at all: network, VPN or name service of this machine are down (`resolvectl status`).",
        "Only this one is not found: compare it with `url` of the connection in `sync.yaml`; ask whether the server has moved.",
        "When the name is found again: `sync run PIPELINE`, or let the next night do it.",
      ],
      cause: "the machine's VPN or name service was down during the night",
    },
    zh: {
      means: "某个连接（或其代理）的服务器名称在 15 秒内连续五次无法解析：域名服务没有应答，或不认识这个名称。",
      matters: "没有询问任何一方，也没有发送任何内容；其他单据结果也一样，所以运行立即停止。",
      mend: [
        "提示里有该名称。在本机以运行 `sync` 的用户解析：`getent hosts NAME`",
        "什么名称都解析不了：本机的网络、VPN 或域名服务中断（`resolvectl status`）。",
        "只有这一个解析不了：与 `sync.yaml` 中该连接的 `url` 比对；询问服务器是否搬迁。",
        "能解析后：`sync run PIPELINE`，或等下一夜自动运行。",
      ],
      cause: "夜里本机的 VPN 或域名服务中断",
    },
  },
  NETWORK_CERTIFICATE: {
    who: ["it", "erp"],
    en: {
      means:
        "The server's certificate has expired, is not valid yet, is for another name, or is signed by an authority that this machine does not know. It was looked at before anything was sent.",
      matters: "Whoever sits in between could read the sign-in and change amounts. Nothing was sent, not even the sign-in.",
      mend: [
        "Expired: whoever runs the server renews it. See until when it was good: `sync doctor`, which also warns 30 days before.",
        "Not valid yet, or expired while others can connect: this machine's clock is wrong: `date`",
        "An unknown authority: get its certificate from whoever runs the server, by another way than this connection, and name the file as `ca` of the connection.",
        "Then `sync run PIPELINE`. There is no switch that leaves the check out.",
      ],
      cause: "the certificate of the ERP ended last night and nobody had renewed it",
    },
    zh: {
      means: "服务器证书已过期、尚未生效、属于别的名称，或由本机不认识的机构签发。检查在发送任何内容之前。",
      matters: "中间人可能读到登录信息、改动金额。因此什么都没有发送，连登录也没有。",
      mend: [
        "已过期：由服务器管理员续期。`sync doctor` 会显示有效期，并提前 30 天提醒。",
        "尚未生效，或别人能连而这里显示过期：本机时钟不对：`date`",
        "不认识的签发机构：通过别的途径向服务器管理员取得其证书，写为该连接的 `ca`。",
        "然后 `sync run PIPELINE`。没有跳过检查的开关。",
      ],
      cause: "ERP 的证书昨夜到期，没有人续期",
    },
  },
  TARGET_UNAVAILABLE: {
    who: ["it", "erp"],
    en: {
      means:
        "The target cannot be reached, opened or asked: it is down, too busy for several calls in a row, a file of it is missing, or an answer does not say what it should.",
      matters: "Sending into the dark is how documents get booked twice. What the program cannot ask about, it does not send.",
      mend: [
        "Read the message: it has the target's own answer.",
        "Check it from this machine: `sync connectors check PIPELINE`. Is the ERP up, did its address change, is the share connected?",
        "Then `sync run PIPELINE`. If it was a passing fault, the next run does that by itself.",
      ],
    },
    zh: {
      means: "目标系统连不上、打不开或问不出结果：停机、连续多次繁忙、它的某个文件不见了，或应答里没有应有的内容。",
      matters: "不明情况就发送，正是重复入账的原因。问不到结果的，程序不发。",
      mend: [
        "看提示：里面有目标系统的原话。",
        "在本机检查：`sync connectors check PIPELINE`。ERP 开着吗？地址变了吗？共享盘连着吗？",
        "然后 `sync run PIPELINE`。如果只是一时的故障，下次运行会自行继续。",
      ],
    },
  },
  TARGET_REJECTED: {
    who: ["accountant", "erp"],
    en: {
      means: "The accounting system refused this document. Its own words stand in the message. Nothing was booked of it.",
      matters:
        "It is not in the books. A document that is sent again unchanged is refused again, so it waits until something is put right.",
      mend: [
        "Read the words of the ERP: `sync quarantine show KEY`. Mostly it is an account or partner that it does not have, or a dimension that is demanded.",
        "Put right what it objects to: the chart or the master data in the ERP, the lookup, or the document in the system it comes from.",
        "Then `sync quarantine retry KEY`, or wait for the next run.",
      ],
    },
    zh: {
      means: "财务系统拒收这张单据，原话在提示里。没有记入任何内容。",
      matters: "账上没有这一笔。原样再发还会被拒，所以先待处理，等更正。",
      mend: [
        "看 ERP 的原话：`sync quarantine show KEY`。多半是科目或往来单位不存在，或缺少必填的辅助核算。",
        "按其要求更正：ERP 的科目表或基础资料、对照表，或来源系统中的单据。",
        "然后 `sync quarantine retry KEY`，或等下次运行。",
      ],
    },
  },
  TARGET_PERIOD_CLOSED: {
    who: ["accountant", "erp"],
    en: {
      means: "The document, or the posting that must be cancelled, is dated in a period that is closed.",
      matters:
        "A closed month has been reported. Nothing is booked into it behind the accountant's back, and no date is changed unless the pipeline says so.",
      mend: [
        "Decide: does it belong into the closed month?",
        "Yes: have the period reopened in the ERP (反结账); for the built-in ledger, move `periods.closed_through` of the connection back.",
        "No: correct the date in the system it comes from, or set `target.closed_period: next open period`. Then the next run posts it.",
      ],
    },
    zh: {
      means: "单据，或必须冲销的那张凭证，日期在已结账的期间内。",
      matters: "已结账的月份已经出了报表。程序不会背着会计往里记，也不会擅自改日期，除非管道如此规定。",
      mend: [
        "先决定：该不该记在已结账的月份？",
        "该：请在 ERP 中反结账；如果是内置账套，把连接的 `periods.closed_through` 往前调。",
        "不该：在来源系统中改日期，或设置 `target.closed_period: next open period`。下次运行会过账。",
      ],
    },
  },
  TARGET_NOT_YET: {
    who: ["accountant", "source"],
    en: {
      means:
        "The target does not take it yet, and will later: the department above it is not there, the claim is not paid yet, or what was posted a moment ago is not shown yet.",
      matters: "Nothing is lost. It only becomes a matter for people when it stays so for days.",
      mend: [
        "Mostly nothing: it is tried again with every run.",
        "If it stays: the message says what is waited for. Have that done in the target, such as the payment or the department.",
        'If that will never happen: `sync quarantine drop KEY --reason "claim was withdrawn"`',
      ],
      cause: "a voucher number is to be written back to a claim that is still to be paid",
    },
    zh: {
      means: "目标系统现在不接收，以后会接收：上级部门还没有、报销单还没付款，或刚过账的内容还查不到。",
      matters: "没有丢失。只有好几天都这样，才需要人来管。",
      mend: [
        "多半不用处理：每次运行都会重试。",
        "一直如此：提示里写了在等什么，请在目标系统中办理，例如付款或建立部门。",
        '永远不会发生的：`sync quarantine drop KEY --reason "单据已撤回"`',
      ],
      cause: "要把凭证号回写到报销单，而该单还没有付款",
    },
  },
  TARGET_CONFLICT: {
    who: ["erp", "accountant"],
    en: {
      means: "The target holds something else under our key: other content, two documents, or one that was cancelled already.",
      matters:
        "One of them is a document that nobody sent on purpose, or somebody changed. Sending on could book twice, or cancel what is not ours.",
      mend: [
        "Look the key up in the ERP, and compare: `sync show KEY`, `sync state show KEY`, `sync audit log --document KEY`",
        "Two documents under one key: delete or cancel all but one in the ERP. The next run goes on by itself.",
        'Other content: say which it is. Ours: `sync resolve KEY --posted NUMBER --reason "…"`. Not ours: `sync resolve KEY --not-posted --reason "…"`',
      ],
      cause: "a voucher was copied by hand in the ERP, and the copy kept our key",
    },
    zh: {
      means: "目标系统里，我们的编号下是别的东西：内容不同、有两张单据，或已被冲销。",
      matters: "其中一张不是有意发送的，或被人改过。继续发送可能重复入账，或冲掉不属于我们的凭证。",
      mend: [
        "在 ERP 中按编号查找并核对：`sync show KEY`、`sync state show KEY`、`sync audit log --document KEY`",
        "同一编号两张单据：在 ERP 中只保留一张，其余删除或冲销。下次运行自行继续。",
        '内容不同：请说明是哪一种。是我们的：`sync resolve KEY --posted NUMBER --reason "…"`；不是：`sync resolve KEY --not-posted --reason "…"`',
      ],
      cause: "有人在 ERP 里复制了凭证，复制件带着我们的编号",
    },
  },
  TARGET_CHANGED_HELD: {
    who: ["accountant"],
    en: {
      means:
        "A document changed at the source, or is no longer wanted there, after it was posted. This pipeline leaves such corrections to a person.",
      matters: "The books hold the old version until somebody corrects it.",
      mend: [
        "See what changed: `sync plan PIPELINE`, and what was posted: `sync state show KEY`",
        'Correct it by hand in the ERP, then take it off the list: `sync quarantine drop KEY --reason "corrected with voucher 记-0123"`',
        "If the program may do it: `target.changed: reverse and repost`, or `target.gone: reverse`. The next run does so.",
      ],
      cause: "a claim was corrected after it was booked, and the pipeline has `changed: hold`",
    },
    zh: {
      means: "单据过账之后，来源有变更或已作废。按管道规定，此类更正由人工处理。",
      matters: "在有人更正之前，账上是旧内容。",
      mend: [
        "看变了什么：`sync plan PIPELINE`；看过账了什么：`sync state show KEY`",
        '在 ERP 中手工更正，再移出待处理清单：`sync quarantine drop KEY --reason "已用 记-0123 更正"`',
        "允许程序处理的话：设置 `target.changed: reverse and repost` 或 `target.gone: reverse`，下次运行会执行。",
      ],
      cause: "单据入账后又被修改，而管道写的是 `changed: hold`",
    },
  },
  TARGET_EDITED: {
    who: ["accountant", "erp"],
    en: {
      means: "Somebody changed, cancelled or deleted a posted document in the accounting system.",
      matters: "Perhaps that was right. It is not overwritten, and nothing is posted beside it, until a person has looked.",
      mend: [
        "See what differs: `sync quarantine show KEY`. Find out in the ERP who changed it, and why.",
        "The change was a mistake: put it right in the ERP. It goes on by itself with the next run.",
        'The change was right: correct the source too, or take it off the list: `sync quarantine drop KEY --reason "corrected in the ERP"`. What is done without asking: `target.edited`.',
      ],
      cause: "a voucher was deleted in the ERP before the month was closed",
    },
    zh: {
      means: "有人在财务系统中修改、冲销或删除了已过账的单据。",
      matters: "也许改得对。在有人查明之前，程序既不覆盖，也不另记一笔。",
      mend: [
        "看差在哪里：`sync quarantine show KEY`。在 ERP 中查明是谁、为何修改。",
        "改错了：在 ERP 中改回来，下次运行自行继续。",
        '改得对：把来源也更正，或移出待处理清单：`sync quarantine drop KEY --reason "已在 ERP 中更正"`。不询问时怎么办，由 `target.edited` 规定。',
      ],
      cause: "结账前有人在 ERP 中删除了凭证",
    },
  },
  TARGET_BUSY: {
    who: ["it", "erp"],
    en: {
      means: "The target had no time for this call, asked us to wait, or could not be reached. Nothing was sent.",
      matters: "The program waits as it is told and tries again, a few times. What does not get through then waits for the next run.",
      mend: [
        "Mostly nothing: it is tried again with every run.",
        "If it comes each night: run at another time, or ask the ERP administrator about limits of the interface.",
        "Now: `sync quarantine retry KEY`",
      ],
      cause: "the ERP answered HTTP 429 or 503 six times, or somebody has the document open there",
    },
    zh: {
      means: "目标系统无暇处理、要求稍候，或连接不上。没有发送任何内容。",
      matters: "程序会按要求等待并重试几次，仍不成功的留给下次运行。",
      mend: [
        "多半不用处理：每次运行都会重试。",
        "每晚都这样：换个时间运行，或向 ERP 管理员询问接口的限流。",
        "现在就试：`sync quarantine retry KEY`",
      ],
      cause: "ERP 连续六次返回 HTTP 429 或 503，或有人正在 ERP 中打开该单据",
    },
  },
  TARGET_SIGN_IN: {
    who: ["it", "erp"],
    en: {
      means: "The target does not let us in, or the user of the interface lacks a right there. It was tried once only.",
      matters: "Trying again and again would lock the account. Nothing was posted in the meantime, and nothing is lost.",
      mend: [
        "Check user, secret and company of the connection: expired, changed, spent? Secrets stand in the environment or in files, not in `sync.yaml`.",
        "If a right is missing: have the ERP administrator give it to the user of the interface.",
        "Then `sync connectors check PIPELINE` and `sync run PIPELINE`",
      ],
      cause: "the application secret was renewed in the ERP and not on this machine",
    },
    zh: {
      means: "目标系统不让登录，或接口用户缺少权限。只试过一次。",
      matters: "反复尝试会锁住账号。这期间没有过账，也没有丢失。",
      mend: [
        "检查连接的用户、密钥、账套：是否过期、改过或失效？密钥在环境变量或文件里，不在 `sync.yaml` 中。",
        "缺少权限：请 ERP 管理员给接口用户授权。",
        "然后 `sync connectors check PIPELINE`，再 `sync run PIPELINE`",
      ],
      cause: "ERP 里更换了应用密钥，而本机没有更换",
    },
  },
  TARGET_CONTENT_UNKNOWN: {
    who: ["accountant", "it"],
    en: {
      means:
        "After the store was rebuilt with `sync recover`, it is known that the document is booked, and not with what content: this target does not tell.",
      matters: "If it was booked in an older version, a correction is missing. If not, nothing is to be done. Only a comparison can tell.",
      mend: [
        "Compare these documents in the ERP with what is wanted now: `sync show KEY`",
        "All of them are as they are wanted: `sync recover PIPELINE --as-wanted`",
        "One is not: correct it in the ERP first.",
      ],
      cause: "the store was lost and rebuilt from a target that can only be asked by key",
    },
    zh: {
      means: "用 `sync recover` 重建本地存储后，只知道单据已入账，不知道内容：这个目标系统查不到内容。",
      matters: "如果入账的是旧版本，就还差一次更正；如果不是，就不用做什么。只有核对才知道。",
      mend: [
        "在 ERP 中逐张核对，对照现在应有的内容：`sync show KEY`",
        "全部一致：`sync recover PIPELINE --as-wanted`",
        "有不一致的：先在 ERP 中更正。",
      ],
      cause: "本地存储丢失，从只能按编号查询的目标系统重建",
    },
  },
  TARGET_UNCONFIRMED: {
    who: ["it", "accountant"],
    en: {
      means: "The document was sent, and the answer was lost. It may be in the books, or it may not.",
      matters: "Sent again now, it could be booked twice. So nothing more is sent for it until the target has said whether it has it.",
      mend: [
        "Run again: `sync run PIPELINE`. It asks the target first, and mostly that is all. Too early, it says so: a request that was given up on may still arrive.",
        "If the target cannot be searched by our key: look for the document there yourself, by amount, day and number.",
        'Then say what you found: `sync resolve KEY --posted NUMBER --reason "…"`, or `sync resolve KEY --not-posted --reason "…"`. It cannot be dropped.',
      ],
      cause: "the connection broke, or the ERP answered HTTP 504, after the voucher was sent",
    },
    zh: {
      means: "单据已发送，但应答丢失。可能已入账，也可能没有。",
      matters: "现在重发，可能会重复入账。所以在目标系统答复有没有之前，不再为它发送任何内容。",
      mend: [
        "再运行一次：`sync run PIPELINE`。它会先去查询，多半这样就好了。太早会有提示：中断的请求也许还在路上。",
        "目标系统不能按编号查询的：请自己按金额、日期、单号去查。",
        '再说明结果：`sync resolve KEY --posted NUMBER --reason "…"`，或 `sync resolve KEY --not-posted --reason "…"`。这一项不能直接移出清单。',
      ],
      cause: "凭证发出后连接中断，或 ERP 返回 HTTP 504",
    },
  },
};
