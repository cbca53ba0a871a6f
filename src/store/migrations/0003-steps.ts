/**
 * Targets that book in several steps, and drafts that are changed where they stand.
 * postings.step: the last step that was done; null when it is booked. postings.ended_as: how it came to its end, once it has
 * (reversed_by is then set): `reversed` by a document of its own, `deleted` as a draft, `updated` into the next version, or `gone`
 * without us. attempts.step: an attempt to take the version to that step. attempts.takes_over: the version whose draft it changes.
 * records.member: which of the many of a batch document it belongs to; null in all other documents.
 */
export const steps = `
ALTER TABLE postings ADD COLUMN step TEXT;
ALTER TABLE postings ADD COLUMN ended_as TEXT CHECK (ended_as IN ('reversed', 'deleted', 'updated', 'gone'));
UPDATE postings SET ended_as = 'reversed' WHERE reversed_by IS NOT NULL;
ALTER TABLE attempts ADD COLUMN step TEXT;
ALTER TABLE attempts ADD COLUMN takes_over INTEGER;
ALTER TABLE records ADD COLUMN member TEXT;
CREATE INDEX records_bad ON records (unit_id) WHERE problem IS NOT NULL;
CREATE INDEX records_of_member ON records (pipeline_id, member) WHERE member IS NOT NULL;
`;
