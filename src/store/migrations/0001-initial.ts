/** Everything the program remembers. Instants are UTC text; keys and codes are text; amounts live inside documents as exact text. */
export const initial = `
CREATE TABLE meta (
  name TEXT PRIMARY KEY,
  value TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE pipelines (
  id INTEGER PRIMARY KEY,
  name TEXT NOT NULL UNIQUE
) STRICT;

CREATE TABLE runs (
  id INTEGER PRIMARY KEY,
  pipeline_id INTEGER NOT NULL REFERENCES pipelines (id),
  kind TEXT NOT NULL,
  status TEXT NOT NULL,
  started_at TEXT NOT NULL,
  ended_at TEXT,
  host TEXT NOT NULL,
  pid INTEGER NOT NULL,
  program TEXT NOT NULL,
  fingerprint TEXT NOT NULL,
  result TEXT
) STRICT;
CREATE INDEX runs_of_pipeline ON runs (pipeline_id, id);

-- One writer per pipeline and per target.
CREATE TABLE leases (
  name TEXT PRIMARY KEY,
  owner TEXT NOT NULL,
  host TEXT NOT NULL,
  pid INTEGER NOT NULL,
  acquired_at TEXT NOT NULL,
  renewed_at TEXT NOT NULL,
  expires_at TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- What is taken whole or not at all: a file, a window of an API. The fingerprint is set when the run that read it ends.
CREATE TABLE units (
  id INTEGER PRIMARY KEY,
  pipeline_id INTEGER NOT NULL REFERENCES pipelines (id),
  name TEXT NOT NULL,
  fingerprint TEXT,
  reading TEXT,
  records INTEGER NOT NULL DEFAULT 0,
  run_id INTEGER,
  UNIQUE (pipeline_id, name)
) STRICT;
CREATE INDEX units_by_content ON units (pipeline_id, fingerprint);

CREATE TABLE watermarks (
  pipeline_id INTEGER NOT NULL REFERENCES pipelines (id),
  stream TEXT NOT NULL,
  value TEXT NOT NULL,
  run_id INTEGER,
  PRIMARY KEY (pipeline_id, stream)
) STRICT, WITHOUT ROWID;

-- The field names that the values of a record stand for, in order.
CREATE TABLE shapes (
  id INTEGER PRIMARY KEY,
  pipeline_id INTEGER NOT NULL REFERENCES pipelines (id),
  fields TEXT NOT NULL,
  UNIQUE (pipeline_id, fields)
) STRICT;

-- Every document ever seen. touched: its records changed since it was last settled, or it waits.
CREATE TABLE documents (
  id INTEGER PRIMARY KEY,
  pipeline_id INTEGER NOT NULL REFERENCES pipelines (id),
  key TEXT NOT NULL,
  touched INTEGER NOT NULL DEFAULT 1,
  UNIQUE (pipeline_id, key)
) STRICT;
CREATE INDEX documents_touched ON documents (pipeline_id, id) WHERE touched = 1;

-- The latest version of every record, because a source may not deliver it again. problem: why it cannot be used.
CREATE TABLE records (
  id INTEGER PRIMARY KEY,
  pipeline_id INTEGER NOT NULL REFERENCES pipelines (id),
  key TEXT NOT NULL,
  document_id INTEGER NOT NULL REFERENCES documents (id),
  cursor TEXT,
  unit_id INTEGER NOT NULL REFERENCES units (id),
  line INTEGER NOT NULL,
  shape_id INTEGER NOT NULL REFERENCES shapes (id),
  data TEXT NOT NULL,
  problem TEXT,
  UNIQUE (pipeline_id, key)
) STRICT;
CREATE INDEX records_of_document ON records (document_id);

-- Made and durable before anything is sent. outcome is null until the answer is known.
CREATE TABLE attempts (
  id INTEGER PRIMARY KEY,
  document_id INTEGER NOT NULL REFERENCES documents (id),
  version INTEGER NOT NULL,
  act TEXT NOT NULL CHECK (act IN ('post', 'reverse')),
  idempotency_key TEXT NOT NULL,
  fingerprint TEXT NOT NULL,
  content TEXT NOT NULL,
  run_id INTEGER NOT NULL REFERENCES runs (id),
  sent_at TEXT NOT NULL,
  outcome TEXT CHECK (outcome IN ('accepted', 'rejected', 'unconfirmed', 'absent', 'conflict', 'set aside', 'not sent')),
  reference TEXT,
  problem TEXT,
  answered_at TEXT
) STRICT;
CREATE INDEX attempts_of_document ON attempts (document_id, version);
CREATE INDEX attempts_by_key ON attempts (idempotency_key);
CREATE INDEX attempts_open ON attempts (document_id) WHERE outcome IS NULL OR outcome = 'unconfirmed';

-- What the target accepted, one row per version. reversed_by: the target's number of the reversal.
CREATE TABLE postings (
  document_id INTEGER NOT NULL REFERENCES documents (id),
  version INTEGER NOT NULL,
  attempt_id INTEGER NOT NULL REFERENCES attempts (id),
  fingerprint TEXT NOT NULL,
  reference TEXT NOT NULL,
  run_id INTEGER NOT NULL,
  posted_at TEXT NOT NULL,
  reversed_by TEXT,
  reversed_at TEXT,
  PRIMARY KEY (document_id, version)
) STRICT, WITHOUT ROWID;

-- Where records and documents wait that could not be posted. ready: nothing speaks against it any more, it is sent next.
CREATE TABLE quarantine (
  id INTEGER PRIMARY KEY,
  pipeline_id INTEGER NOT NULL REFERENCES pipelines (id),
  kind TEXT NOT NULL CHECK (kind IN ('record', 'document')),
  key TEXT NOT NULL,
  document_id INTEGER REFERENCES documents (id),
  status TEXT NOT NULL CHECK (status IN ('waiting', 'held', 'ready', 'dropped')),
  code TEXT NOT NULL,
  problem TEXT NOT NULL,
  unit_id INTEGER REFERENCES units (id),
  line INTEGER,
  raw TEXT,
  first_run INTEGER NOT NULL,
  last_run INTEGER NOT NULL,
  first_at TEXT NOT NULL,
  tries INTEGER NOT NULL DEFAULT 1,
  reason TEXT,
  UNIQUE (pipeline_id, kind, key)
) STRICT;
CREATE INDEX quarantine_of_unit ON quarantine (unit_id) WHERE kind = 'record';
CREATE INDEX quarantine_of_document ON quarantine (document_id);

-- Who holds a value that only one document may hold. stale: held by what is posted, and no longer wanted.
CREATE TABLE unique_values (
  pipeline_id INTEGER NOT NULL REFERENCES pipelines (id),
  name TEXT NOT NULL,
  value TEXT NOT NULL,
  document_id INTEGER NOT NULL REFERENCES documents (id),
  stale INTEGER NOT NULL DEFAULT 0,
  PRIMARY KEY (pipeline_id, name, value)
) STRICT, WITHOUT ROWID;
CREATE INDEX unique_values_of_document ON unique_values (document_id);
`;
