"""Reads the log of the program that serves the target, after a message about an upload that was too
large (413), or about an error of the server (500), with which some frameworks answer one: it may
have a limit of its own, behind a web server or without one. And after a form of a page of the
site was refused, by the web server's log, or where that server keeps no log and the page has a
form: the program may say that its origin is the reason, or its token. So may it after any
request to the target's path that a person tells of. Nothing is sent.
"""

from collections.abc import Callable

from diagnose.model import Vantage
from diagnose.model.containers import CONTAINER_PROCESSES, NginxContainer
from diagnose.model.http import Exchange
from diagnose.model.logs import FailedRequests
from diagnose.model.nginx import NginxConfig
from diagnose.model.pages import Page
from diagnose.model.program_logs import ProgramRefusal
from diagnose.model.server import Listeners
from diagnose.model.web_servers import WebServerConfig
from diagnose.parsers.origin_refusals import logged_refusal, named_refusal
from diagnose.parsers.program_requests import RefusedRequest, oversized_request, refused_request
from diagnose.parsers.request_fields import is_own_origin
from diagnose.parsers.sanitize import clean
from diagnose.probes import ProbeContext, probe
from diagnose.probes.inside.program_logs import (
    LOG_SCRIPT,
    PATIENCE,
    endpoints_of,
    is_front,
    parse_logs,
)
from diagnose.probes.inside.unanswered import emit_if_too_slow

#: Seconds. Older lines belong to earlier problems.
RECENT_SECONDS = 600

#: Content Too Large (RFC 9110 section 15.5.14), and the kinds of messages that may say so.
TOO_LARGE, _SERVER_ERROR = 413, 500
_KINDS = frozenset({"body-size", "upload"})

#: Servers that keep no log of requests by default, and the status of a form that Django refuses.
_UNLOGGED, _FORBIDDEN = frozenset({"caddy", "haproxy"}), 403

#: Statuses with which frameworks refuse a form's origin (Django, SvelteKit, Spring; Rails;
#: Next.js) or its token (ASP.NET, Flask; Laravel), the longest line that is kept, and most forms
#: whose reason is looked for.
_OF_FORMS, MAX_LINE, MAX_FORMS = frozenset({400, 403, 419, 422, 500}), 300, 2


@probe(after=Exchange, needs=Listeners)
async def program_of_the_port(ctx: ProbeContext, _: Exchange, listeners: Listeners) -> None:
    await _read(ctx, listeners)


@probe(after=NginxConfig, needs=Listeners)
async def program_behind_nginx(ctx: ProbeContext, _: NginxConfig, listeners: Listeners) -> None:
    await _read(ctx, listeners)


@probe(after=WebServerConfig, needs=Listeners)
async def program_behind_a_server(
    ctx: ProbeContext, _: WebServerConfig, listeners: Listeners
) -> None:
    await _read(ctx, listeners)


@probe(after=FailedRequests, needs=Listeners)
async def program_that_refused_a_form(
    ctx: ProbeContext, failure: FailedRequests, listeners: Listeners
) -> None:
    is_form = failure.method == "POST" and failure.is_from_page and failure.status in _OF_FORMS
    path = ctx.target.path_without_query
    is_told = ctx.target.symptom is not None and failure.path == path and failure.method != "GET"
    if not (is_form or is_told) or ctx.observed(NginxContainer):
        return

    def find(text: str) -> RefusedRequest | None:
        line, times = logged_refusal(text, ctx.target.authority.lower(), failure.path)
        if not line:
            # Imported late: few forms are refused.
            from diagnose.parsers.form_tokens import logged_token_refusal

            line, times = logged_token_refusal(text, failure.path)
        line = clean(line, MAX_LINE)
        if line:
            return RefusedRequest(failure.method, failure.path, line, times)
        last = refused_request(text, failure.status) if is_told else None
        is_same = last is not None and (last.method, last.path) == (failure.method, failure.path)
        return last if is_same else None

    slots = (f"words about form {number}" for number in range(MAX_FORMS))
    if not any(ctx.further_requests.begin(slot) for slot in slots):
        return
    for endpoint in dict.fromkeys(endpoints_of(ctx, failure.path)):
        if not is_front(listeners, endpoint):
            await _read_log(ctx, endpoint, failure.status, find)


@probe(after=Page, needs=Listeners)
async def program_with_a_form(ctx: ProbeContext, page: Page, listeners: Listeners) -> None:
    await _read_for_forms(ctx, listeners)


@probe(after=WebServerConfig, needs=Listeners)
async def program_with_a_form_behind_a_server(
    ctx: ProbeContext, _: WebServerConfig, listeners: Listeners
) -> None:
    await _read_for_forms(ctx, listeners)


async def _read_for_forms(ctx: ProbeContext, listeners: Listeners) -> None:
    """Read the log of the program whose page has a form, once, behind a server that keeps no log of
    requests unless it is told to: whether it refused one for its origin."""
    forms = (form for page in ctx.observed(Page) for form in page.posts)
    has_form = any(is_own_origin(ctx.target, form) for form in forms)
    products = {config.product for config in ctx.observed(WebServerConfig)}
    if not has_form or products.isdisjoint(_UNLOGGED) or ctx.observed(NginxContainer):
        return

    def find(text: str) -> RefusedRequest | None:
        path, line, times = named_refusal(text, ctx.target.authority.lower())
        line = clean(line, MAX_LINE)
        return RefusedRequest("POST", clean(path, MAX_LINE), line, times) if line else None

    for endpoint in dict.fromkeys(endpoints_of(ctx, ctx.target.path)):
        if not is_front(listeners, endpoint) and ctx.further_requests.begin(
            f"forms that {endpoint} refused"
        ):
            await _read_log(ctx, endpoint, _FORBIDDEN, find)


async def _read(ctx: ProbeContext, listeners: Listeners) -> None:
    symptom = ctx.target.symptom
    if symptom is not None and symptom.kind == "outgoing":
        # Imported late: few messages are about what a program asks for itself.
        from diagnose.probes.inside.outgoing_requests import try_outgoing

        await try_outgoing(ctx, listeners)
        return
    if symptom is None or ctx.observed(NginxContainer):
        return
    status = (symptom.number or 0) if symptom.kind == "status" else 0
    is_error = status == _SERVER_ERROR
    if symptom.kind not in _KINDS and status != TOO_LARGE and not is_error:
        return

    def find(text: str) -> RefusedRequest | None:
        request = None if is_error else refused_request(text, TOO_LARGE)
        return request or oversized_request(text)

    for endpoint in dict.fromkeys(endpoints_of(ctx, ctx.target.path)):
        if not is_front(listeners, endpoint) and ctx.further_requests.begin(
            f"requests that {endpoint} refused"
        ):
            await _read_log(ctx, endpoint, status if is_error else TOO_LARGE, find)


async def _read_log(
    ctx: ProbeContext, endpoint: str, status: int, find: Callable[[str], RefusedRequest | None]
) -> None:
    """Emit the first request that is found in a log of the endpoint's programs."""
    at = ctx.elapsed()
    words = ("sh", "-c", LOG_SCRIPT, "sh", str(RECENT_SECONDS), endpoint)
    result = await ctx.machine.run(*words, timeout=PATIENCE)
    emit_if_too_slow(ctx, "the log of the application", result)
    for log in parse_logs(result.out):
        request = find(log.text) if log.process not in CONTAINER_PROCESSES else None
        if request is not None:
            ctx.emit(
                ProgramRefusal(
                    vantage=Vantage.SERVER,
                    at=at,
                    took=result.took,
                    equivalent=log.source,
                    endpoint=endpoint,
                    process=log.process,
                    method=request.method,
                    path=request.path,
                    status=status,
                    message=request.text,
                    times=request.times,
                )
            )
            return
