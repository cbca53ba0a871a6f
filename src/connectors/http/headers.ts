import { refuseConnection } from "./url.js";

const OWN_HEADERS = new Set([
  "host",
  "content-length",
  "transfer-encoding",
  "connection",
  "keep-alive",
  "upgrade",
  "expect",
  "te",
  "trailer",
]);

/** In lower case, since case makes no difference. */
export function headerName(option: string, written: string): string {
  const name = written.toLowerCase();
  if (!/^[!#$%&'*+.^_`|~\w-]+$/.test(name))
    refuseConnection(`\`${option}\` names the header \`${written}\``, "a name has letters, digits and `-`");
  if (OWN_HEADERS.has(name)) refuseConnection(`\`${option}\` sets \`${written}\``, "that header is set by the program");
  return name;
}

export function headerValue(option: string, value: string): string {
  return /^[\x20-\x7e]*$/.test(value)
    ? value
    : refuseConnection(`\`${option}\` has characters that a header cannot carry`, "expected ASCII without line breaks");
}
