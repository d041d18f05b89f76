"""A location of its own for files whose application names a wrong type: nginx passes them on as
before, hides the application's Content-Type, and names the right one."""

import re

from checks.http._page_files import RefusedFile
from checks.nginx import Nginx
from checks.nginx._commands import reload_steps
from checks.nginx._edits import config_edit
from diagnose.model import Applicability, Fix
from diagnose.model.nginx import Directive
from diagnose.parsers.nginx import edits
from diagnose.parsers.nginx.config import children
from diagnose.parsers.nginx.locations import match_location

#: Types of the endings that browsers use with their own type alone.
_TYPES = {"js": "text/javascript", "mjs": "text/javascript", "css": "text/css",
          "wasm": "application/wasm", "svg": "image/svg+xml"}  # fmt: skip
_FOLDER = re.compile(r"/(?:[\w-]{1,80}/){0,8}", re.ASCII)
#: Where an origin alone is asked, a location with a regular expression may pass on to it.
_ORIGIN = re.compile(r"https?://[\w.:\[\]-]{1,200}", re.ASCII)
#: What a location may have that a copy of it needs as well. What changes the path, or closes it,
#: is left to a person.
_COPIED = frozenset(
    ("proxy_pass", "proxy_set_header", "proxy_http_version", "proxy_redirect", "proxy_buffering",
     "proxy_connect_timeout", "proxy_read_timeout", "proxy_send_timeout", "proxy_buffers",
     "proxy_buffer_size", "proxy_busy_buffers_size", "proxy_cache_bypass", "proxy_no_cache",
     "proxy_pass_header", "proxy_request_buffering", "client_max_body_size",
     "add_header", "proxy_ssl_server_name", "proxy_ssl_verify", "proxy_set_body", "expires"),
)  # fmt: skip
_KIND = "content-type"


def type_location_fix(nginx: Nginx, file: RefusedFile) -> Fix | None:
    """Return the fix; None where nginx sends the file itself, or its location does more."""
    servers = {id(each.server.block): each.server for each in nginx.answering_servers()}
    folder, _, name = file.path.rpartition("/")
    ending = name.rpartition(".")[2]
    kind = _TYPES.get(ending, "")
    if len(servers) != 1 or not kind or not _FOLDER.fullmatch(f"{folder}/"):
        return None
    server = next(iter(servers.values()))
    match = match_location(server, file.path)
    text = nginx.file(server.block)
    lines = _copied(nginx, match.block)
    own = {id(line) for line in match.block.block or ()}
    # A block with a line of its own of such a kind inherits none (ngx_http_headers_module).
    inherited = [
        line
        for of in ("add_header", "proxy_hide_header")
        for line in match.directives(of)
        if id(line) not in own
    ]
    if text is None or not lines or inherited:
        return None
    lines += ["proxy_hide_header Content-Type;", f"add_header Content-Type {kind};"]
    head = rf"location ~ ^{folder}/.*\.{ending}$"
    if any(each.args[:1] in {("~",), ("~*",)} for each in children(server.block, "location")):
        return None
    change = edits.insert_location(text.text, server.block, head, lines)
    edit = config_edit(nginx, server.block.file, change)
    return Fix((edit, *reload_steps(nginx)), Applicability.REVIEW) if edit else None


def _copied(nginx: Nginx, block: Directive) -> list[str]:
    """Return the lines of a location for the beginnings of paths that passes requests on to an
    origin; [] for another one."""
    file, lines = nginx.file(block), block.block or ()
    is_prefix = block.name == "location" and len(block.args) == 1 and block.args[0][:1] == "/"
    passes = [line for line in lines if line.name == "proxy_pass"]
    is_plain = all(line.name in _COPIED and not line.block for line in lines)
    is_typed = any(line.args[:1] and line.args[0].lower() == _KIND for line in lines)
    if file is None or not is_prefix or not is_plain or is_typed or len(passes) != 1:
        return []
    # The lines of an include stand in a file of their own.
    if any(line.file != block.file for line in lines) or not _ORIGIN.fullmatch(passes[0].args[0]):
        return []
    return [edits.one_line(file.text, line) for line in lines]
