// Node's ws. A request without Upgrade: 426, as its own server says it; a handshake at another
// path: 400; one that verifyClient refuses: 401.

const http = require("http");
const { WebSocketServer } = require("ws");

const words = process.argv.slice(2);
const given = (name, usual) => (words.includes(name) ? words[words.indexOf(name) + 1] : usual);
const ownOrigin = words.includes("--own-origin");

const server = http.createServer((request, response) => {
  if (request.url === "/") {
    response.writeHead(200, { "Content-Type": "text/html" });
    response.end("<!doctype html><title>Shop</title><p>It works.</p>\n");
  } else {
    response.writeHead(426, { "Content-Type": "text/plain" });
    response.end(http.STATUS_CODES[426]);
  }
});

const isForeign = ({ origin, req }) => origin && origin.split("://")[1] !== req.headers.host;
const sockets = new WebSocketServer({
  server,
  path: given("--path", "/ws"),
  verifyClient: (info) => !(ownOrigin && isForeign(info)),
});
sockets.on("connection", (socket) => socket.on("message", (data) => socket.send(String(data))));
server.listen(Number(given("--port", "3000")), "127.0.0.1");
