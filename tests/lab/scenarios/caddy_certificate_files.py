"""The files of a certificate that stand in a Caddyfile. After Caddy's documentation, "tls"."""

from .. import caddy, certificates
from ..lab import Lab
from .caddy import caddy_scenario


@caddy_scenario(
    outside="certificate.name-mismatch",
    server="certificate.name-mismatch",
    manual="a certificate for the name is not here",
)
def files_of_a_caddyfile_are_for_another_name(lab: Lab) -> None:
    caddy.install(lab)
    other = certificates.leaf("other.example.com")
    lab.server.write(caddy.PEM, other.chain)
    lab.server.write(caddy.KEY, other.key_pem, 0o600)
    caddy.start(lab)
