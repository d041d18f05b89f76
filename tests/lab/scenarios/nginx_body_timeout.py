"""Scenarios of nginx.body-timeout."""

from ..lab import Lab
from ..scenario import healthy, scenario

TIMEOUT = "  ssl_session_timeout 5m;\n"
TOLD = "PUT https://shop.example.com/film.mp4 408 (Request Timeout)"


@scenario(
    outside=None, server="nginx.body-timeout", target=TOLD,
    manual="a person decides how long to wait",
)  # fmt: skip
def upload_that_pauses(lab: Lab) -> None:
    """After pull request 6746 of Nextcloud's documentation: 60s, with 408 pasted."""


@healthy(target=TOLD)
def upload_that_may_pause(lab: Lab) -> None:
    lab.change(TIMEOUT, f"{TIMEOUT}  client_body_timeout 10m;\n")
