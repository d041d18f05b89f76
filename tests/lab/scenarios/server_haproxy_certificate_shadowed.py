"""HAProxy has a valid certificate for the site, and serves an older file that is for it too."""

from .. import certificates, haproxy, site
from ..haproxy import CONFIG, PEM, SITE
from ..lab import Lab
from .haproxy import haproxy_scenario, healthy_haproxy
from .server_haproxy_name_without_certificate import FOLDER, LIST, LISTED

OLD = f"{FOLDER}/2023.pem"


def serve(lab: Lab, text: str, old: certificates.Issued, rows: str = "") -> None:
    """HAProxy with the site's certificate and an older file, each in the folder too."""
    haproxy.install(lab, text)
    lab.undo(lambda: lab.server.sh(f"rm -rf {FOLDER} {LIST} /etc/haproxy/2023.pem"))
    lab.server.sh(f"mkdir -p {FOLDER}")
    lab.server.write(OLD, haproxy.bundle(old), 0o600)
    lab.server.write(f"{FOLDER}/shop.pem", haproxy.bundle(), 0o600)
    lab.server.write(LIST, rows)
    haproxy.start(lab)


def _self_signed() -> certificates.Issued:
    return certificates.leaf(site.NAME, issuer="self")


@haproxy_scenario(
    outside="certificate.self-signed",
    server="server.haproxy-certificate-shadowed",
    differs=(LIST,),
)
def haproxy_list_has_an_old_certificate_first(lab: Lab) -> None:
    serve(lab, LISTED, _self_signed(), f"{OLD}\n{FOLDER}/shop.pem\n")


@haproxy_scenario(
    outside="certificate.self-signed",
    server="server.haproxy-certificate-shadowed",
    differs=(CONFIG,),
)
def haproxy_line_has_an_old_certificate_first(lab: Lab) -> None:
    serve(lab, SITE.replace(f"crt {PEM}", f"crt {OLD} crt {PEM}"), _self_signed())


@haproxy_scenario(
    outside="certificate.self-signed",
    server="server.haproxy-certificate-shadowed",
    differs=(OLD, "/etc/haproxy/2023.pem"),
)
def haproxy_folder_has_an_old_certificate_first(lab: Lab) -> None:
    """Files of a folder are loaded by name."""
    serve(lab, SITE.replace(f"crt {PEM}", f"crt {FOLDER}"), _self_signed())


@healthy_haproxy()
def haproxy_line_has_the_valid_certificate_first(lab: Lab) -> None:
    serve(lab, SITE.replace(f"crt {PEM}", f"crt {PEM} crt {OLD}"), _self_signed())
