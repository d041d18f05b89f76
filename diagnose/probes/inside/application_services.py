"""Probe for the services that should be the application and fail while a program answers in their
place: an old process has their port, or they are started again and again.
"""

from diagnose.model.nginx import NginxConfig
from diagnose.model.server import Listeners
from diagnose.model.web_servers import WebServerConfig
from diagnose.parsers.whole_numbers import whole_number
from diagnose.probes import ProbeContext, probe
from diagnose.probes.inside.failed_services import look_at_own_units
from diagnose.probes.inside.program_logs import application_endpoints


@probe(after=NginxConfig)
async def after_nginx(ctx: ProbeContext, config: NginxConfig) -> None:
    await _read_services(ctx)


@probe(after=WebServerConfig)
async def after_web_server(ctx: ProbeContext, config: WebServerConfig) -> None:
    await _read_services(ctx)


@probe(after=Listeners)
async def after_listeners(ctx: ProbeContext, listeners: Listeners) -> None:
    await _read_services(ctx)


async def _read_services(ctx: ProbeContext) -> None:
    """Look once at the services of each application that the page is passed on to."""
    for endpoint in application_endpoints(ctx):
        port = whole_number(endpoint)
        is_open = port is None or any(listeners.on(port) for listeners in ctx.observed(Listeners))
        if is_open and ctx.further_requests.begin(f"the services of {endpoint}"):
            await look_at_own_units(ctx, endpoint)
