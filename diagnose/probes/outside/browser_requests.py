"""Asks for the page once more with the header fields of a browser, if it was refused: some servers
answer browsers, and refuse every program or close its connection.

The product token of this program stands at the end of the User-Agent, so that the request still
says who asks (RFC 9110 section 10.1.5).
"""

from dataclasses import replace

from diagnose.model.http import Exchange
from diagnose.net.http import USER_AGENT
from diagnose.probes import ProbeContext
from diagnose.probes.outside.http_requests import PageRequest, request_anew

#: Statuses with which servers refuse programs: 403, 405 (AWS WAF), 406 (ModSecurity), 418.
_REFUSALS = {403, 405, 406, 418}
#: How often the refused request is repeated.
REPEATS = 2
#: How a connection ends if the server closes it on purpose (nginx's 444).
_CLOSED = {"closed", "reset"}

BROWSER_FIELDS = {
    "User-Agent": (
        "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) "
        f"Chrome/150.0.0.0 Safari/537.36 {USER_AGENT}"
    ),
    "Accept": "text/html,application/xhtml+xml,application/xml;q=0.9,image/webp,*/*;q=0.8",
    "Accept-Language": "en-US,en;q=0.9",
    "Sec-Fetch-Dest": "document",
    "Sec-Fetch-Mode": "navigate",
    "Sec-Fetch-Site": "none",
    "Sec-Fetch-User": "?1",
}


def is_refusal(ctx: ProbeContext, page: Exchange) -> bool:
    """Whether a browser might get another answer. The user's own User-Agent is not replaced."""
    has_agent = any(name.lower() == "user-agent" for name, _ in ctx.options.request.headers)
    if has_agent or page.method != "GET":
        return False
    return page.failure.kind in _CLOSED if page.failure else page.status in _REFUSALS


async def request_as_browser(ctx: ProbeContext, page: Exchange) -> None:
    """Repeat the request with a browser's fields, and if that is answered, as it was: what fails at
    times is no refusal. Applications of which one in two fails take turns, so it is repeated
    twice."""
    request = PageRequest(page.url, page.address, "browser", page.verified, extra=BROWSER_FIELDS)
    served = await request_anew(ctx, request)
    if served is not None and served.status is not None and served.status < 400:
        for _ in range(REPEATS):
            await request_anew(ctx, replace(request, purpose="again", extra=None))
