import { Argument, type Command, Option } from "commander";
import type { CommandContext } from "./io.js";

export type Action<O> = (context: CommandContext, options: O, ...names: (string | undefined)[]) => Promise<number>;

/** How commands are made, so that they look alike. */
export interface Tools {
  readonly command: (parent: Command, name: string, about: string, ...examples: string[]) => Command;
  /** With the options that every command of a project takes. */
  readonly common: (made: Command) => Command;
  /** For commands at which a person decides something and must see whom it is about. */
  readonly personal: (made: Command) => Command;
  /** With the options of those that run something. */
  readonly logged: (made: Command) => Command;
  /** Its code is loaded when it is used. */
  readonly does: <O>(made: Command, load: () => Promise<Action<O>>) => void;
}

/** The commands that look into what the program keeps: what waits, what it remembers, the audit log, the embedded books. */
export function addMemory(program: Command, { command, common, personal, logged, does }: Tools): void {
  const metrics = common(
    command(program, "metrics", "print what Prometheus is told: every pipeline, its last run, what waits, money in limbo", "sync metrics"),
  );
  does(metrics, async () => (await import("./commands/metrics.js")).metrics);

  const quarantine = command(program, "quarantine", "what waits because it could not be posted, and why");
  const listItems = common(
    command(
      quarantine,
      "list",
      "what waits, with reasons",
      "sync quarantine list",
      "sync quarantine list --by cause",
      "sync quarantine list --cause MAP_LOOKUP_MISSING --about 会议费",
      "sync quarantine list --dropped",
    ),
  );
  listItems
    .option("--pipeline <name>", "only of this pipeline")
    .option("--dropped", "what people dropped, with their reasons")
    .addOption(new Option("--by <what>", "group them: how many for each cause, what they are worth, and what to do").choices(["cause"]))
    .option("--cause <code>", "only what waits because of this problem")
    .option("--about <text>", "only where this stands in what is wrong");
  does(listItems, async () => (await import("./commands/quarantine.js")).list);
  const showItem = personal(
    common(
      command(
        quarantine,
        "show",
        "one item with everything known about it",
        "sync quarantine show BX26110012",
        "sync quarantine show BX26110012 --show-personal",
      ),
    ),
  );
  showItem.addArgument(new Argument("<key>", "document or record key")).option("--pipeline <name>", "in this pipeline");
  does(showItem, async () => (await import("./commands/quarantine.js")).show);
  const retry = common(
    command(
      quarantine,
      "retry",
      "try again now, without reading the source",
      "sync quarantine retry BX26110012",
      "sync quarantine retry --cause MAP_LOOKUP_MISSING",
      "sync quarantine retry --all",
    ),
  );
  retry
    .addArgument(new Argument("[keys...]", "document or record keys"))
    .option("--cause <code>", "everything that waits because of this problem")
    .option("--about <text>", "everything where this stands in what is wrong")
    .option("--all", "everything that waits")
    .option("--pipeline <name>", "in this pipeline")
    .option("--quiet", "no progress");
  logged(retry);
  does(retry, async () => (await import("./commands/quarantine-decide.js")).retry);
  const drop = common(
    command(
      quarantine,
      "drop",
      "never post this, with a reason; it comes back when its records change",
      'sync quarantine drop BX26110012 --reason "private, withdrawn by phone"',
      'sync quarantine drop --cause MAP_LOOKUP_MISSING --about 会议费 --reason "booked by hand in October"',
      'sync quarantine drop --cause MAP_LOOKUP_MISSING --about 会议费 --reason "booked by hand in October" --yes',
    ),
  );
  drop
    .addArgument(new Argument("[keys...]", "document or record keys"))
    .requiredOption("--reason <text>", "why; kept with the item")
    .option("--cause <code>", "everything that waits because of this problem")
    .option("--about <text>", "everything where this stands in what is wrong")
    .option("--all", "everything that waits")
    .option("--yes", "drop what is not named one by one; without it, what would be dropped is only shown")
    .option("--pipeline <name>", "in this pipeline");
  does(drop, async () => (await import("./commands/quarantine-decide.js")).drop);

  const state = command(program, "state", "what the store remembers of a pipeline");
  const stateList = common(command(state, "list", "watermark, units read, documents and records of each pipeline", "sync state list"));
  does(stateList, async () => (await import("./commands/state.js")).list);
  const stateShow = common(
    command(
      state,
      "show",
      "the units a pipeline has read, or the postings of one document",
      "sync state show --pipeline expense-to-gl",
      "sync state show BX26110012",
    ),
  );
  stateShow.addArgument(new Argument("[key]", "a document key")).option("--pipeline <name>", "of this pipeline");
  does(stateShow, async () => (await import("./commands/state.js")).show);
  const stateSet = common(
    command(
      state,
      "set",
      "move the watermark back, or forget that a unit was read, so that it is read again",
      'sync state set watermark "2026-11-01" --pipeline expense-to-gl',
      "sync state set forget 报销明细-2026-11-20.csv",
    ),
  );
  stateSet
    .addArgument(new Argument("<what>", "what to set").choices(["watermark", "forget"]))
    .addArgument(new Argument("<value>", "the watermark, or the name of the unit"))
    .option("--pipeline <name>", "of this pipeline");
  does(stateSet, async () => (await import("./commands/state.js")).set);
  const stateExport = common(
    command(
      state,
      "export",
      "copy the store as it is now, also while a run is under way: a backup, or to move to another machine",
      "sync state export backup/2026-11-26.db",
    ),
  );
  stateExport.addArgument(new Argument("<file>", "a new file"));
  does(stateExport, async () => (await import("./commands/state-copy.js")).exportState);
  const stateImport = common(
    command(
      state,
      "import",
      "put a copy where the store is; no run may be under way",
      "sync state import backup/2026-11-26.db",
      "sync state import backup/2026-11-26.db --replace",
    ),
  );
  stateImport
    .addArgument(new Argument("<file>", "what `sync state export` wrote"))
    .option("--replace", "in the place of the store that is there, which is kept beside it");
  does(stateImport, async () => (await import("./commands/state-copy.js")).importState);

  const encrypt = common(
    command(
      state,
      "encrypt",
      "put an encrypted copy in the store's place, after `key` was added to `store` in sync.yaml",
      "sync state encrypt",
    ),
  );
  does(encrypt, async () => (await import("./commands/state-key.js")).encryptState);
  const decrypt = common(
    command(state, "decrypt", "the way back, before `key` is taken out of sync.yaml; the key must be at hand", "sync state decrypt"),
  );
  does(decrypt, async () => (await import("./commands/state-key.js")).decryptState);

  const secrets = command(program, "secrets", "the encrypted file of secrets that sync.yaml names");
  const listSecrets = common(command(secrets, "list", "the names in it, not the values", "sync secrets list"));
  does(listSecrets, async () => (await import("./commands/secrets.js")).list);
  const setSecret = common(
    command(
      secrets,
      "set",
      "put a value in, or another in its place; it is read from standard input",
      "sync secrets set ERP_PASSWORD < password.txt",
      'printf %s "$VALUE" | sync secrets set ERP_PASSWORD',
    ),
  );
  setSecret.addArgument(new Argument("<name>", "as `${env.NAME}` asks for it"));
  does(setSecret, async () => (await import("./commands/secrets.js")).set);
  const removeSecret = common(command(secrets, "remove", "take one out", "sync secrets remove ERP_PASSWORD"));
  removeSecret.addArgument(new Argument("<name>", "its name"));
  does(removeSecret, async () => (await import("./commands/secrets.js")).remove);
  const sealAnew = common(command(secrets, "re-encrypt", "encrypt it anew, after `recipients` changed", "sync secrets re-encrypt"));
  does(sealAnew, async () => (await import("./commands/secrets.js")).reEncrypt);

  const prune = common(
    command(
      program,
      "prune",
      "let go of what nothing needs any more, as `retention` of sync.yaml says; runs do it by themselves once a day",
      "sync prune --dry-run",
      "sync prune",
      "sync prune --compact",
    ),
  );
  prune
    .option("--dry-run", "only say what would go")
    .option("--compact", "then write the store anew without its empty pages; no run may be at work");
  does(prune, async () => (await import("./commands/prune.js")).prune);

  const audit = command(program, "audit", "the log that is only added to: who ran what, each answer, each decision");
  const auditLog = common(
    command(
      audit,
      "log",
      "the latest events, oldest first",
      "sync audit log",
      "sync audit log --document BX26110012",
      "sync audit log --run 12 --json",
    ),
  );
  auditLog
    .option("--pipeline <name>", "only of this pipeline")
    .option("--document <key>", "only about this document")
    .option("--run <n>", "only of this run")
    .option("--limit <n>", "how many", "50");
  does(auditLog, async () => (await import("./commands/audit.js")).log);
  const auditVerify = common(
    command(
      audit,
      "verify",
      "check that no row was changed, removed or put in; prints the head to note elsewhere",
      "sync audit verify",
      "sync audit verify --head 5f0c…",
    ),
  );
  auditVerify.option("--head <hash>", "a head noted earlier; also shows that no row up to it was cut off the end");
  does(auditVerify, async () => (await import("./commands/audit.js")).verify);
  const auditExport = common(
    command(
      audit,
      "export",
      "the whole log as JSON lines that anybody can verify with SHA-256, as docs/audit.md shows",
      "sync audit export > audit.jsonl",
      "sync audit export --out audit.jsonl",
    ),
  );
  auditExport.option("--out <file>", "write to a file instead of standard output");
  does(auditExport, async () => (await import("./commands/audit.js")).exportLog);

  const ledger = command(program, "ledger", "look into the embedded ledger");
  const onBooks = (made: Command): Command =>
    common(made).option("--connection <name>", "which ledger connection; may be left out when there is only one");
  const balance = onBooks(
    command(ledger, "balance", "trial balance", "sync ledger balance", "sync ledger balance --period 2026-11 --json"),
  );
  balance
    .option("--period <yyyy-mm>", "only this month, with opening and closing balances")
    .option("--through <yyyy-mm>", "up to and including this month");
  does(balance, async () => (await import("./commands/ledger.js")).balance);
  const journal = onBooks(command(ledger, "journal", "vouchers of a month, or of all months", "sync ledger journal --period 2026-11"));
  personal(journal).option("--period <yyyy-mm>", "only this month").option("--limit <n>", "how many vouchers to show");
  does(journal, async () => (await import("./commands/ledger.js")).journal);
  const showVoucher = onBooks(command(ledger, "show", "one voucher", 'sync ledger show "2026-11 记-0001"', "sync ledger show BX26110012"));
  personal(showVoucher).addArgument(new Argument("<reference>", "voucher number, external reference, or document key"));
  does(showVoucher, async () => (await import("./commands/ledger.js")).show);
  const exportBooks = onBooks(
    command(
      ledger,
      "export",
      "the books as an hledger journal, so that another program can check them",
      "sync ledger export > books.journal && hledger -f books.journal check",
    ),
  );
  exportBooks.option("--out <file>", "write to a file instead of standard output");
  does(exportBooks, async () => (await import("./commands/ledger.js")).exportBooks);
}
