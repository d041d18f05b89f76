"""Scenarios of nginx.front-address-denied. The router plays the CDN, as in `addresses`."""

from .. import haproxy, site
from ..lab import CLIENT, ROUTER, SERVER, Lab
from ..scenario import healthy, scenario
from .addresses import OTHER, PASSED_ON, WEBSOCKETS, other_machine
from .haproxy import ELSEWHERE

MANUAL = "only the person knows all addresses of the proxy"
NAMES_VISITOR = "\n    proxy_set_header X-Forwarded-For $remote_addr;"
BLOCK = "  server_name shop.example.com;\n"


def _behind(lab: Lab, rules: str) -> None:
    """The site behind a proxy, with these rules in its server block."""
    lab.change(BLOCK, f"{BLOCK}{rules}", site.CONF)
    other_machine(lab, PASSED_ON + WEBSOCKETS + NAMES_VISITOR)
    lab.dns([OTHER])


@scenario(outside=None, server="nginx.front-address-denied", differs=(site.CONF,))
def office_is_refused_behind_a_proxy(lab: Lab) -> None:
    """After threads about `allow` and `deny` behind Cloudflare: the list has the office, and nginx
    sees the CDN."""
    _behind(lab, f"  allow {CLIENT};\n  allow {SERVER};\n  deny all;\n")


@scenario(outside=None, server="nginx.front-address-denied", manual=MANUAL)
def proxy_is_in_the_block_list(lab: Lab) -> None:
    """After issue 76 of bunkerity/bunkerweb (PROXY_REAL_IP): the proxy was banned for the requests
    of its visitors."""
    _behind(lab, f"  deny 192.0.2.66;\n  deny {OTHER};\n  deny {ROUTER[1]};\n")


@healthy()
def office_comes_through_a_proxy(lab: Lab) -> None:
    """The same list, and the visitor's address from X-Forwarded-For."""
    taken = "".join(f"  set_real_ip_from {address};\n" for address in (OTHER, ROUTER[1]))
    rules = f"  allow {CLIENT};\n  allow {SERVER};\n  deny all;\n"
    _behind(lab, f"{taken}  real_ip_header X-Forwarded-For;\n{rules}")


ANY_NAME = """\
server {
  listen 80;
  server_name _;
  allow %s;
  allow %s;
  deny all;

  location / {
    proxy_pass http://127.0.0.1:3000;
    proxy_set_header Host $host;
  }
}

server {
  listen 80;
  server_name blog.example.org;
  return 200 blog;
}
"""


@scenario(outside=None, server="nginx.front-address-denied", manual=MANUAL)
def office_is_refused_by_a_block_of_every_name(lab: Lab) -> None:
    """After https://github.com/heroku/heroku-buildpack-nginx/issues/27: the log has this run's own
    request, from the address of the router in front. No file of the server names the site."""
    lab.server.write(site.CONF, ANY_NAME % (CLIENT, SERVER))
    lab.restart_nginx()
    own = f"proxy_pass http://{SERVER}; proxy_set_header Host $host; proxy_bind {OTHER};"
    other_machine(lab, own + NAMES_VISITOR)
    lab.dns([OTHER])


PAGES = "  location / {\n    proxy_pass http://127.0.0.1:3000;"
OFFICE = "  allow 198.51.100.0/24;\n  deny all;\n"
REAL = "  set_real_ip_from 127.0.0.1;\n  real_ip_header X-Forwarded-For;\n"


def _inner(lab: Lab, rules: str) -> None:
    """The site passes requests on to a block of its own, which has these rules."""
    lab.server.write(
        "/etc/nginx/conf.d/inner.conf",
        "server {\n  listen 127.0.0.1:8080;\n  server_name shop.example.com;\n"
        f"{rules}  location / {{\n    proxy_pass http://127.0.0.1:3000;\n"
        "    proxy_set_header Host $host;\n  }\n}\n",
    )
    lab.change(PAGES, PAGES.replace("3000", "8080"))


@scenario(
    outside=None,
    server="nginx.front-address-denied",
    differs=(site.CONF, "/etc/nginx/conf.d/inner.conf"),
)
def office_is_refused_by_an_inner_block(lab: Lab) -> None:
    """After threads about allow and deny behind nginx-proxy and jwilder: the inner nginx sees
    127.0.0.1, whoever asks."""
    _inner(lab, f"  allow {SERVER};\n{OFFICE}")


@scenario(
    outside=None,
    server="nginx.front-address-denied",
    manual=MANUAL,
    needs=haproxy.needs_haproxy,
    not_on=ELSEWHERE,
)
def office_is_refused_by_the_nginx_behind_haproxy(lab: Lab) -> None:
    """The same, with HAProxy in front."""
    haproxy.behind(lab, "listen 443 ssl;", "listen 127.0.0.1:8080;")
    lab.edit(BLOCK, f"{BLOCK}{OFFICE}")
    lab.restart_nginx()
    haproxy.serve(lab, haproxy.SITE.replace(":3000", ":8080"), keep_nginx=True)


@healthy()
def office_comes_to_an_inner_block(lab: Lab) -> None:
    """The inner block takes the visitor's address from the header, and allows the server itself."""
    _inner(lab, f"{REAL}  allow {SERVER};\n{OFFICE}")


@healthy()
def inner_block_is_for_the_proxy_alone(lab: Lab) -> None:
    """Only the proxy may ask it."""
    _inner(lab, "  allow 127.0.0.1;\n  deny all;\n")
