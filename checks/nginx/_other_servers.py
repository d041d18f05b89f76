"""The web server other than nginx that is meant to serve the target's name."""

from collections.abc import Iterator

from diagnose.model import Evidence
from diagnose.model.web_servers import WebServer, WebServerConfig
from diagnose.parsers.web_sites import has_name

#: systemd's words for a unit that somebody wants to run.
_WANTED = {"active", "activating", "reloading", "failed"}


def is_site_of_another_server(evidence: Evidence) -> bool:
    """Return whether another web server's configuration has a site of the target's own name on its
    port, and that server runs, starts at boot, or has failed to start.

    What nginx has of the name besides is an old copy, or is for this server's backend.
    """
    # Most machines have no other web server.
    return any(evidence.of(WebServer)) and any(
        _has_site(config, evidence)
        for server in _wanted_servers(evidence)
        for config in evidence.good(WebServerConfig)
        if config.product == server.product
    )


def _wanted_servers(evidence: Evidence) -> Iterator[WebServer]:
    for server in evidence.good(WebServer):
        is_wanted = server.pid is not None or server.enabled or server.state in _WANTED
        if is_wanted and not server.foreign and not server.masked:
            yield server


def _has_site(config: WebServerConfig, evidence: Evidence) -> bool:
    """Return whether a site of the server has the name itself: a site for all names is a default
    page as often as a site."""
    target = evidence.target
    return any(
        has_name(site, target.host) and "*" not in site.names
        for site in config.sites
        if any(socket.port == target.port for socket in site.sockets)
    )
