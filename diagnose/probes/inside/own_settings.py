"""Reads the settings of the application behind the site that a symptom points at, where they lie:
the arguments and the environment of its process, its file, that of its container.

Only settings that `diagnose/applications` names are kept (docs/adr/0092).
"""

from collections.abc import Iterator
from dataclasses import replace

from diagnose.machine.script_files import read_script
from diagnose.model.addresses import is_local_host, is_loopback, is_private
from diagnose.model.applications import Application, KnownApplication, Topic
from diagnose.model.containers import CONTAINER_PROCESSES, NginxContainer
from diagnose.model.http import Exchange, Upgrade
from diagnose.model.logs import FailedRequests
from diagnose.model.nginx import NginxConfig
from diagnose.model.pages import Page, PageFileResponse
from diagnose.model.program_logs import HEADERS_TOO_LARGE, ProgramLine
from diagnose.model.requests import HeaderTrial
from diagnose.model.server import WEB_SERVER_PROCESSES, Listeners
from diagnose.model.tcp import Connection
from diagnose.model.visitor import SharedLimit
from diagnose.model.web_servers import WebServerConfig
from diagnose.parsers.hostnames import is_address
from diagnose.probes import ProbeContext, probe
from diagnose.probes.inside.passed_hosts import passed_on_to, places_behind
from diagnose.probes.inside.program_logs import endpoints_of, is_front
from diagnose.probes.inside.unanswered import emit_if_too_slow

SCRIPT = "\n".join(
    read_script(__file__, name)
    for name in ("program_starter.sh", "named_container.sh", "program_place.sh")
)
#: What visitors get where an application ended the request: 500 is its own last answer.
_ENDED = frozenset({500, 502, 503, 504})
#: What Tomcat writes of a request line (org.apache.coyote.http11.Http11InputBuffer).
_REFUSED_TARGET = "Invalid character found in the request target"
#: What has a configuration that is read by others.
_READ_ELSEWHERE = WEB_SERVER_PROCESSES | CONTAINER_PROCESSES
#: Seconds for the script.
PATIENCE = 5.0


@probe(after=Exchange, needs=Listeners)
async def after_answer(ctx: ProbeContext, _: Exchange, listeners: Listeners) -> None:
    await _look_for_settings(ctx, listeners)


@probe(after=KnownApplication, needs=Listeners)
async def after_application(ctx: ProbeContext, _: KnownApplication, listeners: Listeners) -> None:
    await _look_for_settings(ctx, listeners)


@probe(after=Page, needs=Listeners)
async def after_page(ctx: ProbeContext, _: Page, listeners: Listeners) -> None:
    await _look_for_settings(ctx, listeners)


@probe(after=PageFileResponse, needs=Listeners)
async def after_file(ctx: ProbeContext, _: PageFileResponse, listeners: Listeners) -> None:
    await _look_for_settings(ctx, listeners)


@probe(after=Upgrade, needs=Listeners)
async def after_websocket(ctx: ProbeContext, _: Upgrade, listeners: Listeners) -> None:
    await _look_for_settings(ctx, listeners)


@probe(after=FailedRequests, needs=Listeners)
async def after_log(ctx: ProbeContext, _: FailedRequests, listeners: Listeners) -> None:
    await _look_for_settings(ctx, listeners)


@probe(after=SharedLimit, needs=Listeners)
async def after_shared_limit(ctx: ProbeContext, _: SharedLimit, listeners: Listeners) -> None:
    await _look_for_settings(ctx, listeners)


@probe(after=NginxConfig, needs=Listeners)
async def after_nginx(ctx: ProbeContext, _: NginxConfig, listeners: Listeners) -> None:
    await _look_for_settings(ctx, listeners)


@probe(after=WebServerConfig, needs=Listeners)
async def after_server(ctx: ProbeContext, _: WebServerConfig, listeners: Listeners) -> None:
    await _look_for_settings(ctx, listeners)


@probe(after=Connection, needs=Listeners)
async def after_refusal(ctx: ProbeContext, connection: Connection, listeners: Listeners) -> None:
    """Look where the program on the target's port is told to listen on a loopback address alone,
    once visitors were refused."""
    port, failure = ctx.target.port, connection.failure
    sockets = listeners.on(port)
    if connection.port != port or failure is None or failure.kind != "refused" or not sockets:
        return
    if any(
        not is_loopback(socket.address) or socket.process in _READ_ELSEWHERE for socket in sockets
    ):
        return
    if ctx.further_requests.begin("the address at which a program listens"):
        from diagnose.parsers.listen_addresses import VARIABLES
        from diagnose.parsers.program_place import parse_place
        from diagnose.probes.inside.listen_addresses import emit_listen_address

        words = ("sh", "-c", SCRIPT, "sh", str(port), *VARIABLES)
        result = await ctx.machine.run(*words, timeout=PATIENCE)
        emit_if_too_slow(ctx, "the settings of the application", result)
        await emit_listen_address(ctx, parse_place(result.out))


@probe(after=HeaderTrial)
async def after_headers(ctx: ProbeContext, trial: HeaderTrial) -> None:
    """Look for the limit of a program of this machine that refused a large header."""
    from diagnose.parsers.program_place import parse_place
    from diagnose.probes.inside.header_settings import emit_header_setting

    is_here = is_local_host(trial.address) and not trial.server
    if is_here and trial.refused and ctx.further_requests.begin("the limit of headers of a file"):
        words = ("sh", "-c", SCRIPT, "sh", str(trial.port))
        result = await ctx.machine.run(*words, timeout=PATIENCE)
        emit_if_too_slow(ctx, "the settings of the application", result)
        await emit_header_setting(ctx, parse_place(result.out), trial)


@probe(after=ProgramLine)
async def after_program_line(ctx: ProbeContext, line: ProgramLine) -> None:
    """Look for Tomcat's limit where its log says that a response has too many bytes of headers."""
    from diagnose.parsers.program_place import parse_place
    from diagnose.probes.inside.header_settings import emit_response_header_setting

    is_here = line.endpoint.isdecimal() and HEADERS_TOO_LARGE in line.message
    if is_here and ctx.further_requests.begin("the limit of response headers of a file"):
        result = await ctx.machine.run("sh", "-c", SCRIPT, "sh", line.endpoint, timeout=PATIENCE)
        emit_if_too_slow(ctx, "the settings of the application", result)
        await emit_response_header_setting(ctx, parse_place(result.out), line.endpoint)


@probe(after=ProgramLine)
async def after_refused_query(ctx: ProbeContext, line: ProgramLine) -> None:
    """Look for Tomcat's list of characters where its log says that it refused one of the query."""
    if not line.endpoint.isdecimal() or _REFUSED_TARGET not in line.message:
        return
    from diagnose.parsers.program_place import parse_place
    from diagnose.parsers.query_characters import refused_characters
    from diagnose.probes.inside.header_settings import emit_query_characters

    characters = refused_characters(ctx.target.path)
    if characters and ctx.further_requests.begin("the characters of a query"):
        result = await ctx.machine.run("sh", "-c", SCRIPT, "sh", line.endpoint, timeout=PATIENCE)
        emit_if_too_slow(ctx, "the settings of the application", result)
        await emit_query_characters(ctx, parse_place(result.out), line.endpoint, characters)


@probe(after=ProgramLine)
async def after_large_message(ctx: ProbeContext, line: ProgramLine) -> None:
    """Look for the limit of a program whose log says that a WebSocket's message was too large."""
    closed = any(upgrade.close_code == _TOO_BIG for upgrade in ctx.observed(Upgrade))
    if not closed or not line.endpoint:
        return
    from diagnose.parsers.message_limit_words import told_limit
    from diagnose.parsers.program_place import parse_place
    from diagnose.probes.inside.message_limits import emit_told_limit

    if told_limit(line.message) and ctx.further_requests.begin("the largest message of a log"):
        result = await ctx.machine.run("sh", "-c", SCRIPT, "sh", line.endpoint, timeout=PATIENCE)
        emit_if_too_slow(ctx, "the settings of the application", result)
        await emit_told_limit(ctx, parse_place(result.out))


#: The close code for a message that is too large (RFC 6455 section 7.4.1).
_TOO_BIG = 1009

#: Kinds of words that may tell of a large message.
_ENDED_WEBSOCKET = {"websocket", "websocket-closed"}


async def _look_for_settings(ctx: ProbeContext, listeners: Listeners) -> None:
    """Look once for each topic, as soon as the web server's configuration is known."""
    is_known = bool(ctx.observed(NginxConfig)) or bool(ctx.observed(WebServerConfig))
    if not is_known or not ctx.observed(Exchange):
        return
    exchanges = ctx.observed(Exchange)
    if any(exchange.status in _ENDED for exchange in exchanges):
        await _look_for_limits(ctx, listeners)
        # Imported late: most sites answer.
        from diagnose.probes.inside.ajp_connectors import emit_ajp_connector

        await emit_ajp_connector(ctx, listeners, SCRIPT)
    if ctx.target.symptom is not None and ctx.target.symptom.kind in _ENDED_WEBSOCKET:
        # Imported late, as above.
        from diagnose.probes.inside.message_limits import emit_message_limits

        await emit_message_limits(ctx, SCRIPT)
        if "without receiving a message" in ctx.target.symptom.text:
            from diagnose.probes.inside.hub_intervals import emit_hub_intervals

            await emit_hub_intervals(ctx, SCRIPT)
        from diagnose.probes.inside.service_ends import emit_service_ends

        await emit_service_ends(ctx, listeners, SCRIPT)
    if ctx.target.symptom is not None:
        # Imported late, as above.
        from diagnose.parsers.told_schedules import told_schedule

        if told_schedule(ctx.target.symptom.text) is not None:
            from diagnose.probes.inside.planned_restarts import emit_planned_restarts

            await emit_planned_restarts(ctx)
    from diagnose.parsers.setting_symptoms import suspected_topics

    topics = suspected_topics(
        ctx.target,
        ctx.observed(Exchange),
        ctx.observed(Upgrade),
        ctx.observed(PageFileResponse),
        ctx.observed(Page),
        ctx.observed(FailedRequests),
    )
    if ctx.observed(SharedLimit):
        topics |= {"trusted_proxy"}
    # A web server in a container that serves the page itself passes it on to none.
    for endpoint in (dict.fromkeys(_endpoints(ctx)) or ("",)) if topics else ():
        new = [
            topic
            for topic in sorted(topics)
            if ctx.further_requests.begin(f"the {topic} of {endpoint}")
        ]
        if new:
            await _read(ctx, listeners, endpoint, frozenset(new))


async def _look_for_limits(ctx: ProbeContext, listeners: Listeners) -> None:
    """Look once for the limit by which a program ended the request for the page."""
    from diagnose.parsers.program_place import parse_place
    from diagnose.probes.inside.time_limits import emit_time_limits, ended_after

    took = ended_after(ctx.observed(Exchange))
    for endpoint in dict.fromkeys(_endpoints(ctx)) if took else ():
        # The limits of a program in a container are not read.
        is_on_machine = endpoint != "" and not endpoint.startswith("=")
        is_program = is_on_machine and not is_front(listeners, endpoint)
        if is_program and ctx.further_requests.begin(f"the time limits of {endpoint}"):
            result = await ctx.machine.run("sh", "-c", SCRIPT, "sh", endpoint, timeout=PATIENCE)
            emit_if_too_slow(ctx, "the time limits of the application", result)
            await emit_time_limits(ctx, parse_place(result.out), took)


def _endpoints(ctx: ProbeContext) -> Iterator[str]:
    """Yield where the application listens: a port of this machine, a Unix socket, or "=HOST" for a
    container of its engine, with the networks of the web server's container behind it. In a
    container, 127.0.0.1 is the container's own: of a web server there, the ports of this machine
    count that it reaches by the machine's address."""
    container = next(iter(ctx.observed(NginxContainer)), None)
    if container is None:
        yield from endpoints_of(ctx, ctx.target.path)
        for host, _ in passed_on_to(ctx, ctx.target.path):
            if is_address(host) and is_private(host) and not is_local_host(host):
                yield f"={host}"
        return
    for behind in places_behind(ctx, container, ctx.target.path):
        yield behind.place


def _only_address(container: NginxContainer) -> str:
    """Return the address from which another container sees the web server's; "" if it has several,
    as in several networks."""
    usable = {
        address for address in container.addresses if "." in address and not is_local_host(address)
    }
    return usable.pop() if len(usable) == 1 else ""


async def _read(
    ctx: ProbeContext, listeners: Listeners, endpoint: str, topics: frozenset[Topic]
) -> None:
    # Imported late: few sites have such a symptom.
    from diagnose.parsers.applications import variables_of_settings
    from diagnose.parsers.frameworks import framework_variables
    from diagnose.parsers.program_place import ProgramPlace, parse_place
    from diagnose.probes.inside.own_setting_files import emit_settings

    place = ProgramPlace(is_front=endpoint != str(ctx.target.port))
    if endpoint and not is_front(listeners, endpoint):
        names = (*variables_of_settings(), *framework_variables())
        words = ("sh", "-c", SCRIPT, "sh", endpoint, *names)
        result = await ctx.machine.run(*words, timeout=PATIENCE)
        emit_if_too_slow(ctx, "the settings of the application", result)
        place = parse_place(result.out)
        if endpoint.startswith("=") and not place.container:
            # Another machine has it, and its files are not those of the usual places here.
            endpoint = ""
            if not ctx.observed(NginxContainer):
                return
        if endpoint.startswith("="):
            for container in ctx.observed(NginxContainer):
                place = replace(place, gateway=_only_address(container))
    application = _application(ctx, place.command, place.image) if endpoint else None
    if application is not None and application.configuration is not None:
        await emit_settings(ctx, application, application.configuration, place, topics)
    from diagnose.probes.inside.framework_files import emit_frameworks

    await emit_frameworks(ctx, place, topics, endpoint)
    if "token_field" in topics:
        from diagnose.probes.inside.token_fields import emit_token_field

        await emit_token_field(ctx, place)


def _application(ctx: ProbeContext, command: str, image: str) -> Application | None:
    """Return the application that answers: by its page, by a message, by its process, by its image,
    or by the words in which it refuses a name."""
    from diagnose.parsers import applications as known
    from diagnose.parsers.refused_hosts import host_setting

    for seen in ctx.observed(KnownApplication):
        return known.application_of(seen.id)
    symptom = ctx.target.symptom
    application = known.reported_application(symptom.text) if symptom else None
    application = (
        application or known.application_of_command(command) or known.application_of_image(image)
    )
    if application:
        return application
    answers = [each for each in ctx.observed(Exchange) if each.purpose == "target"]
    for exchange in answers:
        if recognized := known.recognize(exchange.body, exchange.headers):
            return recognized[0]
        # Its own words in which it refuses a visitor, if they are the whole answer.
        is_refusal = (exchange.status or 0) >= 400
        if is_refusal and (answering := known.reported_application(exchange.body, is_answer=True)):
            return answering
    for exchange in answers:
        if refused := host_setting(exchange.body, "x.example"):
            return known.application_of(refused.program.lower())
    return None
