import type { SandboxDefinition } from "./sandbox/contract.js";

/** Every stand-in by the name of the system it stands for. Each is loaded only when it is started. */
export const sandboxes: ReadonlyMap<string, () => Promise<SandboxDefinition>> = new Map([
  ["hesi", async (): Promise<SandboxDefinition> => (await import("./hesi/sandbox/index.js")).sandbox],
  ["kingdee", async (): Promise<SandboxDefinition> => (await import("./kingdee/sandbox/index.js")).sandbox],
]);
