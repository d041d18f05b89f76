"""Selects the directives of a loaded configuration that are about a site's requests. No I/O."""

import posixpath
import re

from diagnose.model.addresses import bracketed
from diagnose.model.server_rules import AnsweringRule
from diagnose.model.web_servers import SiteRoute, WebSite
from diagnose.parsers.apache.config import Directive, flatten
from diagnose.parsers.apache.loading import LoadedConfig
from diagnose.parsers.apache.refusing_rules import HostRules, refusing_rules
from diagnose.parsers.server_request import ServerRequest
from diagnose.parsers.web_sites import inner_path, needs_folder, route_of, site_at

#: Directives of the main server that count for its virtual hosts too.
_SHARED = {
    "directory", "directorymatch", "files", "filesmatch", "location", "locationmatch", "if",
    "proxy", "proxymatch", "allowencodedslashes",
}  # fmt: skip

#: Sections whose directives are read as if they stood alone.
_SECTIONS = frozenset({"directory", "files", "filesmatch"})

#: A substitution that is a script and nothing else.
_SCRIPT = re.compile(r"/?(?:[\w.-]{1,60}/){0,4}[\w.-]{1,60}\.(?:php|html?)")


def site_rules(
    config: LoadedConfig,
    site: WebSite,
    request: ServerRequest,
    htaccess: tuple[Directive, ...] = (),
) -> tuple[AnsweringRule, ...]:
    """Return the rules with which a site answers a request itself; `htaccess` are the lines of the
    .htaccess of its folder, if Apache reads it."""
    hosts = (directive for directive in config.main if directive.name == "virtualhost")
    host = next((host for host in hosts if (host.file, host.line) == (site.file, site.line)), None)
    if host is None:
        return ()
    is_file = needs_folder(site, request.path)
    placed, inner = site_at(site, request.path)
    file = posixpath.join(placed.root, inner.lstrip("/")) if is_file else ""
    shared = tuple(directive for directive in config.main if directive.name in _SHARED)
    route = None if is_file else route_of(site, request.path, request.websocket)
    rules = HostRules(
        host.block or (),
        shared,
        htaccess if is_file else (),
        site.root,
        file,
        _url(route, request.path) if route else "",
        _scripts(config, host, site, request.path, htaccess) if is_file else (),
    )
    return refusing_rules(rules, request)


def _url(route: SiteRoute, path: str) -> str:
    """Return the address that mod_proxy asks for a path; "" for a socket."""
    if not route.host:
        return ""
    return f"{route.scheme}://{bracketed(route.host)}:{route.port}{inner_path(route, path)}"


def _scripts(
    config: LoadedConfig,
    host: Directive,
    site: WebSite,
    path: str,
    htaccess: tuple[Directive, ...],
) -> tuple[str, ...]:
    """Return the files that may answer the path in place of the requested one: the index of a
    folder, and the script to which the rules lead all that is no file."""
    if "." in path.rpartition("/")[2]:
        return ()
    lines = (*config.main, *flatten(host.block or (), _SECTIONS), *flatten(htaccess, _SECTIONS))
    names = [line.args for line in lines if line.name == "directoryindex" and line.args]
    index = names[-1] if names and path.endswith("/") else ()
    rules = [line.args[1] for line in lines if line.name == "rewriterule" and len(line.args) > 1]
    rules += [line.args[0] for line in lines if line.name == "fallbackresource" and line.args]
    scripts = [rule for rule in rules if _SCRIPT.fullmatch(rule)]
    script_files = (
        *(posixpath.join(site.root, path.lstrip("/"), name) for name in index),
        *(posixpath.join(site.root, script.lstrip("/")) for script in scripts[-1:]),
    )
    return tuple(dict.fromkeys(script_files))[:10]
