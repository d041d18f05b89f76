"""An authority refuses Caddy's certificate, and Caddy's log says why. The texts are Boulder's."""

from .. import caddy, certificates
from ..caddy import KEY, PEM, SHOP
from ..hosts import until
from ..lab import Lab
from .caddy import caddy_scenario, healthy_caddy

AUTHORITY, LOG = "https://localhost:14000/directory", "/var/log/caddy/caddy.log"
SITE = SHOP.replace(f"\ttls {PEM} {KEY}\n", "")
MANUAL = "an authority issues the certificate"


def _install(lab: Lab, site: str = SITE) -> None:
    lab.server.sh(f"rm -f {LOG}")
    caddy.install(lab, site)
    options = f"\tacme_ca {AUTHORITY}\n\tlog {{\n\t\toutput file {LOG}\n\t}}\n"
    caddy.edit(lab, "{\n\tdefault_bind", f"{{\n{options}\tdefault_bind")


def _order(lab: Lab, mode: str, site: str = SITE) -> None:
    """Caddy orders a certificate of an authority that refuses it in this way."""
    own, pem, key = certificates.leaf("localhost"), "/etc/ssl/lab/acme.pem", "/etc/ssl/lab/acme.key"
    lab.server.write(pem, own.chain)
    lab.server.write(key, own.key_pem, 0o600)
    program = lab.server.application("acme_server", "14000", pem, key, mode)
    lab.spawn(lab.server, program, 14000)
    _install(lab, site)
    _wait_for_a_refusal(lab)


def _wait_for_a_refusal(lab: Lab) -> None:
    caddy.start(lab, 443)
    log = lab.server.path(LOG)
    until(lambda: log.exists() and "could not get" in log.read_text(), "Caddy logs a refusal")


@caddy_scenario(
    outside="tls.handshake-failed", server="server.certificate-not-issued", manual=MANUAL
)
def caddy_may_not_be_issued_by_caa(lab: Lab) -> None:
    """After threads of Caddy's forum about "CAA record for … prevents issuance"."""
    _order(lab, "caa")


@caddy_scenario(
    outside="tls.handshake-failed", server="server.certificate-not-issued", manual=MANUAL
)
def caddy_met_the_rate_limit(lab: Lab) -> None:
    """After threads about "too many certificates already issued": a container without a volume."""
    _order(lab, "rate")


@caddy_scenario(
    outside="tls.handshake-failed", server="server.certificate-not-issued", manual=MANUAL
)
def caddy_is_not_who_answers_the_authority(lab: Lab) -> None:
    """After threads about "Invalid response from http://…": an old AAAA record, or a CDN."""
    _order(lab, "elsewhere")


@caddy_scenario(
    outside="tls.handshake-failed", server="server.certificate-not-issued", manual=MANUAL
)
def caddy_is_not_reached_by_the_authority(lab: Lab) -> None:
    """After threads about "Timeout during connect (likely firewall problem)": the provider's
    firewall is closed to all but the owner."""
    _order(lab, "closed")


@caddy_scenario(
    outside="tls.handshake-failed", server="server.certificate-not-issued", manual=MANUAL
)
def caddy_has_a_wildcard_without_dns(lab: Lab) -> None:
    """After threads about "no solvers available for remaining challenges"."""
    _order(lab, "wildcard", SITE.replace("shop.example.com", "*.example.com"))


@caddy_scenario(
    outside="tls.handshake-failed", server="server.certificate-not-issued", manual=MANUAL
)
def caddy_does_not_reach_the_authority(lab: Lab) -> None:
    """Outgoing connections are closed: "provisioning client: … connection refused"."""
    _install(lab)
    _wait_for_a_refusal(lab)


@healthy_caddy()
def caddy_writes_its_log_into_a_file(lab: Lab) -> None:
    """The same log, and the site has a certificate of its own."""
    _install(lab, SHOP)
    caddy.start(lab)
