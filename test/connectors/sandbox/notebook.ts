import type {
  SandboxAnswer,
  SandboxCall,
  SandboxDefinition,
  SandboxState,
  SandboxSystem,
} from "../../../src/connectors/sandbox/contract.js";
import { SandboxError } from "../../../src/connectors/sandbox/contract.js";

interface Note {
  readonly key: string;
  readonly size: number;
}

/** The smallest system: `POST /notes` keeps keys, `GET /notes` lists them, both after `POST /sign-in`. */
class Notebook implements SandboxSystem {
  private readonly notes;
  private isSignedIn = false;

  constructor(
    private readonly state: SandboxState,
    seed: number,
  ) {
    this.notes = state.collection<Note>("notes", { size: (note) => note.size });
    if (state.isEmpty) this.notes.put(`seed ${seed}`, { key: `seed ${seed}`, size: 0 });
  }

  answer(call: SandboxCall, { cutAfter }: { readonly cutAfter: number | null }): SandboxAnswer {
    if (call.path === "/sign-in") {
      this.isSignedIn = true;
      return { status: 200, body: "in" };
    }
    if (call.path === "/bug") throw new Error("a bug of its own");
    if (!this.isSignedIn) return { status: 401, body: "sign in", isRefusal: true };
    if (call.method === "GET") return { status: 200, body: JSON.stringify([...this.notes.all()].map(({ key }) => key)) };
    const keys = JSON.parse(call.body) as string[];
    if (keys.length === 0) return { status: 400, body: "empty", isRefusal: true };
    for (const key of keys.slice(0, cutAfter ?? keys.length)) this.notes.put(key, { key, size: key.length });
    if (keys.includes("throws")) throw new Error("half way");
    return cutAfter === null || keys.length === 1 ? { status: 200, body: String(this.state.next("posts")) } : { status: 500, body: "cut" };
  }

  refusal(): SandboxAnswer {
    return { status: 200, body: "no" };
  }

  expireSessions(): void {
    this.isSignedIn = false;
  }

  isWrite(call: SandboxCall): boolean {
    return call.method === "POST" && call.path === "/notes";
  }

  inspect(name: string): unknown {
    if (name !== "notes") throw new SandboxError(`there is no \`${name}\`; there are notes`, 404);
    return [...this.notes.all()].map(({ key }) => key);
  }

  act(name: string, body: unknown): unknown {
    if (name !== "tear") throw new SandboxError(`nobody can \`${name}\``, 404);
    return { torn: this.notes.delete(String(body)) };
  }

  ownFault(text: string): ((call: SandboxCall) => SandboxAnswer | null) | null {
    return text === "burn" ? (call) => (call.path === "/notes" ? { status: 507, body: "burnt" } : null) : null;
  }
}

export const notebook: SandboxDefinition = {
  name: "notebook",
  summary: "keeps notes",
  port: 0,
  connection: (address) => ({ url: address }),
  open: ({ state, seed }) => new Notebook(state, seed),
};
