"""Edits that write another address of the application into the lines that pass requests on."""

import re

from checks.server import ServerView, file_rows, line_edit, line_text
from diagnose.model import Edit
from diagnose.model.web_servers import SiteRoute

_PASSES_ON = re.compile(r"(?i)\s*(?:ProxyPass(?:Match|Reverse)?|reverse_proxy)\s")


def address_edit(view: ServerView, route: SiteRoute, address: str) -> Edit | None:
    """Return the edit that writes `address` ("host:port") in the place of the route's; None if
    there is not one place to write it."""
    line = line_text(view, route.file, route.line)
    written = re.compile(rf"(?<![\w.:\]-]){re.escape(route.authority)}(?!\d)")
    if not route.port or len(written.findall(line)) != 1:
        return None
    file = view.config.file(route.file) if view.config else None
    # The other lines for this application: ProxyPassReverse has to name the same address.
    same = {
        number: text
        for number, text in enumerate(file_rows(view, file) if file else (), 1)
        if _PASSES_ON.match(text) and len(written.findall(text)) == 1
    }
    changed = {
        number: (written.sub(lambda _: address, text),)
        for number, text in {**same, route.line: line}.items()
    }
    return line_edit(view, route.file, changed)
