import type { ProblemCode } from "../model/problem.js";
import type { Explanations } from "./explanation.js";

/** Problems of telling people and machines what runs do. */
export const TELLING: Explanations<Extract<ProblemCode, `${"NOTIFY" | "OBSERVE"}_${string}`>> = {
  NOTIFY_FAILED: {
    who: ["it"],
    en: {
      means: "The run is over, and a channel under `notify` could not be told what came of it: it did not answer, or refused the message.",
      matters: "The books are as the run left them. But whoever relies on the message does not know yet that something failed or waits.",
      mend: [
        "See what came of the run: `sync status`",
        "Try the channel: `sync notify test CHANNEL`. It prints the other side's own words.",
        "Mend the address, the key or the network. The next run tells what is still so, without being asked.",
      ],
      cause: "the address of a group robot was renewed, and `sync.yaml` still has the former one",
    },
    zh: {
      means: "运行已经结束，但 `notify` 下的某个通道没能收到结果：对方没有应答，或拒收了消息。",
      matters: "账务与运行结束时一致，不受影响。但靠这条消息的人还不知道出了问题或有待处理项。",
      mend: [
        "先看运行结果：`sync status`",
        "试一下通道：`sync notify test CHANNEL`，会显示对方的原话。",
        "更正地址、密钥或网络。仍未解决的事项，下一次运行会自动再通知。",
      ],
      cause: "群机器人的地址换了，`sync.yaml` 里还是旧地址",
    },
  },
  OBSERVE_FAILED: {
    who: ["it"],
    en: {
      means:
        "The run is over, and its log, its metrics or its traces could not be written or sent: a disk, a folder or a server is in the way.",
      matters: "The books are as the run left them. But whoever watches the machines sees old numbers, or a gap.",
      mend: [
        "See what came of the run: `sync status`",
        "The message says which of the three it is. Look at `log`, `metrics` or `traces` in `sync.yaml`: folder, rights, free space, address.",
        "Try it without a run: `sync metrics` prints what would be written.",
      ],
      cause: "the Pushgateway was moved to another address, and `sync.yaml` still has the former one",
    },
    zh: {
      means: "运行已经结束，但它的日志、指标或追踪没能写出或发出：磁盘、目录或服务器有问题。",
      matters: "账务与运行结束时一致，不受影响。但看监控的人看到的是旧数字，或者缺了一段。",
      mend: [
        "先看运行结果：`sync status`",
        "消息说明是三者中的哪一个。检查 `sync.yaml` 里的 `log`、`metrics` 或 `traces`：目录、权限、剩余空间、地址。",
        "不运行也可以试：`sync metrics` 会显示将要写出的内容。",
      ],
      cause: "Pushgateway 换了地址，`sync.yaml` 里还是旧地址",
    },
  },
};
