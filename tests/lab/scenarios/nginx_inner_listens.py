"""nginx behind HAProxy, and a block that takes the address at which HAProxy asks."""

from functools import partial

from .. import haproxy, site
from ..lab import Lab
from ..scenario import healthy, scenario
from .haproxy import ELSEWHERE

CHECK = "nginx.name-on-other-address"
_fault = partial(scenario, needs=haproxy.needs_haproxy, not_on=ELSEWHERE)
_healthy = partial(healthy, needs=haproxy.needs_haproxy, not_on=ELSEWHERE)
STATUS = """\
server {
  listen 127.0.0.1:8080;
  server_name status.example.org;
  location / {
    return 200 "status ok";
  }
  location /nginx_status {
    stub_status;
  }
}
"""
REDIRECT = """\
server {
  listen 8080;
  server_name shop.example.com;
  return 301 https://$host$request_uri;
}
"""
DEFAULT = """\
server {
  listen 8080 default_server;
  server_name _;
  return 403;
}
"""


def _behind(lab: Lab, *blocks: str) -> None:
    haproxy.behind(lab, "listen 443 ssl", "listen 8080")
    lab.configure("".join((lab.server.read(site.CONF), *blocks)))
    own = haproxy.SITE.replace("127.0.0.1:3000", "127.0.0.1:8080")
    haproxy.serve(lab, own, keep_nginx=True)


@_fault(outside=None, server=CHECK, differs=(site.CONF,))
def a_block_of_loopback_answers_haproxy(lab: Lab) -> None:
    """After https://github.com/nginx/nginx/issues/220."""
    _behind(lab, DEFAULT, STATUS)


@_fault(outside=None, server=CHECK, differs=(site.CONF,))
def a_block_of_loopback_refuses_haproxy(lab: Lab) -> None:
    """The same, and that block refuses every name that it does not have."""
    _behind(lab, STATUS.replace('200 "status ok"', "403"))


@_healthy()
def the_block_of_loopback_has_an_address_of_its_own(lab: Lab) -> None:
    _behind(lab, DEFAULT, STATUS.replace("127.0.0.1:8080", "127.0.0.2:8080"))


@_healthy()
def the_block_of_loopback_is_the_application_of_the_site(lab: Lab) -> None:
    """HAProxy asks a block without a name; that of the name redirects who asks it directly."""
    text = site.HTTPS.replace("listen 443 ssl", "listen 127.0.0.1:8080")
    lines = [line for line in text.split("\n") if "ssl_" not in line and "server_name" not in line]
    lab.configure("\n".join((site.MAP, *lines, REDIRECT)))
    lab.restart_nginx()
    haproxy.serve(lab, haproxy.SITE.replace("127.0.0.1:3000", "127.0.0.1:8080"), keep_nginx=True)
