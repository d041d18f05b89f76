"""Which of an application's own settings an answer of the site points at. No I/O.

A healthy site has none of these, so that nothing of its programs is read.
"""

import re
from collections.abc import Iterable, Iterator, Sequence

from diagnose.model import Target
from diagnose.model.applications import Topic
from diagnose.model.http import Exchange, Upgrade
from diagnose.model.logs import FailedRequests
from diagnose.model.pages import Page, PageFileResponse
from diagnose.parsers.applications import is_plain_path, message_of
from diagnose.parsers.form_tokens import is_token_field
from diagnose.parsers.http import refuses_host, serves_files_alone
from diagnose.parsers.limit_messages import limit_message
from diagnose.parsers.program_limits import limit_told
from diagnose.parsers.redirects import redirect_target
from diagnose.parsers.set_cookie import CookieRefusal, cookie_refusal
from diagnose.parsers.token_fields import refuses_unknown, tells_of_lost_token
from diagnose.parsers.urls import is_internal_host, is_loopback_host, normalize_url, parse_url
from diagnose.parsers.websocket_refusal import unknown_session

#: A file that a page loads from an http: address.
_PLAIN_FILE = re.compile(r"\bsrc=[\"']?http://([\w.-]{1,253})", re.IGNORECASE)
_PASSWORD = re.compile(r"<input\b[^<>]{0,400}\btype=[\"']?password\b", re.IGNORECASE)
_HIDDEN = re.compile(
    r"<input\b(?=[^<>]{0,400}\btype=[\"']?hidden\b)[^<>]{0,400}?\bname=[\"']?(?P<name>[\w-]{1,60})",
    re.IGNORECASE,
)
_NONE, _SECURE = re.compile(r";\s{0,9}samesite\s{0,9}=\s{0,9}none"), re.compile(r";\s{0,9}secure\b")
_URL = re.compile(r"(?:https?|wss?)://[\w.:\[\]-]{1,260}")
#: Characters of a page, and of a message, that are looked at.
_MAX_BODY, _MAX_TEXT = 256 << 10, 2048
_SIGNED = re.compile(r"[?&]signature=")
_REFUSED = frozenset({400, 401, 403, 404})
#: What a program answers to somebody whom it does not know.
_UNKNOWN = frozenset({401, 403})
#: What a program answers for a path that it does not serve.
_CLOSED = frozenset({403, 404})
#: Not Found (RFC 9110 section 15.5.5).
_MISSING = 404
#: Content Too Large (RFC 9110 section 15.5.14), Too Many Requests (RFC 6585 section 4).
_TOO_LARGE, _TOO_MANY = 413, 429
_TOLD: dict[str, tuple[Topic, ...]] = {
    "body-size": ("body_limit",),
    "cors": ("allowed_origin",),
    "cookie": ("session_cookie",),
    # Django makes its own origin of a field only where its settings name it.
    "csrf": ("allowed_origin", "public_url", "session_cookie", "trusted_proxy"),
    "login-address": ("trusted_proxy", "public_url"),
    "redirect-loop": ("trusted_proxy", "public_url", "session_cookie"),
    "mixed-content": ("trusted_proxy", "public_url"),
}
_OWN: tuple[Topic, ...] = (
    "public_url", "trusted_proxy", "allowed_host", "allowed_origin", "base_path",
)  # fmt: skip


def suspected_topics(
    target: Target,
    exchanges: Sequence[Exchange],
    upgrades: Iterable[Upgrade] = (),
    files: Iterable[PageFileResponse] = (),
    pages: Iterable[Page] = (),
    failures: Iterable[FailedRequests] = (),
) -> frozenset[Topic]:
    """Return what may be wrong in the settings of the application itself."""
    topics = set[Topic]()
    for exchange in exchanges:
        topics.update(_of_exchange(target, exchange))
    for upgrade in upgrades:
        if upgrade.is_visit and not upgrade.accepted and upgrade.status in _REFUSED:
            # Plausible and Mattermost compare the Origin with their own address.
            topics.update(("allowed_origin", "public_url", "websocket_origin"))
        if unknown_session(upgrade):
            topics.add("workers")
    topics.update(_of_addresses(target, _named(pages)))
    # The very path that was asked for takes no upload.
    if any(failure.is_all and failure.status == _TOO_LARGE for failure in failures):
        topics.add("body_limit")
    if target.path.strip("/") and any(file.shows_fault for file in files):
        topics.add("base_path")
    if target.symptom is not None:
        topics.update(_TOLD.get(target.symptom.kind, ()))
        limit = limit_told(target.symptom.text[:_MAX_TEXT])
        if target.symptom.number == _TOO_MANY or (limit and limit.limit_of in {"ban", "rate"}):
            topics.add("trusted_proxy")
        if target.symptom.number == _TOO_LARGE or limit_message(target.symptom.text[:_MAX_TEXT]):
            topics.add("body_limit")
        topics.update(_of_addresses(target, _URL.findall(target.symptom.text[:_MAX_TEXT])))
        if any(each.status in _UNKNOWN for each in exchanges) and tells_of_lost_token(
            target.symptom.text
        ):
            topics.add("token_field")
        # The signature of an address is made with its scheme.
        if _SIGNED.search(target.path):
            topics.add("trusted_proxy")
        message = message_of(target.symptom.text)
        if message is not None and message.means in _OWN:
            topics.add(message.means)
    return frozenset(topics)


def _named(pages: Iterable[Page]) -> Iterator[str]:
    """Yield the addresses that a page has for its visitors' browsers, without those of links."""
    for page in pages:
        yield from (*page.requests, *(file.url for file in page.files), *page.posts)
        yield from (*page.insecure_forms, *page.insecure_frames, *page.local_values, page.base)


def _of_addresses(target: Target, addresses: Iterable[str]) -> Iterator[Topic]:
    for address in addresses:
        if address and is_wrong_address(target, address):
            yield "public_url"
            if is_own_plain(target, address):
                yield "trusted_proxy"


def _of_exchange(target: Target, exchange: Exchange) -> Iterator[Topic]:
    if exchange.purpose not in {"target", "redirect", "login"}:
        return
    if exchange.purpose == "target":
        if exchange.status == _TOO_MANY:
            yield "trusted_proxy"
        # A program that never gets the field with the token refuses everybody.
        is_told = target.symptom is None or target.symptom.number == exchange.status
        is_asked = is_told and target.path_without_query != "/"
        if is_asked and refuses_unknown(exchange.status, exchange.body):
            yield "token_field"
        if exchange.status in _CLOSED and is_plain_path(target.path_without_query):
            yield "plain_path"
        # A program below a folder that it does not know has no page there.
        if exchange.status == _MISSING and target.path_without_query.strip("/"):
            yield "base_path"
        if serves_files_alone(exchange.status, exchange.body):
            yield "client_route"
        if refuses_host(exchange.status, exchange.body):
            yield "allowed_host"
        elif exchange.status == 400:
            yield "trusted_proxy"
        if exchange.method == "POST" and exchange.status == 403:
            yield "allowed_origin"
        if target.uses_tls and is_express_login(exchange):
            yield "session_cookie"
        if target.uses_tls and _has_insecure_cookie(exchange):
            yield "secure_cookie"
        if _has_cookie(target, exchange, "domain"):
            yield "cookie_domain"
        if not target.uses_tls and _has_cookie(target, exchange, "insecure"):
            yield "plain_cookie"
        if target.uses_tls and _loads_plain(target, exchange.body):
            yield "trusted_proxy"
            yield "public_url"
    onward = redirect_target(exchange)
    if onward is None:
        return
    folder = target.path.rpartition("/")[0]
    is_itself = normalize_url(onward) == normalize_url(exchange.url)
    if target.uses_tls and is_itself:
        yield "trusted_proxy"
    if folder and is_itself:
        yield "base_path"
    if is_wrong_address(target, onward):
        yield "public_url"
        if is_own_plain(target, onward):
            yield "trusted_proxy"
    url = parse_url(onward)
    if url and url.host == target.host and folder and not url.path.startswith(f"{folder}/"):
        yield "base_path"


def is_express_login(exchange: Exchange) -> bool:
    """Return whether Express answers with a sign-in form and sets no cookie."""
    fields = {name.lower(): value for name, value in exchange.headers}
    is_express = fields.get("x-powered-by", "").lower() == "express"
    return is_express and "set-cookie" not in fields and has_sign_in(exchange)


def has_sign_in(exchange: Exchange) -> bool:
    """Return whether an answer has a field for a password."""
    return _PASSWORD.search(exchange.body[:_MAX_BODY]) is not None


def has_token(exchange: Exchange) -> bool:
    """Return whether a form of an answer has a token against forged forms: the application knows by
    a cookie whose it is."""
    fields = _HIDDEN.finditer(exchange.body[:_MAX_BODY])
    return any(is_token_field(match["name"], "token") for match in fields)


def _has_insecure_cookie(exchange: Exchange) -> bool:
    """Return whether browsers refuse a cookie of the answer: SameSite=None without Secure."""
    values = (value.lower() for name, value in exchange.headers if name.lower() == "set-cookie")
    return any(_NONE.search(value) and not _SECURE.search(value) for value in values)


def _has_cookie(target: Target, exchange: Exchange, refusal: CookieRefusal) -> bool:
    """Return whether browsers refuse a cookie of the answer for this reason."""
    return any(
        name.lower() == "set-cookie"
        and cookie_refusal(value, target.host, target.uses_tls) == refusal
        for name, value in exchange.headers
    )


def _loads_plain(target: Target, body: str) -> bool:
    """Return whether a page loads a file of the site itself over http."""
    names = _PLAIN_FILE.findall(body[:_MAX_BODY])
    return any(name.lower() == target.host for name in names)


def is_wrong_address(target: Target, address: str) -> bool:
    """Return whether visitors of the site cannot use an address, or lose https by it."""
    url = parse_url(address)
    if url is None:
        return False
    is_inside = is_internal_host(url.host) or is_loopback_host(url.host) or "." not in url.host
    return is_own_plain(target, address) or (
        url.host != target.host and is_inside and not is_internal_host(target.host)
    )


def is_own_plain(target: Target, address: str) -> bool:
    """Return whether an address is the site's own, and visitors lose https by it."""
    url = parse_url(address)
    return url is not None and target.uses_tls and url.host == target.host and not url.secure
