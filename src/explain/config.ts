import type { ProblemCode } from "../model/problem.js";
import type { Explanations } from "./explanation.js";

/** Problems of `sync.yaml` and of what pipeline files say about connections, sources, documents and targets. */
export const CONFIG: Explanations<Extract<ProblemCode, `CONFIG_${string}`>> = {
  CONFIG_YAML: {
    who: ["it"],
    en: {
      means: "A file of the project is not YAML that can be read in one way only: a tab, a stray colon, a missing quote, or not UTF-8.",
      matters: "A file that is read differently than it was meant could book to another account. So none of it is used.",
      mend: [
        "Open the file at the line and column of the message. Indent with blanks, never with tabs.",
        "Put quotes around text that contains `: `, and around `${…}` inside `{ … }` or `[ … ]`. Save the file as UTF-8.",
        "Check: `sync validate`",
      ],
    },
    zh: {
      means: "项目中的某个文件无法按 YAML 读取：用了制表符、多了冒号、缺引号，或不是 UTF-8 编码。",
      matters: "如果猜着读，可能记到别的科目上，所以整个文件都不采用。",
      mend: [
        "按提示的行号、列号打开文件。缩进用空格，不要用制表符。",
        "含有 `: ` 的文字、写在 `{ … }` 或 `[ … ]` 里的 `${…}` 都要加引号。文件存为 UTF-8。",
        "检查：`sync validate`",
      ],
    },
  },
  CONFIG_NO_PROJECT: {
    who: ["it"],
    en: {
      means: "There is no `sync.yaml` in this folder or in any folder above it, so the program does not know which project is meant.",
      matters: "Without the project there are no connections, no store and no memory of what was posted. Nothing is guessed.",
      mend: [
        "Change to the project's folder, or name the file: `sync status --project /srv/finance/sync.yaml`",
        "In cron, name it too: cron starts in the home folder of the user.",
        "For a new project: `sync init`",
      ],
      cause: "a command was started in another folder, most often by cron, or the project was moved",
    },
    zh: {
      means: "当前目录和所有上级目录里都没有 `sync.yaml`，程序不知道要处理哪个项目。",
      matters: "没有项目文件，就没有连接、没有本地存储，也不知道以前过账了什么。程序不会去猜。",
      mend: [
        "进入项目目录，或直接指定文件：`sync status --project /srv/finance/sync.yaml`",
        "写在 cron 里时也要指定：cron 是从用户主目录启动的。",
        "新建项目：`sync init`",
      ],
      cause: "在别的目录里启动了命令（最常见的是 cron），或项目被移走了",
    },
  },
  CONFIG_NO_PIPELINE: {
    who: ["it"],
    en: {
      means: "A command, or `after` in a pipeline file, names a pipeline that the project does not have.",
      matters: "A misspelt name must not run something else, or run too early without the pipeline it has to wait for.",
      mend: [
        "See which there are: `sync validate`",
        "Correct the name in the command, in cron, or under `after`. The name is what stands behind `pipeline:`, not the file's name.",
      ],
    },
    zh: {
      means: "命令行或管道文件的 `after` 里写了一个项目中不存在的管道名。",
      matters: "名称写错时，既不能去跑别的管道，也不能不等前置管道就提前运行。",
      mend: ["查看有哪些管道：`sync validate`", "更正命令、cron 或 `after` 中的名称。名称是 `pipeline:` 后面的内容，不是文件名。"],
    },
  },
  CONFIG_UNKNOWN_KEY: {
    who: ["it"],
    en: {
      means:
        "A file has a key that nothing reads. Mostly it is misspelt, or stands in the wrong place: what belongs to the installation goes into `sync.yaml`.",
      matters:
        "A key that is passed over is a rule that does not hold: a check, a closed period or an account that you believe in and that is not there.",
      mend: ["Correct the key as the hint says, or move it, or take it out.", "Check: `sync validate`"],
    },
    zh: {
      means: "文件里有一个程序不认识的键。多半是拼错了，或放错了地方：与环境有关的设置应写在 `sync.yaml` 里。",
      matters: "被忽略的键等于没有生效的规则：你以为有的校验、结账期间或科目，其实并不存在。",
      mend: ["按提示更正、移动或删除这个键。", "检查：`sync validate`"],
    },
  },
  CONFIG_DUPLICATE_KEY: {
    who: ["it"],
    en: {
      means: "One key stands twice in the same mapping, with two values.",
      matters: "Only one of them can count, and nobody can tell which was meant: two accounts, or two folders.",
      mend: ["Keep the right one and delete the other. The message names both lines.", "Check: `sync validate`"],
    },
    zh: {
      means: "同一层里同一个键出现了两次，而值可能不同。",
      matters: "只能有一个生效，谁也不知道本意是哪一个：可能是两个科目，也可能是两个目录。",
      mend: ["保留正确的一行，删掉另一行。提示里有两处行号。", "检查：`sync validate`"],
    },
  },
  CONFIG_MISSING_KEY: {
    who: ["it"],
    en: {
      means:
        "Something that must be said is not said: an account of a line, the key of a record, the file of a ledger, or an option that another one needs.",
      matters: "Without it the program would have to choose for you where the money is booked, or which rows are one document.",
      mend: ["Add the key that the message names; the hint shows an example. All keys: docs/configuration.md", "Check: `sync validate`"],
    },
    zh: {
      means: "有一项必须写明而没有写：分录的科目、记录的主键、账套文件，或某个选项所依赖的另一个选项。",
      matters: "缺了它，程序就得替你决定记到哪个科目、哪些行算一张单据。",
      mend: ["补上提示所说的键，提示里有写法示例。全部键见 docs/configuration.md", "检查：`sync validate`"],
    },
  },
  CONFIG_WRONG_VALUE: {
    who: ["it"],
    en: {
      means: "A value is of the wrong kind, out of range, or not one of those that are allowed. The message says what was expected.",
      matters: "A value that is bent until it fits, such as `2 days` read as 2 seconds, makes records be missed or booked differently.",
      mend: ["Correct the value at the place of the message. What is allowed: docs/configuration.md", "Check: `sync validate`"],
    },
    zh: {
      means: "某个值类型不对、超出范围，或不在允许的取值之内。提示里写明了应当是什么。",
      matters: "如果勉强解释（例如把 `2 days` 当成 2 秒），就会漏读记录，或记成别的样子。",
      mend: ["在提示的位置更正。允许的取值见 docs/configuration.md", "检查：`sync validate`"],
    },
  },
  CONFIG_MISSING_FILE: {
    who: ["it"],
    en: {
      means:
        "A file or folder that the configuration names is not there: a record schema, a lookup, a chart of accounts, a folder of exports.",
      matters: "Without the table nobody knows the accounts; without the folder, no export looks the same as a lost one.",
      mend: [
        "Check the path. A relative path starts at the folder of the file it is written in.",
        "If it lies on a share: is the share mounted on this machine? If it is not in Git: was it deployed?",
        "Check: `sync validate`",
      ],
    },
    zh: {
      means: "配置里写的文件或目录不存在：记录格式、对照表、科目表，或导出文件所在的目录。",
      matters: "没有对照表就不知道科目；目录不在时，“没有导出”和“导出丢了”看起来一样。",
      mend: [
        "检查路径。相对路径从写有该路径的文件所在目录算起。",
        "在共享盘上：本机是否已挂载？不在 Git 里：是否已部署？",
        "检查：`sync validate`",
      ],
    },
  },
  CONFIG_INCLUDE_CYCLE: {
    who: ["it"],
    en: {
      means: "Files take each other in with `include`, in a circle.",
      matters: "Nobody could say which of them has the last word, so an account could be taken from either.",
      mend: ["Remove one of the `include` lines of the circle. Put what both need into a third file.", "Check: `sync validate`"],
    },
    zh: {
      means: "几个文件用 `include` 互相引用，形成了循环。",
      matters: "无法确定以谁为准，同一个科目可能取自任何一个文件。",
      mend: ["删掉循环中的一个 `include`，把共用内容放到第三个文件里。", "检查：`sync validate`"],
    },
  },
  CONFIG_AFTER_CYCLE: {
    who: ["it"],
    en: {
      means: "Pipelines wait for each other in a circle with `after`, so none of them can be first.",
      matters: "The order is there because one works with what the other brings, such as employees before claims.",
      mend: ["Take one of the names out of `after`.", "Check: `sync validate`"],
    },
    zh: {
      means: "几个管道用 `after` 互相等待，谁也无法先运行。",
      matters: "先后次序是有原因的：后一个要用前一个的结果，例如先同步员工，再同步报销单。",
      mend: ["从某个管道的 `after` 中去掉一个名称。", "检查：`sync validate`"],
    },
  },
  CONFIG_UNKNOWN_CONNECTOR: {
    who: ["it"],
    en: {
      means: "`connector` names a connector that this program does not have.",
      matters: "The program would not know how to read the source, or how to ask the target whether a document arrived.",
      mend: ["See which there are: `sync connectors list`", "Correct the name. If it is a new one, install the version that has it."],
    },
    zh: {
      means: "`connector` 写的连接器本程序没有。",
      matters: "程序不知道怎样读取来源，也不知道怎样向目标系统查询单据是否已到。",
      mend: ["查看有哪些连接器：`sync connectors list`", "更正名称。如果是新连接器，请安装带有它的版本。"],
    },
  },
  CONFIG_UNKNOWN_CONNECTION: {
    who: ["it"],
    en: {
      means: "A pipeline, or an environment, names a connection that `sync.yaml` does not have.",
      matters: "The connection says into which books the money goes. A misspelt one must not fall back to another company.",
      mend: [
        "Correct the name, or add it under `connections` of `sync.yaml`.",
        "Check: `sync validate`, then `sync connectors check NAME`",
      ],
    },
    zh: {
      means: "管道或环境里写的连接，`sync.yaml` 中没有。",
      matters: "连接决定记入哪个账套。名称写错时，绝不能改用另一家公司的账套。",
      mend: ["更正名称，或在 `sync.yaml` 的 `connections` 下补上。", "检查：`sync validate`，再用 `sync connectors check NAME` 试连"],
    },
  },
  CONFIG_UNKNOWN_ENVIRONMENT: {
    who: ["it"],
    en: {
      means: "`--env` names an environment that `sync.yaml` does not have.",
      matters: "With a misspelt test environment the run would otherwise post into the production books.",
      mend: ["Correct the name behind `--env`, or add it under `environments` of `sync.yaml`.", "Check: `sync validate --env NAME`"],
    },
    zh: {
      means: "`--env` 指定的环境，`sync.yaml` 中没有。",
      matters: "测试环境名称写错时，如果照常运行，就会记进正式账套。",
      mend: ["更正 `--env` 后面的名称，或在 `sync.yaml` 的 `environments` 下补上。", "检查：`sync validate --env NAME`"],
    },
  },
  CONFIG_UNKNOWN_ENCODING: {
    who: ["it"],
    en: {
      means: "`encoding` names a text encoding that is not known.",
      matters: "In the wrong encoding, Chinese names turn into other characters, and no lookup finds its account.",
      mend: [
        "Write one of those in the message. Exports of Chinese systems are mostly `gb18030`; `detect` tells it from UTF-8.",
        "Check: `sync validate`",
      ],
    },
    zh: {
      means: "`encoding` 写的编码程序不认识。",
      matters: "编码不对，汉字会变成乱码，对照表里就找不到科目。",
      mend: ["改成提示中列出的一种。国内系统的导出多为 `gb18030`；写 `detect` 可自动与 UTF-8 区分。", "检查：`sync validate`"],
    },
  },
  CONFIG_MISSING_SECRET: {
    who: ["it"],
    en: {
      means: "A connection takes a password, key or path from an environment variable or a file, and that is not there.",
      matters: "Signing in with an empty password can lock the account of the interface in the ERP.",
      mend: [
        "Set the variable where the program is started. Cron and systemd do not read your login profile: set it in the unit or in the script.",
        "For `${file:…}`: create the file, readable by the user who runs `sync`; its path starts at the folder of `sync.yaml`.",
        "Check: `sync validate`, as that user",
      ],
    },
    zh: {
      means: "连接的密码、密钥或路径取自环境变量或文件，而它不存在。",
      matters: "用空密码登录，可能会把 ERP 里的接口账号锁住。",
      mend: [
        "在启动程序的地方设置变量。cron 和 systemd 不读取登录配置，要写在 unit 或脚本里。",
        "对于 `${file:…}`：建好文件，并让运行 `sync` 的用户可读；路径从 `sync.yaml` 所在目录算起。",
        "用该用户检查：`sync validate`",
      ],
    },
  },
  CONFIG_SECRETS: {
    who: ["it"],
    en: {
      means:
        "`secrets` in `sync.yaml` names a file that is encrypted with age, and it cannot be opened: no key is at hand, the key is another one, or the file is damaged.",
      matters: "Without the passwords in it no connection can be opened; nothing was read or posted.",
      mend: [
        "Say where the key is: `SYNC_AGE_IDENTITY_FILE` names the file that `age-keygen` wrote, `SYNC_AGE_PASSPHRASE_FILE` a file with the passphrase. Cron and systemd do not read your login profile.",
        "Where the key is another one, have somebody who can open the file add your public key under `recipients`, and say `sync secrets re-encrypt`.",
        "Where the file is damaged, put back its last version from Git.",
        "Check: `sync secrets list`",
      ],
      cause: "the identity of the former machine was not brought along when the project moved",
    },
    zh: {
      means: "`sync.yaml` 的 `secrets` 指向一个用 age 加密的文件，但无法打开：没有密钥、密钥不对，或文件已损坏。",
      matters: "没有其中的密码，任何连接都打不开；什么都没有读取，也没有过账。",
      mend: [
        "说明密钥在哪里：`SYNC_AGE_IDENTITY_FILE` 指向 `age-keygen` 生成的文件，`SYNC_AGE_PASSPHRASE_FILE` 指向存放口令的文件。cron 和 systemd 不读取登录配置。",
        "如果密钥不对，请能打开该文件的人把你的公钥加到 `recipients`，再执行 `sync secrets re-encrypt`。",
        "如果文件损坏，从 Git 恢复上一个版本。",
        "检查：`sync secrets list`",
      ],
      cause: "项目迁移到新机器时没有带上原来的私钥文件",
    },
  },
  CONFIG_INSECURE: {
    who: ["it"],
    en: {
      means: "A connection says `insecure: true` and goes to another machine without TLS. The run goes on, and says so every time.",
      matters: "Everybody on the way can read passwords and vouchers, and change them before they arrive.",
      mend: [
        "Have the other side offer TLS, write `https://` or take `insecure` out. A certificate of an authority of your own is named as `ca`.",
        "Where that cannot be had, let the way lead through a tunnel (VPN, SSH) that ends on this machine: what goes to `127.0.0.1` is not spoken of.",
        "Check: `sync doctor`",
      ],
      cause: "an ERP in the company's own network has no certificate, and somebody wrote `insecure: true` to get on",
    },
    zh: {
      means: "某个连接写了 `insecure: true`，不经 TLS 连到另一台机器。运行照常进行，但每次都会提示。",
      matters: "途中任何人都能读到密码和凭证，也能在到达之前改动它们。",
      mend: [
        "让对方提供 TLS，改用 `https://`，或去掉 `insecure`。自建机构签发的证书用 `ca` 指定。",
        "实在做不到时，让连接经过在本机终止的隧道（VPN、SSH）：发往 `127.0.0.1` 的不再提示。",
        "检查：`sync doctor`",
      ],
      cause: "公司内网的 ERP 没有证书，有人为了先用起来写了 `insecure: true`",
    },
  },
  CONFIG_EXPOSED: {
    who: ["it"],
    en: {
      means:
        "The store, a file with a password, or the file of a key may be read by other users of this machine. The run goes on, and says so every time.",
      matters: "The store holds every document that was posted. Whoever reads a password or a key can post in our name.",
      mend: [
        "Take the permission away: `chmod 600 FILE`, as the message says. A secret may be readable by a group.",
        "Check: `sync doctor`",
      ],
      cause: "the project was copied to this machine with everything in it readable",
    },
    zh: {
      means: "存储文件、存放密码的文件或私钥文件可以被本机其他用户读取。运行照常进行，但每次都会提示。",
      matters: "存储文件里有全部已过账的单据；拿到密码或私钥的人可以用我们的名义过账。",
      mend: ["按提示收回权限：`chmod 600 FILE`。密码文件可以只对某个用户组可读。", "检查：`sync doctor`"],
      cause: "项目复制到这台机器时，所有文件都是可读的",
    },
  },
  CONFIG_DUPLICATE_NAME: {
    who: ["it"],
    en: {
      means: "Two pipelines, lookups or columns have one name.",
      matters:
        "What was posted is remembered under the pipeline's name. Two of one name would each take the other's documents for its own.",
      mend: [
        "Give each a name of its own. Keep the name of the pipeline that has already posted: a renamed one begins with an empty memory.",
        "Check: `sync validate`",
      ],
    },
    zh: {
      means: "两个管道、两张对照表或两个列用了同一个名称。",
      matters: "已过账的内容按管道名称记录。两个管道重名，就会把对方的单据当成自己的。",
      mend: ["给它们各起一个名称。已经过账的管道不要改名：改名后等于没有历史记录。", "检查：`sync validate`"],
    },
  },
  CONFIG_SCHEMA: {
    who: ["it"],
    en: {
      means:
        "The JSON Schema of a record cannot be used: it is not JSON, has a keyword that is not known, or a field of a kind that a row cannot have.",
      matters: "The schema decides which rows are good. A rule in it that is passed over lets wrong amounts and dates through.",
      mend: ["Correct the schema file at the place of the message. Kinds of fields: docs/configuration.md", "Check: `sync validate`"],
    },
    zh: {
      means: "记录的 JSON Schema 不可用：不是 JSON、有不认识的关键字，或某个字段的类型在一行数据里不可能出现。",
      matters: "哪些行合格由它决定。其中的规则如果被忽略，错误的金额和日期就会放行。",
      mend: ["在提示的位置更正该文件。字段类型见 docs/configuration.md", "检查：`sync validate`"],
    },
  },
  CONFIG_LOOKUP: {
    who: ["accountant", "it"],
    en: {
      means:
        "A lookup table cannot be used: a key stands twice for the same day, a cell is empty or of the wrong kind, a column is missing, or it is no CSV.",
      matters: "With two rows for one fee type, chance would decide the account.",
      mend: [
        "Correct the CSV file at the line of the message. If an account changes on a day, end the old row before the new one begins.",
        "Save it as CSV UTF-8. Excel drops leading zeros: look at codes such as `0042`.",
        "Check: `sync validate`",
      ],
    },
    zh: {
      means: "对照表不可用：同一个键在同一天有两行、单元格为空或类型不对、缺少列，或根本不是 CSV。",
      matters: "同一费用类型有两行时，记到哪个科目就全凭运气了。",
      mend: [
        "按提示的行号更正 CSV。科目从某天起变更时，先让旧行失效，再让新行生效。",
        "另存为 UTF-8 编码的 CSV。Excel 会去掉开头的零，请核对 `0042` 这样的编码。",
        "检查：`sync validate`",
      ],
    },
  },
  CONFIG_DOCUMENT: {
    who: ["it"],
    en: {
      means: "The pipeline makes a kind of document that its target does not take.",
      matters: "Every one of them would be refused; better to know before the night than after it.",
      mend: ["Change `document.type`, or post to a target that takes it: `sync connectors list`", "Check: `sync validate`"],
    },
    zh: {
      means: "管道生成的单据类型，目标系统不接收。",
      matters: "发过去每一张都会被拒收，事先知道总比过了一夜才知道好。",
      mend: ["修改 `document.type`，或换成接收这种单据的目标：`sync connectors list`", "检查：`sync validate`"],
    },
  },
};
