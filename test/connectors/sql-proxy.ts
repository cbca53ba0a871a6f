import { type AddressInfo, connect, createServer, type Socket } from "node:net";
import { afterThisTest } from "./sql-setup.js";

/** Stands between a client and a server, and can cut the wire when it sees certain words. */
export interface Proxy {
  readonly port: number;
  /** Cuts when a packet of the client holds this text: before it is passed on, or after the server has answered it. */
  cutAt(text: RegExp, when: "before" | "after"): void;
  /** Passes on nothing more of what comes, and says nothing. */
  freezeAt(text: RegExp): void;
  /** Cuts every wire that is open now. */
  cutAll(): void;
}

export async function proxyTo(port: number): Promise<Proxy> {
  let armed: { readonly text: RegExp; readonly action: "before" | "after" | "freeze" } | null = null;
  const open = new Set<Socket>();
  const server = createServer((client) => {
    const upstream = connect(port, "127.0.0.1");
    let isDeaf = false;
    const cut = (): void => {
      client.destroy();
      upstream.destroy();
    };
    open.add(client);
    for (const socket of [client, upstream]) {
      socket.on("error", cut);
      socket.on("close", cut);
    }
    client.on("close", () => open.delete(client));
    client.on("data", (chunk) => {
      if (armed?.text.test(chunk.toString("latin1"))) {
        const { action } = armed;
        armed = null;
        if (action === "before") return cut();
        isDeaf = true;
        if (action === "after") upstream.once("data", cut);
      }
      upstream.write(chunk);
    });
    upstream.on("data", (chunk) => {
      if (!isDeaf) client.write(chunk);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const cutAll = (): void => {
    for (const socket of open) socket.destroy();
  };
  afterThisTest(() => {
    cutAll();
    server.close();
  });
  return {
    port: (server.address() as AddressInfo).port,
    cutAt: (text, when) => {
      armed = { text, action: when };
    },
    freezeAt: (text) => {
      armed = { text, action: "freeze" };
    },
    cutAll,
  };
}
