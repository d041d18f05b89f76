"""Scenarios of server.site-without-certificate."""

from .. import apache, certificates, site
from ..apache import HTTP, HTTPS, KEY, PEM
from ..lab import Lab
from .apache import FILES, apache_scenario, healthy_apache

TLS = f"    SSLEngine on\n    SSLCertificateFile {PEM}\n    SSLCertificateKeyFile {KEY}\n"
FIRST = "/etc/ssl/lab/first"


def _three_sites(lab: Lab, own: str) -> None:
    """Another site is the first on port 443; the site's own block has these lines; the block of a
    further name has the certificate that is for the site too."""
    issued, server = certificates.leaf("aaa.example.org"), lab.server
    apache.install(lab, "")
    server.write(f"{FIRST}.pem", issued.chain)
    server.write(f"{FIRST}.key", issued.key_pem, 0o600)
    other = (
        "<VirtualHost *:443>\n    ServerName {}\n    DocumentRoot /var/www/html\n{}</VirtualHost>\n"
    )
    first = TLS.replace(PEM, f"{FIRST}.pem").replace(KEY, f"{FIRST}.key")
    server.write(
        apache.SITE,
        other.format("aaa.example.org", first)
        + HTTPS.replace(TLS, own)
        + other.format(f"www.{site.NAME}", TLS)
        + HTTP,
    )
    apache.start(lab)


@apache_scenario(
    outside="certificate.name-mismatch",
    server="server.site-without-certificate",
    differs=(*FILES, f"{FIRST}.pem", f"{FIRST}.key"),
)
def apache_block_without_a_certificate(lab: Lab) -> None:
    """After https://www.tombrossman.com/blog/2014/avoid-certificate-mismatch-when-redirecting-multiple-ssl-virtualhosts/:
    Apache sends the certificate of the first block."""
    _three_sites(lab, "")


@healthy_apache()
def apache_block_with_the_certificate_of_another_one(lab: Lab) -> None:
    _three_sites(lab, TLS)
