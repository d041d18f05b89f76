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


PAGE = "    return 301 https://$host$request_uri;"
PLAIN = "    proxy_pass http://127.0.0.1:3000;\n    proxy_set_header Host $http_host;"
PERSON = "a certificate is to be had from the authority"


@scenario(
    outside="certificate.name-mismatch",
    server="certificate.name-mismatch",
    besides=("http.no-redirect",),
    seen_besides=("http.no-redirect",),
    manual=PERSON,
)
def another_name_and_plain_http_served(lab: Lab) -> None:
    """The certificate is another site's, and port 80 serves the pages itself."""
    lab.change(PAGE, PLAIN)
    other = certificates.leaf("other.example.org")
    lab.install(other.chain, other.key_pem)


@scenario(
    outside="certificate.chain-incomplete",
    server="certificate.chain-incomplete",
    besides=("http.no-redirect",),
    seen_besides=("http.no-redirect",),
    manual=PERSON,
)
def chain_and_plain_http_served(lab: Lab) -> None:
    """The intermediate is missing, and port 80 serves the pages itself."""
    lab.change(PAGE, PLAIN)
    good = certificates.good()
    lab.install(good.pem, good.key_pem)


@scenario(
    outside="certificate.expired",
    server="certificate.expired",
    besides=("upstream.refused",),
    seen_besides=("http.server-error",),
    manual=PERSON,
)
def expired_and_the_application_is_down(lab: Lab) -> None:
    """The certificate has expired, and nothing listens where nginx passes requests on."""
    lab.application_service.stop()
    old = certificates.leaf(starts=-95, ends=-5)
    lab.install(old.chain, old.key_pem)


@scenario(
    outside="certificate.name-mismatch",
    server="certificate.name-mismatch",
    besides=("http.redirect-loop",),
    seen_besides=("http.redirect-loop",),
    manual=PERSON,
)
def another_name_and_a_redirect_loop(lab: Lab) -> None:
    """The certificate is another site's, and the block of port 443 redirects to itself."""
    lab.change("  location / {\n    proxy_pass", f"  location / {{\n{PAGE}\n    proxy_pass")
    other = certificates.leaf("other.example.org")
    lab.install(other.chain, other.key_pem)


@scenario(
    outside="certificate.name-mismatch",
    server="certificate.name-mismatch",
    besides=("server.rule-refuses",),
    seen_besides=("websocket.not-upgraded",),
    args=("--ws", "/ws"),
    manual=PERSON,
    needs=caddy.needs_caddy,
)
def caddy_another_name_and_a_rule(lab: Lab) -> None:
    """Caddy has another site's certificate, and a rule refuses the WebSocket: browsers stop at the
    certificate."""
    rule = "\thandle /ws {\n\t\trespond 404\n\t}\n\treverse_proxy"
    caddy.install(lab, caddy.SHOP.replace("\treverse_proxy", rule))
    other = certificates.leaf("other.example.org")
    lab.server.write(caddy.PEM, other.chain)
    lab.server.write(caddy.KEY, other.key_pem, 0o600)
    caddy.start(lab)


@scenario(
    outside="certificate.chain-incomplete",
    server="server.chain-not-sent",
    besides=("server.application-down",),
    seen_besides=("http.server-error",),
    manual=PERSON,
    needs=haproxy.needs_haproxy,
)
def haproxy_chain_and_the_application_is_down(lab: Lab) -> None:
    """HAProxy has no intermediate, and nothing listens where it passes requests on."""
    haproxy.install(lab, haproxy.SITE.replace("3000", "3001"))
    good = certificates.good()
    lab.server.write(haproxy.PEM, good.pem + good.key_pem, 0o600)
    haproxy.start(lab)


@scenario(
    outside="tcp.rejected-by-host",
    server="nginx.site-not-included",
    besides=("firewall.port-closed",),
    differs=("/etc/nginx/conf.d/shop.conf.off",),
)
def file_set_aside_behind_a_closed_port(lab: Lab) -> None:
    """The site's file has a name that no include takes, and 443 is closed in firewalld."""
    lab.server.sh("mv /etc/nginx/conf.d/shop.conf /etc/nginx/conf.d/shop.conf.off")
    lab.server.write("/etc/nginx/conf.d/other.conf", "server {\n  listen 80;\n  return 404;\n}\n")
    lab.restart_nginx()
    firewalld(lab, CLOSED)


OTHER_NAMES = """\
server {
  listen 443 ssl default_server;
  server_name _;
  ssl_certificate /etc/nginx/ssl/shop.example.com.pem;
  ssl_certificate_key /etc/nginx/ssl/shop.example.com.key;
  return 404;
}
"""


@scenario(
    outside="certificate.name-mismatch", server="nginx.no-matching-server", manual=PERSON
)  # fmt: skip
def plain_http_beside_a_block_for_all_names(lab: Lab) -> None:
    """The site is plain http, and what answers on 443 is none of it: no redirect is missing."""
    text = lab.server.read(lab.server.here("/etc/nginx/conf.d/shop.conf"))
    block = text[text.index("server {") : text.index("server {", text.index("server {") + 1)]
    lab.edit(PAGE, PLAIN)
    other = certificates.leaf("other.example.org")
    lab.install(other.chain, other.key_pem)
    lab.change(block, f"{OTHER_NAMES}\n")
