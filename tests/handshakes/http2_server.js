// Node's http2 by its own defaults. Prints its port.
//   node http2_server.js CERT.pem [allowHTTP1] [connectProtocol]

const fs = require("fs");
const http2 = require("http2");

const [file, ...words] = process.argv.slice(2);
const pem = fs.readFileSync(file);
const server = http2.createSecureServer({
  key: pem,
  cert: pem,
  allowHTTP1: words.includes("allowHTTP1"),
  settings: { enableConnectProtocol: words.includes("connectProtocol") },
});
server.on("request", (request, response) => {
  response.writeHead(200, { "content-type": "text/html" });
  response.end("<!doctype html><title>Shop</title>");
});
server.on("sessionError", () => {});
server.listen(0, "127.0.0.1", () => console.log(server.address().port));
