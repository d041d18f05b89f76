"""Sends the request that a message tells of, where this program's own is answered: with the method
HEAD or OPTIONS, or with header fields that the message names (User-Agent, Referer, Accept-Language,
those of a command line of curl). If it fails, it is sent once more with each difference alone,
twice without any, and then again: what fails alone, and each time, decides. A site of two machines,
one of which fails, answers every second request. If this program's own is refused, the told one is
sent once: it may have the key that is missed.

Only requests that change nothing are sent, to the target's own origin, and after the main answer.
The product token of this program stands behind a User-Agent (RFC 9110 section 10.1.5).
"""

from collections.abc import Sequence

from diagnose.model.http import Exchange
from diagnose.model.other_requests import ToldAnswer, ToldDifference, ToldPart
from diagnose.model.symptom import SymptomKind
from diagnose.net.deadline import deadline
from diagnose.net.http import USER_AGENT, get
from diagnose.net.http_errors import InvalidUrl
from diagnose.parsers.described_requests import described_request
from diagnose.parsers.redirects import redirect_target
from diagnose.parsers.request_fields import is_own_origin
from diagnose.parsers.told_requests import ToldRequest
from diagnose.parsers.urls import parse_url
from diagnose.probes import ProbeContext
from diagnose.probes.outside.http_connections import open_http
from diagnose.probes.outside.http_requests import curl_command

#: The most differences that are tried alone.
MAX_ALONE = 4
#: How often the request is sent without a difference.
_CONTROLS = 2
_SAFE = frozenset({"", "GET", "HEAD", "OPTIONS"})
#: Fields that are of the connection, of a body or of a login, or that other probes send (CORS), or
#: that make another method or address of a request.
_LEFT_OUT = frozenset(
    ["accept-encoding", "authorization", "connection", "content-length", "content-type", "cookie",
     "expect", "host", "keep-alive", "origin", "proxy-authorization", "te", "trailer",
     "transfer-encoding", "upgrade", "x-http-method", "x-http-method-override",
     "x-method-override", "x-original-url", "x-rewrite-url"]
)  # fmt: skip
#: Kinds of messages that are about the answer to one request.
_KINDS: frozenset[SymptomKind] = frozenset(
    {
        "status", "other", "closed", "reset", "incomplete", "some-visitors", "unusable", "blank",
        "method", "page-files", "redirects", "acme-response", "visitor-address",
    }
)  # fmt: skip
_PARTS: dict[str, ToldPart] = {
    "user-agent": "agent", "referer": "referer", "accept-language": "language",
}  # fmt: skip


def told_differences(told: ToldRequest) -> tuple[ToldDifference, ...]:
    """Return in what the request of a message differs from this program's own, as far as it may be
    sent: nothing, if it may change something."""
    if told.method not in _SAFE:
        return ()
    fields = dict(told.fields)
    if told.agent:
        fields["user-agent"] = f"{told.agent} {USER_AGENT}"
    if told.referer:
        fields["referer"] = told.referer
    differences = [
        ToldDifference(_PARTS.get(name, "field"), name, value)
        for name, value in fields.items()
        if name not in _LEFT_OUT and not name.startswith(("sec-", "access-control-"))
        if value.isascii() and value.isprintable()
    ]
    if told.method in {"HEAD", "OPTIONS"}:
        differences.insert(0, ToldDifference("method", "", told.method))
    return tuple(differences)


async def send_told_request(ctx: ProbeContext, page: Exchange) -> None:
    """Send the request of the message, if it differs from the answered one of this run."""
    symptom = ctx.target.symptom
    is_of_answer = symptom is not None and symptom.kind in _KINDS
    told = described_request(symptom.text) if symptom and is_of_answer else None
    differences = told_differences(told) if told else ()
    if told is None or not differences or not page.verified:
        return
    if not ctx.further_requests.begin("the request of the message"):
        return
    if (page.status or 0) >= 400:
        # The program's own request lacks what the told one has.
        await _fails(ctx, page, page.url, differences)
        return
    url = _url(ctx, told, page)
    if url != page.url and await _fails(ctx, page, url, ()):
        return
    if not await _fails(ctx, page, url, differences):
        return
    decisive: Sequence[ToldDifference] = differences
    for difference in differences[:MAX_ALONE] if len(differences) > 1 else ():
        if await _fails(ctx, page, url, (difference,)) and decisive is differences:
            decisive = (difference,)
    for _ in range(_CONTROLS):
        if await _fails(ctx, page, url, ()):
            return
    await _fails(ctx, page, url, decisive)


def _url(ctx: ProbeContext, told: ToldRequest, page: Exchange) -> str:
    """Return the address of the told request: its path, if the target is only the site."""
    path = told.path.partition("?")[0]
    is_other = ctx.target.path == "/" and path not in {"", "/"} and "?" not in told.path
    return f"{ctx.target.origin}{path}" if is_other and path.isascii() else page.url


async def _fails(
    ctx: ProbeContext, page: Exchange, url: str, differences: Sequence[ToldDifference]
) -> bool:
    """Send a request, follow a redirect of the site, emit the answer, and return whether it is an
    error; False if it may not be sent."""
    answer = await _send(ctx, page, url, differences)
    target = (answer and redirect_target(answer)) or ""
    is_led = answer is not None and is_own_origin(ctx.target, target) and target != url
    if answer is not None and is_led:
        answer = await _send(ctx, page, target, differences) or answer
    if answer is None:
        return False
    told = ToldAnswer(
        at=answer.at,
        took=answer.took,
        equivalent=answer.equivalent,
        failure=answer.failure,
        url=url,
        address=page.address,
        port=answer.port,
        differences=tuple(differences),
        status=answer.status,
        reason=answer.reason,
        led_to=answer.url if answer.url != url else "",
    )
    ctx.emit(told)
    return told.is_error


async def _send(
    ctx: ProbeContext, page: Exchange, url: str, differences: Sequence[ToldDifference]
) -> Exchange | None:
    """Send one request, and return its answer; None if it may not be sent."""
    parsed = parse_url(url)
    allowance = ctx.further_requests.reserve(ctx, url, 0) if parsed else None
    if allowance is None or parsed is None:
        return None
    method = next((each.value for each in differences if each.part == "method"), "GET")
    fields = {each.name.title(): each.value for each in differences if each.name}
    at = ctx.elapsed()
    try:
        async with deadline(allowance.seconds):
            connection, _ = await open_http(ctx, page.address, parsed, False, allowance.seconds)
            if connection is None:
                return None
            answer = await get(connection, url, allowance.seconds, fields, method)
            connection.close()
    except (TimeoutError, InvalidUrl):
        return None
    shown = [f"{name}: {value}" for name, value in fields.items()]
    return Exchange(
        at=at,
        took=answer.took,
        equivalent=curl_command(url, page.address, True, shown, method),
        failure=None if answer.status else answer.failure,
        url=url,
        address=page.address,
        port=parsed.port,
        method=method,
        status=answer.status,
        reason=answer.reason,
        headers=answer.headers,
    )
