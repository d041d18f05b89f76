"""Asks for the page once more as the page of another site does: with its Origin.

Many applications send Access-Control-Allow-Origin only when they are asked with an Origin (Spring's
CorsFilter, the module cors of Express with a list; ASP.NET Core's CORS middleware). A page that has
the field without an Origin has it from the server in front as a rule: the application may add its
own. A message that names the field names no origin as a rule.

An address that a script reads after a login, or to which it sends a POST, answers a GET with an
error, to which `add_header` without `always` adds nothing. There the preflight is asked for, which
changes nothing.
"""

import re

from diagnose.model.http import Exchange
from diagnose.net.deadline import deadline
from diagnose.parsers.cors_messages import METHOD_FIELD, TWICE
from diagnose.parsers.request_fields import UNKNOWN_ORIGIN
from diagnose.probes import ProbeContext
from diagnose.probes.outside.http_requests import PageRequest, request_anew

_FIELD = "Access-Control-Allow-Origin"
#: Where a value is an origin of its own, this is what is allowed.
_ORIGIN = re.compile(r"https?://[\w.:\[\]-]{1,260}")


def origin_to_ask_with(ctx: ProbeContext, page: Exchange) -> str:
    """Return the Origin with which the page is worth another request: the one that it allows, or
    one that nobody has; "" if the message is about something else, the request had an Origin, or
    nothing shows that another site's page gets an answer."""
    symptom, request = ctx.target.symptom, ctx.options.request
    if (symptom is not None and symptom.kind != "cors") or request.origin or page.method != "GET":
        return ""
    allowed = (page.header(_FIELD) or "").strip()
    if not allowed and (symptom is None or not TWICE.search(symptom.text)):
        return ""
    return allowed if _ORIGIN.fullmatch(allowed) else UNKNOWN_ORIGIN


def is_worth_a_preflight(ctx: ProbeContext, page: Exchange) -> bool:
    """Return whether the answer to a GET shows nothing about the request of a message, which came
    from the page of another site that is known."""
    symptom, request = ctx.target.symptom, ctx.options.request
    is_told = symptom is not None and symptom.kind == "cors"
    is_known = bool(request.origin) and request.origin not in {UNKNOWN_ORIGIN, ctx.target.origin}
    is_error = 400 <= (page.status or 0) < 500 and page.header(_FIELD) is None
    return is_told and is_known and page.method == "GET" and is_error


async def request_with_origin(
    ctx: ProbeContext, page: Exchange, origin: str, method: str = ""
) -> None:
    """Send the request, or a preflight, if the budget of the run allows it."""
    allowance = ctx.further_requests.reserve(ctx, page.url, 0)
    if allowance is None:
        return
    extra = {"Origin": origin}
    if method == "OPTIONS":
        extra[METHOD_FIELD] = "POST"
    request = PageRequest(
        page.url, page.address, "cross-origin", page.verified, extra=extra, own_method=method
    )
    try:
        async with deadline(allowance.seconds):
            await request_anew(ctx, request)
    except TimeoutError:
        return
