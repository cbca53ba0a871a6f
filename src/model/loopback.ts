/** This machine and no other: what is sent to it nobody on the way can read. A host as it stands in a URL or in an option. */
export function isLoopback(host: string): boolean {
  return host === "localhost" || host === "::1" || host === "[::1]" || /^127(\.\d{1,3}){3}$/.test(host);
}
