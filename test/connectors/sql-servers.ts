import { execFileSync, spawn, spawnSync } from "node:child_process";
import { chmodSync, chownSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { connect, createServer } from "node:net";
import { tmpdir, userInfo } from "node:os";
import { join } from "node:path";

/** A database server of our own: in a temporary folder, on a free port of this machine, gone when it is stopped. */
export interface SqlServer {
  readonly port: number;
  readonly user: string;
  readonly password: string;
  /** PEM file of the authority that signed the server's certificate for `localhost`. */
  readonly ca: string;
  stop(): Promise<void>;
}

const PASSWORD = "pa55'wörd";

/** The folder with the programs of the newest PostgreSQL; Debian keeps them off the path. Null when there is none. */
function postgresqlPrograms(): string | null {
  const root = "/usr/lib/postgresql";
  const versions = existsSync(root) ? readdirSync(root).sort((a, b) => Number(b) - Number(a)) : [];
  const found = versions.map((version) => join(root, version, "bin")).find((folder) => existsSync(join(folder, "initdb")));
  return found ?? null;
}

function mariadbProgram(): string | null {
  return ["/usr/sbin/mariadbd", "/usr/local/sbin/mariadbd", "/usr/libexec/mariadbd"].find((path) => existsSync(path)) ?? null;
}

/** Why tests that need a server are skipped; null when they can run. */
export const missing: Readonly<Record<"postgresql" | "mysql", string | null>> = {
  postgresql: postgresqlPrograms() === null ? "needs PostgreSQL: apt-get install postgresql" : null,
  mysql: mariadbProgram() === null ? "needs MariaDB: apt-get install mariadb-server" : null,
};

/** A server refuses to run as root, so it runs as the user its package made. */
function runAs(name: string): { readonly uid: number; readonly gid: number } | Record<string, never> {
  if (userInfo().uid !== 0) return {};
  const [uid, gid] = ["-u", "-g"].map((flag) => Number(execFileSync("id", [flag, name], { encoding: "utf8" })));
  return { uid: uid as number, gid: gid as number };
}

/** `more` are further settings of the server. */
export async function startPostgresql(more: Readonly<Record<string, string>> = {}): Promise<SqlServer> {
  const programs = postgresqlPrograms();
  if (programs === null) throw new Error(missing.postgresql ?? "");
  const owner = runAs("postgres");
  const folder = folderOf(owner);
  const data = join(folder, "data");
  const ca = makeCertificates(folder, owner);
  const passwordFile = join(folder, "password");
  execFileSync("tee", [passwordFile], { ...owner, input: PASSWORD, stdio: ["pipe", "ignore", "inherit"] });
  must(
    `${programs}/initdb`,
    ["-D", data, "-U", "sync", "--auth=scram-sha-256", `--pwfile=${passwordFile}`, "-E", "UTF8", "--locale=C.UTF-8", "-N"],
    owner,
  );
  const port = await freePort();
  const settings = {
    listen_addresses: "127.0.0.1",
    port: String(port),
    unix_socket_directories: "",
    fsync: "off",
    ssl: "on",
    ssl_cert_file: join(folder, "server.pem"),
    ssl_key_file: join(folder, "server.key"),
    timezone: "America/New_York",
    datestyle: "SQL, DMY",
    max_connections: "50",
    ...more,
  };
  const args = Object.entries(settings).flatMap(([name, value]) => ["-c", `${name}=${value}`]);
  const server = spawn(`${programs}/postgres`, ["-D", data, ...args], { ...owner, stdio: ["ignore", "ignore", "pipe"] });
  return started(server, folder, port, { user: "sync", ca, end: "SIGINT", ready: "ready to accept connections" });
}

export async function startMariadb(): Promise<SqlServer> {
  const program = mariadbProgram();
  if (program === null) throw new Error(missing.mysql ?? "");
  const owner = runAs("mysql");
  const folder = folderOf(owner);
  const data = join(folder, "data");
  const ca = makeCertificates(folder, owner);
  must("mariadb-install-db", ["--no-defaults", `--datadir=${data}`, "--auth-root-authentication-method=normal", "--skip-test-db"], owner);
  const first = join(folder, "first.sql");
  const text = `CREATE USER 'sync'@'%' IDENTIFIED BY '${PASSWORD.replaceAll("'", "''")}'; GRANT ALL ON *.* TO 'sync'@'%' WITH GRANT OPTION;`;
  execFileSync("tee", [first], { ...owner, input: text.replace(/; /g, ";\n"), stdio: ["pipe", "ignore", "inherit"] });
  const port = await freePort();
  const args = [
    "--no-defaults",
    `--datadir=${data}`,
    `--socket=${join(folder, "socket")}`,
    `--pid-file=${join(folder, "pid")}`,
    `--port=${port}`,
    "--bind-address=127.0.0.1",
    "--skip-name-resolve",
    `--init-file=${first}`,
    "--character-set-server=utf8mb4",
    // As many installations still have it: what does not fit is cut.
    "--sql-mode=",
    "--default-time-zone=-05:00",
    "--innodb-flush-log-at-trx-commit=2",
    "--innodb-buffer-pool-size=64M",
    `--ssl-ca=${ca}`,
    `--ssl-cert=${join(folder, "server.pem")}`,
    `--ssl-key=${join(folder, "server.key")}`,
  ];
  const server = spawn(program, args, { ...owner, stdio: ["ignore", "ignore", "pipe"] });
  return started(server, folder, port, { user: "sync", ca, end: "SIGTERM", ready: "ready for connections" });
}

async function started(
  server: ReturnType<typeof spawn>,
  folder: string,
  port: number,
  { user, ca, end, ready }: { readonly user: string; readonly ca: string; readonly end: NodeJS.Signals; readonly ready: string },
): Promise<SqlServer> {
  let said = "";
  // A port that is open is not enough: a server that starts up answers there, and lets nobody in.
  let isReady = false;
  server.stderr?.on("data", (chunk) => {
    said = `${said}${chunk}`.slice(-4_000);
    isReady ||= said.includes(ready);
  });
  const ended = new Promise<void>((resolve) => server.once("exit", () => resolve()));
  const kill = (): void => {
    server.kill("SIGKILL");
    rmSync(folder, { recursive: true, force: true });
  };
  process.once("exit", kill);
  for (let tries = 0; !isReady || !(await answers(port)); tries += 1) {
    if (server.exitCode !== null || tries > 400) throw new Error(`the server did not start: ${said}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  return {
    ...{ port, user, password: PASSWORD, ca },
    stop: async () => {
      server.kill(end);
      await ended;
      process.removeListener("exit", kill);
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

function folderOf(owner: ReturnType<typeof runAs>): string {
  const folder = mkdtempSync(join(tmpdir(), "sql-server-"));
  if ("uid" in owner) chownSync(folder, owner.uid, owner.gid);
  chmodSync(folder, 0o755);
  mkdirSync(join(folder, "ca"));
  return folder;
}

/** An authority of our own, and what it signed for `localhost`. The authority's file can be read by this process. */
function makeCertificates(folder: string, owner: ReturnType<typeof runAs>): string {
  const authority = join(folder, "ca", "ca.pem");
  const authorityKey = join(folder, "ca", "ca.key");
  const days = ["-days", "2"];
  const newKey = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"];
  must("openssl", ["req", "-x509", ...newKey, "-keyout", authorityKey, "-out", authority, "-subj", "/CN=sync test authority", ...days], {});
  const key = join(folder, "server.key");
  const request = join(folder, "server.csr");
  const certificate = join(folder, "server.pem");
  must(
    "openssl",
    ["req", ...newKey, "-keyout", key, "-out", request, "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost"],
    {},
  );
  must(
    "openssl",
    [
      "x509",
      "-req",
      "-in",
      request,
      "-CA",
      authority,
      "-CAkey",
      authorityKey,
      "-CAcreateserial",
      "-copy_extensions",
      "copy",
      "-out",
      certificate,
      ...days,
    ],
    {},
  );
  chmodSync(key, 0o600);
  if ("uid" in owner) for (const file of [key, certificate]) chownSync(file, owner.uid, owner.gid);
  if (!readFileSync(certificate, "utf8").includes("BEGIN CERTIFICATE")) throw new Error("no certificate");
  return authority;
}

function must(program: string, args: readonly string[], owner: ReturnType<typeof runAs>): void {
  const { status, stderr, stdout, error } = spawnSync(program, args, {
    ...owner,
    encoding: "utf8",
    cwd: tmpdir(),
    env: { PATH: process.env["PATH"] ?? "", LC_ALL: "C.UTF-8" },
  });
  if (error !== undefined) throw error;
  if (status !== 0) throw new Error(`${program} ended with ${status}: ${stderr || stdout}`);
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  return typeof address === "object" && address !== null ? address.port : 0;
}

function answers(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1");
    socket.once("error", () => resolve(false));
    socket.once("connect", () => {
      socket.destroy();
      resolve(true);
    });
  });
}
