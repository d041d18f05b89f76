"""Scenarios of http.streams-need-http2."""

from .. import site
from ..lab import Lab
from ..scenario import healthy, scenario

TOLD = ("EventSource only works in the first six tabs, the seventh tab keeps loading forever",)
LISTEN = "  listen 443 ssl;\n"


@scenario(outside="http.streams-need-http2", args=TOLD, differs=(site.CONF,))
def streams_in_seven_tabs(lab: Lab) -> None:
    """After stackoverflow.com/questions/18584525 and posts about dashboards with EventSource:
    nginx speaks HTTP/1.1 alone."""


@healthy(args=TOLD)
def streams_in_seven_tabs_over_http2(lab: Lab) -> None:
    lab.change(LISTEN, f"{LISTEN}  http2 on;\n")


@healthy()
def page_over_http_1_1_without_a_message(lab: Lab) -> None:
    """Nothing is wrong with HTTP/1.1 itself."""
