import { execFileSync, spawn, spawnSync } from "node:child_process";
import {
  appendFileSync,
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { type AddressInfo, connect, createServer } from "node:net";
import { tmpdir, userInfo } from "node:os";
import { dirname, join } from "node:path";
import S3rver from "s3rver";

/**
 * Real servers that hold files: each in a temporary folder, on a free port of this machine, gone when it is stopped. None of
 * them shares a line with the program.
 */
interface FileServerUnderTest {
  readonly port: number;
  /** Of this machine: what is put here is what the server has in `out`. */
  readonly folder: string;
  stop(): Promise<void>;
}

const PROGRAMS = {
  sshd: ["/usr/sbin/sshd", "openssh-server libnss-wrapper"],
  pyftpdlib: ["/usr/lib/python3/dist-packages/pyftpdlib", "python3-pyftpdlib"],
  vsftpd: ["/usr/sbin/vsftpd", "vsftpd"],
  nginx: ["/usr/sbin/nginx", "nginx-light"],
} as const;

/** Why tests that need a program are skipped; null when they can run. */
export function missing(name: keyof typeof PROGRAMS): string | null {
  const [path, packages] = PROGRAMS[name];
  if (!existsSync(path) || (name === "sshd" && nssWrapper() === null)) return `needs ${path}: apt-get install ${packages}`;
  return name === "vsftpd" && userInfo().uid !== 0 ? "needs root: vsftpd locks its users into a folder" : null;
}

/** Gives a program users of our own instead of those of the machine (cwrap.org). */
function nssWrapper(): string | null {
  const found = readdirSync("/usr/lib").map((folder) => join("/usr/lib", folder, "libnss_wrapper.so"));
  return found.find((file) => existsSync(file)) ?? null;
}

export const USER = "exports";
export const PASSWORD = "pa55 wörd";

/** Puts a file, old enough to be read at once. */
export function put(folder: string, name: string, content: string | Uint8Array): void {
  const file = join(folder, name);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, content);
  utimesSync(file, new Date("2026-01-01T00:00:00Z"), new Date("2026-01-01T00:00:00Z"));
}

/** Gives what is in a folder to the user as whom vsftpd serves. */
export function giveToServer(path: string): void {
  execFileSync("chown", ["-R", "daemon", path]);
}

// ---------------------------------------------------------------- SFTP

export interface SftpUnderTest extends FileServerUnderTest {
  /** Files with private keys that are let in; the second one is encrypted. */
  readonly key: string;
  readonly encryptedKey: string;
  readonly passphrase: string;
  /** Public keys of the server as `kind base64`, by kind. */
  readonly hostKeys: Readonly<Record<"ed25519" | "rsa" | "ecdsa", string>>;
}

/** OpenSSH's own server. It lets in one user of its own, by key or by password, or by password in a dialogue only. */
export async function startSshd(): Promise<SftpUnderTest> {
  const folder = newFolder();
  const out = join(folder, "out");
  mkdirSync(out);
  const { uid, gid } = userInfo();
  // Where it separates its privileges; the package leaves it to the system's start to make.
  if (uid === 0) mkdirSync("/run/sshd", { recursive: true, mode: 0o755 });
  const keyOf = (name: string, ...how: string[]): string => {
    must("ssh-keygen", ["-q", "-f", join(folder, name), "-C", name, ...how]);
    return readFileSync(join(folder, `${name}.pub`), "utf8")
      .split(" ")
      .slice(0, 2)
      .join(" ");
  };
  const hostKeys = {
    ed25519: keyOf("host-ed25519", "-t", "ed25519", "-N", ""),
    rsa: keyOf("host-rsa", "-t", "rsa", "-b", "2048", "-N", ""),
    ecdsa: keyOf("host-ecdsa", "-t", "ecdsa", "-N", ""),
  };
  const passphrase = "open sesame";
  const ours = [keyOf("ours", "-t", "ed25519", "-N", ""), keyOf("ours-encrypted", "-t", "rsa", "-b", "2048", "-N", passphrase)];
  writeFileSync(join(folder, "authorized_keys"), `${ours.join("\n")}\n`);
  const hash = must("openssl", ["passwd", "-6", PASSWORD]).trim();
  const system = readFileSync("/etc/passwd", "utf8");
  writeFileSync(join(folder, "passwd"), `${system}${USER}:x:${uid}:${gid}::${folder}:/bin/sh\n`);
  writeFileSync(join(folder, "shadow"), `${USER}:${hash}:19000:0:99999:7:::\n`);
  const port = await freePort();
  const config = `
Port ${port}
ListenAddress 127.0.0.1
${["ed25519", "rsa", "ecdsa"].map((kind) => `HostKey ${join(folder, `host-${kind}`)}`).join("\n")}
PidFile none
UsePAM no
StrictModes no
PermitRootLogin yes
PasswordAuthentication yes
AuthorizedKeysFile ${join(folder, "authorized_keys")}
Subsystem sftp internal-sftp
MaxStartups 100
`;
  writeFileSync(join(folder, "sshd_config"), config);
  const env = {
    ...process.env,
    LD_PRELOAD: nssWrapper() ?? "",
    NSS_WRAPPER_PASSWD: join(folder, "passwd"),
    NSS_WRAPPER_GROUP: "/etc/group",
    NSS_WRAPPER_SHADOW: join(folder, "shadow"),
  };
  const server = await started(PROGRAMS.sshd[0], ["-D", "-e", "-f", join(folder, "sshd_config")], folder, port, env);
  return {
    ...{ ...server, folder: out, hostKeys, passphrase },
    ...{ key: join(folder, "ours"), encryptedKey: join(folder, "ours-encrypted") },
  };
}

// ---------------------------------------------------------------- FTPS

/** An FTP server that has machine-readable listings. It speaks plain FTP: with TLS, Debian's version resets its connections for data. */
export async function startPyftpdlib(): Promise<FileServerUnderTest> {
  const folder = newFolder();
  const out = join(folder, "home", "out");
  mkdirSync(out, { recursive: true });
  const port = await freePort();
  const script = `
import sys
from pyftpdlib.authorizers import DummyAuthorizer
from pyftpdlib.handlers import FTPHandler
from pyftpdlib.servers import FTPServer
port, home, user, password = sys.argv[1:]
FTPHandler.authorizer = DummyAuthorizer()
FTPHandler.authorizer.add_user(user, password, home, perm="elradfmwMT")
FTPServer(("127.0.0.1", int(port)), FTPHandler).serve_forever()
`;
  const args = ["-c", script, String(port), join(folder, "home"), USER, PASSWORD];
  return { ...(await started("/usr/bin/python3", args, folder, port)), folder: out };
}

/** The usual FTP server of Debian. It has no machine-readable listings. Anonymous users need one of the passwords of a list. */
export async function startVsftpd(mode: "explicit" | "implicit" | "plain"): Promise<FileServerUnderTest & { readonly ca: string }> {
  const folder = newFolder();
  const root = join(folder, "root");
  const out = join(root, "out");
  mkdirSync(out, { recursive: true });
  mkdirSync(join(folder, "empty"));
  execFileSync("chown", ["daemon", out]);
  const { ca, certificate, key } = makeCertificates(folder);
  writeFileSync(join(folder, "passwords"), `${PASSWORD}\n`);
  const port = await freePort();
  const settings: Record<string, string> = {
    ...{ listen: "YES", listen_ipv6: "NO", listen_address: "127.0.0.1", listen_port: `${port}`, background: "NO" },
    ...{ anonymous_enable: "YES", local_enable: "NO", ftp_username: "daemon", anon_root: root, secure_email_list_enable: "YES" },
    ...{ email_password_file: join(folder, "passwords"), secure_chroot_dir: join(folder, "empty"), anon_world_readable_only: "NO" },
    ...{
      write_enable: "YES",
      anon_upload_enable: "YES",
      anon_mkdir_write_enable: "YES",
      anon_other_write_enable: "YES",
      anon_umask: "022",
    },
    ...{ seccomp_sandbox: "NO", isolate: "NO", isolate_network: "NO", max_per_ip: "50", xferlog_enable: "NO" },
    ...(mode === "plain"
      ? {}
      : {
          ...{ ssl_enable: "YES", allow_anon_ssl: "YES", force_anon_logins_ssl: "YES", force_anon_data_ssl: "YES", ssl_tlsv1: "YES" },
          ...{
            rsa_cert_file: certificate,
            rsa_private_key_file: key,
            ssl_ciphers: "HIGH",
            implicit_ssl: mode === "implicit" ? "YES" : "NO",
          },
        }),
  };
  const file = join(folder, "vsftpd.conf");
  for (const [name, value] of Object.entries(settings)) appendFileSync(file, `${name}=${value}\n`);
  return { ...(await started(PROGRAMS.vsftpd[0], [file], folder, port)), folder: out, ca };
}

// ---------------------------------------------------------------- HTTPS

export interface WebUnderTest extends FileServerUnderTest {
  /** Of a second server on another port, to which the first one redirects. */
  readonly otherPort: number;
  readonly plainPort: number;
  readonly ca: string;
  /** Our certificate, its key, and what the key is encrypted with. */
  readonly certificate: string;
  readonly key: string;
  readonly passphrase: string;
  /** What the second and the third server saw of us: one line each request. */
  seen(): string;
}

/**
 * Below `/open/` for everybody, below `/basic/` with a password, below `/cert/` with a certificate, below `/away/` elsewhere,
 * below `/down/` elsewhere without encryption, below `/round/` round and round.
 */
export async function startNginx(): Promise<WebUnderTest> {
  const folder = newFolder();
  const out = join(folder, "out");
  mkdirSync(out);
  const { ca, certificate, key, client } = makeCertificates(folder);
  const passphrase = "open sesame";
  must("openssl", [
    "pkcs8",
    "-topk8",
    "-v2",
    "aes256",
    "-passout",
    `pass:${passphrase}`,
    "-in",
    client.key,
    "-out",
    join(folder, "client-encrypted.key"),
  ]);
  writeFileSync(join(folder, "users"), `${USER}:${must("openssl", ["passwd", "-6", PASSWORD])}`);
  const [port, otherPort, plainPort] = [await freePort(), await freePort(), await freePort()];
  const tls = `ssl_certificate ${certificate}; ssl_certificate_key ${key};`;
  const config = `
daemon off;
${userInfo().uid === 0 ? "user root;" : ""}
pid ${join(folder, "pid")};
events {}
http {
  log_format seen '$server_port $uri auth=[$http_authorization] key=[$http_x_api_key] cert=[$ssl_client_s_dn]';
  access_log off;
  ${["body", "proxy", "fastcgi", "uwsgi", "scgi"].map((each) => `${each === "body" ? "client_body" : each}_temp_path ${join(folder, each)};`).join("\n  ")}
  server {
    listen 127.0.0.1:${port} ssl; server_name localhost; ${tls}
    ssl_client_certificate ${ca}; ssl_verify_client optional;
    location /open/ { alias ${out}/; }
    location /basic/ { alias ${out}/; auth_basic "files"; auth_basic_user_file ${join(folder, "users")}; }
    location /cert/ { if ($ssl_client_verify != SUCCESS) { return 403; } alias ${out}/; }
    location /key/ { if ($http_x_api_key != "k-123456789") { return 401; } alias ${out}/; }
    location /inside/ { rewrite ^/inside/(.*)$ /basic/$1 redirect; }
    location /away/ { rewrite ^/away/(.*)$ https://localhost:${otherPort}/$1 redirect; }
    location /down/ { rewrite ^/down/(.*)$ http://localhost:${plainPort}/$1 redirect; }
    location /round/ { return 302 /round/$uri; }
    location /packed/ { alias ${out}/; gzip on; gzip_types *; gzip_min_length 1; add_header Content-Encoding gzip; }
  }
  server { listen 127.0.0.1:${otherPort} ssl; server_name localhost; ${tls} ssl_client_certificate ${ca}; ssl_verify_client optional; access_log ${join(folder, "seen")} seen; root ${out}; }
  server { listen 127.0.0.1:${plainPort}; access_log ${join(folder, "seen")} seen; root ${out}; }
}
`;
  writeFileSync(join(folder, "nginx.conf"), config);
  writeFileSync(join(folder, "seen"), "");
  const server = await started(PROGRAMS.nginx[0], ["-p", folder, "-c", join(folder, "nginx.conf"), "-e", "stderr"], folder, port);
  return {
    ...{ ...server, folder: out, otherPort, plainPort, ca, passphrase },
    ...{
      certificate: client.certificate,
      key: join(folder, "client-encrypted.key"),
      seen: () => readFileSync(join(folder, "seen"), "utf8"),
    },
  };
}

// ---------------------------------------------------------------- S3

export interface StoreUnderTest {
  readonly port: number;
  readonly bucket: string;
  stop(): Promise<void>;
}

/** s3rver. It knows the access keys, but does not check signatures of version 4, and its listings of more than a page need an old cipher. */
export async function startS3(): Promise<StoreUnderTest> {
  const folder = newFolder();
  const bucket = "finance-exports";
  const server = new S3rver({ port: 0, address: "127.0.0.1", silent: true, directory: folder, configureBuckets: [{ name: bucket }] });
  const { port } = await server.run();
  return {
    ...{ port, bucket },
    stop: async () => {
      await server.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

// ---------------------------------------------------------------- what all of them need

async function started(
  program: string,
  args: readonly string[],
  folder: string,
  port: number,
  env = process.env,
): Promise<Omit<FileServerUnderTest, "folder">> {
  const server = spawn(program, args, { env, stdio: ["ignore", "pipe", "pipe"] });
  let said = "";
  for (const stream of [server.stdout, server.stderr])
    stream.on("data", (chunk) => {
      said = `${said}${chunk}`.slice(-4000);
    });
  const ended = new Promise<void>((resolve) => server.once("exit", () => resolve()));
  const kill = (): void => {
    server.kill("SIGKILL");
    rmSync(folder, { recursive: true, force: true });
  };
  process.once("exit", kill);
  for (let tries = 0; !(await answers(port)); tries += 1) {
    if (server.exitCode !== null || tries > 400) throw new Error(`${program} did not start: ${said}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  return {
    port,
    stop: async () => {
      server.kill("SIGTERM");
      await ended;
      process.removeListener("exit", kill);
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

function newFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "file-server-"));
  chmodSync(folder, 0o755);
  if (userInfo().uid === 0) chownSync(folder, 0, 0);
  return folder;
}

/** An authority of our own, what it signed for `localhost`, and what it signed for us. */
function makeCertificates(folder: string) {
  const ca = join(folder, "ca.pem");
  const caKey = join(folder, "ca.key");
  const newKey = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"];
  must("openssl", ["req", "-x509", ...newKey, "-keyout", caKey, "-out", ca, "-subj", "/CN=sync test authority", "-days", "2"]);
  const signed = (name: string, subject: string, ...more: string[]) => {
    const [key, request, certificate] = ["key", "csr", "pem"].map((ending) => join(folder, `${name}.${ending}`)) as [
      string,
      string,
      string,
    ];
    must("openssl", ["req", ...newKey, "-keyout", key, "-out", request, "-subj", subject, ...more]);
    must("openssl", [
      "x509",
      "-req",
      "-in",
      request,
      "-CA",
      ca,
      "-CAkey",
      caKey,
      "-CAcreateserial",
      "-copy_extensions",
      "copy",
      "-out",
      certificate,
      "-days",
      "2",
    ]);
    return { key, certificate };
  };
  const server = signed("server", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost");
  return { ca, ...server, client: signed("client", "/CN=sync client") };
}

/** What it printed. */
function must(program: string, args: readonly string[]): string {
  const { status, stderr, stdout, error } = spawnSync(program, args, { encoding: "utf8", cwd: tmpdir() });
  if (error !== undefined) throw error;
  if (status !== 0) throw new Error(`${program} ended with ${status}: ${stderr || stdout}`);
  return stdout;
}

export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
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
