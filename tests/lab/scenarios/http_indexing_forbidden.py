"""Scenarios of http.indexing-forbidden: a line of a package, or of a list of headers, keeps a site
out of search engines whose owner misses it there.

After https://github.com/YunoHost-Apps/grav_ynh/issues/20.
"""

from .. import apache, caddy, haproxy, site
from ..lab import Lab
from ..scenario import healthy, scenario
from .apache import apache_scenario
from .caddy import caddy_scenario
from .fields_of_other_servers import _apache, _caddy, _haproxy
from .haproxy import haproxy_scenario
from .page_policies import _sends

CHECK, FIELD = "http.indexing-forbidden", "X-Robots-Tag"
WORDS = "nginx 'x-robots-tag' header prevents indexing"
GOOGLE = "Excluded by 'noindex' tag: my site is not indexed by Google"
CHINESE = "网站一直没有被百度收录"
STAGING = "how to prevent Google from indexing my staging site"


@scenario(outside=CHECK, server=CHECK, args=(WORDS,), differs=(site.CONF,))
def nginx_keeps_search_engines_away(lab: Lab) -> None:
    _sends(lab, "", f'{FIELD} "noindex, nofollow"')


@apache_scenario(outside=CHECK, server=CHECK, args=(GOOGLE,), differs=(apache.SITE,))
def apache_keeps_search_engines_away(lab: Lab) -> None:
    _apache(lab, "", f'    Header set {FIELD} "noindex"\n')
    apache.start(lab)


@caddy_scenario(outside=CHECK, server=CHECK, args=(CHINESE,), differs=(caddy.CONFIG,))
def caddy_keeps_search_engines_away(lab: Lab) -> None:
    _caddy(lab, "", "header {", f"\t{FIELD} none", "}")


@haproxy_scenario(outside=CHECK, server=CHECK, args=(GOOGLE,), differs=(haproxy.CONFIG,))
def haproxy_keeps_search_engines_away(lab: Lab) -> None:
    _haproxy(lab, "", f'http-response set-header {FIELD} "noindex, nofollow"')


APPLICATION = """
import http.server

class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.send_header("X-Robots-Tag", "noindex")
        self.end_headers()
        self.wfile.write(b"<!doctype html><title>Shop</title><p>Forty kinds of tea.</p>")
    do_HEAD = do_GET

http.server.HTTPServer(("127.0.0.1", 3001), Handler).serve_forever()
"""


@scenario(outside=CHECK, server=CHECK, args=(GOOGLE,), differs=(site.CONF,))
def application_keeps_search_engines_away(lab: Lab) -> None:
    """An image for tests sends the field, and nobody can tell it otherwise."""
    lab.server.write("/opt/shop/robots.py", APPLICATION)
    lab.spawn(lab.server, lab.server.python("/opt/shop/robots.py"), 3001)
    lab.change(
        "  location / {\n    proxy_pass http://127.0.0.1:3000;",
        "  location / {\n    proxy_pass http://127.0.0.1:3001;",
    )


@healthy(args=(WORDS,))
def search_engines_may_show_the_page(lab: Lab) -> None:
    _sends(lab, "", f'{FIELD} "noarchive, nosnippet"', f'{FIELD} "adsbot: noindex"')


@healthy(args=(STAGING,))
def search_engines_are_kept_away_on_purpose(lab: Lab) -> None:
    _sends(lab, "", f'{FIELD} "noindex"')
