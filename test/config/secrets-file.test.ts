import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { armor, Encrypter, generateX25519Identity, identityToRecipient } from "age-encryption";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { loadProject } from "../../src/config/project.js";
import { keysAtHand, openSecrets, parseSecrets, type SecretKeys, sealSecrets } from "../../src/config/secrets-file.js";
import { ProblemError } from "../../src/model/problem.js";
import { aFolder, registry, told } from "./project-folder.js";

const hasAge = spawnSync("age", ["--version"]).status === 0;

let folder = "";
let file = "";
let identity = "";
let keys: SecretKeys = { identities: [], passphrases: [], files: [] };
const SECRETS = new Map([
  ["ERP_PASSWORD", 'p=w # "quoted" ${x} 密码 '],
  ["TOKEN", "t"],
]);

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), "sync-secrets-"));
  file = join(folder, "secrets.age");
  identity = await generateX25519Identity();
  keys = { identities: [identity], passphrases: [], files: [] };
});
afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});

async function seal(recipients: readonly string[] = []): Promise<void> {
  writeFileSync(file, await sealSecrets(SECRETS, { file, recipients }, keys));
}

async function faultOf(work: () => unknown): Promise<string> {
  try {
    await work();
  } catch (cause) {
    if (cause instanceof ProblemError) return `${cause.problems[0]?.code} ${cause.problems[0]?.message}`.replaceAll(`${folder}/`, "");
    throw cause;
  }
  return "none";
}

describe("a file of secrets", () => {
  it("comes back as it was written, whatever stands in the values", async () => {
    await seal();
    expect(readFileSync(file, "utf8")).toMatch(/^-----BEGIN AGE ENCRYPTED FILE-----/);
    expect([...(await openSecrets(file, keys))]).toEqual([...SECRETS]);
  });

  it("is opened by each of those it is written for, and by nobody else", async () => {
    const other = await generateX25519Identity();
    await seal([await identityToRecipient(identity), await identityToRecipient(other)]);
    expect((await openSecrets(file, { ...keys, identities: [other] })).get("TOKEN")).toBe("t");
    const stranger = { ...keys, identities: [await generateX25519Identity()] };
    expect(await faultOf(() => openSecrets(file, stranger))).toBe("CONFIG_SECRETS the key at hand does not open `secrets.age`");
  });

  it("is opened with a passphrase, and not with another", async () => {
    const encrypter = new Encrypter();
    encrypter.setScryptWorkFactor(8);
    encrypter.setPassphrase("correct horse");
    writeFileSync(file, armor.encode(await encrypter.encrypt("A=1\n")));
    const withPassphrase = (passphrase: string): SecretKeys => ({ ...keys, identities: [], passphrases: [passphrase] });
    expect([...(await openSecrets(file, withPassphrase("correct horse")))]).toEqual([["A", "1"]]);
    expect(await faultOf(() => openSecrets(file, withPassphrase("wrong")))).toBe(
      "CONFIG_SECRETS the key at hand does not open `secrets.age`",
    );
  });

  it("that was damaged, or is none, is refused", async () => {
    await seal();
    const text = readFileSync(file, "utf8");
    // Not by the letter that stands there, and not in bits that nobody reads.
    writeFileSync(
      file,
      text.replace(/(.)(.{5})\n-----END/, (_, letter: string, rest: string) => `${letter === "A" ? "B" : "A"}${rest}\n-----END`),
    );
    expect(await faultOf(() => openSecrets(file, keys))).toMatch(/^CONFIG_SECRETS `secrets.age` is damaged, or no file of age: /);
    writeFileSync(file, text.slice(0, 150));
    expect(await faultOf(() => openSecrets(file, keys))).toMatch(/^CONFIG_SECRETS `secrets.age` is damaged/);
    writeFileSync(file, "ERP_PASSWORD=in the open\n");
    expect(await faultOf(() => openSecrets(file, keys))).toMatch(/^CONFIG_SECRETS `secrets.age` is damaged/);
  });

  it("needs a key", async () => {
    await seal();
    expect(await faultOf(() => openSecrets(file, { ...keys, identities: [] }))).toBe(
      "CONFIG_SECRETS `secrets.age` is encrypted, and there is no key to open it",
    );
    expect(await faultOf(() => openSecrets(file, { ...keys, identities: ["AGE-SECRET-KEY-nonsense"] }))).toBe(
      "CONFIG_SECRETS the identity is no key of age",
    );
    expect(await faultOf(() => sealSecrets(SECRETS, { file, recipients: ["age1nonsense"] }, keys))).toMatch(
      /^CONFIG_SECRETS one of the `recipients`/,
    );
  });

  it.each([
    ["A=1\nB\n", "line 2 of `f` is no `NAME=value`"],
    ["A B=1\n", "line 1 of `f` is no `NAME=value`"],
    ["export A=1\n", "line 1 of `f` is no `NAME=value`"],
    ["A=1\nA=2\n", "`A` stands twice in `f`"],
  ])("with %j is refused without showing it", async (text, message) => {
    expect(await faultOf(() => parseSecrets(text, "f"))).toBe(`CONFIG_SECRETS ${message}`);
  });

  it("takes its key from the environment, or from a file that age-keygen wrote", async () => {
    const keyFile = join(folder, "key.txt");
    writeFileSync(keyFile, `# created: today\n# public key: age1\n${identity}\n`);
    expect(keysAtHand({ SYNC_AGE_IDENTITY: identity }, folder)).toEqual({ ...keys, files: [] });
    expect(keysAtHand({ SYNC_AGE_IDENTITY_FILE: "key.txt" }, folder)).toEqual({ ...keys, files: [keyFile] });
    writeFileSync(join(folder, "word"), "two words\n");
    expect(keysAtHand({ SYNC_AGE_PASSPHRASE_FILE: "word" }, folder).passphrases).toEqual(["two words"]);
    expect(await faultOf(() => keysAtHand({ SYNC_AGE_IDENTITY_FILE: "none" }, folder))).toBe(
      "CONFIG_SECRETS `SYNC_AGE_IDENTITY_FILE` names `none`, which cannot be read (ENOENT)",
    );
  });

  it.skipIf(!hasAge)("is one that the program age reads and writes (skipped where it is not installed)", async () => {
    const keyFile = join(folder, "key.txt");
    execFileSync("age-keygen", ["-o", keyFile], { stdio: "ignore" });
    const made = keysAtHand({ SYNC_AGE_IDENTITY_FILE: keyFile }, folder);
    writeFileSync(file, await sealSecrets(SECRETS, { file, recipients: [] }, made));
    const opened = execFileSync("age", ["--decrypt", "--identity", keyFile, file], { encoding: "utf8" });
    expect([...parseSecrets(opened, file)]).toEqual([...SECRETS]);
    const recipient = execFileSync("age-keygen", ["-y", keyFile], { encoding: "utf8" }).trim();
    for (const form of [["--armor"], []]) {
      execFileSync("age", ["--encrypt", ...form, "--recipient", recipient, "--output", file], { input: "FROM_AGE=1\n" });
      expect([...(await openSecrets(file, made))]).toEqual([["FROM_AGE", "1"]]);
    }
  });
});

describe("a project with a file of secrets", () => {
  const PROJECT = `secrets: { file: secrets.age }
connections:
  erp: { connector: vault, host: h, password: "\${env.ERP_PASSWORD}" }
`;
  const projectIn = async (env: Record<string, string>, text = PROJECT) => {
    const place = aFolder({ "sync.yaml": text });
    writeFileSync(
      join(place, "secrets.age"),
      await sealSecrets(new Map([["ERP_PASSWORD", "from-the-file"]]), { file: "", recipients: [] }, keys),
    );
    return loadProject(join(place, "sync.yaml"), { env, connectors: registry });
  };

  it("finds there what the environment does not have", async () => {
    const { value, problems } = await projectIn({ SYNC_AGE_IDENTITY: identity });
    expect(told(problems)).toEqual([]);
    expect(value?.connections.get("erp")?.options).toMatchObject({ password: "from-the-file" });
    expect(value?.secrets).toEqual(["from-the-file"]);
  });

  it("takes the environment first, and then needs no key", async () => {
    const { value } = await projectIn({ ERP_PASSWORD: "from-outside" });
    expect(value?.connections.get("erp")?.options).toMatchObject({ password: "from-outside" });
  });

  it("says where the file is named that it cannot open, and how a name gets into it", async () => {
    const { problems } = await projectIn({});
    expect(told(problems)).toEqual([
      expect.stringMatching(/^CONFIG_SECRETS sync.yaml:1:1 `.*secrets.age` is encrypted, and there is no key to open it$/),
    ]);
    const other = await projectIn({ SYNC_AGE_IDENTITY: identity }, PROJECT.replace("ERP_PASSWORD", "OTHER"));
    expect(other.problems.map(({ hint }) => hint)).toEqual([expect.stringContaining("`sync secrets set OTHER`")]);
  });
});
