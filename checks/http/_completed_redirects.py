"""The redirect to a path that nginx completes with its own scheme, name and port
(ngx_http_core_module, "absolute_redirect"): it adds the slash of a folder, or a `return` has a path
alone. Behind a port that leads to another one (a container's, a router's) visitors lose theirs."""

from checks.http._redirects import own_redirects, redirect_location, request_values
from checks.nginx import Nginx
from checks.nginx._commands import reload_steps
from checks.nginx._edits import config_edits
from diagnose.model import Applicability, Fix
from diagnose.model.frozen import frozen
from diagnose.model.http import Exchange
from diagnose.model.nginx import Directive
from diagnose.parsers.nginx import edits
from diagnose.parsers.nginx.config import children
from diagnose.parsers.nginx.final_requests import final_location
from diagnose.parsers.nginx.locations import match_location
from diagnose.parsers.nginx.upstreams import pass_directive_of
from diagnose.parsers.urls import parse_url


@frozen(eq=False)
class CompletedRedirect:
    """The server block that makes a redirect and completes it; `is_folder` is True if it adds the
    slash of a folder."""

    block: Directive
    is_folder: bool


def completed_redirect(nginx: Nginx, step: Exchange, onward: str) -> CompletedRedirect | None:
    """Return the block that makes this redirect; None if an application does, or another line."""
    url, to = parse_url(step.url), parse_url(onward)
    answering = {
        id(answering_server.server.block): answering_server.server
        for answering_server in nginx.answering_servers()
    }
    if url is None or to is None or len(answering) != 1 or step.port != nginx.evidence.target.port:
        return None
    (server,) = answering.values()
    match = match_location(server, url.path)
    absolute = match.directive("absolute_redirect")
    if absolute is not None and absolute.args[:1] == ("off",):
        return None
    values = request_values(server, step)
    rules = (rule for rule in own_redirects(server, url.path) if rule.code == str(step.status))
    places = [redirect_location(rule, values) for rule in rules]
    if places:
        return CompletedRedirect(server.block, is_folder=False) if to.path in places else None
    path, mark, query = url.path.partition("?")
    is_slash = step.status == 301 and to.path == f"{path}/{mark}{query}"
    is_of_nginx = match.redirects or pass_directive_of(final_location(server, url.path)) is None
    return CompletedRedirect(server.block, is_folder=True) if is_slash and is_of_nginx else None


def relative_fix(nginx: Nginx, block: Directive) -> Fix | None:
    """Let nginx send the path alone: browsers keep the address that they have."""
    file, lines = nginx.file(block), children(block, "absolute_redirect")
    if file is None:
        return None
    line = "absolute_redirect off;"
    change = (
        edits.replace_directive(lines[-1], line)
        if lines
        else edits.insert_first(file.text, block, [line])
    )
    file_edits = config_edits(nginx, {file.path: [change]})
    return Fix((*file_edits, *reload_steps(nginx)), Applicability.AUTOMATIC) if file_edits else None
