"""A server block behind the visitors' one that takes the one in front for the visitor: a block of
the same nginx, of one in a container, or nginx behind another web server of this machine. Only a
message about the visitors' addresses leads here.
"""

import re
from collections.abc import Iterable, Iterator
from ipaddress import ip_address, ip_network

from checks.nginx import Nginx
from checks.nginx._commands import reload_steps
from checks.nginx._container_edits import container_steps, with_container_files
from checks.nginx._edits import config_edits
from checks.nginx._inner_blocks import inner_requests
from checks.nginx._visitor_address import trusting_lines
from diagnose.model import Applicability, Fix
from diagnose.model.frozen import frozen
from diagnose.model.web_servers import TITLES
from diagnose.parsers.nginx.edits import insert_first
from diagnose.parsers.nginx.locations import LocationMatch, proxy_set_header_of
from diagnose.parsers.nginx.server_blocks import Server
from diagnose.parsers.nginx.upstreams import pass_directive_of

_FORWARDED, _REAL = "X-Forwarded-For", "X-Real-IP"
_LAST_IS_VISITOR = {("$proxy_add_x_forwarded_for",), ("$remote_addr",)}
#: The networks that Docker makes by itself (its default address pools).
_OF_DOCKER = ("172.16.0.0/12", "192.168.0.0/16")
_ADDRESS = re.compile(r"(?<![\d.:])(?:\d{1,3}\.){3}\d{1,3}(?![\d.:])")


@frozen(eq=False)
class InnerBlock:
    """A block that does not take the visitor's address: the server, the field in which the one in
    front sends it, the title of that one, the container of the block ("" for none), the addresses
    that it has to trust, and the fix, None if its file cannot be edited."""

    server: Server
    field: str
    front: str
    container: str
    trusted: tuple[str, ...]
    fix: Fix | None


def inner_block_without_address(nginx: Nginx) -> InnerBlock | None:
    """Return the first block behind another that gets the visitor's address, does not take it, and
    tells its application, or its own log, another one."""
    return next(_behind_nginx(nginx), None) or _behind_another_server(nginx)


def _behind_nginx(nginx: Nginx) -> Iterator[InnerBlock]:
    path = nginx.evidence.target.path_without_query
    for request in inner_requests(nginx, path, in_containers=True):
        field, match = _sent_field(request.outer), request.match
        trusted = _addresses(nginx, request.container)
        if field and _tells_the_connection(match) and not _trusts(request.server, trusted):
            fix = _fix(nginx, request.server, field, trusted, request.container)
            yield InnerBlock(request.server, field, "nginx", request.container, trusted, fix)


def _behind_another_server(nginx: Nginx) -> InnerBlock | None:
    """Return the block that another server which sends the address passes the site on to."""
    # Imported late: the helpers of the other servers ask for nginx's.
    from checks.server import server_on_port
    from checks.server._inner_servers import sends_visitor

    inner, servers = nginx.inner, nginx.answering_servers()
    front = server_on_port(nginx.evidence) if inner else None
    if inner is None or front is None or not sends_visitor(front) or len(servers) != 1:
        return None
    server, trusted = servers[0].server, ("127.0.0.1",)
    if _trusts(server, trusted):
        return None
    title = next(title for product, title in TITLES.items() if product == inner.product)
    fix = _fix(nginx, server, _FORWARDED, trusted, "")
    return InnerBlock(server, _FORWARDED, title, "", trusted, fix)


def _sent_field(outer: LocationMatch) -> str:
    """Return the field in which a location sends the visitor's address as its last one; "" if in
    none."""
    forwarded = proxy_set_header_of(outer, _FORWARDED)
    if forwarded is not None and forwarded.args[1:] in _LAST_IS_VISITOR:
        return _FORWARDED
    real = proxy_set_header_of(outer, _REAL)
    return _REAL if real is not None and real.args[1:] == ("$remote_addr",) else ""


def _tells_the_connection(match: LocationMatch) -> bool:
    """Return whether a location tells an application the address of its connection as the
    visitor's, or adds it. Fields that it does not set pass as they came."""
    passed = pass_directive_of(match)
    if passed is None:
        return True  # its own log and rules
    if passed.name != "proxy_pass":
        return True  # REMOTE_ADDR of fastcgi_params
    values = [" ".join(line.args[1:]) for line in match.directives("proxy_set_header")]
    return any(re.search(r"\$(?:remote_addr|proxy_add_x_forwarded_for)\b", text) for text in values)


def _addresses(nginx: Nginx, container: str) -> tuple[str, ...]:
    """Return the addresses from which the one in front comes: the inner one that the message tells,
    or those of Docker's networks, for a container."""
    symptom = nginx.evidence.target.symptom
    addresses = _ADDRESS.findall(symptom.text) if symptom else []
    inner = [address for address in addresses if _is_inner(address, container)]
    return tuple(inner[:1]) or (_OF_DOCKER if container else ("127.0.0.1",))


def _is_inner(address: str, container: str) -> bool:
    try:
        number = ip_address(address)
    except ValueError:
        return False
    return number.is_private and number.is_loopback is not bool(container)


def _trusts(server: Server, addresses: Iterable[str]) -> bool:
    """Return whether a block takes the visitor's address from one of these, or may: from a name or
    a socket."""
    for line in server.directives("set_real_ip_from"):
        try:
            trusted = ip_network(line.args[0], strict=False)
        except (ValueError, IndexError):
            return True
        if any(_overlap(str(trusted), address) for address in addresses):
            return True
    return False


def _overlap(trusted: str, address: str) -> bool:
    one, other = ip_network(trusted), ip_network(address, strict=False)
    return one.version == other.version and one.overlaps(other)


def _fix(
    nginx: Nginx, server: Server, field: str, trusted: tuple[str, ...], container: str
) -> Fix | None:
    """Return the edit with which a block takes the visitor's address from the field. A person
    confirms it: whoever else comes from these addresses may write the field."""
    header = [line.args[:1] for line in server.directives("real_ip_header")]
    if header and header[-1] != (field,):
        return None
    view = with_container_files(nginx)
    file = view.file(server.block)
    if file is None:
        return None
    lines = trusting_lines(server, *trusted)
    lines += [] if header else [f"real_ip_header {field};"]
    changes = {file.path: [insert_first(file.text, server.block, lines)]}
    if container:
        steps = container_steps(nginx.evidence, view, container, changes)
    else:
        file_edits = config_edits(nginx, changes)
        steps = (*file_edits, *reload_steps(nginx)) if file_edits else ()
    return Fix(steps, Applicability.REVIEW) if steps else None
