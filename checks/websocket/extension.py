"""The extensions do not match (RFC 6455 section 9.1): the 101 names one that was not offered or a
wrong parameter, or none in an empty field, or messages are compressed although it names none
(RFC 7692). Browsers end the connection: "One or more reserved bits are on: reserved1 = 1", "Found
an unsupported extension".
"""

from collections.abc import Iterator
from dataclasses import replace

from checks.nginx import Nginx, file_line
from checks.nginx._edits import Changes, config_edits
from checks.nginx._location_edits import header_lines, insert_lines, location_fix
from checks.nginx._websockets import WebSocketHandshakes
from checks.websocket import claim, ended_attempts, refused_attempts
from checks.websocket._dropped_fields import dropping_directive, with_removal
from diagnose.checking.registry import check
from diagnose.model import Claim, Confidence, Evidence, Severity, Where
from diagnose.model.http import Upgrade
from diagnose.model.websocket_attempts import websocket_attempts
from diagnose.parsers.nginx.config import children
from diagnose.parsers.nginx.locations import proxy_pass_of

_FIELD = "Sec-WebSocket-Extensions"


@check(severity=Severity.ERROR, needs=[Upgrade], needs_fault=[Upgrade])
def extension(evidence: Evidence) -> Iterator[Claim]:
    nginx = Nginx.of(evidence)
    compressed = [attempt for attempt, _ in ended_attempts(evidence, "compressed")]
    for attempt in (*refused_attempts(evidence, "extension"), *compressed):
        first = attempt.first
        handshakes = WebSocketHandshakes.at_path(evidence, attempt.path)
        is_removed = first.header(_FIELD) is None and any(
            upgrade.stayed_open and upgrade.header(_FIELD) for upgrade in handshakes.direct
        )
        directive = dropping_directive(nginx, attempt.path, _FIELD) if is_removed else None
        base_claim = claim(
            attempt,
            "pass" if is_removed else "switch-off",
            Where.SERVER if is_removed else Where.APPLICATION,
            {
                "names": first.header(_FIELD) or "",
                "refused": not first.accepted,
                "compressed": first.violation == "compressed",
                "garbled": first.violation == "deflate",
                "removed": is_removed,
                "empty": False,
                "place": file_line(directive) if directive else "",
                "without": any(
                    retry.variant == "no-deflate" and retry.stayed_open for retry in attempt.retries
                ),
            },
        )
        is_proven = not is_removed and bool(base_claim.facts["without"])
        if directive:
            yield with_removal(nginx, base_claim, directive)
        else:
            yield _without_offer(nginx, base_claim, attempt.path) if is_proven else base_claim
    yield from _empty_answers(evidence, nginx)


#: The words of Safari where the field is empty.
_SAFARI = "Invalid UTF-8 sequence in header value"


def _empty_answers(evidence: Evidence, nginx: Nginx) -> Iterator[Claim]:
    """Judge what a person tells of Safari: a client that offers nothing which the server knows gets
    an empty field, which no grammar allows (RFC 6455 section 9.1; uWebSockets.js, issue 76). Other
    browsers offer what it knows."""
    symptom = evidence.target.symptom
    for attempt in websocket_attempts(evidence) if symptom is not None else ():
        empty = [
            retry
            for retry in attempt.retries
            if retry.variant == "no-deflate" and retry.header(_FIELD) == ""
        ]
        if not empty or not attempt.first.accepted or symptom is None:
            continue
        facts = dict.fromkeys(("names", "refused", "compressed", "garbled", "removed", "place"), "")
        is_named = _SAFARI.lower() in symptom.text.lower()
        base_claim = claim(
            attempt,
            "switch-off",
            Where.APPLICATION,
            {**facts, "without": "", "empty": True},
            Confidence.CERTAIN if is_named else Confidence.LIKELY,
        )
        yield _without_offer(nginx, base_claim, attempt.path, hides=True)


def _without_offer(nginx: Nginx, base_claim: Claim, path: str, hides: bool = False) -> Claim:
    """Return the claim with the edit that keeps the client's offer from the application, which
    stayed open without it, and `hides` its answer from the client."""
    for match in nginx.location_matches(path.partition("?")[0]):
        changes: Changes = {}
        if proxy_pass_of(match) is None:
            continue
        lines = header_lines(nginx, match, {_FIELD: '""'}, changes)
        if hides:
            # A line of the location's own takes the place of all that it inherits.
            inherited = match.directives("proxy_hide_header")
            own = children(match.block, "proxy_hide_header")
            lines += [f"proxy_hide_header {' '.join(each.args)};" for each in inherited if not own]
            lines.append(f"proxy_hide_header {_FIELD};")
        insert_lines(nginx, match, lines, changes)
        if file_edits := config_edits(nginx, changes):
            return replace(
                base_claim,
                because=(*base_claim.because, *nginx.configs),
                fix=location_fix(nginx, match, file_edits, sure=False),
            )
    return base_claim
