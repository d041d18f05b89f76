"""Asks for a page once more with a token, where the application says that none came: if it says so
again, the field Authorization does not reach it. The token is not a valid one. Where a program
reads tokens of one scheme only, it is asked with "Bearer" and with "Token"."""

from diagnose.model.http import Exchange
from diagnose.parsers.missing_tokens import says_no_token, says_no_token_of_its_scheme
from diagnose.probes import ProbeContext
from diagnose.probes.outside.http_requests import PageRequest, request_anew

#: Three parts, as a JSON Web Token has (RFC 7519 section 3.1): {"alg":"none"}, {} and no signature.
_TOKEN = "eyJhbGciOiJub25lIn0.e30."
TOKEN_FIELDS = {"Authorization": f"Bearer {_TOKEN}"}
#: The scheme of Django REST framework's TokenAuthentication.
_OTHER_SCHEME = {"Authorization": f"Token {_TOKEN}"}


async def request_with_token(ctx: ProbeContext, page: Exchange) -> None:
    if page.method != "GET" or not says_no_token(page.status, page.body):
        return
    schemes = [TOKEN_FIELDS]
    if says_no_token_of_its_scheme(page.body):
        schemes.append(_OTHER_SCHEME)
    for fields in schemes:
        if ctx.further_requests.begin("the page with a token"):
            request = PageRequest(page.url, page.address, "authorized", page.verified, extra=fields)
            await request_anew(ctx, request)
