import { refuseOption } from "../action.js";
import type { RequestOptions } from "../request.js";
import type { SourceRequestOptions } from "./options.js";

const CONTENTS = ["body", "form", "xml", "soap"] as const;

/**
 * The request with its method, GET or POST where something is sent, and what answers it takes. Throws ProblemError when it says twice what is
 * sent.
 */
export function requestOptions(options: SourceRequestOptions, format: "json" | "xml"): RequestOptions {
  const given = CONTENTS.filter((key) => options[key] !== undefined);
  if (given.length > 1)
    refuseOption("CONFIG_WRONG_VALUE", `the request has ${given.map((key) => `\`${key}\``).join(" and ")}`, "keep one of them");
  const method = options.method ?? (given.length > 0 ? "POST" : "GET");
  if (method === "GET" && given.length > 0)
    refuseOption(
      "CONFIG_WRONG_VALUE",
      `\`method\` is \`GET\`, and \`${given[0]}\` is sent`,
      "say `method: POST`, or put parameters under `query`",
    );
  if (options.soap !== undefined && format !== "xml")
    refuseOption("CONFIG_MISSING_KEY", "the request has `soap`, and `answers` is `json`", "add `answers: xml`");
  const accept: Record<string, string> = format === "xml" ? { Accept: "application/xml, text/xml, application/soap+xml" } : {};
  return { ...options, method, headers: { ...accept, ...options.headers } };
}
