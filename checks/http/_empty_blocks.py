"""The block of nginx that has the site's name, and nothing to answer with: neither a folder nor a
location for the whole site. nginx then serves the folder that is built in, with its own page. The
only program that no line of nginx names, and that answers the page, is the one to pass it on to."""

from checks.nginx import Nginx
from checks.nginx._commands import reload_steps
from checks.nginx._edits import config_edits
from checks.nginx._websocket_lines import websocket_lines
from checks.upstream._meant_programs import named_ports
from checks.upstream._sole_programs import answering_programs, sole_program
from diagnose.model import Applicability, Fix
from diagnose.model.frozen import frozen
from diagnose.parsers.nginx.config import children
from diagnose.parsers.nginx.edits import insert_location
from diagnose.parsers.nginx.locations import LocationMatch, select_location
from diagnose.parsers.nginx.server_blocks import Server

_FORWARDED = (
    "proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;",
    "proxy_set_header X-Forwarded-Proto $scheme;",
)


@frozen
class EmptyBlock:
    """The program that was meant ("dotnet 127.0.0.1:5000"), or else those that may be."""

    program: str = ""
    candidates: tuple[str, ...] = ()
    fix: Fix | None = None


def empty_block(nginx: Nginx, server: Server) -> EmptyBlock | None:
    """Return what is to answer in a block without a page; None for a block with one, and for a
    block that is not the site's own."""
    path = nginx.evidence.target.path_without_query
    match = select_location(server, path)
    if nginx.evidence.target.host not in server.names or match.block is not server.block:
        return None
    whole = LocationMatch((server.http, server.block))
    answers = ("return", "rewrite", "if", "try_files", "error_page", "index")
    if whole.directive("root") or any(children(server.block, name) for name in answers):
        return None
    named = named_ports(nginx)
    program = sole_program(nginx.evidence, path, named)
    if program is None:
        return EmptyBlock(candidates=answering_programs(nginx.evidence, path, named))
    target, file = f"http://127.0.0.1:{program.port}", nginx.file(server.block)
    lines = websocket_lines(nginx, target)
    lines[3:3] = _FORWARDED
    change = insert_location(file.text, server.block, "location /", lines) if file else None
    edited = config_edits(nginx, {server.block.file: [change]}) if change else ()
    fix = Fix((*edited, *reload_steps(nginx)), Applicability.REVIEW) if edited else None
    return EmptyBlock(f"{program.process} 127.0.0.1:{program.port}", fix=fix)
