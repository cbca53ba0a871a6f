const CERTIFICATE_REASONS: Readonly<Record<string, string>> = {
  CERT_HAS_EXPIRED: "its certificate has expired",
  CERT_NOT_YET_VALID: "its certificate is not valid yet",
  DEPTH_ZERO_SELF_SIGNED_CERT: "its certificate is signed by itself",
  ERR_TLS_CERT_ALTNAME_INVALID: "its certificate is for another name",
  SELF_SIGNED_CERT_IN_CHAIN: "its certificate is signed by an authority that is not known",
  UNABLE_TO_GET_ISSUER_CERT: "its certificate is signed by an authority that is not known",
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: "its certificate is signed by an authority that is not known",
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: "its certificate is signed by an authority that is not known",
};

/** Why TLS does not believe that the server is the one it should be; null for other errors. */
export function certificateReason(error: unknown): string | null {
  const { code } = error as { readonly code?: unknown };
  return typeof code === "string" && CERTIFICATE_REASONS[code] !== undefined ? `${CERTIFICATE_REASONS[code]} (${code})` : null;
}

/** What a wrong clock on either side can cause. */
export const CLOCK_REASON = /CERT_(?:HAS_EXPIRED|NOT_YET_VALID)/;
