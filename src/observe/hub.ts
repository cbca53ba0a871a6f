import type { Happening, Observer } from "../model/observer.js";

export interface Clock {
  readonly now: () => Date;
  /** Milliseconds from any moment that stays the same; never goes back. */
  readonly elapsedMs: () => number;
}

/** Something that happened, with when and in which run. */
export interface Told {
  readonly happening: Happening;
  readonly at: Date;
  readonly elapsedMs: number;
  readonly pipeline: string | null;
  readonly run: number | null;
  /** Of what ended: what it began as, and how long it took; null where nothing is known of its beginning. */
  readonly began: { readonly happening: Happening; readonly elapsedMs: number } | null;
}

export interface Listener {
  /** What a warning calls it. */
  readonly name: string;
  readonly hear: (told: Told) => void;
}

/**
 * Tells all listeners what happens, each at once. One that throws is told nothing more, and the reason is kept: a full disk must not fail a run,
 * nor print a warning for every line.
 */
export class Hub implements Observer {
  private readonly begun = new Map<string, NonNullable<Told["began"]>>();
  private listeners: readonly Listener[];
  private count = 0;
  private pipeline: string | null = null;
  private run: number | null = null;

  constructor(
    private readonly clock: Clock,
    listeners: readonly Listener[],
    private readonly onTrouble: (listener: string, cause: unknown) => void,
    readonly traceparent?: ((exchange: number) => string | undefined) | undefined,
  ) {
    this.listeners = listeners;
  }

  readonly next = (): number => {
    this.count += 1;
    return this.count;
  };

  readonly tell = (happening: Happening): void => {
    const elapsedMs = this.clock.elapsedMs();
    if (happening.kind === "run started") ({ pipeline: this.pipeline, run: this.run } = happening);
    const told: Told = {
      happening,
      at: this.clock.now(),
      elapsedMs,
      pipeline: this.pipeline,
      run: this.run,
      began: this.pair(happening, elapsedMs),
    };
    for (const listener of this.listeners) this.hear(listener, told);
    if (happening.kind === "run ended") {
      this.pipeline = null;
      this.run = null;
    }
  };

  private hear(listener: Listener, told: Told): void {
    try {
      listener.hear(told);
    } catch (cause) {
      this.listeners = this.listeners.filter((each) => each !== listener);
      this.onTrouble(listener.name, cause);
    }
  }

  /** Remembers beginnings, and gives back that of what ends. */
  private pair(happening: Happening, elapsedMs: number): Told["began"] {
    const key = keyOf(happening);
    if (key === null) return null;
    if (happening.kind.endsWith("started")) {
      this.begun.set(key, { happening, elapsedMs });
      return null;
    }
    const began = this.begun.get(key) ?? null;
    this.begun.delete(key);
    return began;
  }
}

/** What beginning and end of one thing have in common. */
function keyOf(happening: Happening): string | null {
  switch (happening.kind) {
    case "run started":
    case "run ended":
      return "run";
    case "stage started":
    case "stage ended":
      return `stage ${happening.stage}`;
    case "call started":
    case "call ended":
      return `call ${happening.call}`;
    case "exchange started":
    case "exchange ended":
      return `exchange ${happening.exchange}`;
    default:
      return null;
  }
}

export function durationMs({ began, elapsedMs }: Told): number | null {
  return began === null ? null : Math.max(0, elapsedMs - began.elapsedMs);
}
