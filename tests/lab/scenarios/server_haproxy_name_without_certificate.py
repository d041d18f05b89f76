"""HAProxy names no certificate for the site, or its crt-list gives the file to other names."""

from .. import certificates, haproxy, site
from ..haproxy import PEM, SITE
from ..lab import Lab
from .haproxy import haproxy_scenario, healthy_haproxy

FOLDER, LIST = "/etc/haproxy/certs", "/etc/haproxy/crt-list.txt"
BLOG, SHOP = f"{FOLDER}/blog.pem", f"{FOLDER}/shop.pem"
LISTED = SITE.replace(f"crt {PEM}", f"crt-list {LIST}")


def serve(lab: Lab, text: str, rows: str = "") -> None:
    """HAProxy with the certificates of two names in a folder, and a crt-list."""
    haproxy.install(lab, text)
    lab.undo(lambda: lab.server.sh(f"rm -rf {FOLDER} {LIST}"))
    lab.server.sh(f"mkdir -p {FOLDER}")
    lab.server.write(BLOG, haproxy.bundle(certificates.leaf("blog.example.com")), 0o600)
    lab.server.write(SHOP, haproxy.bundle(), 0o600)
    lab.server.write(LIST, rows)
    haproxy.start(lab)


@haproxy_scenario(
    outside="certificate.name-mismatch",
    server="server.haproxy-name-without-certificate",
    differs=(LIST,),
)
def haproxy_list_has_names_below_alone(lab: Lab) -> None:
    """The wildcard behind the file is for the names below the site's."""
    serve(lab, LISTED, f"{BLOG} blog.example.com\n{SHOP} *.{site.NAME}\n")


@haproxy_scenario(
    outside="certificate.name-mismatch",
    server="server.haproxy-name-without-certificate",
    differs=(haproxy.CONFIG,),
)
def haproxy_bind_names_another_certificate(lab: Lab) -> None:
    """The file of the site lies beside the other one, and no `crt` names it."""
    serve(lab, SITE.replace(f"crt {PEM}", f"crt {BLOG}"))


@healthy_haproxy()
def haproxy_list_has_both_names(lab: Lab) -> None:
    """A row with the name, and one that gives the file to every name of its certificate."""
    serve(lab, LISTED, f"{BLOG} [alpn h2,http/1.1]\n{SHOP} www.example.com {site.NAME}\n")


@healthy_haproxy()
def haproxy_bind_names_both_certificates(lab: Lab) -> None:
    serve(lab, SITE.replace(f"crt {PEM}", f"crt {BLOG} crt {SHOP}"))
