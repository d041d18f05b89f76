"""The handshake is redirected. RFC 6455 section 4.1 lets clients follow; browsers do not.

A redirect to a login page is how many applications refuse those who have not logged in, and this
run has not: that is a note, unless a message says that the WebSocket does not open."""

import re
from collections.abc import Iterator
from dataclasses import replace

from checks.nginx import Nginx, _location_edits, file_line
from checks.nginx._edits import Changes, config_edits
from checks.nginx._websockets import WebSocketHandshakes
from checks.websocket import claim, refused_attempts
from diagnose.checking.registry import check
from diagnose.model import Claim, Confidence, Evidence, Severity, Where
from diagnose.model.http import Upgrade
from diagnose.model.websocket_attempts import Attempt
from diagnose.parsers.lazy_pattern import lazy_pattern
from diagnose.parsers.nginx import edits
from diagnose.parsers.nginx.forwarding import application_of
from diagnose.parsers.nginx.locations import location_pattern, proxy_pass_of
from diagnose.parsers.urls import parse_url

#: Words of the path of a login page: `/login`, `/users/sign_in`, `/oauth2/authorize`.
_LOGIN = lazy_pattern(
    r"(?:^|[/._-])(?:log-?in|log-?on|sign[-_]?in|auth|oauth2?|sso|saml2?|cas)(?:[/._?-]|$)",
    re.IGNORECASE,
)


@check(severity=Severity.ERROR, needs=[Upgrade], needs_fault=[Upgrade])
def redirected(evidence: Evidence) -> Iterator[Claim]:
    for attempt in refused_attempts(evidence, "redirected"):
        location = attempt.first.header("Location") or ""
        target = parse_url(location)
        path = (target.path if target else location).partition("?")[0]
        original_path = attempt.path.partition("?")[0]
        is_login = _is_login(attempt, location)
        secure = not evidence.target.uses_tls and bool(target and target.secure)
        is_told = evidence.target.symptom is not None
        base_claim = claim(
            attempt,
            "log-in" if is_login else "exact-url",
            Where.APPLICATION if is_login else Where.SERVER,
            {
                "path": original_path,  # a location of nginx has no query
                "location": location,
                "slash": not secure
                and path.rstrip("/") == original_path.rstrip("/")
                and path != original_path,
                "secure": secure,
                "login": is_login,
                "place": "",
                "block": "",
            },
            Confidence.LIKELY if is_login else Confidence.CERTAIN,
            (Severity.WARNING if is_told else Severity.NOTE) if is_login else None,
        )
        yield _with_place(Nginx.of(evidence), base_claim, attempt.path)


def _is_login(attempt: Attempt, location: str) -> bool:
    """Return whether a handshake without a login is sent to a page where one logs in. That the
    path of the handshake has such a word says nothing."""
    path = attempt.path.partition("?")[0].rstrip("/")
    target = parse_url(location)
    leads_to = (target.path if target else location).partition("?")[0].rstrip("/")
    is_word = leads_to != path and bool(_LOGIN.search(leads_to.removeprefix(path)))
    return is_word and not attempt.first.authenticated


def _with_place(nginx: Nginx, base_claim: Claim, path: str) -> Claim:
    """Name the location of nginx that redirects by itself, if that is known."""
    matches = list(nginx.location_matches(path))
    if not matches and not (base_claim.facts["login"] or base_claim.facts["secure"]):
        # Imported late: most of these servers are nginx.
        from checks.websocket._rules_below import below_fix

        fix = below_fix(nginx.evidence, path.partition("?")[0])
        return replace(base_claim, fix=fix) if fix else base_claim
    if len(matches) != 1 or not matches[0].redirects:
        return base_claim
    location = matches[0].block
    named_claim = replace(
        base_claim,
        because=(*base_claim.because, *nginx.configs),
        location=nginx.location(location),
        facts={
            **base_claim.facts,
            "place": file_line(location),
            "block": " ".join(("location", *location.args)),
        },
    )
    return _with_fix(nginx, named_claim, path)


def _with_fix(nginx: Nginx, base_claim: Claim, path: str) -> Claim:
    """Add the fix if nginx itself redirects.

    nginx knows the path with a slash at the end, and the application accepts the handshake without
    it. The fix makes the location accept both.
    """
    matches = list(nginx.location_matches(path))
    if (
        len(matches) != 1
        or not matches[0].redirects
        or not WebSocketHandshakes.at_path(nginx.evidence, path).accepted_by_application
    ):
        return base_claim
    match = matches[0]
    changes: Changes = {}
    location = match.block
    file, pattern = nginx.file(location), location_pattern(location)
    pass_directive = proxy_pass_of(match)
    application = application_of(match, pass_directive) if pass_directive else None
    if (
        file is None
        or pattern is None
        or pattern.modifier
        or application is None
        or application.uri is not None
    ):
        return base_claim
    old_text = file.text[location.start : location.opened]
    new_text = old_text.replace(pattern.text, pattern.text.rstrip("/"), 1)
    change = edits.TextEdit(location.start, location.opened, new_text)
    changes.setdefault(location.file, []).append(change)
    file_edits = config_edits(nginx, changes)
    if not file_edits:
        return base_claim
    return replace(base_claim, fix=_location_edits.location_fix(nginx, match, file_edits))
