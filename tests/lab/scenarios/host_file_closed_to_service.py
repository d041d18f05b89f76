"""Scenarios of host.file-closed-to-service."""

from ..lab import Lab
from ..scenario import scenario


@scenario(outside="host.file-closed-to-service", server="host.file-closed-to-service", needs=lambda: "not written yet")
def file_closed_to_service(lab: Lab) -> None:
    """What somebody did to the server."""
    lab.change("old text", "new text")
