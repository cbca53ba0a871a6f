import { SandboxError, type SandboxState } from "../../sandbox/contract.js";
import type { MadeField } from "./forms/index.js";

/** What differs from site to site, and what the reference leaves open. Kept in the state, changed by the act `settings`. */
export interface Settings {
  /** More sessions than this at once are refused. The reference knows an advice (3 to 5), not a limit. */
  readonly mostSessions: number;
  /** More rows than this are not given at once. */
  readonly mostRows: number;
  /** Asset cards may be saved. How a real system takes them is not established; a site may refuse them. */
  readonly assetCards: boolean;
  /** `on`: employees' other payables are refused; `off`: reimbursements are; `both`: neither, so that both ways can be rehearsed. */
  readonly expenseModule: "on" | "off" | "both";
  /** `X-Api-Signature` is checked. Real sites reached directly seem to look at `X-Kd-Signature` alone. */
  readonly checkApiSignature: boolean;
  /** View without a session answers an empty object, as some sites do, instead of saying so. */
  readonly emptyViewWhenSignedOut: boolean;
  /** Text fields that the users of the site added. */
  readonly madeFields: readonly MadeField[];
}

const DEFAULTS: Settings = {
  mostSessions: 100,
  mostRows: 2000,
  assetCards: true,
  expenseModule: "both",
  checkApiSignature: true,
  emptyViewWhenSignedOut: true,
  madeFields: [],
};

const COLLECTION = "settings";
const KEY = "all";

export function readSettings(state: SandboxState): Settings {
  return { ...DEFAULTS, ...state.collection<Partial<Settings>>(COLLECTION).get(KEY) };
}

/** Changes the settings that are named; an unknown name or a wrong kind of value is refused. */
export function changeSettings(state: SandboxState, body: unknown): Settings {
  const settings = { ...readSettings(state), ...checked(body) };
  state.collection<Settings>(COLLECTION).put(KEY, settings);
  return settings;
}

function checked(body: unknown): Partial<Settings> {
  if (typeof body !== "object" || body === null) throw new SandboxError('settings are an object such as `{ "mostSessions": 3 }`');
  for (const [name, value] of Object.entries(body)) {
    if (!Object.hasOwn(DEFAULTS, name))
      throw new SandboxError(`there is no setting \`${name}\`; there are ${Object.keys(DEFAULTS).join(", ")}`);
    if (!isRight(name as keyof Settings, value))
      throw new SandboxError(`the setting \`${name}\` does not take \`${JSON.stringify(value)}\``);
  }
  return body;
}

function isRight(name: keyof Settings, value: unknown): boolean {
  if (name === "expenseModule") return value === "on" || value === "off" || value === "both";
  if (name === "madeFields") return Array.isArray(value) && value.every(isMadeField);
  if (name === "mostSessions" || name === "mostRows") return Number.isInteger(value) && (value as number) > 0;
  return typeof value === "boolean";
}

function isMadeField(value: unknown): value is MadeField {
  if (typeof value !== "object" || value === null) return false;
  const { form, entity, key } = value as Record<string, unknown>;
  return typeof form === "string" && (entity === null || typeof entity === "string") && typeof key === "string" && key.startsWith("F_");
}
