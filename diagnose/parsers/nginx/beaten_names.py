"""Server blocks whose name matches a host by a weaker kind than that of the block which answers:
"exact name, longest wildcard name starting with an asterisk, longest wildcard name ending with an
asterisk, first matching regular expression" (ngx_http_core_module, "server_name"). No I/O."""

import re
from collections.abc import Iterator

from diagnose.model.frozen import frozen
from diagnose.model.nginx import Directive
from diagnose.parsers.nginx.config import children, walk
from diagnose.parsers.nginx.pcre import pcre_matches
from diagnose.parsers.nginx.server_blocks import Server, Socket, select_server

#: Nobody's name (RFC 6761 section 6.4): a pattern that matches it matches every name.
_NO_NAME = "name.invalid"
_GROUP = re.compile(r"\(\?P?<(\w{1,40})>")
_NUMBERED = re.compile(r"\$[1-9]")
#: What a block answers with.
_CONTENT = frozenset({"root", "alias", "proxy_pass", "fastcgi_pass", "uwsgi_pass", "return"})


@frozen
class BeatenName:
    """A block whose name would match, and that name; `winner` is the name of the block that
    answers. `uses_groups` is whether the block needs what its expression captures."""

    server: Server
    name: str
    winner: str
    uses_groups: bool


def beaten_names(socket: Socket, host: str) -> Iterator[BeatenName]:
    """Yield the blocks of a socket that have a name for the host and do not answer it, and that do
    something else than the one which answers."""
    winner, match_kind = select_server(socket, host)
    if match_kind not in {"wildcard", "regex"}:
        return
    own = next((name for name in winner.names if _matches(name, host)), "")
    for server in socket.servers:
        if server is winner or _content(server.block) == _content(winner.block):
            continue
        name = next((name for name in server.names if _matches(name, host)), "")
        if own and name and not pcre_matches(name.removeprefix("~"), _NO_NAME, ignore_case=True):
            yield BeatenName(server, name, own, _uses_groups(server, name))


def _matches(name: str, host: str) -> bool:
    if name.startswith("~"):
        return pcre_matches(name[1:], host, ignore_case=True)
    if name.startswith("*."):
        return host.endswith(name[1:])
    if name.startswith("."):
        return host.endswith(name) or host == name[1:]
    return name.endswith(".*") and host.startswith(name[:-1])


def _uses_groups(server: Server, name: str) -> bool:
    """Return whether lines of the block use a group of the expression."""
    names = [rf"\$\{{?{group}\b" for group in _GROUP.findall(name)]
    used = re.compile("|".join((*names, _NUMBERED.pattern)))
    return name.startswith("~") and any(
        used.search(arg)
        for line in walk(server.block.block or ())
        if line.name != "server_name"
        for arg in line.args
    )


def _content(block: Directive) -> tuple[tuple[str, ...], ...]:
    """Return what a block and its locations answer with."""
    blocks = (block, *children(block, "location"))
    return tuple(
        (line.name, *line.args)
        for each in blocks
        for line in each.block or ()
        if line.name in _CONTENT
    )
