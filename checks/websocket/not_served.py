"""The application answers the handshake exactly as it answers an ordinary request for the same
path: nothing there looks at `Upgrade`. Both were sent to the application itself, so no proxy is
involved. Or it answers the handshake with 501 (Not Implemented), as websocket-sharp does where no
service has the path.

A WSGI or PHP program knows no WebSockets, and uvicorn needs a library for them. In other frameworks
the path may be unknown.
"""

import re
from collections.abc import Iterator
from dataclasses import replace

from checks.websocket import claim, refused_attempts
from diagnose.checking.registry import check
from diagnose.model import Claim, Confidence, Evidence, Severity, Where
from diagnose.model.frozen import frozen
from diagnose.model.http import Upgrade
from diagnose.model.websocket_attempts import Attempt
from diagnose.parsers.html_tags import excerpt
from diagnose.parsers.http import proxy_page
from diagnose.parsers.websocket_refusal import (
    is_incomplete,
    is_refusal_of_action_cable,
    upgrade_lost,
)


@check(
    severity=Severity.ERROR,
    needs=[Upgrade],
    needs_fault=[Upgrade],
    explains=["websocket.not-upgraded"],
)
def not_served(evidence: Evidence) -> Iterator[Claim]:
    for attempt in refused_attempts(evidence, "other"):
        pair = _same_answers(evidence, attempt) or _not_implemented(evidence, attempt)
        if pair is None or _may_have_expired(attempt):
            continue
        if attempt.first.failure is None:
            yield _with_path(evidence, attempt, _of_block(evidence, _claim(attempt, pair)))


def _of_block(evidence: Evidence, base_claim: Claim) -> Claim:
    """Return the claim as a consequence where what was asked is no application, but a server block
    of the same nginx that loses the upgrade on its way to the program behind it."""
    # Imported late: only a finding needs them.
    from checks.nginx import Nginx
    from checks.nginx._inner_blocks import inner_requests
    from diagnose.parsers.nginx.forwarding import upgrade_forwarding

    path = str(base_claim.facts["path"])
    requests = inner_requests(Nginx.of(evidence), path, in_containers=True)
    is_lost = any(
        request.passes_on and not all(upgrade_forwarding(request.match)) for request in requests
    )
    causes = ("websocket.upgrade-headers-missing",) if is_lost else ()
    return replace(base_claim, consequence_of=causes)


def _may_have_expired(attempt: Attempt) -> bool:
    """Whether the query has what belongs to one connection, and nobody knows whether the WebSocket
    is refused in the same way without it."""
    if "?" not in attempt.path:
        return False
    # Imported late: few paths have a query.
    from diagnose.parsers.websocket_ids import path_without_ids

    is_refused = any(
        retry.variant == "without-id" and retry.status == attempt.first.status
        for retry in attempt.retries
    )
    return bool(path_without_ids(attempt.path)) and not is_refused


@frozen
class _Pair:
    """The application's answers to a handshake and to an ordinary request."""

    handshake: Upgrade
    plain: Upgrade

    @property
    def software(self) -> str:
        """Return what the application's server calls itself, "" if it does not."""
        upgrades = (self.plain, self.handshake)
        names = (upgrade.header(name) for name in _NAMES for upgrade in upgrades)
        return next((name for name in names if name), "")

    @property
    def kind(self) -> str:
        """Return what the words or the name of the server tell, "" if nothing."""
        if _VAULTWARDEN in self.plain.body:
            return "vaultwarden"
        return next((name for name, pattern in _KINDS if pattern.search(self.software)), "")


#: The fields in which a server and a framework name themselves.
_NAMES = ("X-Powered-By", "Server")


def _same_answers(evidence: Evidence, attempt: Attempt) -> _Pair | None:
    direct = [
        upgrade
        for upgrade in evidence.good(Upgrade)
        if upgrade.path == attempt.path and upgrade.through == "application"
    ]
    handshakes = [upgrade for upgrade in direct if upgrade.variant != "plain"]
    if any(
        upgrade.accepted
        or upgrade_lost(upgrade.status, upgrade.body)
        or is_refusal_of_action_cable(upgrade)
        for upgrade in direct
    ):
        return None
    whole = [upgrade for upgrade in direct if upgrade.variant == "whole-path"]
    normal = [upgrade.status for upgrade in direct if upgrade.variant == "normal"]
    if any(upgrade.status in {401, 403} and upgrade.status not in normal for upgrade in whole):
        return None  # The application was asked for another path than the visitor's, which it has.
    pairs = (
        _Pair(handshake, plain)
        for plain in direct
        for handshake in handshakes
        if plain.variant == "plain" and handshake.variant == "normal"
    )
    pair = next((pair for pair in pairs if _is_same(pair.handshake, pair.plain)), None)
    # The program has the path then, and looks for something else before it looks at Upgrade.
    return None if pair and is_incomplete(pair.plain) and not pair.kind else pair


def _not_implemented(evidence: Evidence, attempt: Attempt) -> _Pair | None:
    """Return the application's own 501 to the handshake that visitors get 501 for."""
    direct = (
        upgrade
        for upgrade in evidence.good(Upgrade)
        if upgrade.path == attempt.path and upgrade.through == "application"
        if upgrade.variant == "normal" and upgrade.status == 501 == attempt.first.status
    )
    return next((_Pair(upgrade, upgrade) for upgrade in direct), None)


def _is_same(handshake: Upgrade, plain: Upgrade) -> bool:
    """Whether the answers are the same, and none is a proxy's own refusal, as of a large field."""
    is_refusal = bool(proxy_page(plain.body)) and plain.status == 400
    return handshake.status == plain.status and _text(handshake) == _text(plain) and not is_refusal


def _text(upgrade: Upgrade) -> str:
    """Return the beginning of an answer, without numbers, which may differ from one to the next."""
    return re.sub(r"\d+", "", excerpt(upgrade.body, 200)).rstrip("…")[:150]


#: Servers of which the name tells why.
_KINDS = (
    ("proxy", re.compile(r"nginx|Apache|Caddy|openresty|Tengine|LiteSpeed|envoy", re.IGNORECASE)),
    ("uvicorn", re.compile(r"uvicorn", re.IGNORECASE)),
    ("wsgi", re.compile(r"gunicorn|waitress|WSGIServer|Werkzeug|CherryPy|mod_wsgi", re.IGNORECASE)),
    ("php", re.compile(r"^PHP", re.IGNORECASE)),
    ("express", re.compile(r"^Express$", re.IGNORECASE)),
)

#: The answer of Vaultwarden before 1.29, of which the WebSocket has a port of its own
#: (src/api/notifications.rs, websockets_err).
_VAULTWARDEN = "should be proxied to the websocket server or notifications won't work"


def _claim(attempt: Attempt, pair: _Pair) -> Claim:
    software, kind = pair.software, pair.kind
    base_claim = claim(
        attempt,
        kind or "serve-it",
        Where.APPLICATION,
        {
            "application": _endpoint(pair.plain),
            "software": software,
            "direct_status": pair.plain.status or "",
            "direct_answer": excerpt(pair.plain.body),
            **{name: name == kind for name in ("vaultwarden", *(name for name, _ in _KINDS))},
            "host": _endpoint(pair.plain).rpartition(":")[0],
            "unknown": not kind,
            "missing": pair.handshake is pair.plain,
            **dict.fromkeys(("opens", "line", "new_line"), ""),
        },
        Confidence.CERTAIN if kind == "vaultwarden" else Confidence.LIKELY,
        ruled_out=("websocket.upgrade-headers-missing",),
    )
    return replace(base_claim, because=(*base_claim.because, pair.handshake, pair.plain))


def _endpoint(upgrade: Upgrade) -> str:
    address = f"[{upgrade.address}]" if upgrade.address.count(":") > 1 else upgrade.address
    return upgrade.address if upgrade.address.startswith("unix:") else f"{address}:{upgrade.port}"


def _with_path(evidence: Evidence, attempt: Attempt, base_claim: Claim) -> Claim:
    """Return the claim with the one other path at which the application opens a WebSocket, and the
    edit of nginx that asks for it there."""
    accepted = [
        upgrade
        for upgrade in evidence.good(Upgrade)
        if (upgrade.variant, upgrade.through) == ("other-path", "application")
        and upgrade.path == attempt.path
        and upgrade.stayed_open
    ]
    paths = {upgrade.url.partition("://")[2].partition("/")[2] for upgrade in accepted}
    if len(paths) != 1:
        return base_claim
    # Imported late: only a finding needs them.
    from checks.nginx import Nginx, file_line
    from checks.nginx._edits import config_edit
    from checks.nginx._location_edits import location_fix, serves_only
    from diagnose.parsers.nginx import edits
    from diagnose.parsers.nginx.locations import proxy_pass_of

    nginx, path = Nginx.of(evidence), f"/{paths.pop()}"
    facts = {**base_claim.facts, "opens": path}
    found = replace(base_claim, facts=facts, because=(*base_claim.because, *accepted))
    for match in nginx.location_matches(attempt.path.partition("?")[0]):
        directive = proxy_pass_of(match)
        target = directive.args[0] if directive and directive.args else ""
        is_bare = "$" not in target and target.count("/") == 2
        # With a URI the path that visitors ask for is replaced, up to the end of the location's.
        if directive is None or not is_bare or not serves_only(match, [attempt.path]):
            continue
        line = f"proxy_pass {target}{path};"
        edit = config_edit(nginx, directive.file, edits.replace_directive(directive, line))
        if edit is not None:
            return replace(
                found,
                location=nginx.location(directive),
                facts={**facts, "line": file_line(directive), "new_line": line},
                fix=location_fix(nginx, match, (edit,), sure=False),
            )
    return found
