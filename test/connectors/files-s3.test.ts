import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import {
  CreateBucketCommand,
  DeleteObjectCommand,
  GetObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  S3Client,
} from "@aws-sdk/client-s3";
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { columnsOf, outcomeOf } from "./csv-setup.js";
import { type StoreUnderTest, startS3 } from "./file-servers.js";
import { cuttingProxy, expectEmpty, failureOn, ownTemporaryFolder, readOn, sourceOn } from "./remote-setup.js";
import { type RemotePlace, remoteSuite } from "./remote-suite.js";

const keys = { access_key: "S3RVER", secret_key: "S3RVER" };

describe("S3", () => {
  let server: StoreUnderTest;
  let client: S3Client;
  let places = 0;

  beforeAll(async () => {
    server = await startS3();
    client = new S3Client({
      region: "us-east-1",
      endpoint: `http://127.0.0.1:${server.port}`,
      forcePathStyle: true,
      credentials: { accessKeyId: keys.access_key, secretAccessKey: keys.secret_key },
      requestChecksumCalculation: "WHEN_REQUIRED",
    });
  });
  afterAll(async () => {
    client.destroy();
    await server.stop();
  });

  const put = async (key: string, content: string | Uint8Array): Promise<void> => {
    await client.send(new PutObjectCommand({ Bucket: server.bucket, Key: key, Body: content }));
  };

  function place(): RemotePlace {
    places += 1;
    const prefix = `out/${places}`;
    return {
      connection: (changes: object = {}) => ({
        s3: { endpoint: `http://127.0.0.1:${server.port}`, bucket: server.bucket, prefix, path_style: true, ...keys, ...changes },
      }),
      put: (name, content) => put(`${prefix}/${name}`, content),
      remove: async (name) => {
        await client.send(new DeleteObjectCommand({ Bucket: server.bucket, Key: `${prefix}/${name}` }));
      },
      names: async () => {
        const { Contents: found = [] } = await client.send(new ListObjectsV2Command({ Bucket: server.bucket, Prefix: `${prefix}/` }));
        return found.map(({ Key: key = "" }) => key.slice(prefix.length + 1)).sort();
      },
    };
  }

  remoteSuite("an S3 store", {
    wrongSecret: { access_key: "NOBODY", secret_key: "wrong-secret-1" },
    secrets: ["wrong-secret-1", keys.secret_key],
    showsGrowing: false,
    port: (connection, port) => ({ s3: { ...(connection as { s3: object }).s3, endpoint: `http://127.0.0.1:${port}` } }),
    place,
  });

  test("a bucket may be read from its root, and folder objects in it are no files", async () => {
    const Bucket = "whole-bucket";
    await client.send(new CreateBucketCommand({ Bucket }));
    for (const Key of ["in/", "in/2.csv", "1.csv"]) await client.send(new PutObjectCommand({ Bucket, Key, Body: "a\n1\n" }));
    const { complete } = await readOn(place().connection({ bucket: Bucket, prefix: undefined }), { files: ["*.csv", "in/*"] });
    expect(complete).toEqual(["1.csv", "in/2.csv"]);
  });

  test("a listing is read to its last page", async () => {
    const asked: URL[] = [];
    const page = (name: string, more: string): string =>
      `<?xml version="1.0"?><ListBucketResult><Name>b</Name><Contents><Key>out/${name}</Key><Size>4</Size><ETag>"x"</ETag></Contents>${more}</ListBucketResult>`;
    const endpoint = await answering((url) => {
      asked.push(url);
      if (url.searchParams.get("list-type") !== "2") return "a\n1\n";
      if (url.searchParams.get("continuation-token") === "t+1/=") return page("2.csv", "<IsTruncated>false</IsTruncated>");
      return page("1.csv", "<IsTruncated>true</IsTruncated><NextContinuationToken>t+1/=</NextContinuationToken>");
    });
    const { complete } = await readOn({ s3: { endpoint, bucket: "b", prefix: "out", path_style: true, ...keys } });
    expect(complete).toEqual(["1.csv", "2.csv"]);
    expect(asked.filter((url) => url.searchParams.get("prefix") === "out/")).toHaveLength(2);
  });

  test("an object keeps its content when it is moved", async () => {
    const here = place();
    const content = `a\n${"x".repeat(70_000)}\n`;
    await here.put("报销 (1).csv", content);
    const source = sourceOn(here.connection(), { archive: { move: "../done", same_name: "refuse" } });
    const { complete } = await outcomeOf(source, columnsOf("a"));
    expect(await source.settled?.(complete)).toEqual([]);
    const moved = await client.send(new GetObjectCommand({ Bucket: server.bucket, Key: "out/done/报销 (1).csv" }));
    expect(await moved.Body?.transformToString()).toBe(content);
    expect(await here.names()).toEqual([]);
  });

  test("an archive outside the bucket is refused", async () => {
    const here = place();
    await here.put("1.csv", "a\n1\n");
    const problem = await failureOn(here.connection(), { archive: { move: "../../../x", same_name: "refuse" } });
    expect(problem).toMatchObject({ code: "CONFIG_WRONG_VALUE", message: "`../../../x/1.csv` leads out of the bucket" });
  });

  test("a bucket that is not there stops the run", async () => {
    expect(await failureOn(place().connection({ bucket: "no-such-bucket" }))).toMatchObject({
      code: "SOURCE_UNREADABLE",
      message: expect.stringMatching(/its objects cannot be listed \(NoSuchBucket, HTTP 404\)$/),
    });
  });

  test("options that contradict each other are refused", async () => {
    const here = place();
    const messageOf = async (changes: object) => (await failureOn(here.connection(changes))).message;
    expect(await messageOf({ secret_key: undefined })).toBe(
      "connection: `s3` needs both `access_key` and `secret_key`, or none of its keys",
    );
    expect(await messageOf({ endpoint: "http://s3.example.com" })).toBe(
      "connection: `s3.endpoint` is not encrypted: `http://s3.example.com`",
    );
    expect(await messageOf({ endpoint: "https://key:secret@s3.example.com" })).toBe(
      "connection: `s3.endpoint` holds a user name or a password",
    );
  });

  test("a transfer that breaks off is taken up again, or abandoned", async () => {
    const temporary = ownTemporaryFolder();
    const here = place();
    await here.put("1.csv", `a\n${"1234567\n".repeat(200_000)}`);
    const through = async (times: number) => {
      const proxy = await cuttingProxy(server.port, 600_000, times);
      return readOn(here.connection({ endpoint: `http://127.0.0.1:${proxy.port}` }));
    };
    expect((await through(1)).rows.length).toBe(200_000);
    expect((await through(100)).events).toMatchObject([{ kind: "abandoned", unit: "1.csv", problem: { code: "SOURCE_UNREADABLE" } }]);
    expectEmpty(temporary);
  });

  test.each([
    ["../../etc/x.csv", "..", "folder"],
    ["a\\..\\x.csv", "a\\\\..\\\\x.csv", "file"],
    ["/etc/x.csv", "", "folder"],
  ])("a store that lists `%s` is not believed", async (key, shown, kind) => {
    const temporary = ownTemporaryFolder();
    const prefix = `${key.split("/")[0]}/`;
    const listed =
      kind === "folder"
        ? `<CommonPrefixes><Prefix>out/${prefix}</Prefix></CommonPrefixes>`
        : `<Contents><Key>out/${key}</Key><Size>4</Size><ETag>"x"</ETag></Contents>`;
    const asked: URL[] = [];
    const endpoint = await answering((url) => {
      asked.push(url);
      return `<?xml version="1.0"?><ListBucketResult><Name>b</Name><IsTruncated>false</IsTruncated>${listed}</ListBucketResult>`;
    });
    const problem = await failureOn({ s3: { endpoint, bucket: "b", prefix: "out", path_style: true, ...keys } });
    expect(problem).toMatchObject({
      code: "SOURCE_NAME",
      message: `\`s3://b/out\` lists an entry whose name cannot be used, \`${shown}\`; nothing was read`,
    });
    expect(asked).toHaveLength(1);
    expectEmpty(temporary);
  });
});

/** A store that no library would write; it says of everything that it is the same object. */
async function answering(answer: (url: URL) => string): Promise<string> {
  const server = createServer((request, response) => {
    response.setHeader("etag", '"x"');
    const body = answer(new URL(request.url ?? "", "http://store"));
    response.setHeader("content-length", Buffer.byteLength(body));
    response.end(request.method === "HEAD" ? undefined : body);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}
