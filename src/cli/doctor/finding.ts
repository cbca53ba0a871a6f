/** `ok`; `look`: nothing fails today, and somebody should look at it; `wrong`: the next run fails, or cannot be trusted. */
export type State = "ok" | "look" | "wrong";

export interface Finding {
  /** What was looked at: `disk`, `connection kingdee`. */
  readonly check: string;
  readonly state: State;
  readonly found: string;
  /** What to do; null where nothing has to be done. */
  readonly hint: string | null;
}

export function ok(check: string, found: string): Finding {
  return { check, state: "ok", found, hint: null };
}

export function look(check: string, found: string, hint: string): Finding {
  return { check, state: "look", found, hint };
}

export function wrong(check: string, found: string, hint: string | null): Finding {
  return { check, state: "wrong", found, hint };
}
