import type { Metrics } from "../config/observe-schema.js";
import { basicHeader } from "../connectors/http/header-text.js";
import { EXPOSITION_TYPE } from "./exposition.js";
import { addressOf, Outlet } from "./outlet.js";

type Push = NonNullable<Metrics["push"]>;

/**
 * Puts the metrics in the place of those that the gateway has of this project (https://github.com/prometheus/pushgateway#api). Returns why they did not
 * arrive, in words without secrets; null when they did. Throws ProblemError for settings that cannot be used.
 */
export async function push(
  { url, user, password, headers = {}, ...reach }: Push,
  group: { readonly project: string; readonly environment: string | null },
  text: string,
  timeoutMs: number,
): Promise<string | null> {
  const labels = [["project", group.project], ...(group.environment === null ? [] : [["environment", group.environment]])];
  const segments = labels.flatMap(([name = "", value = ""]) => segmentsOf(name, value));
  const address = addressOf("metrics.push.url", url, reach.insecure, "metrics", "job", "sync", ...segments);
  const outlet = new Outlet(reach, timeoutMs);
  try {
    const signIn = user === undefined ? {} : { authorization: basicHeader(user, password ?? "") };
    const answer = await outlet.send({
      method: "PUT",
      url: address,
      headers: { "content-type": EXPOSITION_TYPE, ...signIn, ...headers },
      body: text,
    });
    if (answer.kind !== "answer") return answer.reason;
    return answer.status >= 200 && answer.status < 300 ? null : `HTTP ${answer.status}`;
  } finally {
    await outlet.close();
  }
}

/** A value that is empty or holds a slash cannot stand in a path, and is written in base64. */
function segmentsOf(label: string, value: string): readonly string[] {
  if (value !== "" && !value.includes("/")) return [label, encodeURIComponent(value)];
  return [`${label}@base64`, value === "" ? "=" : Buffer.from(value).toString("base64url")];
}
