"""What a person types for a name that no block on the port has: the name goes to the block of its
site, that block gets the port, or a block of its own refuses the names that no site has."""

from collections.abc import Iterable

from checks.nginx import Nginx, SelectedServer, file_line
from checks.nginx._commands import chosen_edits, reload_steps
from checks.nginx._default_blocks import has_pages
from checks.nginx._edits import Changes, config_edits, written_listen
from checks.nginx._twin_edits import certificate_lines
from diagnose.model import Applicability, Command, Edit, Fix, Manual, Where, commands
from diagnose.parsers.nginx import config as nginx_parser
from diagnose.parsers.nginx import edits
from diagnose.parsers.nginx.config import children
from diagnose.parsers.nginx.server_blocks import Server

Typed = tuple[Command | Edit, ...]
#: Since when a block may refuse a handshake without a certificate (ngx_http_ssl_module).
_REFUSES_HANDSHAKES = (1, 19, 4)


def site_block(selected: Iterable[SelectedServer]) -> Server | None:
    """Return the only block of these sockets that has pages; None for none, or more."""
    blocks = {
        id(server.block): server
        for each in selected
        for server in each.socket.servers
        if has_pages(server)
    }
    return next(iter(blocks.values())) if len(blocks) == 1 else None


def owner_facts(owner: Server | None) -> dict[str, object]:
    names = [name for name in owner.names if name.strip("_")] if owner else []
    return {"owner": file_line(owner.block) if owner else "", "owner_names": tuple(names)}


def named_block(nginx: Nginx, owner: Server | None) -> Typed:
    """Return what gives the target's name to a block, beside its others; () without one."""
    file, host = nginx.file(owner.block) if owner else None, nginx.evidence.target.host
    if owner is None or file is None:
        return ()
    lines = [line for line in children(owner.block, "server_name") if line.args]
    if lines and lines[-1].file != file.path:
        return ()
    listens = [line for line in children(owner.block, "listen") if line.file == file.path]
    kept = [word for word in lines[-1].args if word not in {"", "_"}] if lines else []
    if lines:
        words = edits.one_line(file.text, lines[-1]) if kept else "server_name;"
        change = edits.replace_directive(lines[-1], f"{words.rstrip(';')} {host};")
    elif listens:
        change = edits.insert_after(file.text, listens[-1], [f"server_name {host};"])
    else:
        change = edits.insert_first(file.text, owner.block, [f"server_name {host};"])
    return chosen_edits(nginx, config_edits(nginx, {file.path: [change]}))


def listening_fix(nginx: Nginx, own: Server, selected: Iterable[SelectedServer]) -> Fix | None:
    """Return the edit that lets the name's own block, which has a certificate, listen on the
    sockets of the target's port; None where it is in another file, or is for plain http."""
    file, target = nginx.file(own.block), nginx.evidence.target
    listens = [line for line in children(own.block, "listen") if line.file == own.block.file]
    has_key = any(children(own.block, "ssl_certificate_key"))
    if file is None or not listens or (target.uses_tls and not has_key):
        return None
    ending = " ssl;" if target.uses_tls else ";"
    sockets = dict.fromkeys(
        written_listen(each.socket.address, each.socket.port) for each in selected
    )
    lines = [f"listen {socket}{ending}" for socket in sockets]
    change = edits.insert_after(file.text, listens[-1], lines)
    file_edits = config_edits(nginx, {file.path: [change]})
    return Fix((*file_edits, *reload_steps(nginx)), Applicability.REVIEW) if file_edits else None


def refusing_block(nginx: Nginx, selected: tuple[SelectedServer, ...]) -> Typed:
    """Return what writes a default block that refuses the names of no site, on the sockets at which
    visitors get another site's block now; () where a socket has more than a line can say."""
    default = selected[0].server
    file = nginx.file(default.block)
    listens = [
        listen
        for each in selected
        for server in each.socket.servers
        for listen in server.listens
        if (listen.address, listen.port) == (each.socket.address, each.socket.port)
    ]
    lines = [listen.directive for listen in listens]
    if file is None or None in lines or any("-" in line.args[0] for line in lines if line):
        return ()
    body = _refusal(nginx, default)
    changes: Changes = {}
    for listen in listens:
        if listen.default and listen.directive:
            words = [word for word in listen.directive.args if not word.startswith("default")]
            line = edits.replace_directive(listen.directive, f"listen {' '.join(words)};")
            changes.setdefault(listen.directive.file, []).append(line)
    ending = " ssl default_server;" if nginx.evidence.target.uses_tls else " default_server;"
    sockets = (written_listen(each.socket.address, each.socket.port) for each in selected)
    block = [
        "server {",
        *(f"    listen {socket}{ending}" for socket in dict.fromkeys(sockets)),
        "    server_name _;",
        *(f"    {line}" for line in body or ()),
        "}",
        "",
    ]
    changes.setdefault(file.path, []).append(edits.insert_before(file.text, default.block, block))
    return chosen_edits(nginx, config_edits(nginx, changes)) if body else ()


def _refusal(nginx: Nginx, default: Server) -> list[str] | None:
    """Return the lines that refuse a visitor; None where the default block's certificate is not
    known, without which an old nginx refuses nobody."""
    if not nginx.evidence.target.uses_tls:
        return ["return 404;"]
    version = nginx_parser.version_number(nginx.build.version) if nginx.build else None
    if (version or ()) >= _REFUSES_HANDSHAKES:
        return ["ssl_reject_handshake on;"]
    lines = certificate_lines(nginx, default)
    return [*lines, "return 444;"] if lines else None


def ordering_command(order: str) -> Typed:
    """Return certbot's command as a step; () without one."""
    return (commands.renew_certificate(tuple(order.split())),) if order else ()


def choices(*steps: tuple[str, Typed]) -> tuple[Manual, ...]:
    return tuple(Manual(name, Where.SERVER, commands=typed) for name, typed in steps)
