import { describe, expect, test } from "vitest";
import { keyFiles, plainWays } from "../../src/config/plain-ways.js";
import { isLoopback } from "../../src/model/loopback.js";

describe("what travels readable is told", () => {
  test.each([
    ["an address without TLS", { url: "http://erp.example.com:8080/api?key=1", insecure: true }, ["erp.example.com:8080"]],
    ["one that is only allowed to be so", { url: "https://erp.example.com/api", insecure: true }, []],
    ["one that stays on this machine", { url: "http://127.0.0.1:8080/", insecure: true }, []],
    ["one on this machine, by its other names", { url: "http://[::1]/", sign_in_url: "http://localhost/", insecure: true }, []],
    ["an address in capitals", { url: "HTTP://ERP.example.com", insecure: true }, ["erp.example.com"]],
    ["a sign-in of its own", { url: "https://a.example.com", sign_in_url: "http://b.example.com", insecure: true }, ["b.example.com"]],
    ["a database", { dialect: "postgresql", host: "db.example.com", insecure: true }, ["db.example.com"]],
    ["a database with TLS", { dialect: "postgresql", host: "db.example.com", insecure: false }, []],
    ["a database on this machine", { dialect: "mysql", host: "localhost", insecure: true }, []],
    ["plain FTP, in a block of its own", { ftps: { host: "ftp.example.com", mode: "explicit", insecure: true } }, ["ftp.example.com"]],
    ["FTP with TLS from the first byte", { ftps: { host: "ftp.example.com", mode: "implicit", insecure: true } }, []],
    ["a store that speaks S3", { s3: { endpoint: "http://minio.example.com:9000", insecure: true } }, ["minio.example.com:9000"]],
    ["mail without TLS", { host: "smtp.example.com", security: "none", insecure: true }, ["smtp.example.com"]],
    ["mail with TLS", { host: "smtp.example.com", security: "starttls", insecure: true }, []],
    [
      "the password of a proxy",
      { proxy: { url: "http://proxy.example.com:3128", user: "u", password: "p" } },
      ["proxy.example.com:3128 (the password of the proxy)"],
    ],
    ["a proxy without one", { proxy: { url: "http://proxy.example.com:3128" } }, []],
    ["no options at all", undefined, []],
  ])("%s", (_, options, hosts) => {
    expect(plainWays(options)).toEqual(hosts);
  });

  test("only this machine is this machine", () => {
    expect(["127.0.0.1", "127.9.9.9", "localhost", "::1", "[::1]"].filter((host) => !isLoopback(host))).toEqual([]);
    expect(["127.0.0.1.example.com", "localhost.example.com", "128.0.0.1", "::2", ""].filter(isLoopback)).toEqual([]);
  });
});

test("files of keys are found in every block, and other files are not", () => {
  const options = {
    ca: "/a/ca.pem",
    certificate: { cert: "/a/sync.pem", key: "/a/sync.key" },
    sftp: { private_key: "/a/id", host_key: "x" },
    key: "BX1",
  };
  expect(keyFiles(options)).toEqual(["/a/sync.key", "/a/id"]);
});
