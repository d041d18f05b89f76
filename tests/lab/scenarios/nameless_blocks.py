"""The site's server block has no name, and is not the default of its socket: nobody reaches it."""

from .. import certificates, site
from ..lab import Lab
from ..scenario import healthy, scenario
from .nginx import MINE, OTHER, another_site

NAME = f"ssl;\n  server_name {site.NAME};\n"


@scenario(outside="certificate.name-mismatch", server="nginx.no-matching-server", differs=MINE)
def block_of_the_site_without_a_name(lab: Lab) -> None:
    another_site(lab)
    lab.change(NAME, "ssl;\n")


@scenario(outside="certificate.name-mismatch", server="nginx.no-matching-server", differs=MINE)
def name_of_the_site_in_a_comment(lab: Lab) -> None:
    another_site(lab)
    lab.change(NAME, f"ssl;\n  # server_name {site.NAME};\n")


def _beside_the_blog(lab: Lab, name: str) -> None:
    """The blog's block is read first, and its certificate is for the shop too."""
    another_site(lab)
    both = certificates.leaf(site.NAME, "blog.example.com")
    lab.server.write("/etc/nginx/ssl/blog.pem", both.chain)
    lab.server.write("/etc/nginx/ssl/blog.key", both.key_pem, 0o600)
    lab.change(NAME, name)


@scenario(outside=None, server="nginx.no-matching-server", differs=MINE)
def block_without_a_name_beside_a_site_of_the_same_certificate(lab: Lab) -> None:
    """After https://github.com/mailcow/mailcow/issues/483: visitors see the other site's page."""
    _beside_the_blog(lab, "ssl;\n")


@healthy()
def block_with_a_name_beside_a_site_of_the_same_certificate(lab: Lab) -> None:
    _beside_the_blog(lab, NAME)


@healthy()
def only_block_without_a_name(lab: Lab) -> None:
    """It is the default of its socket, and answers for every name."""
    lab.change(NAME, "ssl;\n")


@scenario(outside="http.no-redirect", server="nginx.no-matching-server", differs=MINE)
def comma_in_both_blocks_beside_a_site_of_the_same_certificate(lab: Lab) -> None:
    """After https://github.com/certbot/certbot/issues/5817: the other site answers on both
    ports."""
    _beside_the_blog(lab, NAME)
    lab.server.write(
        OTHER, lab.server.read(OTHER).replace("listen 443", "listen 80;\n  listen 443")
    )
    names = f"server_name {site.NAME},www.{site.NAME};"
    lab.change(f"server_name {site.NAME};", names)
