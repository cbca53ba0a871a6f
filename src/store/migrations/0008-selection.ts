/** What the pipeline said of which documents are wanted when the run began; NULL in runs of before that was remembered. */
export const selection = "ALTER TABLE runs ADD COLUMN selection TEXT;";
