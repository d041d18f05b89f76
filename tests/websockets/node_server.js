// Node's ws, with the doings of library_servers.py. Prints its port.

const http = require("http");
const { WebSocketServer } = require("ws");

const server = http.createServer((request, response) => response.end("page"));
const sockets = new WebSocketServer({ noServer: true });
const refuse = (socket, status, text) =>
  socket.end(`HTTP/1.1 ${status} ${http.STATUS_CODES[status]}\r\n` +
    `Content-Length: ${text.length}\r\nConnection: close\r\n\r\n${text}`);

server.on("upgrade", (request, socket, head) => {
  const [, what, code] = request.url.split("/");
  socket.on("error", () => {});
  if (what === "refuses") return refuse(socket, Number(code), "no\n");
  if (what === "origin") return refuse(socket, 403, "Origin not allowed\n");
  sockets.handleUpgrade(request, socket, head, (ws) => {
    ws.on("error", () => {});
    ws.on("message", () => {});
    if (what === "greets") ws.send("hello");
    if (what === "closes") ws.close(Number(code));
    if (what === "late") setTimeout(() => ws.close(Number(code)), 100);
    if (what === "raises") ws.close(1011);
    if (what === "aborts") ws.terminate();
  });
});
server.listen(0, "127.0.0.1", () => console.log(server.address().port));
