"""The edit of a port in the line of a site or a socket."""

import re

from checks.server import ServerView, line_edit, line_text, place_text
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


def further_bind_edit(
    view: ServerView, file: str, line: int, written: int, port: int
) -> Edit | None:
    """Return the edit that lets a frontend of HAProxy, which everybody reaches on a port that is
    often chosen beside 443, listen on `port` too, with the same options; None for another server
    or line."""
    text = line_text(view, file, line)
    match = re.fullmatch(rf"(\s*bind\s+(?:\*|0\.0\.0\.0)?:){written}(\s.{{1,2000}})", text)
    if view.server.product != "haproxy" or written not in _CHOSEN or match is None:
        return None
    return line_edit(view, file, {line: (text, f"{match[1]}{port}{match[2]}")})


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
    unheard = [
        UnheardSite(site, ports.pop())
        for site in config.sites
        if has_name(site, host) and any(socket.tls for socket in site.sockets) is tls
        if len(ports := {socket.port for socket in site.sockets}) == 1 and not ports & heard
    ]
    return unheard[0] if len(unheard) == 1 and heard else None


@frozen
class SlippedPort:
    """The one port without TLS that has a digit wrong, where it is written first, and the edits of
    all its lines; none if one of them is not known."""

    port: int
    file: str
    line: int
    edits: tuple[Edit, ...]

    @property
    def place(self) -> str:
        return place_text(self.file, self.line)


def slipped_plain_port(view: ServerView) -> SlippedPort | None:
    """Return the only port without TLS on which the server listens, if it is 80 with a digit wrong:
    a socket's own line, and those of the virtual hosts that are on it; of Caddy, whose sockets have
    no lines, the target's site."""
    config = view.config
    if config is None or any(socket.port == 80 for socket in config.listens):
        return None
    own = [site for site in config.sites if site.line and has_name(site, view.evidence.target.host)]
    chosen = config.sites if view.server.product == "apache" else own
    lines = [(listen.port, listen.file, listen.line) for listen in config.listens if not listen.tls]
    if view.server.product != "haproxy":
        lines += [
            (socket.port, site.file, site.line)
            for site in chosen
            for socket in site.sockets
            if not socket.tls and site.line
        ]
    written = [
        (port, file, line)
        for port, file, line in dict.fromkeys(lines)
        if line and port in view.server.ports and is_slip(port, 80)
    ]
    ports = {port for port, _, _ in written}
    if len(ports) != 1:
        return None
    files = dict.fromkeys(file for _, file, _ in written)
    edits = [_edit_of_lines(view, file, written) for file in files]
    port, file, line = written[0]
    return SlippedPort(
        port, file, line, tuple(edit for edit in edits if edit) if all(edits) else ()
    )


def _edit_of_lines(view: ServerView, file: str, written: list[tuple[int, str, int]]) -> Edit | None:
    changes: dict[int, tuple[str, ...]] = {}
    for port, path, line in written:
        text = line_text(view, path, line) if path == file else ""
        changed, count = re.subn(rf"(?<=[:\s]){port}(?![\d.:])", "80", text)
        if path == file and count != 1:
            return None
        if path == file:
            changes[line] = (changed,)
    return line_edit(view, file, changes)
