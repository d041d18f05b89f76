"""Probe for the services that should be the application and fail while a program answers in their
place: an old process has their port, or they are started again and again.
"""

from diagnose.model.containers import NginxContainer
from diagnose.model.nginx import NginxConfig
from diagnose.model.server import Listeners
from diagnose.model.web_servers import WebServerConfig
from diagnose.parsers.whole_numbers import whole_number
from diagnose.probes import ProbeContext, probe
from diagnose.probes.inside.failed_services import look_at_own_units
from diagnose.probes.inside.program_logs import endpoints_of, is_front

#: Most applications of the page whose services are looked at.
MAX_ENDPOINTS = 2


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
    listeners = next(iter(ctx.observed(Listeners)), None)
    is_known = bool(ctx.observed(NginxConfig)) or bool(ctx.observed(WebServerConfig))
    if listeners is None or not is_known or ctx.observed(NginxContainer):
        return
    for endpoint in list(dict.fromkeys(endpoints_of(ctx, ctx.target.path)))[:MAX_ENDPOINTS]:
        port = whole_number(endpoint)
        is_open = port is None or bool(listeners.on(port))
        if not is_open or is_front(listeners, endpoint):
            continue
        if ctx.further_requests.begin(f"the services of {endpoint}"):
            await look_at_own_units(ctx, endpoint)
