"""The paths below which nginx's blocks of the target's own name pass requests on, where none does
so for the root: an API, a registry, a receiver of webhooks has nothing there."""

from checks.nginx import Nginx
from diagnose.model import Evidence
from diagnose.parsers.nginx.locations import all_locations, literal_prefix, location_pattern
from diagnose.parsers.nginx.server_blocks import Server

_PASSES = frozenset({"proxy_pass", "fastcgi_pass", "uwsgi_pass", "scgi_pass", "grpc_pass"})


def paths_of_blocks(evidence: Evidence) -> tuple[str, ...]:
    """Return the beginnings of these paths, each once; () unless each block that answers has the
    target's name and such a path."""
    selected, host = Nginx.of(evidence).answering_servers(), evidence.target.host
    blocks = [_passed_paths(each.server) for each in selected if host in each.server.names]
    if len(blocks) < len(selected) or not all(blocks):
        return ()
    paths = tuple(dict.fromkeys(path for block in blocks for path in block))
    return () if "/" in paths else paths


def _passed_paths(server: Server) -> list[str]:
    paths = []
    for location in all_locations(server):
        pattern = location_pattern(location.block)
        passes = any(line.name in _PASSES for line in location.block.block or ())
        text = pattern.text if pattern and not pattern.modifier.startswith("~") else ""
        path = (text or (literal_prefix(pattern) if pattern else "")) if passes else ""
        # What gets certificates renewed is no part of a site.
        if path and not path.startswith("/.well-known/"):
            paths.append(path)
    return paths
