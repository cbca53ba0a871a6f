/**
 * What each channel of `notify` was last told about a pipeline, so that it is told about changes only. scope: the pipeline, or empty for all that
 * one command line names; failed: the codes of what stopped it, parted by commas; run: the newest run whose list it knows.
 */
export const notices = `
CREATE TABLE notices (
  scope TEXT NOT NULL,
  channel TEXT NOT NULL,
  failed TEXT NOT NULL,
  in_doubt INTEGER NOT NULL,
  to_approve INTEGER NOT NULL,
  run INTEGER NOT NULL,
  at TEXT NOT NULL,
  PRIMARY KEY (scope, channel)
) STRICT, WITHOUT ROWID;
`;
