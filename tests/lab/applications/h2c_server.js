// A gRPC service as far as its connection goes: HTTP/2 without TLS, and nothing else.
//
//     node h2c_server.js 50051
const http2 = require('http2');

http2.createServer((request, response) => {
  response.writeHead(200, { 'content-type': 'application/grpc', 'grpc-status': '12' });
  response.end();
}).listen(Number(process.argv[2]), '127.0.0.1');
