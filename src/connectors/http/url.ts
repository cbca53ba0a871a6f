import { isLoopback } from "../../model/loopback.js";
import { ProblemError, problem } from "../../model/problem.js";

/** The text of a URL is not repeated in problems: keys are pasted into URLs. */
export function readUrl(option: string, written: string, insecure: boolean): URL {
  const url = URL.canParse(written) ? new URL(written) : null;
  if (url === null || (url.protocol !== "https:" && url.protocol !== "http:"))
    return refuseConnection(`\`${option}\` is not a URL`, "expected one such as `https://erp.example.com/api`");
  if (url.username !== "" || url.password !== "")
    refuseConnection(`\`${option}\` holds a user name or a password`, "move them to `auth`, as `basic: { user: …, password: … }`");
  if (url.protocol === "http:" && !insecure && !isLoopback(url.hostname)) {
    refuseConnection(
      `\`${option}\` is not encrypted: \`http://${url.host}\``,
      "write `https://`, or `insecure: true` if everybody on the way may read it",
    );
  }
  return url;
}

export function refuseConnection(found: string, hint: string): never {
  throw new ProblemError(problem("CONFIG_WRONG_VALUE", `connection: ${found}`, [], hint));
}
