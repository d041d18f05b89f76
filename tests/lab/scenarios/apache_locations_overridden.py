"""Sections of Apache with a ProxyPass each: the last one that matches has the say."""

from .. import apache
from ..lab import Lab
from .apache import apache_scenario, healthy_apache
from .apache_threads import site_with

API = "<Location /api>\n    ProxyPass http://127.0.0.1:3001/api\n</Location>"
ROOT = "<Location />\n    ProxyPass http://127.0.0.1:3002/\n</Location>"
PAGE = "https://shop.example.com/api/orders"
PROGRAM = (
    "for(const [p,s] of [[3001,'/api'],[3002,'/shop']])require('http').createServer((q,r)=>{"
    "if(q.url!='/'&&!q.url.startsWith(s)){r.statusCode=404;return r.end('Cannot GET '+q.url)}"
    "r.setHeader('content-type','text/html');r.end('<!doctype html><title>Shop</title>It works')})"
    ".listen(p,'127.0.0.1')"
)


def _site(lab: Lab, *sections: str) -> None:
    lab.server.write("/srv/shop/two.js", PROGRAM)
    lab.spawn(lab.server, ("node", "/srv/shop/two.js"), 3002)
    sockets = "<Location /ws>\n    ProxyPass ws://127.0.0.1:3000/ws\n</Location>"
    apache.serve(lab, site_with("\n".join((*sections, sockets))))


@apache_scenario(
    outside=None, server="server.apache-location-overridden", target=PAGE, differs=(apache.SITE,)
)  # fmt: skip
def apache_section_takes_the_place_of_a_narrower_one(lab: Lab) -> None:
    _site(lab, API, ROOT)


@healthy_apache(target=PAGE)
def apache_sections_from_wide_to_narrow(lab: Lab) -> None:
    _site(lab, ROOT, API)
