import { describe, expect, test } from "vitest";
import { recordsOf } from "./conformance.js";
import { type Reply, SECRETS, serve, thrownBy } from "./http-setup.js";
import { abandonedBy, LIST, openSource, readCells, readEvents, type Written } from "./http-source-setup.js";

const SOURCE: Written = { request: { path: "/claims" }, answers: "xml", records: "$.claims.claim", pages: "none" };
const xml = (body: string, more: Reply = {}): Reply => ({ headers: { "content-type": "application/xml" }, body, ...more });
const optional = (...names: string[]) => names.map((name) => ({ name, aliases: [], required: false }));

describe("XML", () => {
  test("fields are called as the `xml` source calls them", async () => {
    const { url, received } = await serve(() =>
      xml(`<?xml version="1.0"?><c:claims xmlns:c="urn:c" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">
        <c:claim no="7"><id>007</id><amount currency="CNY"> 12345678901234567.10 </amount><payee><name>王 &amp; 李</name></payee><note/><due xsi:nil="true"/></c:claim>
        <c:claim no="8">text of its own</c:claim></c:claims>`),
    );
    const columns = optional("id", "@no", "amount", "amount.@currency", "payee.name", "note", "due", ".");
    expect(await readCells(url, { source: SOURCE, columns })).toEqual([
      ["007", "7", "12345678901234567.10", "CNY", "王 & 李", null, null, null],
      [null, "8", null, null, null, null, null, "text of its own"],
    ]);
    expect(received[0]?.headers.accept).toContain("application/xml");
  });

  test("in the encoding that it says itself", async () => {
    const bytes = Buffer.concat([
      Buffer.from('<?xml version="1.0" encoding="GB2312"?><claims><claim><id>'),
      Buffer.from([0xb1, 0xa8, 0xcf, 0xfa]),
      Buffer.from("</id></claim></claims>"),
    ]);
    const { url } = await serve((_, response) => {
      response.writeHead(200, { "content-type": "application/xml" });
      response.end(bytes);
      return undefined;
    });
    expect(await readCells(url, { source: SOURCE })).toEqual([["报销"]]);
  });

  test("one record, none, and elements that stand several times", async () => {
    let body = "<claims><claim><id>C-1</id></claim></claims>";
    const { url } = await serve(() => xml(body));
    expect(await readCells(url, { source: SOURCE })).toEqual([["C-1"]]);
    body = "<claims/>";
    expect(await readCells(url, { source: SOURCE })).toEqual([]);
    body = "<claims><claim><id>C-1</id><id>C-2</id></claim><claim><id>C-3</id></claim></claims>";
    expect(recordsOf(await readEvents(url, { source: SOURCE }))).toEqual([{ line: 2, cells: ["C-3"] }]);
  });

  test.each<[string, Reply, string]>([
    ["another root", xml("<error><text>no</text></error>"), "its answer has nothing at `$.claims.claim`, where the records should be"],
    ["not well-formed", xml("<claims><claim></claims>"), "its answer is not XML, or is cut short"],
    ["a document type", xml('<!DOCTYPE x [<!ENTITY a "b">]><claims/>'), "its answer is not XML, or is cut short"],
    [
      "a web page",
      { headers: { "content-type": "text/html" }, body: "<html><head><title>Login</title><br></head></html>" },
      "it answers with a web page instead of XML: Login",
    ],
  ])("%s is an error", async (_, reply, message) => {
    const { url } = await serve(() => reply);
    expect((await abandonedBy(url, { source: SOURCE })).message).toBe(`GET ${new URL(url).host}/claims: ${message}`);
  });

  test("values are escaped in what is sent, and pages are counted in it", async () => {
    const { url, received } = await serve(({ body }) =>
      xml(body.includes(">1<") ? "<claims><claim><id>C-1</id></claim></claims>" : "<claims/>"),
    );
    const request = { path: "/query", xml: '<query name="{$.since}"><page>{$.page}</page></query>' };
    const source = { ...SOURCE, request, pages: { by: "page" }, since: { start: "a", format: "text" } };
    expect(await readCells(url, { source, since: "a\"&<'\u0001" })).toEqual([["C-1"]]);
    expect(received[0]).toMatchObject({ method: "POST", body: '<query name="a&quot;&amp;&lt;&apos;\ufffd"><page>1</page></query>' });
    expect(received[0]?.headers["content-type"]).toBe("application/xml; charset=utf-8");
  });
});

describe("SOAP", () => {
  const records = "$.Envelope.Body.ListResponse.claim";
  const soap = (version: "1.1" | "1.2"): Written => ({
    ...SOURCE,
    records,
    request: {
      path: "/soap",
      soap: { version, action: "urn:list", header: "<Company>001</Company>", body: '<List xmlns="urn:c"><page>{$.page}</page></List>' },
    },
  });
  const envelope = (inner: string, ns = "http://schemas.xmlsoap.org/soap/envelope/"): string =>
    `<s:Envelope xmlns:s="${ns}"><s:Body>${inner}</s:Body></s:Envelope>`;
  const FOUND = "<ListResponse><claim><id>C-1</id></claim></ListResponse>";

  test.each([
    ["1.1", "text/xml; charset=utf-8", '"urn:list"', "http://schemas.xmlsoap.org/soap/envelope/"],
    ["1.2", 'application/soap+xml; charset=utf-8; action="urn:list"', undefined, "http://www.w3.org/2003/05/soap-envelope"],
  ] as const)("%s", async (version, type, action, ns) => {
    const { url, received } = await serve(() => xml(envelope(FOUND, ns)));
    expect(await readCells(url, { source: soap(version) })).toEqual([["C-1"]]);
    expect(received[0]?.headers["content-type"]).toBe(type);
    expect(received[0]?.headers["soapaction"]).toBe(action);
    expect(received[0]?.body).toBe(
      `<?xml version="1.0" encoding="utf-8"?><soap:Envelope xmlns:soap="${ns}"><soap:Header><Company>001</Company></soap:Header><soap:Body><List xmlns="urn:c"><page>1</page></List></soap:Body></soap:Envelope>`,
    );
  });

  const FAULT_11 = `<s:Fault xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><faultcode>s:Client</faultcode><faultstring>无权限 ${SECRETS.token}</faultstring></s:Fault>`;
  const FAULT_12 =
    '<s:Fault xmlns:s="http://www.w3.org/2003/05/soap-envelope"><s:Code><s:Value>s:Sender</s:Value></s:Code><s:Reason><s:Text xml:lang="en">no rights</s:Text></s:Reason></s:Fault>';
  test.each([
    ["1.1", 500, FAULT_11, "it answers with a SOAP fault (HTTP 500): s:Client; 无权限 •••"],
    ["1.2", 400, FAULT_12, "it answers with a SOAP fault (HTTP 400): s:Sender; no rights"],
    ["1.1", 200, FAULT_12, "it answers with a SOAP fault: s:Sender; no rights"],
  ] as const)("a fault of %s with HTTP %d is an error", async (version, status, fault, message) => {
    const { url } = await serve(() => xml(envelope(fault), { status }));
    const connection = { auth: { bearer: { token: SECRETS.token } } };
    expect((await abandonedBy(url, { source: soap(version), connection })).message).toBe(`POST ${new URL(url).host}/soap: ${message}`);
  });

  test("a rule says what a fault means", async () => {
    const { url } = await serve(() => xml(envelope(FAULT_11), { status: 500 }));
    const rejected = { when: { status: 500, path: "$.Envelope.Body.Fault.faultcode", equals: "s:Client" }, means: "no records" };
    expect(await readCells(url, { source: { ...soap("1.1"), rejected } })).toEqual([]);
  });

  test("needs XML answers", async () => {
    const source = { ...LIST, request: { path: "/x", soap: { body: "<a/>" } } };
    expect((await thrownBy(() => openSource("http://127.0.0.1:1", { source }))).message).toBe(
      "the request has `soap`, and `answers` is `json`",
    );
  });
});
