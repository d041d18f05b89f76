"""Scenarios of certificate.own-server-unreached."""

from ..lab import Lab
from ..scenario import scenario


@scenario(outside="certificate.own-server-unreached", server="certificate.own-server-unreached", needs=lambda: "not written yet")
def own_server_unreached(lab: Lab) -> None:
    """What somebody did to the server."""
    lab.change("old text", "new text")
