"""An application takes less header than visitors with many cookies send. After issues of Node's
servers and of uWSGI ("invalid request block size")."""

from .. import site
from ..lab import Lab
from ..scenario import scenario

APPLICATION = "the application has to be configured"
PAGES = site.HTTPS[site.HTTPS.index("  location / {") : site.HTTPS.index("  location /ws")]
NODE = (
    "require('http').createServer({maxHeaderSize:4096},(q,r)=>{r.setHeader('content-type',"
    "'text/html');r.end('<!doctype html><title>Shop</title><p>It works.</p>')})"
    ".listen(3001,'127.0.0.1')"
)


@scenario(outside=None, server="upstream.header-limit", manual=APPLICATION)
def application_refuses_large_cookies(lab: Lab) -> None:
    """Node answers 431 to who has large cookies; this run, which has none, gets the page."""
    lab.server.write("/srv/shop/small.js", NODE)
    lab.spawn(lab.server, ("node", "/srv/shop/small.js"), 3001)
    lab.change(PAGES, PAGES.replace("127.0.0.1:3000", "127.0.0.1:3001"))
    cookie = "a=$(head -c 5000 /dev/zero | tr '\\0' x)"
    page = f"https://{site.NAME}/"
    visit = f'curl -sk -o /dev/null -A Mozilla/5.0 -e {page} -H "Cookie: {cookie}" {page}'
    lab.client.sh(f"{visit}; {visit}; {visit}")
