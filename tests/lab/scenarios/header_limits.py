"""An application takes less header than visitors with many cookies send. After issues of Node's
servers and of uWSGI ("invalid request block size")."""

from .. import apache, caddy, haproxy, site
from ..lab import Lab
from ..scenario import scenario
from .apache import apache_scenario, healthy_apache
from .apache_threads import site_with
from .caddy import caddy_scenario, healthy_caddy
from .haproxy import haproxy_scenario, healthy_haproxy

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


# Behind other web servers, and the limit of Apache itself

TOLD = ("431 Request Header Fields Too Large",)
OWN_WORDS = ("Size of a request header field exceeds server limit",)
APPLICATION_LINES = "ProxyPass /ws ws://127.0.0.1:3000/ws\nProxyPass / http://127.0.0.1:{port}/"


def _small(lab: Lab) -> None:
    lab.server.write("/srv/shop/small.js", NODE)
    lab.spawn(lab.server, ("node", "/srv/shop/small.js"), 3001)


@apache_scenario(
    outside=None, server="upstream.header-limit", args=TOLD, manual=APPLICATION
)  # fmt: skip
def application_behind_apache_refuses_large_cookies(lab: Lab) -> None:
    _small(lab)
    apache.serve(lab, site_with(APPLICATION_LINES.format(port=3001)))


@caddy_scenario(
    outside=None, server="upstream.header-limit", args=TOLD, manual=APPLICATION
)  # fmt: skip
def application_behind_caddy_refuses_large_cookies(lab: Lab) -> None:
    _small(lab)
    caddy.serve(lab, caddy.SHOP.replace("3000", "3001"))


def _guarded(lab: Lab, size: str) -> None:
    """Caddy asks a server of sign-ins first, which takes so many bytes of header."""
    lab.server.write("/srv/shop/guard.js", NODE.replace("4096", size))
    lab.spawn(lab.server, ("node", "/srv/shop/guard.js"), 3001)
    ask = "\tforward_auth 127.0.0.1:3001 {\n\t\turi /api/verify\n\t}\n\treverse_proxy"
    caddy.serve(lab, caddy.SHOP.replace("\treverse_proxy", ask))


@caddy_scenario(
    outside=None, server="upstream.header-limit", args=TOLD, manual=APPLICATION
)  # fmt: skip
def service_that_caddy_asks_first_refuses_large_cookies(lab: Lab) -> None:
    """https://github.com/homarr-labs/homarr/issues/5647: Authelia reads 4096 bytes."""
    _guarded(lab, "4096")


@healthy_caddy(args=TOLD)
def service_that_caddy_asks_first_takes_large_cookies(lab: Lab) -> None:
    """The message is of the time before."""
    _guarded(lab, "65536")


@haproxy_scenario(
    outside=None, server="upstream.header-limit", args=TOLD, manual=APPLICATION
)  # fmt: skip
def application_behind_haproxy_refuses_large_cookies(lab: Lab) -> None:
    _small(lab)
    haproxy.serve(lab, haproxy.SITE.replace("3000", "3001"))


@apache_scenario(
    outside=None, server="server.apache-header-limit", args=OWN_WORDS, differs=(apache.SITE,)
)  # fmt: skip
def apache_refuses_large_cookies(lab: Lab) -> None:
    apache.serve(lab, site_with(APPLICATION_LINES.format(port=3000)))


@healthy_apache(args=OWN_WORDS)
def apache_takes_large_cookies(lab: Lab) -> None:
    text = site_with(APPLICATION_LINES.format(port=3000))
    apache.serve(lab, f"LimitRequestFieldSize 65536\n{text}")


# The header of an application's answer

LARGE_ANSWER = (
    "require('http').createServer((q,r)=>{r.setHeader('content-type','text/html');"
    "r.setHeader('content-security-policy','img-src '+'https://a.example '.repeat(%d));"
    "r.end('<!doctype html><title>Shop</title><p>It works.</p>')}).listen(3001,'127.0.0.1')"
)
TWO_PROGRAMS = (
    "    use_backend sockets if { path_beg /ws }\n    default_backend app\n\n"
    "backend sockets\n    server s1 127.0.0.1:3000\n\nbackend app\n    server app1 127.0.0.1:3001\n"
)


def _large_answer(lab: Lab, count: int) -> None:
    lab.server.write("/srv/shop/large.js", LARGE_ANSWER % count)
    lab.spawn(lab.server, ("node", "/srv/shop/large.js"), 3001)
    start = haproxy.SITE[: haproxy.SITE.index("    default_backend app")]
    haproxy.serve(lab, start + TWO_PROGRAMS)


@haproxy_scenario(
    outside="http.server-error", server="server.haproxy-invalid-response", differs=(haproxy.CONFIG,)
)  # fmt: skip
def haproxy_has_no_room_for_the_header_of_an_answer(lab: Lab) -> None:
    _large_answer(lab, 1000)


@healthy_haproxy()
def haproxy_has_room_for_the_header_of_an_answer(lab: Lab) -> None:
    _large_answer(lab, 400)


APACHE_LINES = (
    "ProxyPreserveHost On\nProxyPass /ws ws://127.0.0.1:3000/ws\n"
    "ProxyPass / http://127.0.0.1:3001/\nProxyPassReverse / http://127.0.0.1:3001/\n"
)


def _large_answer_behind_apache(lab: Lab, count: int) -> None:
    lab.server.write("/srv/shop/large.js", LARGE_ANSWER % count)
    lab.spawn(lab.server, ("node", "/srv/shop/large.js"), 3001)
    apache.serve(lab, site_with(APACHE_LINES))


@apache_scenario(
    outside="http.server-error",
    server="server.apache-response-header-limit",
    differs=(apache.SITE,),
)
def apache_has_no_room_for_a_field_of_an_answer(lab: Lab) -> None:
    _large_answer_behind_apache(lab, 600)


@healthy_apache()
def apache_has_room_for_a_field_of_an_answer(lab: Lab) -> None:
    _large_answer_behind_apache(lab, 350)
