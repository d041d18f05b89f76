"""No block has the site's name, and the block that answers every name is not the same over IPv4 and
over IPv6: `default_server` stands at one of its `listen` lines alone.

`default_server` belongs to a socket, and IPv4 and IPv6 are two (ngx_http_core_module, "listen").
Where no line of a socket has it, the first block of that socket answers, in the order of the files.
"""

from collections.abc import Iterator

from checks.http import endpoint_subjects
from checks.nginx import Nginx, SelectedServer, file_line
from checks.nginx._commands import reload_steps
from checks.nginx._edits import Changes, config_edits, written_listen
from diagnose.checking.registry import check
from diagnose.model import (
    Applicability,
    Claim,
    Evidence,
    Fix,
    Manual,
    Severity,
    Subject,
    Where,
)
from diagnose.model.http import Exchange, page_exchanges
from diagnose.model.nginx import NginxConfig
from diagnose.parsers.applications import page_title
from diagnose.parsers.http import is_error
from diagnose.parsers.nginx import edits
from diagnose.parsers.nginx.server_blocks import Listen, Server


@check(
    severity=Severity.ERROR,
    needs=[NginxConfig, Exchange],
    explains=[
        "http.not-the-site",
        "http.page-refused",
        "nginx.no-matching-server",
        "nginx.own-answer",
    ],
)
def default_by_family(evidence: Evidence) -> Iterator[Claim]:
    nginx, port = Nginx.of(evidence), evidence.target.port
    selected = [block for block in nginx.selected_servers() if block.socket.address in {"*", "::"}]
    if len(selected) != 2 or any(block.name_match != "default" for block in selected):
        return
    meant = [block for block in selected if _is_default(block.server, block.socket.address, port)]
    (other,) = [block for block in selected if block not in meant] if len(meant) == 1 else (None,)
    listen = _listen(meant[0].server, other.socket.address, port) if other else None
    if other is None or listen is None or other.server == meant[0].server:
        return
    own, foreign = _pages(evidence, meant[0]), _pages(evidence, other)
    if not own or not foreign or not _differ(own, foreign):
        return
    yield Claim(
        about=Subject(port=port, text=f"listen {written_listen(other.socket.address, port)}"),
        covers=endpoint_subjects(foreign),
        because=(*foreign, *own, *nginx.configs),
        facts={
            "name": evidence.target.host,
            "version": 6 if other.socket.address == "::" else 4,
            "own": file_line(meant[0].server.block),
            "other": file_line(other.server.block),
            "listen": written_listen(other.socket.address, port),
            "place": file_line(listen.directive) if listen.directive else "",
        },
        location=nginx.location(listen.directive or meant[0].server.block),
        fix=_fix(nginx, meant[0].server, other.socket.address),
    )


def _listen(server: Server, address: str, port: int) -> Listen | None:
    lines = (line for line in server.listens if (line.address, line.port) == (address, port))
    return next(lines, None)


def _is_default(server: Server, address: str, port: int) -> bool:
    """Return whether the block names itself the default of a socket."""
    listen = _listen(server, address, port)
    return listen is not None and listen.default


def _pages(evidence: Evidence, block: SelectedServer) -> tuple[Exchange, ...]:
    """Return what visitors of one version of IP get."""
    is_ipv6 = block.socket.address == "::"
    return tuple(
        page
        for page in page_exchanges(evidence)
        if page.port == block.socket.port and (":" in page.address) == is_ipv6 and page.status
    )


def _differ(own: tuple[Exchange, ...], foreign: tuple[Exchange, ...]) -> bool:
    """Return whether the one is a page of the site, and the other is not, or is called otherwise:
    two blocks may well give the same page."""
    if any(map(is_error, own)):
        return False
    titles = {page_title(page.body) for page in own}
    return all(is_error(page) or page_title(page.body) not in titles for page in foreign)


def _fix(nginx: Nginx, server: Server, address: str) -> Fix:
    """Let the block be the default of its other sockets of this version of IP too, where no block
    names itself so."""
    changes: Changes = {}
    taken = {
        (listen.address, listen.port)
        for block in nginx.servers
        for listen in block.listens
        if listen.default
    }
    for listen in server.listens:
        is_meant = listen.address == address and (address, listen.port) not in taken
        directive = listen.directive if is_meant else None
        file = nginx.file(directive) if directive is not None else None
        if directive is not None and file is not None:
            line = f"{edits.one_line(file.text, directive).removesuffix(';')} default_server;"
            changes.setdefault(directive.file, []).append(edits.replace_directive(directive, line))
    steps = config_edits(nginx, changes)
    if not steps:
        return Fix((Manual("name-the-default", Where.SERVER),), Applicability.MANUAL)
    return Fix((*steps, *reload_steps(nginx)), Applicability.REVIEW)
