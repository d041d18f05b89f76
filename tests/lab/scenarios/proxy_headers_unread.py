"""A balancer of TCP on another machine sends the header of the PROXY protocol, and the web server
here does not read it. The router plays that machine, with HAProxy."""

from .. import apache, haproxy, site
from ..apache import HTTP, HTTPS
from ..lab import SERVER, Lab
from ..scenario import healthy, scenario
from .addresses import FOLDER, OTHER, hold
from .apache import FILES, apache_scenario

BALANCER = f"""\
defaults
  mode tcp
  timeout connect 5s
  timeout client 1m
  timeout server 1m
frontend tls
  bind {OTHER}:443
  default_backend tls
backend tls
  server web1 {SERVER}:443 source {OTHER} SEND
frontend plain
  bind {OTHER}:80
  default_backend plain
backend plain
  server web1 {SERVER}:80 source {OTHER} SEND
"""
READ = "proxy_protocol;\n  set_real_ip_from 203.0.113.80;\n  real_ip_header proxy_protocol;\n"


def _balancer(lab: Lab, send: str) -> None:
    hold(lab)
    lab.router.sh(f"mkdir -p {FOLDER}")
    lab.router.write(f"{FOLDER}/lb.cfg", BALANCER.replace("SEND", send))
    lab.spawn(lab.router, ["haproxy", "-f", f"{FOLDER}/lb.cfg"], 443)
    lab.dns([OTHER])
    lab.client.sh(f"curl -sk -m 4 -o /dev/null https://{site.NAME}/", check=False)


@scenario(
    outside="tls.plain-http", server="server.proxy-header-unread", differs=(site.CONF,),
    needs=haproxy.needs_haproxy,
)  # fmt: skip
def balancer_sends_a_header_that_nginx_does_not_read(lab: Lab) -> None:
    """After https://github.com/apache/apisix/issues/10626 and
    https://github.com/kubernetes/ingress-nginx/pull/227: 400 since the balancer sends it."""
    _balancer(lab, "send-proxy")


@apache_scenario(outside="tls.closed", server="server.proxy-header-unread", differs=FILES)
def balancer_sends_a_binary_header_that_apache_does_not_read(lab: Lab) -> None:
    """Version 2, after https://github.com/scaleway/docs-content/pull/3448, with Apache."""
    apache.install(lab, f"{HTTPS}\n{HTTP}")
    apache.enable(lab, "remoteip")
    apache.start(lab)
    _balancer(lab, "send-proxy-v2")


@healthy(needs=haproxy.needs_haproxy)
def balancer_sends_a_header_that_nginx_reads(lab: Lab) -> None:
    text = lab.server.read(site.CONF)
    for port in ("443 ssl", "80"):
        text = text.replace(f"listen {port};", f"listen {port} {READ}", 1)
    lab.server.write(site.CONF, text)
    lab.restart_nginx()
    _balancer(lab, "send-proxy-v2")


@healthy(needs=haproxy.needs_haproxy)
def balancer_sends_no_header(lab: Lab) -> None:
    _balancer(lab, "")


HOSTS = "/etc/hosts"


def _bypass(lab: Lab, *, past: bool) -> None:
    """Whether the server's hosts file leads the name to the server itself; nginx asks at it."""
    text = lab.server.read(site.CONF)
    for port in ("443 ssl", "80"):
        text = text.replace(f"listen {port};", f"listen {port} {READ}", 1)
    question = (
        "  location = /check {\n    internal;\n    proxy_ssl_server_name on;\n"
        f"    proxy_pass https://{site.NAME}/session;\n  }}\n\n"
        "  location = /session {\n    return 204;\n  }\n\n  location / {\n    auth_request /check;"
    )
    text = text.replace("  location / {", question, 1)
    hosts = lab.server.read(HOSTS)
    lab.undo(lambda: lab.server.write(HOSTS, hosts))
    _balancer(lab, "send-proxy")
    if past:
        lab.server.write(HOSTS, f"{hosts.rstrip()}\n{SERVER} {site.NAME}\n")
    lab.server.write(site.CONF, text)
    lab.restart_nginx()


@scenario(
    outside="http.server-error", server="nginx.header-bypassed", differs=(site.CONF, HOSTS),
    both="nginx.auth-request-failed",
    needs=haproxy.needs_haproxy,
)  # fmt: skip
def auth_request_goes_past_the_balancer(lab: Lab) -> None:
    """After https://github.com/kubernetes/ingress-nginx/issues/10821"""
    _bypass(lab, past=True)


@healthy(needs=haproxy.needs_haproxy)
def auth_request_goes_by_the_balancer(lab: Lab) -> None:
    _bypass(lab, past=False)
