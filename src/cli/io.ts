/** Where a command writes. Results go to `out`; everything else to `err`. */
export interface Io {
  readonly out: (text: string) => void;
  readonly err: (text: string) => void;
  /** Colour and progress only where a person looks. */
  readonly outIsTerminal: boolean;
  readonly errIsTerminal: boolean;
  readonly columns: number;
  readonly rows: number;
}

/** Options that every command takes. */
export interface CommonOptions {
  readonly project?: string;
  readonly env?: string;
  readonly json?: boolean;
  readonly quiet?: boolean;
  readonly color?: boolean;
}

/** Options of the commands that run something. */
export interface LogOptions extends CommonOptions {
  readonly logLevel?: "error" | "warn" | "info" | "debug";
  readonly logFile?: string;
}

/** One command's work: it writes what it found and returns the exit code. */
export interface CommandContext {
  readonly io: Io;
  readonly cwd: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly now: () => Date;
  /** Waits in the place of the machine's timers, for a clock that somebody else moves. */
  readonly sleep?: (ms: number) => Promise<void>;
  /** The operating-system user, for the audit log. */
  readonly actor: string;
  /** Every secret of the projects that were read, for what is printed of a crash. */
  readonly secrets?: Set<string>;
}

export function printJson(io: Io, value: unknown): void {
  io.out(`${JSON.stringify(value, (_, each: unknown) => (typeof each === "bigint" ? each.toString() : each), 2)}\n`);
}
