import { headerName } from "../headers.js";
import { isObject, type Json, parseJson, writeJson } from "../json.js";
import { compileText } from "../template.js";
import type { Exchange } from "../transport.js";
import { refuseConnection } from "../url.js";
import type { Grant } from "./grant.js";
import type { TokenOptions } from "./options.js";

/** How a token is sent. Throws ProblemError when that is not said, or said twice. */
export function compileSend(options: TokenOptions["send"], where: string): (token: string) => Grant {
  const { header, value, query, body } = options;
  if ([header, query, body].filter((each) => each !== undefined).length !== 1)
    refuseConnection(`\`${where}\` needs one of \`header\`, \`query\` and \`body\``, "say where the system looks for the token");
  if (value !== undefined && header === undefined) refuseConnection(`\`${where}.value\` goes with \`header\``, "leave it out");
  if (header !== undefined) {
    const name = headerName(`${where}.header`, header);
    const write = compileText(
      value ?? "{$.token}",
      { kind: "object", names: { token: { kind: "value" } } },
      `${where}.value`,
      (token) => token,
    );
    return (token) => ({ headers: { [name]: write({ token }) }, query: {} });
  }
  if (query !== undefined) return (token) => ({ headers: {}, query: { [query]: token } });
  return (token) => ({ headers: {}, query: {}, apply: (exchange) => withField(exchange, body ?? "", token) });
}

/** Into a form, or a JSON object; a call without a body gets one. */
function withField(exchange: Exchange, name: string, token: string): Exchange {
  const { body, headers } = exchange;
  if (/^application\/x-www-form-urlencoded/i.test(headers["content-type"] ?? "")) {
    const form = new URLSearchParams(body ?? "");
    form.set(name, token);
    return { ...exchange, body: form.toString() };
  }
  const json = body === null ? new Map<string, Json>() : parseJson(body);
  // A list or an envelope has no place for it; the system will say so.
  if (json === undefined || !isObject(json)) return exchange;
  return { ...exchange, headers: { "content-type": "application/json", ...headers }, body: writeJson(new Map([...json, [name, token]])) };
}
