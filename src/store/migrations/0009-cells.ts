/** By what a record is known again before it is read: a fingerprint of its cells as they came, and of how they are read. NULL: it is read whole. */
export const cells = "ALTER TABLE records ADD COLUMN cells TEXT;";
