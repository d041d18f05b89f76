"""The folders from which the web server answers the target's path itself."""

from collections.abc import Iterator

from diagnose.model.nginx import NginxConfig
from diagnose.model.web_servers import WebServerConfig
from diagnose.parsers.nginx.final_requests import final_location
from diagnose.parsers.nginx.variables import with_set_values
from diagnose.parsers.web_sites import answering_sites
from diagnose.probes import ProbeContext
from diagnose.probes.inside.answering_blocks import answering_blocks


def web_folders(ctx: ProbeContext) -> Iterator[str]:
    """Yield the folders from which the web server answers the target's path."""
    path = ctx.target.path_without_query
    for config in ctx.observed(NginxConfig)[:1]:
        for _, server in answering_blocks(ctx, config):
            match = final_location(server, path)
            lines = (line.args[0] for line in match.directives("root")[:1] if line.args)
            yield from (with_set_values(match, root) for root in lines)
    for server_config in ctx.observed(WebServerConfig):
        sites = answering_sites(server_config, ctx.target.port, ctx.target.host)
        yield from (site.root for site in sites if site.root)
