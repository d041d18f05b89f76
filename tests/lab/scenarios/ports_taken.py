"""The server that has the site cannot start: another program has a port that it needs beside the
site's own, and so nobody answers on 443."""

from .. import apache, caddy, haproxy, site
from ..lab import Lab
from .apache import apache_scenario
from .caddy import caddy_scenario, healthy_caddy
from .haproxy import haproxy_scenario

DECIDES = "a person decides who serves the machine"
PACKAGED = "server {\n  listen 80 default_server;\n  server_name _;\n  root /var/www/html;\n}\n"


def _packaged_nginx(lab: Lab) -> None:
    """nginx as its package starts it: its default page, on port 80 alone."""
    lab.server.write(site.CONF, PACKAGED)
    lab.start_nginx()


@caddy_scenario(outside="tcp.refused", server="server.not-running", manual=DECIDES)
def caddy_without_port_80(lab: Lab) -> None:
    """After https://github.com/233boy/v2ray/issues/1004 and
    https://github.com/searxng/searxng-docker/issues/135: "listening on :80: listen tcp :80: bind:
    address already in use"."""
    caddy.install(lab, keep_nginx=True)
    _packaged_nginx(lab)
    start = f"caddy start --config {caddy.CONFIG} --adapter caddyfile"
    lab.server.sh(f"HOME={caddy.HOME} {start} >/dev/null 2>&1 || :")


@apache_scenario(outside="tcp.refused", server="server.not-running", manual=DECIDES)
def apache_without_port_80(lab: Lab) -> None:
    """ "(98)Address already in use: AH00072: make_sock: could not bind to address"."""
    apache.install(lab, keep_nginx=True)
    _packaged_nginx(lab)
    lab.server.sh("apachectl start >/dev/null 2>&1 || :")


@haproxy_scenario(outside="tcp.refused", server="server.not-running", manual=DECIDES)
def haproxy_without_port_80(lab: Lab) -> None:
    """ "cannot bind socket (Address already in use) for [0.0.0.0:80]"."""
    lab.stop_nginx()
    haproxy.install(lab, keep_nginx=True)
    _packaged_nginx(lab)
    lab.server.sh(f"haproxy -W -D -f {haproxy.CONFIG} >/dev/null 2>&1 || :")


@healthy_caddy()
def caddy_leaves_port_80_to_nginx(lab: Lab) -> None:
    """Caddy has 443 alone, and nginx redirects on port 80."""
    alone = caddy.OPTIONS.replace("{\n", "{\n\tauto_https disable_redirects\n", 1)
    caddy.install(lab, keep_nginx=True)
    lab.server.write(caddy.CONFIG, alone + caddy.SHOP)
    lab.server.write(site.CONF, site.HTTP)
    lab.start_nginx()
    caddy.start(lab, 443)
