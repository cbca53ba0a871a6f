import { type ChildProcess, execFileSync, spawn, spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { chmodSync, existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { connect, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** Servers of others, in a temporary folder and on free ports of this machine, gone when they are stopped. */

const NGINX = ["/usr/sbin/nginx", "/usr/local/sbin/nginx", "/opt/homebrew/bin/nginx"].find((path) => existsSync(path)) ?? null;
const TINYPROXY = ["/usr/bin/tinyproxy", "/usr/sbin/tinyproxy", "/opt/homebrew/bin/tinyproxy"].find((path) => existsSync(path)) ?? null;
const hasOpenssl = spawnSync("openssl", ["version"]).status === 0;

/** Why tests that need them are skipped; null when they can run. */
export const missing: string | null =
  NGINX === null || !hasOpenssl
    ? "needs nginx and openssl: apt-get install nginx-light openssl"
    : TINYPROXY === null
      ? "needs tinyproxy: apt-get install tinyproxy"
      : null;

export interface Certificates {
  /** PEM and PKCS#12 files: the authority, what it signed for `localhost`, and what it signed for us. */
  readonly ca: string;
  readonly server: { readonly cert: string; readonly key: string };
  readonly client: { readonly cert: string; readonly key: string; readonly pfx: string; readonly passphrase: string };
}

export const PASSPHRASE = "cert-pässphrase-1";

export function aServerFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "http-server-"));
  // The workers of some servers run as another user.
  chmodSync(folder, 0o755);
  return folder;
}

export function makeCertificates(folder: string): Certificates {
  const at = (name: string): string => join(folder, name);
  const openssl = (...args: string[]): void => {
    execFileSync("openssl", args, { stdio: ["ignore", "ignore", "pipe"] });
  };
  const newKey = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1"];
  openssl(
    "req",
    "-x509",
    ...newKey,
    "-nodes",
    "-keyout",
    at("ca.key"),
    "-out",
    at("ca.pem"),
    "-subj",
    "/CN=sync test authority",
    "-days",
    "2",
  );
  const sign = (name: string, subject: string, ...more: string[]): void => {
    openssl("req", ...newKey, ...more, "-keyout", at(`${name}.key`), "-out", at(`${name}.csr`), "-subj", subject);
    const authority = ["-CA", at("ca.pem"), "-CAkey", at("ca.key"), "-CAcreateserial", "-copy_extensions", "copy"];
    openssl("x509", "-req", "-in", at(`${name}.csr`), ...authority, "-out", at(`${name}.pem`), "-days", "2");
  };
  sign("server", "/CN=localhost", "-nodes", "-addext", "subjectAltName=DNS:localhost");
  sign("client", "/CN=sync", "-passout", `pass:${PASSPHRASE}`);
  const words = ["-passin", `pass:${PASSPHRASE}`, "-passout", `pass:${PASSPHRASE}`];
  openssl("pkcs12", "-export", "-in", at("client.pem"), "-inkey", at("client.key"), "-out", at("client.p12"), ...words);
  return {
    ca: at("ca.pem"),
    server: { cert: at("server.pem"), key: at("server.key") },
    client: { cert: at("client.pem"), key: at("client.key"), pfx: at("client.p12"), passphrase: PASSPHRASE },
  };
}

export interface Nginx {
  /** TLS, with Basic under `/private` and a limit under `/limited`. */
  readonly url: string;
  /** Asks for a certificate of ours. */
  readonly mutualUrl: string;
  readonly stop: () => Promise<void>;
}

/** Serves `/claims`: one claim, exact to the cent. */
export async function startNginx(folder: string, { ca, server }: Certificates, user: string, password: string): Promise<Nginx> {
  if (NGINX === null) throw new Error(missing ?? "");
  const [port, mutual] = [await freePort(), await freePort()];
  const root = join(folder, "root");
  mkdirSync(join(root, "limited"), { recursive: true });
  writeFileSync(join(root, "claims.json"), '{"items":[{"id":"C-1","amount":12345678901234567.10}]}');
  for (const page of [1, 2, 3]) {
    const next = page === 3 ? null : `/limited/${page + 1}.json`;
    writeFileSync(join(root, "limited", `${page}.json`), JSON.stringify({ items: [{ id: `L-${page}` }], next }));
  }
  const hash = createHash("sha1").update(password).digest("base64");
  writeFileSync(join(folder, "users"), `${user}:{SHA}${hash}\n`);
  for (const name of ["body", "proxy", "fastcgi", "uwsgi", "scgi"]) mkdirSync(join(folder, name));
  const paths = ["body:client_body", "proxy:proxy", "fastcgi:fastcgi", "uwsgi:uwsgi", "scgi:scgi"]
    .map((pair) => pair.split(":"))
    .map(([name, option]) => `${option}_temp_path ${join(folder, name ?? "")};`)
    .join("\n");
  writeFileSync(
    join(folder, "nginx.conf"),
    `daemon off; master_process off; pid ${join(folder, "nginx.pid")}; error_log stderr warn;
events { worker_connections 64; }
http {
  ${paths}
  access_log off; default_type application/json; root ${root};
  ssl_certificate ${server.cert}; ssl_certificate_key ${server.key};
  limit_req_zone $server_name zone=few:1m rate=2r/s;
  server {
    listen 127.0.0.1:${port} ssl; server_name localhost;
    location = /claims { try_files /claims.json =404; }
    location = /private { auth_basic "books"; auth_basic_user_file ${join(folder, "users")}; try_files /claims.json =404; }
    location /limited/ { limit_req zone=few; limit_req_status 429; }
  }
  server {
    listen 127.0.0.1:${mutual} ssl; server_name localhost;
    ssl_client_certificate ${ca}; ssl_verify_client on;
    location = /claims { try_files /claims.json =404; }
  }
}
`,
  );
  const stop = await started(spawn(NGINX, ["-p", folder, "-c", join(folder, "nginx.conf")], { stdio: ["ignore", "ignore", "pipe"] }), port);
  return { url: `https://localhost:${port}`, mutualUrl: `https://localhost:${mutual}`, stop };
}

/** A forward proxy that asks who we are. */
export async function startTinyproxy(folder: string, user: string, password: string): Promise<{ url: string; stop: () => Promise<void> }> {
  if (TINYPROXY === null) throw new Error(missing ?? "");
  const port = await freePort();
  const config = join(folder, "tinyproxy.conf");
  writeFileSync(config, `Port ${port}\nListen 127.0.0.1\nTimeout 30\nMaxClients 20\nBasicAuth ${user} ${password}\nLogLevel Error\n`);
  const stop = await started(spawn(TINYPROXY, ["-d", "-c", config], { stdio: ["ignore", "ignore", "pipe"] }), port);
  return { url: `http://127.0.0.1:${port}`, stop };
}

async function started(server: ChildProcess, port: number): Promise<() => Promise<void>> {
  let said = "";
  server.stderr?.on("data", (chunk) => {
    said = `${said}${chunk}`.slice(-4_000);
  });
  const ended = new Promise<void>((resolve) => server.once("exit", () => resolve()));
  const kill = (): void => {
    server.kill("SIGKILL");
  };
  process.once("exit", kill);
  for (let tries = 0; !(await answers(port)); tries += 1) {
    if (server.exitCode !== null || tries > 400) throw new Error(`the server did not start: ${said}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  return async () => {
    server.kill("SIGTERM");
    await ended;
    process.removeListener("exit", kill);
  };
}

export function removeFolder(folder: string): void {
  rmSync(folder, { recursive: true, force: true });
}

function answers(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1");
    socket.once("connect", () => {
      socket.destroy();
      resolve(true);
    });
    socket.once("error", () => resolve(false));
  });
}

function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const server = createServer();
    server.listen(0, "127.0.0.1", () => {
      const address = server.address();
      server.close(() => resolve(typeof address === "object" && address !== null ? address.port : 0));
    });
  });
}
