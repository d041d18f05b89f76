"""Several faults at once: each is a cause of its own, the first is the one to mend first, and what
was mended stays so while the next is still there."""

from .. import apache, caddy, certificates, haproxy
from ..lab import Lab
from ..scenario import scenario
from .firewall import firewalld
from .netfilter import alone, nft

CLOSED = "--zone=public --remove-service=https"
GUARD = """
table inet guard {
  chain input {
    type filter hook input priority filter; policy drop;
    iif lo accept
    ct state established,related accept
    tcp dport { 22, 80 } accept
    udp sport 53 accept
  }
}
"""


@scenario(
    outside="tcp.rejected-by-host", server="nginx.not-running", besides=("firewall.port-closed",)
)
def stopped_and_closed_in_firewalld(lab: Lab) -> None:
    """nginx does not run, and 443 is closed in firewalld."""
    lab.stop_nginx()
    firewalld(lab, CLOSED)


@scenario(
    outside="tcp.rejected-by-host",
    server="nginx.config-invalid",
    besides=("firewall.port-closed",),
)
def refused_configuration_behind_a_closed_port(lab: Lab) -> None:
    """A semicolon is missing, so nginx does not start; and 443 is closed in firewalld."""
    lab.edit("proxy_read_timeout 3600s;", "proxy_read_timeout 3600s")
    lab.stop_nginx()
    lab.try_to_start_nginx()
    firewalld(lab, CLOSED)


@scenario(
    outside="tcp.rejected-by-host",
    server="server.not-running",
    besides=("firewall.port-closed",),
    needs=apache.needs_apache,
    differs=("listeners", "processes"),
)
def apache_stopped_behind_a_closed_port(lab: Lab) -> None:
    """Apache does not run, and 443 is closed in firewalld."""
    apache.install(lab)
    firewalld(lab, CLOSED)


@scenario(
    outside="tcp.rejected-by-host",
    server="server.config-invalid",
    besides=("firewall.port-closed",),
    needs=haproxy.needs_haproxy,
    manual="which option was meant HAProxy does not say",
)
def haproxy_refused_behind_a_closed_port(lab: Lab) -> None:
    """An option is misspelt, so HAProxy does not start; and 443 is closed in firewalld."""
    haproxy.install(lab, haproxy.SITE.replace("option forwardfor", "option forwardedfor"))
    lab.server.run(["haproxy", "-W", "-D", "-f", haproxy.CONFIG, "-p", haproxy.PID])
    firewalld(lab, CLOSED)


@scenario(
    outside="tcp.timeout",
    server="server.not-running",
    besides=("firewall.ruleset-blocks",),
    needs=caddy.needs_caddy,
    differs=("listeners", "processes"),
)
def caddy_stopped_behind_rules_that_drop(lab: Lab) -> None:
    """Caddy does not run, and the rules of the packet filter drop 443."""
    caddy.install(lab)
    alone(lab)
    nft(lab, GUARD)


@scenario(
    outside="tcp.rejected-by-host",
    server="listener.missing",
    manual="what is to listen on 443 nobody has written yet",
)
def port_443_closed_and_nothing_set_up_for_it(lab: Lab) -> None:
    """The site is plain http alone, so that firewalld rightly has 443 closed."""
    text = lab.server.read(lab.server.here("/etc/nginx/conf.d/shop.conf"))
    block = text[text.index("server {") : text.index("server {", text.index("server {") + 1)]
    lab.change(block, "")
    lab.change("return 301 https://$host$request_uri;", "proxy_pass http://127.0.0.1:3000;")
    firewalld(lab, CLOSED)


@scenario(
    outside="tcp.rejected-by-host",
    server="firewall.port-closed",
    besides=("certificate.chain-incomplete", "websocket.upgrade-headers-missing"),
    both="firewall.port-closed",
    args=("--ws", "/ws"),
    manual="the intermediate is at the authority's",
)
def closed_port_chain_and_upgrade(lab: Lab) -> None:
    """443 is closed, the chain is incomplete, and the Upgrade is not passed on."""
    good = certificates.good()
    lab.install(good.pem, good.key_pem)
    lab.change("    proxy_set_header Upgrade $http_upgrade;\n", "")
    firewalld(lab, CLOSED)
