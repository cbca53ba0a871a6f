/**
 * Plans that were saved to files: each can be applied once, and only as it was written. approvals: what people said without a key; a line in a
 * file that is not here too counts for nothing. Those with a signature need no row.
 */
export const plans = `
CREATE TABLE plans (
  id TEXT PRIMARY KEY,
  pipeline_id INTEGER NOT NULL REFERENCES pipelines (id),
  hash TEXT NOT NULL,
  file TEXT NOT NULL,
  sends INTEGER NOT NULL,
  made_at TEXT NOT NULL,
  made_by TEXT NOT NULL,
  made_in INTEGER NOT NULL REFERENCES runs (id),
  applied_in INTEGER REFERENCES runs (id),
  applied_at TEXT
) STRICT;
CREATE INDEX plans_of_pipeline ON plans (pipeline_id, made_at);
CREATE TABLE approvals (
  id INTEGER PRIMARY KEY,
  plan_id TEXT NOT NULL REFERENCES plans (id),
  line TEXT NOT NULL,
  UNIQUE (plan_id, line)
) STRICT;
`;
