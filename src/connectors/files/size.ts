/** A size such as `4GB`, `512MB` or `64KB`, in bytes of 1,024 to the kilobyte; null when it is none. */
export function sizeOf(text: string): number | null {
  const match = /^(\d{1,6})(KB|MB|GB)$/.exec(text);
  return match === null ? null : Number(match[1]) * { KB: 2 ** 10, MB: 2 ** 20, GB: 2 ** 30 }[match[2] as "KB" | "MB" | "GB"];
}

/** The other way round. */
export function sizeText(bytes: number): string {
  if (bytes % 2 ** 30 === 0) return `${bytes / 2 ** 30} GB`;
  return bytes % 2 ** 20 === 0 ? `${bytes / 2 ** 20} MB` : `${Math.ceil(bytes / 2 ** 10)} KB`;
}
