import type { ProblemCode } from "../model/problem.js";
import type { Explanations } from "./explanation.js";

/** Problems of the store, of runs, plans and comparisons, and of the command line. */
export const RUNS: Explanations<
  Extract<ProblemCode, `${"STORE" | "RUN" | "PLAN" | "RECONCILE"}_${string}`> | Extract<ProblemCode, "USAGE" | "NOT_FOUND">
> = {
  STORE_NEWER: {
    who: ["it"],
    en: {
      means: "The store was written by a newer version of this program than the one that was started.",
      matters: "An older program does not know what the newer one noted, and could post what was posted.",
      mend: [
        "Start the newer version. Mostly two versions are installed: compare `sync --version` in your shell and in cron.",
        "Do not go back to an older copy of the store for it: that copy does not know the latest postings.",
      ],
      cause: "the program was updated and then put back to the version before",
    },
    zh: {
      means: "本地存储是由比当前更新的程序版本写入的。",
      matters: "旧版本看不懂新版本记下的内容，可能把已过账的再过一次。",
      mend: [
        "改用新版本。多半是装了两个版本：比较终端里和 cron 里的 `sync --version`。",
        "不要为此换回旧的存储副本：旧副本不知道最近的过账。",
      ],
      cause: "程序升级后又退回了旧版本",
    },
  },
  STORE_UNREADABLE: {
    who: ["it"],
    en: {
      means:
        "The store file cannot be opened: its folder is missing or not writable, it belongs to another user, or it is another program's file.",
      matters: "The store remembers what was posted. Without it the program would not know what not to post again, so it does nothing.",
      mend: [
        "See who owns the file and its folder, and as whom this command ran. Cron and you should be the same user.",
        "Check the path under `store` in `sync.yaml`. `sync doctor` looks at folder, rights and disk.",
        "If the file is lost or damaged: put a copy there with `sync state import FILE --replace`, then `sync recover PIPELINE` before anything is posted.",
      ],
      cause: "somebody ran `sync` as root once, and the store now belongs to root",
    },
    zh: {
      means: "本地存储文件打不开：目录不存在或不可写、属于别的用户，或是别的程序的文件。",
      matters: "它记着哪些已过账。没有它就不知道哪些不能再过账，所以程序什么也不做。",
      mend: [
        "查看文件和目录属于谁、命令以谁的身份运行。cron 和你应当用同一用户。",
        "检查 `sync.yaml` 中 `store` 的路径。`sync doctor` 会检查目录、权限和磁盘。",
        "文件丢失或损坏：用 `sync state import FILE --replace` 恢复副本，过账之前先 `sync recover PIPELINE`。",
      ],
      cause: "有人用 root 运行过一次 `sync`，存储文件就归 root 了",
    },
  },
  STORE_FAILED: {
    who: ["it"],
    en: {
      means: "The store could not be read or written in the middle of the work: the disk is read-only or broken, or the file is damaged.",
      matters: "What cannot be noted is not sent. What was sent before is noted, or is looked up by the next run.",
      mend: [
        "Not writable: check owner and rights of the file and of its `-wal` and `-shm` companions.",
        "Damaged: put the file aside, restore a copy with `sync state import FILE`, and run `sync recover PIPELINE` before anything is posted.",
      ],
      cause: "the disk has errors, or a folder of the network went away",
    },
    zh: {
      means: "运行途中本地存储读不了或写不了：磁盘只读或故障，或文件损坏。",
      matters: "记不下来的就不发送。已发送的已经记下，或由下次运行去查询。",
      mend: [
        "不可写：检查文件及其 `-wal`、`-shm` 附属文件的属主和权限。",
        "文件损坏：先移开，用 `sync state import FILE` 恢复副本，过账之前先 `sync recover PIPELINE`。",
      ],
      cause: "磁盘有错误，或网络目录断开了",
    },
  },
  STORE_BUSY: {
    who: ["it"],
    en: {
      means: "Another run is at work on this pipeline, or another process writes to the store. This one did nothing.",
      matters: "Two runs at once could send the same document twice.",
      mend: [
        "Wait until the other run has ended: `sync status`. The message names its process and machine.",
        "If that process is gone, its hold ends by itself, at once on the same machine, elsewhere two minutes after its last sign of life. Never delete the store for it.",
        "If this comes each night: start the second job later.",
      ],
      cause: "the nightly run was still at work when somebody started it by hand",
    },
    zh: {
      means: "另一次运行正在处理这个管道，或另一个进程正在写本地存储。本次什么也没做。",
      matters: "两次运行同时进行，同一张单据可能发送两次。",
      mend: [
        "等另一次运行结束：`sync status`。提示里有它的进程号和机器名。",
        "进程已经不在：同一台机器上立即释放，别的机器在最后一次心跳两分钟后自动释放。切勿为此删除本地存储。",
        "每晚都这样：把后一个任务推后。",
      ],
      cause: "夜间任务还没跑完，有人又手工启动了一次",
    },
  },
  STORE_BEHIND: {
    who: ["it"],
    en: {
      means:
        "The target holds a document of this pipeline that the store does not know. The store was lost, or restored from an older copy.",
      matters: "Everything posted since that copy would be posted a second time.",
      mend: [
        "Rebuild what is missing from the target: `sync recover PIPELINE`. It changes nothing there.",
        "Compare: `sync reconcile PIPELINE`",
        "Then go on: `sync run PIPELINE`",
      ],
      cause: "the machine was restored from last week's backup",
    },
    zh: {
      means: "目标系统里有这个管道过账的单据，而本地存储没有记录：存储丢失过，或恢复成了旧副本。",
      matters: "旧副本之后过账的单据，会全部再过一次。",
      mend: [
        "从目标系统重建缺少的记录：`sync recover PIPELINE`。不会改动目标系统。",
        "核对：`sync reconcile PIPELINE`",
        "然后继续：`sync run PIPELINE`",
      ],
      cause: "机器用上周的备份恢复过",
    },
  },
  STORE_LEASE_LOST: {
    who: ["it"],
    en: {
      means:
        "This run was asleep for more than two minutes (a suspended machine, a paused container), or waited for one answer for more than an hour, and another run took over its pipeline.",
      matters: "Two runs must not send at once. This one stopped before it sent or wrote anything more.",
      mend: [
        "Nothing: the other run goes on. See it: `sync runs`",
        "Keep the machine from going to sleep at night. Do not start one pipeline on two machines.",
      ],
      cause: "the virtual machine was frozen for a snapshot while the run was at work",
    },
    zh: {
      means: "本次运行停顿超过两分钟（机器休眠、容器暂停），或者等待同一个应答超过一小时，另一次运行已接手该管道。",
      matters: "两次运行不能同时发送。本次在发送或写入任何内容之前就停了。",
      mend: ["不用处理：另一次运行会继续。查看：`sync runs`", "夜里不要让机器休眠，也不要在两台机器上运行同一个管道。"],
      cause: "运行期间虚拟机因做快照被冻结",
    },
  },
  RUN_CLOCK_BACK: {
    who: ["it"],
    en: {
      means: "This machine's clock is more than two hours behind the time at which the last run began. One of the two times is wrong.",
      matters:
        "Dates of vouchers, windows of time at the source, certificates and signatures go by this clock. A night with a wrong date would book into the wrong day or month, so nothing was read or sent.",
      mend: [
        "Compare `date -u` with a clock that you trust. `sync doctor` compares it with the servers too.",
        "The clock is wrong: set it right and let a time server keep it (`timedatectl set-ntp true`), then `sync run PIPELINE`",
        "The clock is right, and was ahead when the last run began: `sync run PIPELINE --clock-is-right`, once. Look first at what that run posted: `sync runs show`",
      ],
      cause: "after a restart, a virtual machine took its time from a host whose clock is a day behind",
    },
    zh: {
      means: "本机时钟比上次运行开始的时间早两个多小时，两个时间必有一个不对。",
      matters: "凭证日期、来源的时间窗口、证书和签名都以这个时钟为准。日期不对的一夜会记错日期或月份，所以没有读取、也没有发送任何内容。",
      mend: [
        "用可信的时钟核对 `date -u`。`sync doctor` 也会与各服务器的时间比对。",
        "时钟不对：校正并启用时间服务器（`timedatectl set-ntp true`），再 `sync run PIPELINE`",
        "时钟没错，是上次运行时快了：执行一次 `sync run PIPELINE --clock-is-right`。先看那次运行过了什么账：`sync runs show`",
      ],
      cause: "重启后虚拟机从慢了一天的主机取得时间",
    },
  },
  RUN_DISK_FULL: {
    who: ["it"],
    en: {
      means:
        "A disk had no room left in the middle of the work: that of the store, of the ledger's books, or of the folder for voucher files.",
      matters: "What cannot be noted is not sent. What was sent before is noted, or is looked up by the next run. Nothing is half written.",
      mend: [
        "The message names the file. See how full its disk is: `df -h FOLDER`",
        "Make room: old logs and exports, copies of the store; or give the disk more. `sync doctor` warns when less than 1 GiB is left.",
        "Then `sync run PIPELINE`: it goes on where this one stopped.",
      ],
      cause: "logs or old exports filled the disk during the night",
    },
    zh: {
      means: "运行途中磁盘没有空间了：存储文件、内置账簿，或凭证文件目录所在的磁盘。",
      matters: "记不下来的就不发送。已发送的已经记下，或由下次运行去查询。不会留下写了一半的内容。",
      mend: [
        "提示里有文件名。查看它所在磁盘：`df -h FOLDER`",
        "腾出空间：旧日志、旧导出、存储副本；或扩容。剩余不到 1 GiB 时 `sync doctor` 会提醒。",
        "然后 `sync run PIPELINE`：从停下的地方继续。",
      ],
      cause: "夜里日志或旧的导出文件占满了磁盘",
    },
  },
  RUN_INTERRUPTED: {
    who: ["it"],
    en: {
      means: "Somebody, or the system, asked the program to stop before it was done.",
      matters: "What was compared until then is not all of it, so it is not shown as a result. Nothing was sent.",
      mend: ["Start it again: `sync reconcile PIPELINE`", "If a time limit of cron, systemd or a container ended it: raise that limit."],
      cause: "Ctrl-C, or a time limit of the scheduler, during `sync reconcile`",
    },
    zh: {
      means: "程序还没做完，就有人或系统要求停止。",
      matters: "此前只核对了一部分，所以不作为结果显示。没有发送任何内容。",
      mend: ["重新开始：`sync reconcile PIPELINE`", "如果是 cron、systemd 或容器的时限所致：把时限调大。"],
      cause: "`sync reconcile` 期间按了 Ctrl-C，或到了调度程序的时限",
    },
  },
  RUN_LEFT_OUT: {
    who: ["it"],
    en: {
      means: "`sync run --all` left this pipeline out, because one that it comes after (`after`) did not do its work.",
      matters: "It would have worked with what is missing: claims of an employee whom the ERP does not have yet.",
      mend: [
        "Mend what stopped the other one; its own problem is in the same output. `sync status` shows both.",
        "Then `sync run --all`. Those that are done post nothing twice.",
      ],
      cause: "the pipeline for employees could not sign in, and the one for claims comes after it",
    },
    zh: {
      means: "`sync run --all` 没有运行这个管道，因为它的前置管道（`after`）没有完成。",
      matters: "照跑的话，会用到还缺的东西：例如报销人在 ERP 里还不存在。",
      mend: ["先解决前置管道的问题，它的提示就在同一输出里。`sync status` 可查看两者。", "然后 `sync run --all`。已完成的不会重复过账。"],
      cause: "员工管道登录失败，而报销单管道排在它后面",
    },
  },
  RUN_UNDER_WAY: {
    who: ["it"],
    en: {
      means: "A run was at work on the pipeline while it was reconciled.",
      matters: "What that run posts in the meantime can look like a difference that is none.",
      mend: ["Wait until it has ended: `sync status`", "Reconcile again: `sync reconcile PIPELINE`"],
      cause: "the nightly run had not ended when the comparison was started in the morning",
    },
    zh: {
      means: "核对时，该管道有一次运行正在进行。",
      matters: "那次运行期间过账的内容，看起来可能像差异，其实不是。",
      mend: ["等它结束：`sync status`", "再核对一次：`sync reconcile PIPELINE`"],
      cause: "早上开始核对时，夜间任务还没结束",
    },
  },
  RUN_THRESHOLD: {
    who: ["accountant", "it"],
    en: {
      means: "More items newly wait than `stop_when.quarantined` allows, so the run stopped before it sent anything.",
      matters:
        "So many at once mostly have one cause: a changed export or a table that was not updated. The ones that passed may be wrong too.",
      mend: [
        "Find the common cause: `sync quarantine list --by cause`",
        "Mend it, then `sync run PIPELINE`. What is mended no longer counts.",
        "If so many are right, such as at the end of the month: raise `stop_when.quarantined`.",
      ],
    },
    zh: {
      means: "新增的待处理项超过 `stop_when.quarantined` 的限额，运行在发送之前停止。",
      matters: "一下子这么多，多半出于同一个原因：导出格式变了，或对照表没更新。通过的那些也可能不对。",
      mend: [
        "找出共同原因：`sync quarantine list --by cause`",
        "解决后再 `sync run PIPELINE`，已解决的不再计入。",
        "如果确实就有这么多（例如月底）：调高 `stop_when.quarantined`。",
      ],
    },
  },
  PLAN_BROKEN: {
    who: ["it"],
    en: {
      means: "A saved plan is not byte for byte as it was written: it was edited, cut off, or changed on its way.",
      matters: "What was approved and what would be posted could be two things.",
      mend: [
        "Make a new plan: `sync plan PIPELINE --out NAME.plan`, and have it approved again.",
        "Send plans as files, not pasted into a mail: line ends and characters change there.",
      ],
      cause: "somebody opened the plan in an editor and saved it",
    },
    zh: {
      means: "保存的方案与写入时不是逐字节相同：被编辑过、没传完，或在传送中变了。",
      matters: "批准的与实际过账的，可能不是一回事。",
      mend: ["重新生成方案：`sync plan PIPELINE --out NAME.plan`，并重新批准。", "方案要作为文件发送，不要粘贴到邮件里：换行和字符会变。"],
      cause: "有人用编辑器打开方案并保存",
    },
  },
  PLAN_STALE: {
    who: ["it", "accountant"],
    en: {
      means:
        "A saved plan no longer fits: the pipeline or a lookup changed since, it is of another environment or store, or it was applied already.",
      matters: "With another mapping it would post something else than was approved; applied twice, it would post twice.",
      mend: [
        "Was it applied before? `sync runs` shows it, and nothing is left to do.",
        "Else make a new plan and have it approved: `sync plan PIPELINE --out NAME.plan`, `sync approve NAME.plan`, `sync apply NAME.plan`",
      ],
      cause: "an account was changed in a lookup after the plan was approved",
    },
    zh: {
      means: "保存的方案已不适用：之后改过管道或对照表、属于别的环境或存储，或已执行过。",
      matters: "映射变了，过账的就不是批准的内容；执行两次，就过账两次。",
      mend: [
        "是否已执行过？`sync runs` 可查，执行过就不用再做。",
        "否则重新生成并批准：`sync plan PIPELINE --out NAME.plan`、`sync approve NAME.plan`、`sync apply NAME.plan`",
      ],
      cause: "方案批准之后，有人改了对照表里的科目",
    },
  },
  PLAN_NOT_APPROVED: {
    who: ["accountant"],
    en: {
      means:
        "A plan lacks an approval that its pipeline asks for: nobody approved it, one of two is missing, it ran out, or whoever approved may not.",
      matters: "The rule is there so that no single person moves money alone.",
      mend: [
        "The message says who may. That person reads the plan and approves it: `sync approve NAME.plan --key li.na.key`",
        "An approval that ran out (`approval.holds`): have it approved again.",
        "Then `sync apply NAME.plan`",
      ],
      cause: "the amount is above `two_above`, and only one of two people approved it",
    },
    zh: {
      means: "方案缺少管道所要求的批准：无人批准、两人只批了一人、批准已过期，或批准人无权批准。",
      matters: "有这条规定，是为了不让任何一个人单独动用资金。",
      mend: [
        "谁有权批准写在提示里。由该人审阅后批准：`sync approve NAME.plan --key li.na.key`",
        "批准已过期（`approval.holds`）：请重新批准。",
        "然后 `sync apply NAME.plan`",
      ],
      cause: "金额超过 `two_above`，而两人中只有一人批准",
    },
  },
  RECONCILE_INCOMPLETE: {
    who: ["it", "accountant"],
    en: {
      means:
        "`sync reconcile` could not compare everything: the target does not list or tell what it holds, or some documents could not be read.",
      matters: "What was compared stands in the result. Of the rest, nobody may say that it agrees.",
      mend: [
        "Compare the rest by hand: `sync reconcile PIPELINE --period 2026-11 --csv` prints it for a spreadsheet.",
        "For `http` targets: describe how it lists and is read (`target.list`, `target.read`).",
        "If documents could not be read this time: reconcile again when the target answers.",
      ],
      cause: "the target can only be asked by key, so nobody can see what stands there besides",
    },
    zh: {
      means: "`sync reconcile` 没能核对全部内容：目标系统不能列出或查询其内容，或有些单据读不出来。",
      matters: "已核对的部分以结果为准；其余部分，谁也不能说一致。",
      mend: [
        "其余部分手工核对：`sync reconcile PIPELINE --period 2026-11 --csv` 可输出成表格。",
        "`http` 目标：写明怎样列出和读取（`target.list`、`target.read`）。",
        "如果只是这次读不出来：等目标系统恢复后再核对。",
      ],
      cause: "目标系统只能按编号查询，看不到那里还有什么",
    },
  },
  USAGE: {
    who: ["it"],
    en: {
      means: "The command was given options or values that do not fit together, or not enough of them.",
      matters: "Nothing was done. In cron, it means that the night did not happen.",
      mend: ["Read the hint, and the examples of the command: `sync run --help`", "If cron or a script started it: correct it there."],
      cause: "a pipeline and `--all` were both given, or there are two pipelines and none was named",
    },
    zh: {
      means: "命令的选项或取值互相矛盾，或给得不够。",
      matters: "什么也没做。如果写在 cron 里，就等于当晚没有运行。",
      mend: ["看提示，以及命令的示例：`sync run --help`", "如果是 cron 或脚本启动的：在那里更正。"],
      cause: "同时给了管道名和 `--all`，或有两个管道却没有指定",
    },
  },
  NOT_FOUND: {
    who: ["it"],
    en: {
      means: "There is nothing of the name, number or key that was given: no run, document, item, voucher or file.",
      matters: "Nothing was done. A key that is copied in part can belong to another document, so it is not guessed.",
      mend: [
        "See what there is: `sync quarantine list`, `sync runs`, `sync state list`",
        "Before the first `sync run` there is no store and there are no books yet.",
      ],
      cause: "a key was mistyped, or the item was posted in the meantime and no longer waits",
    },
    zh: {
      means: "没有所给的名称、编号或键：没有这样的运行、单据、待处理项、凭证或文件。",
      matters: "什么也没做。只复制了一半的编号可能属于另一张单据，所以不去猜。",
      mend: ["看看有什么：`sync quarantine list`、`sync runs`、`sync state list`", "第一次 `sync run` 之前，还没有本地存储和账套。"],
      cause: "编号打错了，或该项其间已过账，不再待处理",
    },
  },
};
