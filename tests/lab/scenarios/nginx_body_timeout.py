"""Scenarios of nginx.body-timeout."""

from .. import site
from ..lab import HERE, Lab
from ..scenario import healthy, scenario
from .nginx_other_requests_failed import log_of_its_own, visit

TIMEOUT = "  ssl_session_timeout 5m;\n"
BLOB = "/v2/shop/blobs/uploads/7d2e"
TOLD = "PUT https://shop.example.com/film.mp4 408 (Request Timeout)"


@scenario(
    outside=None, server="nginx.body-timeout", target=TOLD,
    differs=(site.CONF,),
)  # fmt: skip
def upload_that_pauses(lab: Lab) -> None:
    """After pull request 6746 of Nextcloud's documentation: 60s, with 408 pasted."""


@healthy(target=TOLD)
def upload_that_may_pause(lab: Lab) -> None:
    lab.change(TIMEOUT, f"{TIMEOUT}  client_body_timeout 10m;\n")


def stall(lab: Lab) -> None:
    """A client sends the first part of an upload, and waits until the server ends it."""
    script = str(HERE / "stalled_upload.py")
    lab.client.run(lab.client.python(script, site.NAME, BLOB))


@scenario(outside=None, server="nginx.body-timeout", differs=(site.CONF,))
def upload_that_pauses_in_the_log(lab: Lab) -> None:
    """https://github.com/tiiuae/ghaf-infra/pull/1040: nginx recorded 408 for a blob of a registry,
    and nobody says so."""
    lab.change(TIMEOUT, f"{TIMEOUT}  client_body_timeout 1s;\n")
    log_of_its_own(lab)
    stall(lab)
    visit(lab, "/", referer="")


@healthy()
def upload_of_a_client_that_left(lab: Lab) -> None:
    """Nobody came back after the 408: the client left the network."""
    lab.change(TIMEOUT, f"{TIMEOUT}  client_body_timeout 1s;\n")
    log_of_its_own(lab)
    visit(lab, "/", referer="")
    stall(lab)
