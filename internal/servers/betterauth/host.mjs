// A host of better-auth with its SCIM plugin. It is given a port of the loopback and
// the bearer token of the SCIM connection, and keeps everything in memory.
import { createServer } from "node:http";
import { betterAuth } from "better-auth";
import { memoryAdapter } from "better-auth/adapters/memory";
import { getAuthTables } from "better-auth/db";
import { toNodeHandler } from "better-auth/node";
import { scim } from "@better-auth/scim";

const [port, token] = process.argv.slice(2);
const options = {
  baseURL: `http://127.0.0.1:${port}`,
  secret: `${token}-signs-nothing-of-value`,
  rateLimit: { enabled: false },
  telemetry: { enabled: false },
  plugins: [scim({ connections: [{ id: "directory", credentials: [{ type: "bearer", id: "first", token }] }] })],
};
// open is a server without people.
function open() {
  const rows = {};
  for (const table of Object.values(getAuthTables(options))) rows[table.modelName] = [];
  const auth = betterAuth({ ...options, database: memoryAdapter(rows) });
  return { rows, auth, serve: toNodeHandler(auth) };
}
let now = open();

// The side door: POST opens a session of the user with this SCIM id, GET counts them.
async function sessions(request, response, id) {
  const { internalAdapter } = await now.auth.$context;
  const { userId } = now.rows.scimUser.find((user) => user.id === id);
  if (request.method === "POST") await internalAdapter.createSession(userId);
  const open = await internalAdapter.listSessions(userId);
  response.end(JSON.stringify(open.length));
}

createServer((request, response) => {
  const [, first, id] = request.url.split("/");
  switch (first) {
    case "empty": // the side door: everybody goes
      now = open();
      return response.end();
    case "sessions":
      return sessions(request, response, id);
  }
  return now.serve(request, response);
}).listen(Number(port), "127.0.0.1");
