/** The audit log: added to, never changed. The rule for `hash` is in model/audit.ts and, for third parties, in docs/audit.md. */
export const audit = `
CREATE TABLE audit (
  seq INTEGER PRIMARY KEY,
  at TEXT NOT NULL,
  actor TEXT NOT NULL,
  event TEXT NOT NULL,
  pipeline TEXT,
  run INTEGER,
  subject TEXT,
  detail TEXT NOT NULL,
  hash TEXT NOT NULL
) STRICT;

-- They keep mistakes out, not a person with the file in hand; for that there is the chain.
CREATE TRIGGER audit_is_not_changed BEFORE UPDATE ON audit BEGIN
  SELECT RAISE(ABORT, 'the audit log is only added to');
END;
CREATE TRIGGER audit_is_not_deleted BEFORE DELETE ON audit BEGIN
  SELECT RAISE(ABORT, 'the audit log is only added to');
END;
-- Also refuses INSERT OR REPLACE, which deletes without asking the trigger above.
CREATE TRIGGER audit_has_no_gap BEFORE INSERT ON audit WHEN NEW.seq <> (SELECT coalesce(max(seq), 0) + 1 FROM audit) BEGIN
  SELECT RAISE(ABORT, 'the audit log is only added to');
END;
`;
