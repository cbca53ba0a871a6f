import type { ProblemCode } from "../model/problem.js";
import type { Explanations } from "./explanation.js";

/** Problems of reading: servers, folders, files. */
export const SOURCE: Explanations<Extract<ProblemCode, `SOURCE_${string}`>> = {
  SOURCE_UNREADABLE: {
    who: ["it", "source"],
    en: {
      means:
        "The source cannot be read: a folder, file, server, database or interface does not answer, or answers with an error. Servers were asked several times.",
      matters: "A source that is not there looks like a day without claims. Half of a source could post half of a document.",
      mend: [
        "Read the message: it names what was asked, and what came back.",
        "Check it on this machine, as the user who runs `sync`: is the share mounted, is the server up, did a firewall or an address change?",
        "Try it without posting: `sync connectors check NAME`, or everything at once: `sync doctor`. If it was a passing fault, the next run reads it.",
      ],
      cause: "the share with the exports was not mounted after the machine had been started anew",
    },
    zh: {
      means: "来源读不到：目录、文件、服务器、数据库或接口没有应答，或返回了错误。对服务器已重试多次。",
      matters: "来源不在，看起来就像当天没有报销；只读到一半，单据就可能只记一半。",
      mend: [
        "看提示：问了什么、返回了什么都写明了。",
        "在本机用运行 `sync` 的用户检查：共享盘挂载了吗？服务器开着吗？防火墙或地址变了吗？",
        "试读，不过账：`sync connectors check NAME`；或全面检查：`sync doctor`。如果只是一时的故障，下次运行会读到。",
      ],
      cause: "机器重启后，存放导出文件的共享盘没有挂载",
    },
  },
  SOURCE_IDENTITY: {
    who: ["it"],
    en: {
      means: "A server shows a key or certificate that is not the one we know. No password of ours was sent.",
      matters: "Somebody may stand between: they would get our password, and could hand us invented claims to pay.",
      mend: [
        "Ask the owner of the server, by telephone, whether the key was changed, and compare the fingerprint in the message.",
        "If it is right: put it into `known_hosts` or `host_key` (SFTP), or give the authority's certificate as `ca`.",
        "If nobody changed it: stop, and tell whoever is responsible for security.",
      ],
      cause: "the bank renewed the host key of its SFTP server, or a certificate has expired",
    },
    zh: {
      means: "服务器出示的密钥或证书不是我们所认识的。没有发送任何密码。",
      matters: "中间可能有人冒充：对方会得到我们的密码，还可能塞进编造的报销单让我们付款。",
      mend: [
        "打电话问服务器的负责人是否换过密钥，并核对提示中的指纹。",
        "确认无误后：SFTP 写入 `known_hosts` 或 `host_key`；证书则用 `ca` 指定签发机构的证书。",
        "如果没有人换过：停下来，通知信息安全负责人。",
      ],
      cause: "银行更换了 SFTP 服务器的主机密钥，或证书已过期",
    },
  },
  SOURCE_SIGN_IN: {
    who: ["it", "source"],
    en: {
      means: "The server is the right one, and refuses our user, password or key. It was tried once only.",
      matters: "Trying again and again would lock the account, and then nobody can fetch anything.",
      mend: [
        "Check user and password of the connection: has it expired, was it changed? The secret stands in the environment or in a file, not in `sync.yaml`.",
        "Sign in once by hand with the same user, from this machine.",
        "Then: `sync connectors check NAME`",
      ],
      cause: "the password of the interface user expired after 90 days",
    },
    zh: {
      means: "服务器没有错，但拒绝了我们的用户名、密码或密钥。只试过一次。",
      matters: "反复尝试会锁住账号，那样谁也取不到数据了。",
      mend: [
        "检查连接的用户名和密码：是否过期、是否改过？密码在环境变量或文件里，不在 `sync.yaml` 中。",
        "在本机用同一用户手工登录一次。",
        "然后：`sync connectors check NAME`",
      ],
      cause: "接口用户的密码满 90 天过期",
    },
  },
  SOURCE_NAME: {
    who: ["source"],
    en: {
      means: "A server lists a file whose name cannot be used: empty, with `/`, `..`, a backslash or a control character in it.",
      matters: "Such a name can lead out of its folder. On a server of good faith it does not occur.",
      mend: [
        "Have the file renamed or removed on the server.",
        "Where the name leads out of its folder: ask who put it there, before anything else is fetched.",
      ],
      cause: "a person put a file with a line break in its name into the folder",
    },
    zh: {
      means: "服务器列出的某个文件名不能用：为空，或含有 `/`、`..`、反斜杠、控制字符。",
      matters: "这样的名称可能指到目录之外。正常的服务器上不会出现。",
      mend: ["请对方在服务器上改名或删除。", "如果名称指向目录之外：先查清是谁放的，再取别的文件。"],
      cause: "有人把文件名里带换行符的文件放进了目录",
    },
  },
  SOURCE_NO_FILES: {
    who: ["it", "source"],
    en: {
      means: "No file fits the pattern under `files`. On a day without claims that is as it should be.",
      matters: "If there should have been an export, its claims are not posted, and nobody would notice without this notice.",
      mend: [
        "Was an export expected? Ask whether the sender's job ran last night.",
        "Compare the names in the folder with `files`: upper and lower case differ, and subfolders need `**`.",
        "Is the file there now: `sync run PIPELINE`",
      ],
    },
    zh: {
      means: "没有文件符合 `files` 的写法。当天没有单据时，这是正常的。",
      matters: "如果本该有导出，这些单据就没有过账；没有这条通知，谁也不会发现。",
      mend: [
        "本来应该有导出吗？问一下对方昨晚的任务跑了没有。",
        "对照目录里的文件名和 `files`：区分大小写，子目录要用 `**`。",
        "文件已经来了：`sync run PIPELINE`",
      ],
    },
  },
  SOURCE_FILE_GROWING: {
    who: ["it"],
    en: {
      means:
        "A file is still being written, or its marker is not there yet. It was left for the next run; where the pipeline has a `key`, so were the files after it.",
      matters: "Half a file would post half a document.",
      mend: [
        "Mostly nothing: the next run takes it. Or run again when it is complete: `sync run PIPELINE`",
        "If the sender pauses for longer while writing: a longer `settle`. If the sender can write a marker file, `marker` is better.",
        "If this comes each night: start later, or have the sender start earlier.",
      ],
      cause: "the export began at 01:55 and was not done when the run began at 02:00",
    },
    zh: {
      means: "文件还在写入，或标记文件还没到。留给下次运行；管道设了 `key` 时，排在它后面的文件也一样。",
      matters: "只读半个文件，就会只记半张单据。",
      mend: [
        "多半不用处理：下次运行会读。也可以等它写完再运行：`sync run PIPELINE`",
        "对方写入中途停顿较久：把 `settle` 调长。对方能写标记文件的话，用 `marker` 更可靠。",
        "如果每晚都这样：把运行时间推后，或让对方提前导出。",
      ],
      cause: "导出 01:55 开始，02:00 运行时还没写完",
    },
  },
  SOURCE_FILE_CHANGED: {
    who: ["it"],
    en: {
      means: "A file was changed or removed while it was read. Nothing was taken from it.",
      matters: "Its beginning and its end would be of two versions, and their sum of neither.",
      mend: [
        "Nothing: the next run reads it again. Or at once: `sync run PIPELINE`",
        "If this comes often: have the sender write under another name and rename the file when it is done.",
      ],
      cause: "somebody opened the export in Excel and saved it during the run",
    },
    zh: {
      means: "文件在读取过程中被修改或删除。没有采用其中任何内容。",
      matters: "开头和结尾会来自两个版本，合计哪个版本都对不上。",
      mend: ["不用处理：下次运行会重读。也可以马上：`sync run PIPELINE`", "如果经常出现：让对方先写成别的名称，写完再改名。"],
      cause: "运行期间有人用 Excel 打开导出文件并保存",
    },
  },
  SOURCE_SAME_NAME: {
    who: ["it", "source"],
    en: {
      means: "A new file has the name of one that was taken and archived before. It may be a newer version of it, or something else.",
      matters:
        "Taken for a newer version, its rows replace the older ones, and what is missing in it could be reversed. Taken for something new, claims could be booked twice.",
      mend: [
        "Ask the sender which it is.",
        "Something new: have it named differently each night, such as with the date, and rename this one.",
        "A newer version: move the archived file away, or set `archive.same_name: newer`. Then `sync run PIPELINE`",
      ],
      cause: "the sender writes `export.csv` each night",
    },
    zh: {
      means: "新来的文件与以前读过并已归档的文件同名。可能是更正版，也可能是另一份内容。",
      matters: "当成更正版，会替换原来的行，缺少的行还可能被冲销；当成新内容，同一单据可能记两次。",
      mend: [
        "问对方究竟是哪一种。",
        "是新内容：请对方每晚用不同的名称（例如带日期），并给这个文件改名。",
        "是更正版：把归档的文件移走，或设置 `archive.same_name: newer`。然后 `sync run PIPELINE`",
      ],
      cause: "对方每晚都写成 `export.csv`",
    },
  },
  SOURCE_NOT_ARCHIVED: {
    who: ["it"],
    en: {
      means: "A file was read and its documents are dealt with, but it could not be moved into the archive. It is not booked again.",
      matters: "Nothing is wrong in the books. The folder fills up, and each run has to look at the file again.",
      mend: [
        "The message has the reason: mostly this user may not write or delete in the folder, or the disk is full.",
        "Nothing else: the next run tries to archive it once more.",
      ],
      cause: "the folder of the archive is read-only for the user who runs `sync`",
    },
    zh: {
      means: "文件已读取，单据也处理完了，只是没能移到归档目录。不会重复入账。",
      matters: "账上没有问题，但目录会越积越多，每次运行都要再看一遍这个文件。",
      mend: ["原因写在提示里：多半是该用户对目录没有写入或删除权限，或磁盘已满。", "其余不用处理：下次运行会再试一次。"],
      cause: "运行 `sync` 的用户对归档目录只有只读权限",
    },
  },
  SOURCE_DECODE: {
    who: ["it"],
    en: {
      means: "The bytes of a file are not text in the encoding that the pipeline declares.",
      matters: "Names and fee types would turn into other characters, and no lookup would find its account.",
      mend: [
        "Take the encoding that the message suggests, or `encoding: detect`, which tells UTF-8 from GB18030.",
        "If it ends within a character: the file was cut off. Have it sent again.",
        "See the first rows: `sync connectors check PIPELINE`",
      ],
    },
    zh: {
      means: "文件的字节不是管道所声明的编码。",
      matters: "姓名和费用类型会变成乱码，对照表里就找不到科目。",
      mend: [
        "采用提示建议的编码，或写 `encoding: detect`，它能区分 UTF-8 和 GB18030。",
        "如果在一个字符中间结束：文件没有传完，请重新发送。",
        "查看前几行：`sync connectors check PIPELINE`",
      ],
    },
  },
  SOURCE_FORMAT: {
    who: ["source", "it"],
    en: {
      means: "A file, or an answer, is not what its connector reads, or it is broken: cut off, encrypted, a web page instead of data.",
      matters: "The part that can still be read is not all of it: documents would lack lines.",
      mend: [
        "Open the file at the place of the message. If it is cut off or damaged, have it sent again.",
        "If the sender changed the format: adapt the options under `source`.",
        "Check: `sync connectors check PIPELINE`",
      ],
    },
    zh: {
      means: "文件或应答不是该连接器能读的格式，或已损坏：没传完、加了密、返回的是网页而不是数据。",
      matters: "还能读出的只是一部分，单据会缺分录。",
      mend: [
        "按提示的位置打开文件。没传完或已损坏的，请重新发送。",
        "对方改了格式的：调整 `source` 下的选项。",
        "检查：`sync connectors check PIPELINE`",
      ],
    },
  },
  SOURCE_TOO_LARGE: {
    who: ["it"],
    en: {
      means: "A file or an answer holds more than the limit that protects this machine.",
      matters: "A packed file of a few kilobytes can fill the disk when it is unpacked, and end the night for all pipelines.",
      mend: [
        "Is it what it should be? Then raise the limit that the message names, such as `unpack_limit`.",
        "Else have it sent in parts, or unpacked.",
      ],
      cause: "a year of claims in one packed file, with the limit that was meant for a day",
    },
    zh: {
      means: "文件或应答的内容超过了为保护本机而设的上限。",
      matters: "几 KB 的压缩包解开后可能占满磁盘，让所有管道当晚都跑不了。",
      mend: ["内容确实如此：把提示中的上限（如 `unpack_limit`）调大。", "否则请分几份发送，或不压缩。"],
      cause: "一年的单据放在一个压缩包里，而上限是按一天设的",
    },
  },
  SOURCE_SHEET: {
    who: ["it", "source"],
    en: {
      means: "A workbook has no sheet of that name, or several sheets with the columns that are looked for.",
      matters: "Reading one of them would leave out the claims on the other.",
      mend: [
        "Name the sheet under `sheet`; a pattern such as `*` reads all that fit. Upper and lower case differ.",
        "Check: `sync connectors check PIPELINE`",
      ],
      cause: "somebody copied the sheet within the workbook, so that `明细` and `明细 (2)` both fit",
    },
    zh: {
      means: "工作簿里没有这个名称的工作表，或有好几张工作表都带有所需的列。",
      matters: "只读其中一张，另一张上的单据就漏了。",
      mend: ["用 `sheet` 写明工作表名称；写 `*` 则读取所有符合的工作表。区分大小写。", "检查：`sync connectors check PIPELINE`"],
      cause: "有人在工作簿里复制了工作表，`明细` 和 `明细 (2)` 都符合",
    },
  },
  SOURCE_NO_HEADER: {
    who: ["source", "it"],
    en: {
      means: "A file is empty, or has no row with the names of its columns where one is looked for.",
      matters: "Without names nobody knows which number is the net amount and which the tax.",
      mend: [
        "Open the file. If it is empty, the export failed: have it made again.",
        "If there are lines above the header: `skip_lines`, or `header.contains` with two names of columns.",
        "Check: `sync connectors check PIPELINE`",
      ],
    },
    zh: {
      means: "文件是空的，或在应有表头的地方没有列名。",
      matters: "没有列名，就不知道哪个数是不含税金额、哪个是税额。",
      mend: [
        "打开文件。是空的说明导出失败，请重新导出。",
        "表头上面还有别的行：用 `skip_lines`，或用 `header.contains` 写两个列名。",
        "检查：`sync connectors check PIPELINE`",
      ],
    },
  },
  SOURCE_DUPLICATE_HEADER: {
    who: ["source", "it"],
    en: {
      means: "Two columns of a file have the same name, or both are names of one field.",
      matters: "Two columns called `税额` can hold the tax of the line and the tax of the claim. Chance would choose.",
      mend: [
        "Have one of them renamed at the source.",
        "If two names under `source.columns` fit: take one out. In a query: another name with AS.",
        "Check: `sync connectors check PIPELINE`",
      ],
    },
    zh: {
      means: "文件里有两列同名，或两列都对应同一个字段。",
      matters: "两个 `税额` 列，可能一个是行税额、一个是整单税额，取哪个全凭运气。",
      mend: [
        "请来源系统给其中一列改名。",
        "是 `source.columns` 里两个别名都符合：去掉一个。是查询语句：用 AS 另起名称。",
        "检查：`sync connectors check PIPELINE`",
      ],
    },
  },
  SOURCE_MISSING_COLUMN: {
    who: ["source", "it"],
    en: {
      means: "A column that every record needs is not in the file. The message lists the columns that are.",
      matters: "All rows would lack that value: no amount, no date or no account.",
      mend: [
        "Does it have another name now? Add that under `source.columns`: `费用类型: [费用类别]`.",
        "Was it taken out of the export's template? Have it put back in.",
        "Check: `sync connectors check PIPELINE`",
      ],
    },
    zh: {
      means: "文件里没有每条记录都需要的某一列。提示中列出了现有的列。",
      matters: "所有的行都会缺这个值：没有金额、没有日期，或没有科目。",
      mend: [
        "只是改了名：加到 `source.columns` 里，如 `费用类型: [费用类别]`。",
        "被人从导出模板里去掉了：请加回去。",
        "检查：`sync connectors check PIPELINE`",
      ],
    },
  },
};
