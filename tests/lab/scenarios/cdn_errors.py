"""A CDN's own error, and the server behind it shows why. The router plays the CDN, as Cloudflare is
in the mode "Full (strict)"; the real one was not asked."""

from cryptography.x509.oid import ExtendedKeyUsageOID

from .. import certificates, site
from ..lab import BUNDLE, SERVER, Lab
from ..scenario import healthy, scenario
from .addresses import FOLDER as EDGE
from .addresses import OTHER, PASSED_ON, WEBSOCKETS, other_machine
from .netfilter import NO_FAIL2BAN

FOLDER = "/etc/nginx/pulls"
RAY = "add_header CF-RAY 8a1b2c3d4e5f6a7b-FRA always;"
STRICT = (
    f"proxy_ssl_verify on; proxy_ssl_trusted_certificate {BUNDLE};"
    " proxy_ssl_server_name on; proxy_ssl_name $host;"
)
PLAIN_ALONE = site.HTTP.replace("return 301 https://$host$request_uri", "return 404")
SERVED = "the visitor of the laboratory comes through the CDN"


def _cdn(lab: Lab, status: int) -> None:
    """What the CDN answers if it gets no answer from the server."""
    passed = f"{RAY} proxy_pass https://{SERVER}; proxy_set_header Host $host; {STRICT}"
    error = f"location @failed {{ {RAY} return {status} 'error code: {status}'; }}"
    other_machine(lab, f"{passed} error_page 502 = @failed; }} {error} location /unused {{")
    lab.dns([OTHER])


@scenario(
    outside="http.cdn-error", server="nginx.config-invalid", differs=(site.CONF,), manual=SERVED
)  # fmt: skip
def cdn_is_refused_for_a_missing_semicolon(lab: Lab) -> None:
    """Error 521, after https://github.com/cloudflare/cloudflare-docs/pull/28286: the site's file is
    refused, so that nginx goes on without port 443."""
    lab.edit(site.HTTPS, "")
    lab.restart_nginx()
    broken = site.HTTPS.replace("ssl_protocols TLSv1.2 TLSv1.3;", "ssl_protocols TLSv1.2 TLSv1.3")
    lab.server.write(site.CONF, lab.server.read(site.CONF) + broken)
    lab.server.run(["nginx", "-s", "reload"])
    _cdn(lab, 521)


@scenario(outside="http.cdn-error", server="certificate.renewed-not-loaded", manual=SERVED)
def cdn_refuses_the_certificate_that_nginx_still_has(lab: Lab) -> None:
    """Error 526, after https://github.com/alexdeathway/k9archiver/issues/95."""
    old = certificates.leaf(starts=-93, ends=-3)
    lab.install(old.chain, old.key_pem)
    new = certificates.leaf(starts=-30, ends=60)
    lab.server.write(site.PEM, new.chain)
    lab.server.write(site.KEY, new.key_pem, 0o600)
    _cdn(lab, 526)


@healthy()
def cdn_accepts_the_certificate_that_was_loaded(lab: Lab) -> None:
    _cdn(lab, 526)


#: Cloudflare's Authenticated Origin Pulls: the server wants the CDN's certificate.
PULLS = f"  ssl_verify_client on;\n  ssl_client_certificate {FOLDER}/pull-ca.pem;\n"


def _pulls(lab: Lab, sent: str) -> None:
    authority = certificates.authority("Origin Pull")
    client = certificates.leaf(
        "origin-pull.example.net", issuer=authority, usage=ExtendedKeyUsageOID.CLIENT_AUTH
    )
    lab.server.sh(f"mkdir -p {FOLDER}")
    lab.server.write(f"{FOLDER}/pull-ca.pem", authority.pem)
    lab.change("  ssl_session_timeout 5m;\n", PULLS)
    lab.router.sh(f"mkdir -p {EDGE}")
    lab.router.write(f"{EDGE}/pull.pem", client.pem + client.key_pem)
    other_machine(lab, f"{RAY} {sent} {PASSED_ON}")
    lab.dns([OTHER])


@scenario(outside="upstream.client-certificate-required", manual=SERVED)
def cdn_sends_no_certificate(lab: Lab) -> None:
    """Authenticated Origin Pulls is off, after
    https://github.com/EngineScript/EngineScript/issues/1."""
    _pulls(lab, "")


@healthy()
def cdn_sends_its_certificate(lab: Lab) -> None:
    pair = f"{EDGE}/pull.pem"
    _pulls(lab, f"proxy_ssl_certificate {pair}; proxy_ssl_certificate_key {pair};")


BANNING = f"{RAY} proxy_bind {OTHER}; proxy_connect_timeout 3s; {PASSED_ON}"


def _jail_of_bots(lab: Lab, banned: str) -> None:
    """What fail2ban's action for iptables writes, and a CDN that asks from its own address."""
    error = f"location @failed {{ {RAY} return 522 'error code: 522'; }}"
    other_machine(lab, f"{BANNING} error_page 504 = @failed; }} {error} location /unused {{")
    lab.dns([OTHER])
    chain, server = "f2b-nginxrepeatoffender", lab.server
    jump = f"INPUT -p tcp -m multiport --dports 80,443 -j {chain}"
    undo = f"iptables -D {jump}; iptables -F {chain}; iptables -X {chain}"
    lab.undo(lambda: server.sh(undo, check=False))
    server.sh(
        f"iptables -N {chain}; iptables -I {jump}; iptables -A {chain} -s {banned}/32 -j DROP;"
        f" iptables -A {chain} -j RETURN"
    )


@scenario(outside="http.cdn-error", server="firewall.front-banned", manual=NO_FAIL2BAN)
def cdn_is_banned_for_its_visitors(lab: Lab) -> None:
    """Error 522, after
    https://github.com/mitchellkrogza/nginx-ultimate-bad-bot-blocker/issues/671."""
    _jail_of_bots(lab, OTHER)


@healthy()
def cdn_passes_by_a_jail_with_another(lab: Lab) -> None:
    """Somebody who came past the CDN is banned."""
    _jail_of_bots(lab, "192.0.2.66")


def _list_of_fronts(lab: Lab, *networks: str) -> None:
    """The ports of the site are open to a list, and a CDN asks from its own address."""
    error = f"location @failed {{ {RAY} return 522 'error code: 522'; }}"
    other_machine(
        lab, f"{BANNING} {WEBSOCKETS} error_page 504 = @failed; }} {error} location /unused {{"
    )
    lab.dns([OTHER])
    server, jump = lab.server, "INPUT -p tcp -m multiport --dports 80,443 -j FRONTS"
    undo = f"iptables -D {jump}; iptables -F FRONTS; iptables -X FRONTS"
    lab.undo(lambda: server.sh(undo, check=False))
    listed = "; ".join(f"iptables -A FRONTS -s {each} -j RETURN" for each in networks)
    server.sh(f"iptables -N FRONTS; {listed}; iptables -A FRONTS -j DROP; iptables -I {jump}")


@scenario(outside="http.cdn-error", server="firewall.front-not-admitted", differs=("rules",))
def cdn_has_a_network_that_the_list_lacks(lab: Lab) -> None:
    """Error 522, after the documentation of it
    (https://developers.cloudflare.com/support/troubleshooting/http-status-codes/cloudflare-5xx-errors/error-522/)."""
    _list_of_fronts(lab, "192.0.2.0/24", "203.0.113.0/26")


@healthy()
def cdn_has_a_network_of_the_list(lab: Lab) -> None:
    _list_of_fronts(lab, "192.0.2.0/24", "203.0.113.64/26")
