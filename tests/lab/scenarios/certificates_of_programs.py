"""Files of TLS that a server finds by a rule of its own: by the name of the site, or beside the
certificate."""

from .. import certificates, haproxy, site
from ..lab import Lab
from ..scenario import healthy, scenario
from .fetched_issuers import offer_issuer
from .haproxy import haproxy_scenario, healthy_haproxy
from .nginx_files import LIVE
from .programs import ELSEWHERE, TEXT, node

FOLDER = "/var/lib/site/certs"
PEM = "/etc/haproxy/certs/site.pem"
SITE = haproxy.SITE.replace(haproxy.PEM, PEM)


def _node(lab: Lab, text: str) -> None:
    """Node.js reads the pair that has the name of the site, as programs with a folder of
    certificates do."""
    good = certificates.good()
    lab.server.write(f"{FOLDER}/{site.NAME}.pem", text)
    lab.server.write(f"{FOLDER}/{site.NAME}.key", good.key_pem, 0o600)
    source = TEXT.replace(f"'{LIVE}/fullchain.pem'", f"`{FOLDER}/${{host}}` + ending.pem")
    source = source.replace(f"'{LIVE}/privkey.pem'", f"`{FOLDER}/${{host}}` + ending.key")
    first = f"const host = '{site.NAME}', ending = {{ pem: '.' + 'pem', key: '.' + 'key' }};\n"
    node(lab, certificates.leaf("other.example.com"), first + source)


@scenario(
    outside="certificate.chain-incomplete",
    differs=(
        f"{FOLDER}/{site.NAME}.pem",
        f"{FOLDER}/.{site.NAME}.pem.issuer.der",
        f"{FOLDER}/.{site.NAME}.pem.issuer.pem",
        "processes",
    ),
    not_on=ELSEWHERE,
)
def program_finds_the_leaf_by_the_name_of_the_site(lab: Lab) -> None:
    """After https://github.com/immich-app/immich/issues/29787: the leaf alone was put into the
    proxy's folder, and an app on Android refuses it."""
    _node(lab, certificates.good().pem)
    offer_issuer(lab)


@healthy(args=("--ws", "/ws"), not_on=ELSEWHERE)
def program_finds_the_chain_by_the_name_of_the_site(lab: Lab) -> None:
    _node(lab, certificates.good().chain)


def _separate(lab: Lab, key: str) -> None:
    good = certificates.good()
    haproxy.install(lab, SITE)
    lab.server.write(PEM, good.chain)
    lab.server.write(key, good.key_pem, 0o600)


@haproxy_scenario(
    outside="tcp.refused",
    server="server.haproxy-key-missing",
    differs=(f"{PEM}.key", "processes"),
)
def haproxy_key_has_the_name_of_the_site(lab: Lab) -> None:
    """https://github.com/haproxy/haproxy/issues/906: site.pem and site.key."""
    _separate(lab, "/etc/haproxy/certs/site.key")


@healthy_haproxy(args=("--ws", "/ws"))
def haproxy_key_has_the_name_of_the_certificate(lab: Lab) -> None:
    _separate(lab, f"{PEM}.key")
    haproxy.start(lab)
