"""Asks for the page once more as the page of another site does: with its Origin.

Many applications send Access-Control-Allow-Origin only when they are asked with an Origin (Spring's
CorsFilter, the module cors of Express with a list; ASP.NET Core's CORS middleware). A page that has
the field without an Origin has it from the server in front as a rule: the application may add its
own. A message that names the field names no origin as a rule.
"""

import re

from diagnose.model.http import Exchange
from diagnose.net.deadline import deadline
from diagnose.parsers.request_fields import UNKNOWN_ORIGIN
from diagnose.probes import ProbeContext
from diagnose.probes.outside.http_requests import PageRequest, request_anew

_FIELD = "Access-Control-Allow-Origin"
_TWICE = re.compile(
    r"multiple values|\btwice\b|more than one|duplicate|重复|多个值|两次", re.IGNORECASE
)
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
    if not allowed and (symptom is None or not _TWICE.search(symptom.text)):
        return ""
    return allowed if _ORIGIN.fullmatch(allowed) else UNKNOWN_ORIGIN


async def request_with_origin(ctx: ProbeContext, page: Exchange, origin: str) -> None:
    """Send the request, if the budget of the run allows it."""
    allowance = ctx.further_requests.reserve(ctx, page.url, 0)
    if allowance is None:
        return
    extra = {"Origin": origin}
    request = PageRequest(page.url, page.address, "cross-origin", page.verified, extra=extra)
    try:
        async with deadline(allowance.seconds):
            await request_anew(ctx, request)
    except TimeoutError:
        return
