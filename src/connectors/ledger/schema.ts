/** Marks the file as our books (`LDGR`), so that another SQLite file is never mistaken for them. */
export const APPLICATION_ID = 0x4c444752;

/**
 * One script per version of the books, added to, never edited once released; `user_version` counts those applied.
 *
 * The triggers make the rule "posted is posted" (财会〔2024〕12号 art. 21: no posted voucher is deleted, inserted between
 * or altered) hold against every program that opens the file, ours included. The only thing that may ever change is
 * that a voucher becomes cancelled by a later one.
 */
export const MIGRATIONS: readonly string[] = [
  `
  CREATE TABLE accounts (
    code TEXT PRIMARY KEY,
    name TEXT NOT NULL,
    type TEXT NOT NULL CHECK (type IN ('asset', 'liability', 'equity', 'income', 'expense', 'cost')),
    parent TEXT REFERENCES accounts (code) DEFERRABLE INITIALLY DEFERRED,
    required TEXT NOT NULL,
    active INTEGER NOT NULL CHECK (active IN (0, 1)),
    in_chart INTEGER NOT NULL CHECK (in_chart IN (0, 1))
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE periods (
    period TEXT PRIMARY KEY,
    status TEXT NOT NULL CHECK (status IN ('open', 'closed'))
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE counters (
    word TEXT NOT NULL,
    period TEXT NOT NULL,
    last INTEGER NOT NULL,
    PRIMARY KEY (word, period)
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE vouchers (
    id INTEGER PRIMARY KEY,
    word TEXT NOT NULL,
    period TEXT NOT NULL,
    number INTEGER NOT NULL CHECK (number > 0),
    date TEXT NOT NULL CHECK (substr(date, 1, 7) = period),
    currency TEXT NOT NULL,
    text TEXT NOT NULL,
    attachments INTEGER NOT NULL CHECK (attachments >= 0),
    kind TEXT NOT NULL CHECK (kind IN ('journal', 'payable', 'reversal')),
    document_key TEXT NOT NULL,
    external_reference TEXT NOT NULL UNIQUE,
    fingerprint TEXT NOT NULL,
    reverses INTEGER REFERENCES vouchers (id),
    reversed_by INTEGER REFERENCES vouchers (id),
    fields TEXT,
    line_count INTEGER NOT NULL CHECK (line_count > 0),
    posted_at TEXT NOT NULL,
    UNIQUE (period, word, number),
    CHECK ((kind = 'reversal') = (reverses IS NOT NULL))
  ) STRICT;

  CREATE INDEX vouchers_document ON vouchers (document_key);
  CREATE UNIQUE INDEX vouchers_reversal ON vouchers (reverses) WHERE reverses IS NOT NULL;

  CREATE TABLE lines (
    voucher_id INTEGER NOT NULL REFERENCES vouchers (id),
    line_number INTEGER NOT NULL CHECK (line_number > 0),
    account TEXT NOT NULL REFERENCES accounts (code),
    side TEXT NOT NULL CHECK (side IN ('debit', 'credit')),
    amount_minor INTEGER NOT NULL,
    text TEXT NOT NULL,
    partner TEXT,
    dimensions TEXT,
    PRIMARY KEY (voucher_id, line_number)
  ) STRICT, WITHOUT ROWID;

  CREATE TRIGGER vouchers_fixed BEFORE UPDATE OF
    id, word, period, number, date, currency, text, attachments, kind, document_key, external_reference, fingerprint,
    reverses, fields, line_count, posted_at ON vouchers
  BEGIN SELECT RAISE(ABORT, 'a posted voucher is never changed'); END;

  CREATE TRIGGER vouchers_reversed_once BEFORE UPDATE OF reversed_by ON vouchers
  WHEN OLD.reversed_by IS NOT NULL
    OR NOT EXISTS (SELECT 1 FROM vouchers AS red WHERE red.id = NEW.reversed_by AND red.reverses = OLD.id)
  BEGIN SELECT RAISE(ABORT, 'a voucher is cancelled once, by the voucher that reverses it'); END;

  CREATE TRIGGER vouchers_kept BEFORE DELETE ON vouchers
  BEGIN SELECT RAISE(ABORT, 'a posted voucher is never deleted'); END;

  CREATE TRIGGER lines_fixed BEFORE UPDATE ON lines
  BEGIN SELECT RAISE(ABORT, 'a posted line is never changed'); END;

  CREATE TRIGGER lines_kept BEFORE DELETE ON lines
  BEGIN SELECT RAISE(ABORT, 'a posted line is never deleted'); END;

  CREATE TRIGGER lines_complete BEFORE INSERT ON lines
  WHEN NEW.line_number > (SELECT line_count FROM vouchers WHERE id = NEW.voucher_id)
  BEGIN SELECT RAISE(ABORT, 'a posted voucher takes no further lines'); END;
  `,
];
