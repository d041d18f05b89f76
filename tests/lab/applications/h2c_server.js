// A gRPC service as far as its connection goes: HTTP/2 without TLS, and nothing else. Like that of
// Go it closes a connection that begins otherwise.
//
//     node h2c_server.js 50051
const http2 = require('http2');
const net = require('net');

const service = http2.createServer((request, response) => {
  response.writeHead(200, { 'content-type': 'application/grpc', 'grpc-status': '12' });
  response.end();
}).listen(0, '127.0.0.1', () => {
  net.createServer((client) => {
    client.on('error', () => {});
    client.once('data', (data) => {
      if (!data.toString('latin1').startsWith('PRI')) return client.destroy();
      const inner = net.connect(service.address().port, '127.0.0.1');
      inner.on('error', () => client.destroy());
      inner.write(data);
      client.pipe(inner).pipe(client);
    });
  }).listen(Number(process.argv[2]), '127.0.0.1');
});
