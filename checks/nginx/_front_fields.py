"""The field in which the visitor's address comes to a server block behind another one, and the edit
that lets the block take it (ngx_http_realip_module).

Anybody who reaches this server past Cloudflare may send Cloudflare's field, and a block that trusts
127.0.0.1 would believe it. So the block that visitors reach takes the address, from Cloudflare's
networks alone, and passes it on in a field that it sets itself.
"""

from checks.http import addresses
from checks.nginx import Nginx
from checks.nginx._commands import reload_steps
from checks.nginx._edits import Changes, config_edits
from checks.nginx._location_edits import header_lines, insert_lines
from checks.nginx._visitor_address import trusting_lines
from diagnose.model import Applicability, Fix
from diagnose.model.http import page_exchanges
from diagnose.model.nginx import Directive
from diagnose.parsers.cdn import CLOUDFLARE_FIELD, CLOUDFLARE_NETWORKS, field_signs, is_cloudflare
from diagnose.parsers.nginx.edits import TextEdit, insert_first, replace_directive
from diagnose.parsers.nginx.locations import proxy_pass_of, proxy_set_header_of
from diagnose.parsers.nginx.server_blocks import Server

_FORWARDED, _REAL = "X-Forwarded-For", "X-Real-IP"
#: What nginx sends as the visitor's address, as it sees it.
_VALUES = {_FORWARDED: "$proxy_add_x_forwarded_for", _REAL: "$remote_addr"}


def arriving_field(nginx: Nginx) -> str:
    """Return the field in which the block that visitors reach passes their address on: Cloudflare's
    own, if Cloudflare is in front; "" if none is known."""
    if _is_behind_cloudflare(nginx):
        return "" if _sent(nginx, CLOUDFLARE_FIELD) else CLOUDFLARE_FIELD
    for field, value in _VALUES.items():
        sent = _sent(nginx, field)
        if sent and all(directive.args[1:] in {(value,), ("$remote_addr",)} for directive in sent):
            return field
    return ""


def reads_other_field(nginx: Nginx, server: Server) -> bool:
    """Return whether a block that trusts the proxy in front takes the address from a field which
    that proxy does not send, and not from the one that it sends."""
    field, header = arriving_field(nginx), _header_of(server)
    named = header.args[0] if header and header.args else _REAL
    return bool(field) and named.lower() != field.lower() and not _sent(nginx, named)


def field_fix(nginx: Nginx, server: Server, client: str) -> Fix | None:
    """Return the edit after which the block takes the visitor's address from the field that comes;
    None if no field is known, or if the file cannot be edited."""
    field, file = arriving_field(nginx), nginx.file(server.block)
    if not field or file is None:
        return None
    if field == CLOUDFLARE_FIELD and not is_cloudflare(client):
        return _fix_of_both(nginx, server, client)
    # Where Cloudflare asks the block itself, its own networks are trusted.
    clients = CLOUDFLARE_NETWORKS if is_cloudflare(client) else (client,)
    return _fix(nginx, {file.path: _taking_changes(nginx, server, clients, field)})


def usual_field_fix(nginx: Nginx, server: Server, client: str) -> Fix | None:
    """Return the edit after which the block takes the visitor's address from X-Forwarded-For, which
    nearly every proxy sends, where another machine asks; None if the file cannot be edited."""
    file = nginx.file(server.block)
    if file is None or server.directives("set_real_ip_from"):
        return None
    return _fix(nginx, {file.path: _taking_changes(nginx, server, (client,), _FORWARDED)})


def _fix_of_both(nginx: Nginx, server: Server, client: str) -> Fix | None:
    """Return the edit after which the block that visitors reach takes the address from Cloudflare
    and sends it as X-Real-IP, which the block behind reads; None if the visitors' block reads
    another field, or if a file cannot be edited."""
    outer = [selected.server for selected in nginx.answering_servers()]
    matches = nginx.location_matches(nginx.evidence.target.path_without_query)
    passing = [match for match in matches if proxy_pass_of(match)]
    header = _header_of(outer[0]) if outer else None
    reads_other = header is not None and header.args != (CLOUDFLARE_FIELD,)
    if len(outer) != 1 or len(passing) != 1 or reads_other:
        return None
    changes: Changes = {}
    lines = header_lines(nginx, passing[0], {_REAL: "$remote_addr"}, changes)
    insert_lines(nginx, passing[0], lines, changes)
    pages = page_exchanges(nginx.evidence)
    others = (page.address for page in pages if not is_cloudflare(page.address))
    networks = tuple(dict.fromkeys((*CLOUDFLARE_NETWORKS, *others)))
    for block, clients, field in (
        (outer[0], networks, CLOUDFLARE_FIELD),
        (server, (client,), _REAL),
    ):
        changes.setdefault(block.block.file, []).extend(
            _taking_changes(nginx, block, clients, field)
        )
    return _fix(nginx, changes)


def _fix(nginx: Nginx, changes: Changes) -> Fix | None:
    edits = config_edits(nginx, changes)
    return Fix((*edits, *reload_steps(nginx)), Applicability.REVIEW) if edits else None


def _taking_changes(
    nginx: Nginx, server: Server, clients: tuple[str, ...], field: str
) -> list[TextEdit]:
    """Return the changes after which a block takes the visitor's address from this field of these
    clients."""
    trusted = {line.args[0] for line in server.directives("set_real_ip_from") if line.args}
    lines = trusting_lines(server, *clients) if not trusted.issuperset(clients) else []
    header, own, changes = _header_of(server), server.block.block or (), []
    if header is None or header not in own:
        lines.append(f"real_ip_header {field};")
    elif header.args != (field,):
        changes.append(replace_directive(header, f"real_ip_header {field};"))
    if field == _FORWARDED and not server.directives("real_ip_recursive"):
        lines.append("real_ip_recursive on;")
    file = nginx.file(server.block)
    if lines and file is not None:
        changes.append(insert_first(file.text, server.block, lines))
    return changes


def _header_of(server: Server) -> Directive | None:
    return next(iter(server.directives("real_ip_header")), None)


def _is_behind_cloudflare(nginx: Nginx) -> bool:
    pages = page_exchanges(nginx.evidence)
    return bool(addresses(pages)) and all(
        any(cdn == "Cloudflare" for cdn, _ in field_signs(page.headers)) for page in pages
    )


def _sent(nginx: Nginx, field: str) -> list[Directive]:
    """Return the lines that set a field in the locations which pass the page on."""
    matches = nginx.location_matches(nginx.evidence.target.path_without_query)
    lines = (proxy_set_header_of(match, field) for match in matches if proxy_pass_of(match))
    return [line for line in lines if line is not None]
