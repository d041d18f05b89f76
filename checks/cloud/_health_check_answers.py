"""The edit with which the web server answers the health check of a balancer with 200: nginx by a
location of its own, Apache by a rule of mod_rewrite. The balancer's own settings are the other
way."""

import re

from checks.nginx import Nginx
from checks.nginx._commands import reload_steps as nginx_reload_steps
from checks.nginx._edits import config_edit
from checks.server import ServerView, indentation, line_edit, line_text, reload_steps
from checks.server._apache_modules import loading_steps
from diagnose.model import Evidence, Step
from diagnose.model.cloud import RefusedHealthCheck
from diagnose.model.web_servers import WebServer, WebServerConfig
from diagnose.parsers.nginx.config import children
from diagnose.parsers.nginx.edits import insert_first, replace_directive
from diagnose.parsers.nginx.locations import location_pattern
from diagnose.parsers.nginx.server_blocks import Server
from diagnose.parsers.web_sites import answering_sites

#: Paths that can be written into a configuration as they are.
_PLAIN = re.compile(r"/[\w./-]{0,200}")
#: A name by which a path is for checks, and an ending of what serves other pages too.
_FOR_CHECKS = re.compile(
    r"(?i)/[\w.-]{0,60}(?:health|alive|ready|readiness|ping|probe|heartbeat|check|lbstatus)[\w-]{0,60}$"
)
_SERVES_OTHERS = re.compile(r"(?i)\.(?:php\d?|html?|aspx?|jsp|cgi|pl|py)$")
_NOT_FOUND = 404
HTTP_PORT = 80


def refused_check(evidence: Evidence, addresses: tuple[str, ...]) -> RefusedHealthCheck | None:
    """Return the health check of the machine at one of the addresses, or else one by a program that
    calls itself so, or the only one without a User-Agent, which monitors send: a balancer may ask
    from another address than the name has."""
    checks = evidence.good(RefusedHealthCheck)
    own = [check for check in checks if check.sender in addresses]
    named = [check for check in checks if re.search(r"(?i)health|probe|GoogleHC", check.agent)]
    silent = [check for check in checks if not check.agent]
    return next(iter((*own, *named, *(silent if len(silent) == 1 else ()))), None)


def answering_steps(evidence: Evidence, check: RefusedHealthCheck) -> tuple[Step, ...]:
    """Return the steps after which the check gets 200; () if a person has to write them: visitors
    would get that answer too, in place of a page."""
    if not _PLAIN.fullmatch(check.path) or check.method == "OPTIONS" or not _is_spare(check):
        return ()
    nginx = Nginx.of(evidence)
    if (block := _refusing_block(nginx, check)) is not None:
        return _nginx_steps(nginx, block, check.path)
    for server in evidence.good(WebServer):
        configs = evidence.good(WebServerConfig)
        config = next((each for each in configs if each.product == server.product), None)
        if server.product == "apache" and config and not server.foreign and not server.container:
            return _apache_steps(ServerView(evidence, server, config, None), check)
    return ()


def _is_spare(check: RefusedHealthCheck) -> bool:
    """Return whether no visitor asks for the path: nothing is there, or it is named for checks."""
    if check.path == "/" or _SERVES_OTHERS.search(check.path):
        return False
    return check.status == _NOT_FOUND or _FOR_CHECKS.search(check.path) is not None


def _refusing_block(nginx: Nginx, check: RefusedHealthCheck) -> Server | None:
    """Return the block that answers the check: the one whose `return` has its status, where the
    default one comes first, since most checks send no name; or else that of the name."""
    ports = (check.port,) if check.port else (HTTP_PORT, nginx.evidence.target.port)
    selected = [
        selected_server for port in ports for selected_server in nginx.selected_servers(port)
    ]
    blocks = [block for each in selected for block in (each.socket.default, each.server)]
    by_return = (block for block in blocks if _returned(block) == str(check.status))
    own = (each.server for each in selected if _returned(each.server) is None)
    return next(by_return, next(own, None))


def _returned(block: Server) -> str | None:
    line = block.directive("return")
    return line.args[0] if line is not None and line.args else None


def _nginx_steps(nginx: Nginx, block: Server, path: str) -> tuple[Step, ...]:
    file, line = nginx.file(block.block), block.directive("return")
    if file is None or path in _exact_paths(block):
        return ()
    lines = [f"location = {path} {{", "    access_log off;", "    return 200 ok;", "}"]
    changes = [insert_first(file.text, block.block, lines)]
    if line is not None and line in (block.block.block or ()):
        # A `return` of the block itself comes before any location.
        others = "location / {\n        " + " ".join(("return", *line.args)) + ";\n    }"
        if any(directive.name == "location" for directive in block.block.block or ()):
            return ()
        changes.append(replace_directive(line, others))
    edit = config_edit(nginx, file.path, *changes)
    return (edit, *nginx_reload_steps(nginx)) if edit else ()


def _exact_paths(block: Server) -> set[str]:
    """Return the paths that have a location of their own."""
    patterns = map(location_pattern, children(block.block, "location"))
    return {pattern.text for pattern in patterns if pattern and pattern.modifier == "="}


def _apache_steps(view: ServerView, check: RefusedHealthCheck) -> tuple[Step, ...]:
    config, target = view.config, view.evidence.target
    ports = (check.port,) if check.port else (target.port, HTTP_PORT)
    sites = (
        [site for port in ports for site in answering_sites(config, port, target.host)[:1]]
        if config
        else []
    )
    modules = loading_steps(view, ("rewrite",))
    if not sites or modules is None:
        return ()
    opening = line_text(view, sites[0].file, sites[0].line)
    indent = indentation(line_text(view, sites[0].file, sites[0].line + 1)) or "    "
    pattern = check.path.replace(".", r"\.")
    rows = (
        opening,
        f"{indent}RewriteEngine On",
        f"{indent}RewriteRule ^{pattern}$ - [R=200,L]",
    )
    edit = line_edit(view, sites[0].file, {sites[0].line: rows})
    return (*modules, edit, *reload_steps(view.server)) if edit else ()
