// An integration with Acme Lead Checker in Node, without libraries. It loses data: `node app.mjs`.
import crypto from "node:crypto";
import http from "node:http";

const ALC = process.env.ALC_URL ?? "http://127.0.0.1:8001";
const PORT = Number(process.env.PORT ?? 5000);
const shown = new Map();
let token, webhook;

async function call(method, path, body, headers = {}) {
  const answer = await fetch(ALC + path, {
    method,
    headers: { Authorization: `Bearer ${token}`, "Content-Type": "application/json", ...headers },
    body: body && JSON.stringify(body),
  });
  if (!answer.ok) throw new Error(`ALC answered ${answer.status}`);
  return answer.status === 204 ? null : answer.json();
}

const routes = {
  async connect() {
    token = (await call("POST", "/_mock/tokens", {})).access_token;
    const url = `http://127.0.0.1:${PORT}/hook`;
    webhook = (await call("POST", "/api/v1/webhooks", { name: "app", url, event: "lead.processed" })).webhook_id;
  },
  async disconnect() {
    await call("DELETE", `/api/v1/webhooks/${webhook}`);
  },
  async send(person) {
    const lead = { recordId: person, name: "Ada Lovelace", phoneNumber: "+442071838750" };
    await call("POST", "/api/v1/leads", lead, { "Idempotency-Key": crypto.randomUUID() });
    shown.set(person, "Pending");
  },
  async status(person) {
    return { status: shown.get(person) ?? null };
  },
  async hook(_, event) {
    shown.set(event.record_id, event.status);
  },
};

http.createServer(async (request, response) => {
  let body = "";
  for await (const part of request) body += part;
  const [, route, person] = request.url.split("/");
  let status = 200, answer = {};
  try {
    answer = (await routes[route]?.(person, body && JSON.parse(body))) ?? {};
  } catch (error) {
    [status, answer] = [502, { error: error.message }];
  }
  response.writeHead(status, { "Content-Type": "application/json" }).end(JSON.stringify(answer));
}).listen(PORT, "127.0.0.1");
