"""dehydrated writes challenges into a folder of its own, and nginx does not look there."""

from .. import certificates, site
from ..lab import Lab
from ..scenario import scenario

AGAIN = "the authority has to be asked again"
FOLDER = "  location /.well-known/acme-challenge/ {\n    root /var/www/acme;\n  }\n\n"
SETTINGS, OWN = "/etc/dehydrated", "/var/www/dehydrated"


def _dehydrated(lab: Lab, location: str) -> None:
    leaf = certificates.leaf(starts=-78, ends=12)
    lab.server.write(f"{SETTINGS}/certs/{site.NAME}/fullchain.pem", leaf.chain)
    lab.server.write(f"{SETTINGS}/certs/{site.NAME}/privkey.pem", leaf.key_pem, 0o600)
    lab.server.write(f"{SETTINGS}/config", f"WELLKNOWN={OWN}\nBASEDIR={SETTINGS}\n")
    lab.server.write(f"{SETTINGS}/domains.txt", f"{site.NAME}\n")
    lab.undo(lambda: lab.server.sh(f"rm -rf {SETTINGS} {OWN}"))
    lab.server.sh(f"mkdir -p {OWN}")
    lab.edit(site.PEM, f"{SETTINGS}/certs/{site.NAME}/fullchain.pem")
    lab.edit(site.KEY, f"{SETTINGS}/certs/{site.NAME}/privkey.pem")
    lab.change(FOLDER, location)


@scenario(
    outside="certificate.expires-soon", server="nginx.challenge-alias", manual=AGAIN,
    differs=(site.CONF,),
)  # fmt: skip
def dehydrated_has_no_location(lab: Lab) -> None:
    """https://github.com/dehydrated-io/dehydrated/issues/90"""
    _dehydrated(lab, "")


@scenario(outside="certificate.expires-soon", manual=AGAIN)
def dehydrated_has_its_location(lab: Lab) -> None:
    """Its twin: only the renewal is late."""
    alias = f"  location ^~ /.well-known/acme-challenge {{\n    alias {OWN};\n  }}\n\n"
    _dehydrated(lab, alias)
