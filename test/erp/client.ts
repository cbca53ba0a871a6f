import { request } from "node:http";
import type { RunningErp } from "./running-erp.js";

export interface Answered {
  /** Null when the connection was closed without a whole answer, or the client gave up. */
  readonly status: number | null;
  readonly text: string;
  readonly retryAfter: string | undefined;
  readonly ms: number;
}

/** Sends one request over a connection of its own and says what came back; never repeats. */
export function send(
  erp: RunningErp,
  path: string,
  body: unknown,
  options: { giveUpMs?: number; bearer?: string; method?: string } = {},
): Promise<Answered> {
  const started = Date.now();
  return new Promise((resolve) => {
    let text = "";
    const failed = (): void => resolve({ status: null, text, retryAfter: undefined, ms: Date.now() - started });
    const sent = request(
      `${erp.url}${path}`,
      {
        method: options.method ?? (body === undefined ? "GET" : "POST"),
        agent: false,
        headers: options.bearer === undefined ? {} : { authorization: `Bearer ${options.bearer}` },
      },
      (answer) => {
        answer.setEncoding("utf8");
        answer.on("data", (part: string) => {
          text += part;
        });
        answer.on("error", failed);
        answer.on("end", () => {
          const retryAfter = answer.headers["retry-after"];
          if (answer.complete) resolve({ status: answer.statusCode ?? null, text, retryAfter, ms: Date.now() - started });
        });
      },
    );
    sent.on("error", failed);
    if (options.giveUpMs !== undefined) setTimeout(() => sent.destroy(), options.giveUpMs);
    sent.end(body === undefined ? undefined : typeof body === "string" ? body : JSON.stringify(body));
  });
}

/** A balanced voucher as a client sends it. */
export const voucher = (externalNo: string, more: Record<string, unknown> = {}): Record<string, unknown> => ({
  externalNo,
  date: "2026-11-03",
  text: "报销",
  lines: [
    { account: "6602.01", debit: "12.30" },
    { account: "2241", credit: "12.30" },
  ],
  ...more,
});
