"""Asks for a page once more with a token, where the application says that none came: if it says so
again, the field Authorization does not reach it. The token is not a valid one."""

from diagnose.model.http import Exchange
from diagnose.parsers.missing_tokens import says_no_token
from diagnose.probes import ProbeContext
from diagnose.probes.outside.http_requests import PageRequest, request_anew

#: Three parts, as a JSON Web Token has (RFC 7519 section 3.1): {"alg":"none"}, {} and no signature.
TOKEN_FIELDS = {"Authorization": "Bearer eyJhbGciOiJub25lIn0.e30."}


async def request_with_token(ctx: ProbeContext, page: Exchange) -> None:
    if page.method != "GET" or not says_no_token(page.status, page.body):
        return
    if ctx.further_requests.begin("the page with a token"):
        request = PageRequest(
            page.url, page.address, "authorized", page.verified, extra=TOKEN_FIELDS
        )
        await request_anew(ctx, request)
