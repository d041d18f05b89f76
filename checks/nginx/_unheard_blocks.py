"""The site's block that has its certificate, and does not listen on the port for https: its
`listen` is gone, or stands in a comment."""

from checks.nginx import Nginx, file_line
from checks.nginx._commands import reload_steps
from checks.nginx._default_blocks import has_pages
from checks.nginx._edits import config_edits
from diagnose.model import Applicability, Fix
from diagnose.model.frozen import frozen
from diagnose.parsers.nginx.commented_lines import commented_lines
from diagnose.parsers.nginx.config import children
from diagnose.parsers.nginx.edits import TextEdit, insert_after, insert_first
from diagnose.parsers.nginx.server_blocks import Server, parse_listen


@frozen
class UnheardBlock:
    """The place of the block, whether its `listen` stands in a comment, and the edit."""

    place: str
    is_commented: bool
    fix: Fix


def unheard_block(nginx: Nginx) -> UnheardBlock | None:
    """Return the only block with the name and a certificate, whose port nobody has. Whether the
    site was closed on purpose, a person knows."""
    target = nginx.evidence.target
    own = [server for server in nginx.servers if _is_own(server, target.host)]
    if not target.uses_tls or nginx.is_refused or len(own) != 1:
        return None
    block, file = own[0].block, nginx.file(own[0].block)
    if file is None or any(listen.port != 80 for listen in own[0].listens):
        return None
    commented = [
        (line.edit, listen.port)
        for line in commented_lines(file.text, block, {"listen"})
        for listen in parse_listen(line.directive)
        if listen.ssl
    ]
    if any(port != target.port for _, port in commented):
        return None
    changes: list[TextEdit] = [edit for edit, _ in commented]
    is_commented = bool(changes)
    if not changes:
        lines, listens = [f"listen {target.port} ssl;"], children(block, "listen")
        if any(listen.file != block.file for listen in listens):
            return None
        changes = [
            insert_after(file.text, listens[-1], lines)
            if listens
            else insert_first(file.text, block, lines)
        ]
    edited = config_edits(nginx, {block.file: changes})
    fix = Fix((*edited, *reload_steps(nginx)), Applicability.REVIEW)
    return UnheardBlock(file_line(block), is_commented, fix) if edited else None


def _is_own(server: Server, host: str) -> bool:
    pair = ("ssl_certificate", "ssl_certificate_key")
    has_pair = all(len(children(server.block, name)) == 1 for name in pair)
    return host in server.names and has_pair and has_pages(server)
