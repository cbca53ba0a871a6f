import { type SandboxAnswer, type SandboxCall, SandboxError } from "./contract.js";
import type { Sandbox } from "./sandbox.js";

/** Paths below this one are not the system's own: a test and a person steer the stand-in there. */
const CONTROL = "/_sandbox";

const LOG_LENGTH = 100;

export function isControl(path: string): boolean {
  return path === CONTROL || path.startsWith(`${CONTROL}/`);
}

/** Answers one call of the control endpoint, always as JSON; what cannot be done is `{ error }` with 400 or 404. */
export function control(sandbox: Sandbox, call: SandboxCall): SandboxAnswer {
  try {
    return json(200, dispatch(sandbox, call));
  } catch (cause) {
    if (!(cause instanceof SandboxError)) throw cause;
    return json(cause.status, { error: cause.message });
  }
}

function dispatch(sandbox: Sandbox, call: SandboxCall): unknown {
  const { method, path, query } = call;
  const [what = "", ...rest] = path.slice(CONTROL.length + 1).split("/");
  const name = rest.join("/");
  switch (`${method} ${what}`) {
    case "GET ": {
      const { name: system, summary } = sandbox.definition;
      return { system, summary, pending: sandbox.pending, faults: sandbox.faults(), calls: sandbox.log.counted().total };
    }
    case "GET faults":
      return sandbox.faults();
    case "POST faults":
      sandbox.setFaults(texts(parse(call.body)));
      return sandbox.faults();
    case "GET log":
      return sandbox.calls(lastOf(query));
    case "GET calls":
      return sandbox.log.counted();
    case "DELETE calls":
      sandbox.log.clearCounts();
      return sandbox.log.counted();
    case "GET inspect":
      return sandbox.inspect(name, query);
    case "POST act":
      return sandbox.act(name, parse(call.body));
    case "POST reset":
      sandbox.reset();
      return { reset: true };
    default:
      throw new SandboxError(`the control endpoint has no \`${method} ${path}\``, 404);
  }
}

function lastOf(query: URLSearchParams): number {
  const text = query.get("last") ?? String(LOG_LENGTH);
  if (/^\d{1,6}$/.test(text)) return Number(text);
  throw new SandboxError(`last is \`${text}\`, expected a number of calls`);
}

function texts(body: unknown): readonly string[] {
  const list = typeof body === "object" && body !== null && "faults" in body ? body.faults : body;
  if (Array.isArray(list) && list.every((each) => typeof each === "string")) return list;
  throw new SandboxError('expected a list of faults such as `["lose 5%", "429 next 3"]`; an empty list ends them all');
}

function parse(text: string): unknown {
  try {
    return text.trim() === "" ? {} : (JSON.parse(text) as unknown);
  } catch {
    throw new SandboxError("the body is not JSON");
  }
}

function json(status: number, value: unknown): SandboxAnswer {
  return { status, headers: { "content-type": "application/json; charset=utf-8" }, body: `${JSON.stringify(value, null, 2)}\n` };
}
