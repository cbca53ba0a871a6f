import { isLoopback } from "../../../model/loopback.js";
import { refuseOption } from "../options.js";

/** An address of the web as it is written in a connection. Its text is not repeated in problems: keys are pasted into addresses. */
export function readAddress(option: string, written: string, insecure: boolean): URL {
  const url = URL.canParse(written) ? new URL(written) : null;
  if (url === null || (url.protocol !== "https:" && url.protocol !== "http:"))
    return refuseOption(
      "CONFIG_WRONG_VALUE",
      `connection: \`${option}\` is no address`,
      "expected one such as `https://files.example.com/exports`",
    );
  if (url.username !== "" || url.password !== "")
    refuseOption("CONFIG_WRONG_VALUE", `connection: \`${option}\` holds a user name or a password`, "they have options of their own");
  if (url.search !== "" || url.hash !== "")
    refuseOption("CONFIG_WRONG_VALUE", `connection: \`${option}\` has a query or a fragment`, "leave it out; a key belongs in a header");
  if (!isPrivate(url) && !insecure)
    refuseOption(
      "CONFIG_WRONG_VALUE",
      `connection: \`${option}\` is not encrypted: \`http://${url.host}\``,
      "write `https://`, or `insecure: true` if everybody on the way may read it",
    );
  return url;
}

/** Nobody on the way can read what is sent: it is encrypted, or stays on this machine. */
export function isPrivate({ protocol, hostname }: URL): boolean {
  return protocol === "https:" || isLoopback(hostname);
}
