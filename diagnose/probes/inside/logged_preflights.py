"""Probe that sends a CORS preflight (OPTIONS, Fetch standard, "CORS-preflight fetch") again which
was refused to a visitor's browser, by the access log. It asks without changing anything (RFC 9110
section 9.2.1).

The log does not say which site asked: an origin that nobody has is sent.
"""

from diagnose.model.http import Exchange
from diagnose.model.logs import FailedRequests
from diagnose.net.deadline import deadline
from diagnose.parsers.failed_requests import NO_PREFLIGHT
from diagnose.parsers.request_fields import UNKNOWN_ORIGIN
from diagnose.probes import ProbeContext, probe
from diagnose.probes.outside.http_requests import PageRequest, request_anew

#: Maximum number of paths.
MAX_PATHS = 2

#: What a script of another site needs a preflight for, as a rule.
FIELDS = {"Origin": UNKNOWN_ORIGIN, "Access-Control-Request-Method": "POST"}


@probe(after=FailedRequests)
async def preflight(ctx: ProbeContext, failure: FailedRequests) -> None:
    if failure.method != "OPTIONS" or failure.status not in NO_PREFLIGHT:
        return
    page = next((page for page in ctx.observed(Exchange) if page.is_page_of(ctx.target)), None)
    slots = (f"preflight {number}" for number in range(MAX_PATHS))
    if page is None or not ctx.further_requests.begin(f"preflight at {failure.path}"):
        return
    if not any(ctx.further_requests.begin(slot) for slot in slots):
        return
    url = ctx.target.origin + failure.path
    allowance = ctx.further_requests.reserve(ctx, url, 0)
    if allowance is None:
        return
    request = PageRequest(
        url, page.address, "logged", page.verified, extra=FIELDS, own_method="OPTIONS"
    )
    try:
        async with deadline(allowance.seconds):
            await request_anew(ctx, request)
    except TimeoutError:
        return
