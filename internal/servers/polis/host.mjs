// A host of directories of Ory Polis, which serves them as Polis's own route does. It
// is given a port of the loopback, and keeps everything in memory.
import { createServer } from "node:http";
import { createRequire } from "node:module";

const engine = createRequire(import.meta.url)("@boxyhq/saml-jackson").default;
const port = Number(process.argv[2]);
const address = `http://127.0.0.1:${port}`;
const { directorySyncController: sync } = await engine({
  externalUrl: address,
  samlAudience: address,
  samlPath: "/saml",
  scimPath: "/api/scim/v2.0",
  db: { engine: "mem" },
  noAnalytics: true,
});
let made = 0;
const number = (text) => (text ? parseInt(text, 10) : undefined);

async function answer(request) {
  const url = new URL(request.url, address);
  const path = url.pathname.split("/").slice(1);
  switch (path[0]) {
    case "directory": { // a fresh one, and how to reach it
      made++;
      const { data } = await sync.directories.create({ name: "people", tenant: `tenant-${made}`, product: "suite", type: "generic-scim-v2" });
      return { status: 201, data: { url: data.scim.endpoint, token: data.scim.secret, members: `${address}/members/${made}` } };
    }
    case "members": // the side door: is the user in the group?
      sync.groups.setTenantAndProduct(`tenant-${path[1]}`, "suite");
      return { status: 200, data: await sync.groups.isUserInGroup(path[2], path[3]) };
  }
  let text = "";
  for await (const chunk of request) text += chunk;
  const [, , , directoryId, resourceType, resourceId] = path;
  return sync.requests.handle({
    method: request.method,
    body: text ? JSON.parse(text) : undefined,
    directoryId,
    resourceType,
    resourceId,
    apiSecret: request.headers.authorization?.split(" ")[1] ?? null,
    query: {
      count: number(url.searchParams.get("count")),
      startIndex: number(url.searchParams.get("startIndex")),
      filter: url.searchParams.get("filter") ?? undefined,
    },
  });
}

createServer(async (request, response) => {
  const { status, data } = await answer(request).catch(() => ({ status: 500, data: {} }));
  response.writeHead(status, { "content-type": "application/json; charset=utf-8" }).end(JSON.stringify(data));
}).listen(port, "127.0.0.1");
