"""Apache replaces text in pages that the application sends compressed."""

from .. import apache
from ..lab import Lab
from .apache import FILES, apache_scenario, healthy_apache
from .apache_threads import site_with

APPLICATION = """\
const zlib = require('zlib');
require('http').createServer((request, response) => {
  const page = '<!doctype html><title>Shop</title><h1>Tea, and the pots for it</h1>' +
    '<a href="http://shop.internal:3001/tea">Tea</a>';
  response.setHeader('content-type', 'text/html');
  if (!(request.headers['accept-encoding'] || '').includes('gzip')) return response.end(page);
  response.setHeader('content-encoding', 'gzip');
  response.end(zlib.gzipSync(page));
}).listen(3001, '127.0.0.1');
"""
LINES = """\
ProxyPreserveHost On
ProxyPass /ws ws://127.0.0.1:3000/ws
ProxyPass / http://127.0.0.1:3001/
AddOutputFilterByType {filter} text/html
Substitute "s|http://shop.internal:3001|https://shop.example.com|n"
"""


def serve(lab: Lab, filters: str = "SUBSTITUTE") -> None:
    lab.server.write("/srv/shop/zipped.js", APPLICATION)
    lab.spawn(lab.server, ("node", "/srv/shop/zipped.js"), 3001)
    apache.install(lab, site_with(LINES.format(filter=filters)))
    apache.enable(lab, "substitute", "filter", "deflate")
    apache.start(lab)


@apache_scenario(outside=None, server="server.apache-substitute-compressed", differs=FILES)
def apache_replaces_text_in_what_is_compressed(lab: Lab) -> None:
    serve(lab)


@healthy_apache()
def apache_takes_the_compression_off_before_it_replaces_text(lab: Lab) -> None:
    serve(lab, "INFLATE;SUBSTITUTE;DEFLATE")
