"""The other addresses of the site at which its web server passes WebSockets on: a script that opens
another one meets a program that knows none."""

import re
from collections.abc import Iterator

from diagnose.model.nginx import NginxConfig
from diagnose.model.web_servers import WebServerConfig
from diagnose.parsers.nginx.final_requests import final_location
from diagnose.parsers.nginx.forwarding import upgrade_forwarding
from diagnose.parsers.nginx.locations import all_locations, location_pattern, proxy_set_header_of
from diagnose.parsers.web_sites import answering_sites
from diagnose.probes import ProbeContext
from diagnose.probes.inside.answering_blocks import answering_blocks
from diagnose.probes.inside.backends import is_holder

#: A path in a rule of HAProxy: `acl ws path_beg -i /ws`, `{ path_beg /ws }`.
_RULE = re.compile(r"\bpath(?:_beg)?(?:\s+-[a-z]\s?\w{0,5}){0,2}\s+(/[\w./-]{1,100})")

#: Bytes of a file that are searched for such rules.
_MAX_FILE = 1 << 18


def passing_paths(ctx: ProbeContext, asked: str) -> tuple[str, ...]:
    """Return the paths at which the refused handshake may open: below the address of each location
    that passes WebSockets on, and that address itself."""
    own = asked.partition("?")[0]
    prefixes = [prefix for config in ctx.observed(NginxConfig)[:1] for prefix in _of_nginx(
        ctx, config, own
    )]  # fmt: skip
    for other in ctx.observed(WebServerConfig):
        if is_holder(ctx, other):
            prefixes += _of_other(ctx, other)
    return tuple(dict.fromkeys(path for prefix in prefixes for path in _below(prefix, own)))


def _below(prefix: str, own: str) -> Iterator[str]:
    if own != "/" and not own.startswith(prefix.rstrip("/")):
        yield f"{prefix.rstrip('/')}{own}"
    if own.rstrip("/") != prefix.rstrip("/"):
        yield prefix


def _of_nginx(ctx: ProbeContext, config: NginxConfig, own: str) -> Iterator[str]:
    for _, server in answering_blocks(ctx, config):
        answering = final_location(server, own)
        for location in all_locations(server):
            pattern = location_pattern(location.block)
            if pattern is None or pattern.modifier not in {"", "=", "^~"}:
                continue
            is_other = location.block is not answering.block and pattern.text.startswith("/")
            has_line = proxy_set_header_of(location, "Upgrade") is not None
            if is_other and has_line and all(upgrade_forwarding(location)):
                yield pattern.text


def _of_other(ctx: ProbeContext, config: WebServerConfig) -> Iterator[str]:
    if config.product == "haproxy":
        for file in config.files:
            yield from (match[1] for match in _RULE.finditer(file.text[:_MAX_FILE]))
        return
    for site in answering_sites(config, ctx.target.port, ctx.target.host):
        for route in site.routes:
            if (
                route.websocket
                and route.path != "/"
                and not route.pattern
                and (route.path.startswith("/"))
            ):
                yield route.path
