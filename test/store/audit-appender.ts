// Works on the audit log of a store as a process of its own:
// node --import tsx audit-appender.ts append <file> <name> <transactions> <rows each>   every third transaction is rolled back;
//                                                                                       says when it is ready, and waits for a word
// node --import tsx audit-appender.ts verify|verify-unprivileged <file>                 prints the rows that fit and the peak memory in KiB
import { once } from "node:events";
import { setTimeout as wait } from "node:timers/promises";
import Database from "better-sqlite3";
import { Store } from "../../src/store/store.js";
import { aDrop, now, verdictOf } from "./audit-store.js";

const [task = "", file = "", name = "", transactions = "", size = ""] = process.argv.slice(2);

if (task.startsWith("verify")) {
  if (task === "verify-unprivileged" && process.getuid?.() === 0) {
    // Root may write where nobody else may, so it becomes nobody, with the native library loaded before.
    new Database(":memory:").close();
    process.setuid?.(65534);
  }
  const { rows, fault } = verdictOf(file);
  process.stdout.write(JSON.stringify({ rows, fault, peakKiB: process.resourceUsage().maxRSS }));
} else {
  process.stdout.write("ready");
  await once(process.stdin, "data");
  process.stdin.destroy();
  const store = Store.open(file, { create: true, now, actor: name });
  for (let transaction = 0; transaction < Number(transactions); transaction += 1) {
    await wait(1);
    try {
      store.transaction(() => {
        for (let row = 0; row < Number(size); row += 1)
          store.audit.append(aDrop({ actor: name, subject: `${name}-${transaction}-${row}` }));
        if (transaction % 3 === 2) throw new Error("changed my mind");
      });
    } catch (cause) {
      if ((cause as Error).message !== "changed my mind") throw cause;
    }
  }
  store.close();
}
