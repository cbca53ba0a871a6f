import { CallLog, type LoggedCall } from "./call-log.js";
import type { SandboxAnswer, SandboxCall, SandboxDefinition, SandboxState, SandboxSystem } from "./contract.js";
import { type Fault, FaultPlan, parseFault } from "./faults.js";
import { openState } from "./state.js";

export interface SandboxOptions {
  /** The state file; null is memory that ends with the process. */
  readonly file: string | null;
  readonly seed: number;
  readonly faults: readonly string[];
  readonly now: () => Date;
}

/** How a call ends: with an answer, or with a connection that is closed. */
export type Ending = { readonly kind: "answer"; readonly answer: SandboxAnswer } | { readonly kind: "closed" };

type OwnFault = (call: SandboxCall) => SandboxAnswer | null;

const CLOSED: Ending = { kind: "closed" };

/** A stand-in with its memory and its faults; the server in front of it only speaks HTTP. Throws SandboxError when opened. */
export class Sandbox {
  readonly log = new CallLog();
  private readonly plan: FaultPlan;
  private readonly state: SandboxState;
  private system: SandboxSystem;
  private own: { text: string; strikes: number; readonly answer: OwnFault }[] = [];
  private readonly waiting = new Set<NodeJS.Timeout>();

  constructor(
    readonly definition: SandboxDefinition,
    private readonly options: SandboxOptions,
  ) {
    this.plan = new FaultPlan(options.seed);
    this.state = openState(options.file, definition.name);
    try {
      this.system = this.open();
      this.setFaults(options.faults);
    } catch (cause) {
      this.state.close();
      throw cause;
    }
  }

  private open(): SandboxSystem {
    const { state } = this;
    const { now, seed } = this.options;
    return state.transaction(() => this.definition.open({ state, now, seed }));
  }

  /** Answers one call, or does to it what a fault says. */
  async call(call: SandboxCall): Promise<Ending> {
    const isWrite = this.system.isWrite(call);
    const fault = this.plan.strike(call, isWrite);
    const about = { isWrite, fault: fault?.text ?? null, at: this.options.now() };
    const logged = this.log.add(call, this.system.route?.(call) ?? call.path, about);
    const ending = fault === null ? this.undisturbed(call) : await this.disturbed(call, fault);
    if (ending.kind === "answer") this.log.answered(logged, ending.answer.status, ending.answer.body);
    return ending;
  }

  private undisturbed(call: SandboxCall): Ending {
    for (const fault of this.own) {
      const instead = fault.answer(call);
      if (instead === null) continue;
      fault.strikes += 1;
      return answered(instead);
    }
    return answered(this.run(call, null));
  }

  private async disturbed(call: SandboxCall, fault: Fault): Promise<Ending> {
    switch (fault.kind) {
      case "drop":
        return CLOSED;
      case "lose":
        return this.withEffect(call, fault, null, () => CLOSED);
      case "fail before":
      case "busy":
        return answered(failure(fault));
      case "fail after":
        return this.withEffect(call, fault, null, () => answered(failure(fault)));
      case "delay":
        await this.wait(fault.waitMs);
        return answered(this.run(call, null));
      case "late":
        void this.wait(fault.waitMs).then(() => this.run(call, null));
        return CLOSED;
      case "cut":
        return this.withEffect(call, fault, fault.cutAfter, (answer) => {
          // Where the call was not on many items there was nothing to cut.
          if (answer.status < 500) this.plan.giveBack(fault);
          return answered(answer);
        });
      case "expire":
        this.system.expireSessions();
        return answered(this.run(call, null));
      case "refuse":
        return answered({ ...this.system.refusal(call), isRefusal: true });
    }
  }

  private withEffect(call: SandboxCall, fault: Fault, cutAfter: number | null, then: (answer: SandboxAnswer) => Ending): Ending {
    const answer = this.run(call, cutAfter);
    if (answer.isRefusal !== true) return then(answer);
    this.plan.giveBack(fault);
    return answered(answer);
  }

  private run(call: SandboxCall, cutAfter: number | null): SandboxAnswer {
    try {
      return this.state.transaction(() => this.system.answer(call, { cutAfter }));
    } catch (cause) {
      const told = cause instanceof Error ? (cause.stack ?? cause.message) : String(cause);
      return {
        status: 500,
        headers: { "content-type": "text/plain; charset=utf-8" },
        body: `bug in the sandbox: ${told}`,
        isRefusal: true,
      };
    }
  }

  private async wait(ms: number): Promise<void> {
    await new Promise<void>((resolve) => {
      const timer = setTimeout(() => {
        this.waiting.delete(timer);
        resolve();
      }, ms);
      this.waiting.add(timer);
    });
  }

  /** Replaces all faults. Throws SandboxError, and then they stay as they are. */
  setFaults(texts: readonly string[]): void {
    const own: typeof this.own = [];
    const general: Fault[] = [];
    for (const text of texts) {
      const answer = this.system.ownFault?.(text.trim()) ?? null;
      if (answer === null)
        general.push(
          parseFault(
            text,
            this.definition.faults?.map(([form]) => form),
          ),
        );
      else own.push({ text: text.trim(), strikes: 0, answer });
    }
    this.plan.replace(general);
    this.own = own;
  }

  /** Each fault, and how often it struck. */
  faults(): { readonly fault: string; readonly strikes: number }[] {
    return [...this.plan.told(), ...this.own.map(({ text, strikes }) => ({ fault: text, strikes }))];
  }

  /** Calls that are still to take effect. */
  get pending(): number {
    return this.waiting.size;
  }

  calls(count: number): readonly LoggedCall[] {
    return this.log.last(count);
  }

  inspect(name: string, query: URLSearchParams): unknown {
    return this.system.inspect(name, query);
  }

  act(name: string, body: unknown): unknown {
    return this.state.transaction(() => this.system.act(name, body));
  }

  /** Forgets everything and begins again with the sample company. Faults and counts stay. */
  reset(): void {
    const texts = this.faults().map(({ fault }) => fault);
    this.state.clear();
    this.system = this.open();
    this.setFaults(texts);
  }

  /** Calls that were still to take effect never do, as when a system goes down. */
  close(): void {
    for (const timer of this.waiting) clearTimeout(timer);
    this.waiting.clear();
    this.state.close();
  }
}

function answered(answer: SandboxAnswer): Ending {
  return { kind: "answer", answer };
}

/** As a server or a proxy in front of it answers: not in the words of the system. */
function failure({ status, retryAfter }: Fault): SandboxAnswer {
  const headers = { "content-type": "text/html; charset=utf-8", ...(retryAfter === null ? {} : { "retry-after": retryAfter }) };
  return { status, headers, body: `<html><head><title>${status}</title></head><body><h1>${status}</h1></body></html>` };
}
