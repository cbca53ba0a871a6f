import type { Traces } from "../config/observe-schema.js";
import { otlpBody, type Resource, rejectedSpans } from "./otlp.js";
import { addressOf, Outlet } from "./outlet.js";
import type { Span } from "./spans.js";

/** Where spans go, and how they are sent there. */
export interface Export {
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  readonly service: string;
  readonly settings: Pick<Traces, "propagate" | "most_spans" | "ca" | "proxy" | "insecure">;
}

type Environment = Readonly<Record<string, string | undefined>>;

/** In one request; collectors refuse bodies of some megabytes. */
const BATCH = 500;
const WAIT_MS = 1_000;
/** A collector that takes longer for all of them is not waited for. */
const MOST_MS = 10_000;
const DEFAULTS = { propagate: false, most_spans: 2_000, insecure: false } as const;

/**
 * What the project and the environment say together; what stands in the project counts more. Null where neither names an endpoint, or
 * `OTEL_SDK_DISABLED` is set. Variables: https://opentelemetry.io/docs/specs/otel/protocol/exporter/. Throws ProblemError for an address that cannot be used.
 */
export function exportOf(traces: Traces | null, env: Environment): Export | null {
  if (env["OTEL_SDK_DISABLED"]?.toLowerCase() === "true") return null;
  const settings = traces ?? DEFAULTS;
  const own = given(env, "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT");
  const base = given(env, "OTEL_EXPORTER_OTLP_ENDPOINT");
  const whole = traces?.endpoint ?? own;
  const { insecure } = settings;
  const url =
    whole !== undefined
      ? addressOf(traces?.endpoint === undefined ? "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT" : "traces.endpoint", whole, insecure)
      : base !== undefined
        ? addressOf("OTEL_EXPORTER_OTLP_ENDPOINT", base, insecure, "v1", "traces")
        : null;
  if (url === null) return null;
  const written = given(env, "OTEL_EXPORTER_OTLP_TRACES_HEADERS") ?? given(env, "OTEL_EXPORTER_OTLP_HEADERS");
  const headers = traces?.headers ?? (written === undefined ? {} : headersOf(written));
  return { url, headers, service: traces?.service ?? given(env, "OTEL_SERVICE_NAME") ?? "sync", settings };
}

/** The secrets that the environment brings along with its own variables. */
export function secretsOf(env: Environment): string[] {
  const written = ["OTEL_EXPORTER_OTLP_TRACES_HEADERS", "OTEL_EXPORTER_OTLP_HEADERS"].flatMap((name) => given(env, name) ?? []);
  return written.flatMap((text) => Object.values(headersOf(text)));
}

/**
 * Sends what is over. Tries once more where it was certainly not taken; holds nobody up for longer than a few times `timeoutMs`. Returns why not all of it
 * arrived, in words without secrets; null when it did.
 */
export async function exportSpans(
  spans: readonly Span[],
  { url, headers, service, settings }: Export,
  resource: Omit<Resource, "service">,
  {
    timeoutMs,
    sleep,
    elapsedMs,
  }: { readonly timeoutMs: number; readonly sleep: (ms: number) => Promise<void>; readonly elapsedMs: () => number },
): Promise<string | null> {
  const outlet = new Outlet(settings, timeoutMs);
  const begun = elapsedMs();
  let rejected = 0;
  try {
    for (let from = 0; from < spans.length; from += BATCH) {
      if (elapsedMs() - begun > MOST_MS) return `${spans.length - from} of ${spans.length} spans were not sent: the collector is too slow`;
      const body = otlpBody(spans.slice(from, from + BATCH), { service, ...resource });
      const delivery = { method: "POST", url, headers: { "content-type": "application/json", ...headers }, body } as const;
      let answer = await outlet.send(delivery);
      if (answer.kind === "answer" && [429, 502, 503, 504].includes(answer.status)) {
        await sleep(WAIT_MS);
        answer = await outlet.send(delivery);
      }
      if (answer.kind !== "answer") return answer.reason;
      if (answer.status < 200 || answer.status >= 300) return `HTTP ${answer.status}`;
      rejected += rejectedSpans(answer.body.toString());
    }
  } finally {
    await outlet.close();
  }
  return rejected === 0 ? null : `${rejected} of ${spans.length} spans were not taken`;
}

/** A variable that is empty counts as not set. */
function given(env: Environment, name: string): string | undefined {
  return env[name] === "" ? undefined : env[name];
}

/** `name=value,name=value`, with values as in a URL. */
function headersOf(text: string): Record<string, string> {
  return Object.fromEntries(
    text.split(",").flatMap((pair) => {
      const at = pair.indexOf("=");
      const name = pair.slice(0, Math.max(0, at)).trim();
      return name === "" ? [] : [[name, decoded(pair.slice(at + 1).trim())]];
    }),
  );
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
