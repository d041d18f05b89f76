"""The edit that lets a name's own block of plain http answer https too, with the certificate that
another site's block serves there and that covers the name."""

from checks.nginx import Nginx, SelectedServer
from checks.nginx._commands import reload_steps
from checks.nginx._default_blocks import has_pages
from checks.nginx._edits import config_edit, written_listen
from diagnose.model import Applicability, Fix
from diagnose.model.nginx import Directive
from diagnose.model.tls import Handshake
from diagnose.parsers.hostnames import covers
from diagnose.parsers.nginx import edits
from diagnose.parsers.nginx.config import children
from diagnose.parsers.nginx.server_blocks import Server

_FILES = ("ssl_certificate", "ssl_certificate_key")


def twin_fix(nginx: Nginx, own: Server, selected: list[SelectedServer]) -> Fix | None:
    """Return the fix; None where the name's block has no pages or TLS lines of its own, where
    several blocks answer in its place, or where their certificate was not seen to cover it."""
    target, default = nginx.evidence.target, selected[0].server
    listens = [line for line in children(own.block, "listen") if line.file == own.block.file]
    file, is_one = nginx.file(own.block), all(each.server is default for each in selected)
    has_tls = any(listen.ssl for listen in own.listens) or any(children(own.block, _FILES[0]))
    if not target.uses_tls or file is None or not listens or not is_one:
        return None
    if has_tls or not has_pages(own) or not _covered(nginx):
        return None
    lines = certificate_lines(nginx, default)
    if lines is None:
        return None
    sockets = dict.fromkeys(
        written_listen(each.socket.address, each.socket.port) for each in selected
    )
    added = [*(f"listen {socket} ssl;" for socket in sockets), *lines]
    edit = config_edit(nginx, file.path, edits.insert_after(file.text, listens[-1], added))
    return Fix((edit, *reload_steps(nginx)), Applicability.REVIEW) if edit else None


def _covered(nginx: Nginx) -> bool:
    target = nginx.evidence.target
    leaves = [
        handshake.chain[0]
        for handshake in nginx.evidence.good(Handshake)
        if handshake.port == target.port and handshake.variant == "normal" and handshake.chain
    ]
    return bool(leaves) and all(
        covers(target.host, leaf.dns_names, leaf.addresses) for leaf in leaves
    )


def certificate_lines(nginx: Nginx, default: Server) -> list[str] | None:
    """Return the lines of the block that the other one lacks; () is what both inherit. None where
    its certificates and keys are not of the same number, or a file was not read."""
    own: dict[str, list[Directive]] = {name: list(children(default.block, name)) for name in _FILES}
    if len({len(certificate) for certificate in own.values()}) != 1:
        return None
    lines = []
    for pair in zip(*own.values(), strict=True):
        for directive in pair:
            file = nginx.file(directive)
            if file is None:
                return None
            lines.append(edits.one_line(file.text, directive))
    return lines
