"""Selects the directives of a loaded configuration that are about a site's requests. No I/O."""

import posixpath

from diagnose.model.server_rules import AnsweringRule
from diagnose.model.web_servers import WebSite
from diagnose.parsers.apache.config import Directive
from diagnose.parsers.apache.loading import LoadedConfig
from diagnose.parsers.apache.refusing_rules import HostRules, refusing_rules
from diagnose.parsers.server_request import ServerRequest
from diagnose.parsers.web_sites import serves_files

#: Directives of the main server that count for its virtual hosts too.
_SHARED = {
    "directory", "directorymatch", "files", "filesmatch", "location", "locationmatch", "if",
    "allowencodedslashes",
}  # fmt: skip


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
    is_file = serves_files(site, request.path)
    file = posixpath.join(site.root, request.path.lstrip("/")) if is_file else ""
    shared = tuple(directive for directive in config.main if directive.name in _SHARED)
    rules = HostRules(host.block or (), shared, htaccess if is_file else (), site.root, file)
    return refusing_rules(rules, request)
