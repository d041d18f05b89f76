"""The edit by which PHP learns from a front that ends TLS that the visitor uses https: the variable
HTTPS of PHP (PHP manual, $_SERVER) follows X-Forwarded-Proto. WordPress (is_ssl), Drupal and others
redirect http to https by that variable.
"""

from checks.nginx import Nginx
from checks.nginx._commands import reload_steps as nginx_reload_steps
from checks.nginx._edits import Changes, config_edits
from checks.server import ServerView, indentation, line_edit, line_text, reload_steps
from diagnose.model import Command, Edit, Evidence
from diagnose.model.http import LocalAnswer
from diagnose.model.web_servers import WebServer, WebServerConfig
from diagnose.parsers.nginx.config import children
from diagnose.parsers.nginx.edits import insert_after, insert_first
from diagnose.parsers.nginx.final_requests import final_location, has_unknown_rules
from diagnose.parsers.nginx.upstreams import pass_directive_of
from diagnose.parsers.web_sites import answering_sites

HTTP_PORT = 80
_VARIABLE = "$https_in_front"


def php_steps(evidence: Evidence, answer: LocalAnswer) -> tuple[Edit | Command, ...]:
    """Return the edit and what loads it, if PHP gave this answer; () otherwise, or if a person has
    to write it."""
    is_php = "php" in (answer.header("X-Powered-By") or "").lower()
    if not is_php and not answer.header("X-Redirect-By"):
        return ()
    nginx = Nginx.of(evidence)
    if nginx.selected_servers(HTTP_PORT):
        return _nginx_steps(nginx)
    servers = {server.product: server for server in evidence.good(WebServer)}
    for config in evidence.good(WebServerConfig):
        server = servers.get(config.product)
        if server is not None and config.product == "apache" and not server.container:
            return _apache_steps(ServerView(evidence, server, config, None))
    return ()


def _nginx_steps(nginx: Nginx) -> tuple[Edit | Command, ...]:
    servers = {
        id(selected_server.server): selected_server.server
        for selected_server in nginx.selected_servers(HTTP_PORT)
    }
    if len(servers) != 1:
        return ()
    (server,) = servers.values()
    path = nginx.evidence.target.path_without_query
    match = final_location(server, path)
    passing, file = pass_directive_of(match), nginx.file(server.block)
    own = [line for line in match.block.block or () if line.name == "fastcgi_param"]
    if (
        passing is None
        or passing.name != "fastcgi_pass"
        or passing not in (match.block.block or ())
        or file is None
        # A location with a line of its own inherits none.
        or not (own or children(match.block, "fastcgi_param"))
        or has_unknown_rules(server, path)
    ):
        return ()
    block_file = nginx.file(match.block)
    if block_file is None:
        return ()
    line = f"fastcgi_param HTTPS {_VARIABLE} if_not_empty;"
    field = f'if ($http_x_forwarded_proto = "https") {{ set {_VARIABLE} on; }}'
    changes: Changes = {}
    changes.setdefault(file.path, []).append(
        insert_first(file.text, server.block, [f'set {_VARIABLE} "";', field])
    )
    changes.setdefault(block_file.path, []).append(insert_after(block_file.text, passing, [line]))
    edits = config_edits(nginx, changes)
    return (*edits, *nginx_reload_steps(nginx)) if edits else ()


def _apache_steps(view: ServerView) -> tuple[Edit | Command, ...]:
    sites = (
        answering_sites(view.config, HTTP_PORT, view.evidence.target.host) if view.config else ()
    )
    if len(sites) != 1:
        return ()
    opening = line_text(view, sites[0].file, sites[0].line)
    indent = indentation(line_text(view, sites[0].file, sites[0].line + 1)) or "    "
    row = f'{indent}SetEnvIf X-Forwarded-Proto "^https$" HTTPS=on'
    edit = line_edit(view, sites[0].file, {sites[0].line: (opening, row)})
    return (edit, *reload_steps(view.server)) if edit else ()
