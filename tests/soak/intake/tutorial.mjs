// The tutorial's lead-processed.webhook.ts on node:http.
import http from "node:http"

const [port, crm] = process.argv.slice(2)

http
  .createServer(async (request, response) => {
    const chunks = []
    for await (const chunk of request) chunks.push(chunk)
    const {record_id: recordId, status} = JSON.parse(Buffer.concat(chunks))
    await fetch(`${crm}/v2/objects/people/records/${recordId}`, {
      method: "PATCH",
      headers: {"Content-Type": "application/json"},
      body: JSON.stringify({data: {values: {alc_status: [{value: status}]}}}),
    })
    response.writeHead(200, {"Content-Length": 0}).end()
  })
  .listen(port, "127.0.0.1")
