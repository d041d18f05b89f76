"""The site's server block has no name, and is not the default of its socket: nobody reaches it."""

from .. import site
from ..lab import Lab
from ..scenario import healthy, scenario
from .nginx import MINE, another_site

NAME = f"ssl;\n  server_name {site.NAME};\n"


@scenario(outside="certificate.name-mismatch", server="nginx.no-matching-server", differs=MINE)
def block_of_the_site_without_a_name(lab: Lab) -> None:
    another_site(lab)
    lab.change(NAME, "ssl;\n")


@scenario(outside="certificate.name-mismatch", server="nginx.no-matching-server", differs=MINE)
def name_of_the_site_in_a_comment(lab: Lab) -> None:
    another_site(lab)
    lab.change(NAME, f"ssl;\n  # server_name {site.NAME};\n")


@healthy()
def only_block_without_a_name(lab: Lab) -> None:
    """It is the default of its socket, and answers for every name."""
    lab.change(NAME, "ssl;\n")
