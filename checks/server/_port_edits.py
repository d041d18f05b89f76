"""The edit of a port in the line of a site or a socket."""

import re

from checks.server import ServerView, line_edit, line_text
from diagnose.model import Edit
from diagnose.model.frozen import frozen
from diagnose.model.web_servers import WebSite
from diagnose.parsers.web_sites import has_name

#: Ports beside the usual ones that are chosen on purpose.
_CHOSEN = frozenset({4443, 8443})


def is_slip(written: int, port: int) -> bool:
    """Return whether a port is the usual one with one digit wrong, missing or too many."""
    # Imported late: a healthy run compares no ports.
    from checks.nginx._slips import is_one_edit_apart

    return written not in _CHOSEN and is_one_edit_apart(str(written), str(port))


def port_edit(view: ServerView, file: str, line: int, written: int, port: int) -> Edit | None:
    """Return the edit that writes `port` for the one port of a line; None if the line has it in
    another place as well, or not at all."""
    text = line_text(view, file, line)
    changed, count = re.subn(rf"(?<=[:\s]){written}(?![\d.:])", str(port), text)
    return line_edit(view, file, {line: (changed,)}) if count == 1 else None


@frozen
class UnheardSite:
    """A virtual host of Apache, and its port, on which Apache does not listen."""

    site: WebSite
    port: int

    @property
    def file(self) -> str:
        return self.site.file

    @property
    def line(self) -> int:
        return self.site.line

    def edit(self, view: ServerView, port: int) -> Edit | None:
        return port_edit(view, self.file, self.line, self.port, port)


def unheard_site(view: ServerView, tls: bool) -> UnheardSite | None:
    """Return the only virtual host of Apache with the target's name that is on a port on
    which Apache does not listen; None if there is none or several."""
    config, host = view.config, view.evidence.target.host
    if config is None or view.server.product != "apache":
        return None
    heard = {socket.port for socket in config.listens}
    found = [
        UnheardSite(site, ports.pop())
        for site in config.sites
        if has_name(site, host) and any(socket.tls for socket in site.sockets) is tls
        if len(ports := {socket.port for socket in site.sockets}) == 1 and not ports & heard
    ]
    return found[0] if len(found) == 1 and heard else None
