"""The location for PHP that a site of nginx lacks, with the address at which the server's only
PHP-FPM listens."""

from checks.nginx import Nginx
from checks.nginx._commands import reload_steps
from checks.nginx._edits import config_edits
from checks.upstream._unix_sockets import php_sockets
from diagnose.model import Applicability, Fix
from diagnose.model.nginx import Directive
from diagnose.model.upstream import UnixListeners
from diagnose.parsers.nginx.config import children, walk
from diagnose.parsers.nginx.edits import indent_step, insert_last
from diagnose.parsers.nginx.final_requests import final_request, has_unknown_rules
from diagnose.parsers.nginx.locations import location_pattern
from diagnose.parsers.nginx.upstreams import pass_directive_of

_HEAD = r"location ~ \.php$ {"
_SCRIPT = "fastcgi_param SCRIPT_FILENAME $document_root$fastcgi_script_name;"


def added_location_fix(nginx: Nginx, path: str, address: str) -> Fix | None:
    """Return the edit that adds the location behind the others of the block: what is closed to
    scripts there, a folder of uploads, stays closed. A person confirms that this PHP-FPM is the
    site's. None where no block, or no PHP-FPM, is the only one."""
    socket = address or only_socket(nginx)
    servers = list(nginx.answering_servers())
    if not socket or len({id(selected.server.block) for selected in servers}) != 1:
        return None
    server = servers[0].server
    if has_unknown_rules(server, path):
        return None
    match, script = final_request(server, path)
    block, file = server.block, nginx.file(server.block)
    if file is None or not script.endswith(".php") or pass_directive_of(match) is not None:
        return None
    if not _is_found(block, match.block) or not children(block, "root"):
        return None
    own = [child for child in children(block, "location") if child.file == block.file]
    step = indent_step(file.text, block, own[0]) if own else "    "
    lines = ("try_files $uri =404;", "include fastcgi_params;", _SCRIPT, f"fastcgi_pass {socket};")
    change = insert_last(file.text, block, ["", _HEAD, *(step + line for line in lines), "}"])
    edited = config_edits(nginx, {file.path: [change]})
    return Fix((*edited, *reload_steps(nginx)), Applicability.REVIEW) if edited else None


def only_socket(nginx: Nginx) -> str:
    """Return the only Unix socket on which PHP-FPM listens, as nginx writes it; "" without one, and
    where other sites have one: theirs may run as another user."""
    listening = next(iter(nginx.evidence.good(UnixListeners)), None)
    sockets = php_sockets(listening.sockets) if listening else ()
    passed = {
        line.args[0]
        for line in walk(nginx.config.main if nginx.config else ())
        if line.name == "fastcgi_pass" and line.args
    }
    own = {f"unix:{socket}" for socket in sockets}
    return own.pop() if len(own) == 1 and passed <= own else ""


def _is_found(server: Directive, block: Directive) -> bool:
    """Return whether an expression behind the others decides about what this block serves: a
    prefix gives way to it, unless it forbids that or has folders of its own."""
    if block is server:
        return True
    pattern = location_pattern(block)
    is_prefix = pattern is not None and not pattern.modifier
    own = [line for name in ("root", "alias") for line in children(block, name)]
    return is_prefix and not own and any(directive is block for directive in server.block or ())
