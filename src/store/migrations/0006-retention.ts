/**
 * What may be let go one day is found without reading everything that was ever sent: the tries that were refused or never left, and the steps
 * that were taken. runs: one that sent nothing that is still remembered can go.
 */
export const retention = `
CREATE INDEX attempts_to_let_go ON attempts (answered_at)
  WHERE outcome IN ('rejected', 'not sent') OR (outcome = 'accepted' AND step IS NOT NULL);
CREATE INDEX attempts_of_run ON attempts (run_id);
`;
