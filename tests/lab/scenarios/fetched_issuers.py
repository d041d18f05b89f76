"""The issuer's certificate lies nowhere on the server. The site's certificate names its address
(RFC 5280 section 4.2.2.1), as every public one does, and the router answers there."""

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from .. import apache, certificates, haproxy, site
from ..lab import ROUTER, Lab
from ..scenario import scenario
from .apache import apache_scenario
from .haproxy import haproxy_scenario

FOLDER = "/run/lab/authority"
CERTIFICATES = "/etc/haproxy/certs"


def _left(path: str) -> tuple[str, ...]:
    """Return what the cure changes: the file, and what it downloads to the folder of the file."""
    folder, _, name = path.rpartition("/")
    return (path, f"{folder}/.{name}.issuer.der", f"{folder}/.{name}.issuer.pem")


def offer_issuer(lab: Lab) -> None:
    """Let the router offer the intermediate certificate in DER."""
    der = x509.load_pem_x509_certificate(certificates.intermediate().pem.encode())
    folder = lab.router.path(FOLDER)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "issuer.der").write_bytes(der.public_bytes(Encoding.DER))
    lab.spawn(
        lab.router,
        lab.router.python("-m", "http.server", "80", "-b", ROUTER[1], "-d", FOLDER),
        ready=80,
    )
    lab.server.write("/etc/hosts", lab.server.read("/etc/hosts") + f"{ROUTER[1]} ca.example.com\n")


@scenario(outside="certificate.chain-incomplete", differs=_left(site.PEM))
def intermediate_is_downloaded(lab: Lab) -> None:
    """https://serverfault.com/questions/875297 and thousands alike: the leaf alone, in a file whose
    last line has no end."""
    good = certificates.good()
    lab.install(good.pem.rstrip("\n"), good.key_pem)
    offer_issuer(lab)


@apache_scenario(
    outside="certificate.chain-incomplete",
    server="server.chain-not-sent",
    differs=_left(apache.PEM),
)
def intermediate_of_apache_is_downloaded(lab: Lab) -> None:
    apache.install(lab)
    good = certificates.good()
    lab.server.write(apache.PEM, good.pem)
    lab.server.write(apache.KEY, good.key_pem, 0o600)
    apache.start(lab)
    offer_issuer(lab)


@haproxy_scenario(
    outside="certificate.chain-incomplete",
    server="server.chain-not-sent",
    differs=_left(haproxy.PEM),
)
def intermediate_of_haproxy_is_downloaded(lab: Lab) -> None:
    """The file holds the certificate and the key."""
    haproxy.install(lab)
    good = certificates.good()
    lab.server.write(haproxy.PEM, good.pem + good.key_pem, 0o600)
    haproxy.start(lab)
    offer_issuer(lab)


@haproxy_scenario(
    outside="certificate.chain-incomplete",
    server="server.chain-not-sent",
    differs=_left(f"{CERTIFICATES}/shop.pem"),
)
def intermediate_of_a_folder_of_haproxy_is_downloaded(lab: Lab) -> None:
    """`crt` names a folder, of which HAProxy loads every file."""
    haproxy.install(lab)
    good = certificates.good()
    lab.undo(lambda: lab.server.sh(f"rm -rf {CERTIFICATES}"))
    lab.server.write(f"{CERTIFICATES}/shop.pem", good.pem + good.key_pem, 0o600)
    text = lab.server.read(haproxy.CONFIG).replace(haproxy.PEM, f"{CERTIFICATES}/")
    lab.server.write(haproxy.CONFIG, text)
    haproxy.start(lab)
    offer_issuer(lab)
