/**
 * Values that only one document may hold can be shared by pipelines, and a document that is booked elsewhere can hold one as well, so that a
 * value may have several holders; only the first of them is posted here. scope: the pipeline, or 0 for a register of the project. beside: held
 * without regard to others, which gives no right to be posted.
 */
export const registers = `
CREATE TABLE held_values (
  scope INTEGER NOT NULL,
  name TEXT NOT NULL,
  value TEXT NOT NULL,
  document_id INTEGER NOT NULL REFERENCES documents (id),
  stale INTEGER NOT NULL DEFAULT 0,
  beside INTEGER NOT NULL DEFAULT 0,
  PRIMARY KEY (scope, name, value, document_id)
) STRICT, WITHOUT ROWID;
INSERT INTO held_values (scope, name, value, document_id, stale)
  SELECT pipeline_id, name, value, document_id, stale FROM unique_values;
DROP TABLE unique_values;
ALTER TABLE held_values RENAME TO unique_values;
CREATE INDEX unique_values_of_document ON unique_values (document_id);
`;
