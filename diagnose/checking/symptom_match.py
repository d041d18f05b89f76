"""Which findings and observations match the message that a person pasted. Pure, except that it
reads `checks/symptoms.toml`.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from functools import cache
from itertools import islice
from pathlib import Path
from typing import Any

import checks
from diagnose.model import Check, Claim, Evidence, Finding, Observation, Severity, Symptom
from diagnose.model.frozen import frozen
from diagnose.model.http import Exchange
from diagnose.model.symptom import SymptomKind
from diagnose.parsers.http import browser_page

TABLE = Path(next(iter(checks.__path__))) / "symptoms.toml"

#: Statuses and close codes are compared by these kinds.
NUMBERED: frozenset[SymptomKind] = frozenset({"status", "websocket-status", "websocket-closed"})
#: Kinds that say that the whole site fails where something else works.
_CONTRASTS: frozenset[SymptomKind] = frozenset(
    {"not-outside", "not-through-proxy", "not-over-https", "not-by-name"}
)
#: Kinds that say how a connection fails, and not which.
_CONNECTIONS: frozenset[SymptomKind] = frozenset(
    {"refused", "timeout", "not-connected", "reset", "closed"}
)
#: What runs over a WebSocket in a page, in the words of who uses it.
_OVER_WEBSOCKET = re.compile(
    r"(?i)web ?sockets?|(?<![a-z0-9.-])wss?://"
    r"|(?<![a-z0-9-])(?:terminals?|consoles?|web ?shells?|shellserver|xterm|vnc)(?![a-z0-9-])"
    r"|终端|控制台"
)
#: Kinds that any line may be of.
_WITHOUT_WORDS: frozenset[SymptomKind] = frozenset({"status", "unusable", "other", "sometimes"})
#: What a run does not try: a form, a sign-in, a second visitor, a field or an address that only the
#: application sees, an hour of silence, another network, a page's scripts. That it is not seen says
#: nothing of it.
UNTRIED: frozenset[SymptomKind] = frozenset(
    {
        "visitor-address", "request-field", "cached", "upload", "csrf", "cookie", "login",
        "callback", "login-address", "websocket-closed", "method", "not-loaded", "some-visitors",
        "other-name", "blank", "wrong-site", "ranges", "body-size", "limit", "not-outside",
    }
)  # fmt: skip
#: Statuses that a GET of the page without a body does not get: a large or a wrong body, a long
#: address, large fields, many requests.
_UNTRIED_STATUSES = frozenset({408, 411, 413, 414, 415, 422, 429, 431})
#: A path of the site in a message, with or without its host, and the folders of a server, which
#: are none. Maximum number of paths that are looked at.
_PATH = re.compile(r"(?<![\w.<:/])(?:https?://[^\s/\"'<>]{1,255})?(/[\w~%.(][\w~%.()*/-]{0,400})")
_FOLDERS = ("/etc/", "/var/", "/usr/", "/srv/", "/home/", "/opt/", "/root/", "/run/", "/tmp/")
_MAX_PATHS = 8
#: Layers whose checks are about packets, and not about what is answered.
_BELOW_HTTP = frozenset({"firewall", "tcp"})
#: A browser reports this close code for every failure (RFC 6455 section 7.1.5).
_ABNORMAL_CLOSURE = 1006
#: The words in a row that are a quotation, what a word is, and what names something of a machine.
#: Maximum number of characters of a text that is compared.
_RUN = 5
#: The sentence of HAProxy's own page for 400.
_HAPROXY_PAGE = "your browser sent an invalid request"
_WORD = re.compile(r"[^\s\"'`“”()\[\]{},;<>=]{1,200}")
_NAMED = re.compile(r"\w/\w|[a-z0-9]\.[a-z0-9]|\d{3}")
_MAX_WORDS = 4096
#: The attributes of observations, and of containers, that hold what a program wrote.
_WRITTEN = ("last_words", "line", "message", "words")
#: Kinds that say that a page is not shown, and not why.
_NOT_SHOWN: frozenset[SymptomKind] = frozenset({"unusable", "blank", "wrong-site", "data"})
#: The facts of a finding that show the words of an answer.
_ANSWERS = ("answer", "words")
#: How a failed attempt is called in a message.
_FAILURES: Mapping[str, frozenset[SymptomKind]] = {
    "Connection": frozenset({"refused", "unreachable", "timeout", "not-connected"}),
    "Handshake": frozenset({"reset", "closed", "timeout", "tls"}),
    "Resolution": frozenset({"name"}),
}


@frozen
class SymptomRow:
    """The checks whose findings are a symptom (`shown`), or are it where the message tells their
    time (`timed`), or may lead to it (`possible`); the key of the text that says where else it may
    come from; and the checks of what most often leads to it (`usual`), the most frequent first."""

    shown: tuple[str, ...] = ()
    possible: tuple[str, ...] = ()
    elsewhere: str = ""
    usual: tuple[str, ...] = ()
    timed: tuple[str, ...] = ()


#: What leads to HAProxy's own page for 400: not what leads to the 400 of others.
_HAPROXY_ROW = SymptomRow(
    possible=("server.haproxy-request-too-large", "server.haproxy-health-check-fails"),
    usual=("server.haproxy-request-too-large",),
)


@cache
def symptom_table() -> Mapping[str, SymptomRow]:
    """Return the table of symptoms. "status-502" is a row for one status."""
    import tomllib  # few runs have a pasted message

    rows: dict[str, Any] = tomllib.loads(TABLE.read_text("utf-8"))
    return {
        name: SymptomRow(
            tuple(row.get("shown", ())),
            tuple(row.get("possible", ())),
            row.get("elsewhere", ""),
            tuple(row.get("usual", ())),
            tuple(row.get("timed", ())),
        )
        for name, row in rows.items()
    }


def is_tried(symptom: Symptom) -> bool:
    """Return whether a run does what a message is about: then it counts that it is not seen."""
    if symptom.kind == "status":
        return symptom.number not in _UNTRIED_STATUSES
    return symptom.kind not in UNTRIED


def symptom_row(symptom: Symptom) -> SymptomRow:
    """Return the row of a symptom; that of its number for an HTTP status."""
    if symptom.kind == "status" and symptom.number is not None:
        is_of_haproxy = symptom.number == 400 and _HAPROXY_PAGE in symptom.text.lower()
        if is_of_haproxy:
            return _HAPROXY_ROW
        return symptom_table().get(f"status-{symptom.number}", SymptomRow())
    return symptom_table()[symptom.kind]


def with_reported_notes(
    raised: Iterable[tuple[Check, Claim]], symptom: Symptom
) -> list[tuple[Check, Claim]]:
    """Make warnings of the notes that are the symptom: what may be intended is a fault for the
    person who reports it."""
    return [
        (check, replace(claim, severity=Severity.WARNING) if is_note else claim)
        for check, claim in raised
        for finding in [Finding("", check, claim)]
        for is_note in [finding.is_note and _shows((finding,), symptom)]
    ]


def produces(group: tuple[Finding, ...], symptom: Symptom) -> bool:
    """Return whether a root cause and its consequences are the symptom. What a run merely read of
    a request is no cause of anything."""
    return not group[0].check.only_unused and _shows(group, symptom)


def _shows(group: tuple[Finding, ...], symptom: Symptom) -> bool:
    """Return whether findings show what the symptom reports."""
    if any(finding.claim.is_reported for finding in group):
        return True
    if symptom.kind == "unusable":
        return group[0].severity is Severity.ERROR
    if symptom.kind in _CONTRASTS and group[0].severity is not Severity.ERROR:
        return False
    if _ends_when_told(group, symptom):
        return True
    if _shows_words(group, symptom) or _names_answer(group, symptom):
        return True
    if symptom.number is not None and symptom.kind in NUMBERED:
        observations = (
            because
            for finding in group
            if _is_about_responses(finding.check, symptom)
            for because in finding.claim.because
        )
        if any(_has_number(observation, symptom) for observation in observations):
            return True
        if symptom.number != _ABNORMAL_CLOSURE:
            return False
    shown = (*symptom_table()[symptom.kind].shown, *_websocket_checks(symptom))
    if any(is_listed(finding.check.id, shown) for finding in group) or _quotes(group, symptom):
        return True
    return _shows_words(group, symptom)


def _websocket_checks(symptom: Symptom) -> tuple[str, ...]:
    """Return the checks of a WebSocket that does not open, if a message tells of a connection that
    fails and names what runs over a WebSocket: a terminal is not reached, where the page is."""
    if symptom.kind not in _CONNECTIONS or not _OVER_WEBSOCKET.search(symptom.text):
        return ()
    return tuple(check for check in symptom_table()["websocket"].shown if "websocket" in check)


def _ends_when_told(group: tuple[Finding, ...], symptom: Symptom) -> bool:
    """Return whether the findings have a timeout whose time the message tells."""
    timed = symptom_row(symptom).timed
    seconds = [finding.claim.facts.get("seconds") for finding in group if finding.check.id in timed]
    if not seconds:
        return False
    from diagnose.parsers.cut_connections import is_told

    return any(isinstance(each, int | float) and is_told(symptom, each) for each in seconds)


def _is_about_responses(check: Check, symptom: Symptom) -> bool:
    """Return whether a status among the evidence of a check is what the check is about. Those
    about packets take a response for its header only (firewall.http3-closed)."""
    layer = check.id.partition(".")[0]
    return layer not in _BELOW_HTTP or _explains_response(check, symptom)


def _quotes(group: tuple[Finding, ...], symptom: Symptom) -> bool:
    """Return whether the findings rest on a line of nginx's log that says what the message says."""
    lines = (
        because
        for finding in group
        for because in finding.claim.because
        if type(because).__name__ == "LogLine"
    )
    texts = {f"{getattr(line, 'text', '')} {getattr(line, 'doing', '')}" for line in lines}
    if not texts or symptom.kind in _WITHOUT_WORDS:
        return False
    from diagnose.parsers.symptoms import message_symptom

    return any(meant.kind == symptom.kind for meant in map(message_symptom, texts) if meant)


def _shows_words(group: tuple[Finding, ...], symptom: Symptom) -> bool:
    """Return whether a message quotes a line of a program that the findings show or rest on: the
    same words in a row, a name of this machine among them. What a program writes about a file that
    is not there is the same for every file."""
    wanted = set(_runs(symptom.text))
    if not wanted:
        return False
    faults = (finding for finding in group if not finding.is_note)
    texts = (text for finding in faults for text in _program_words(finding))
    return any(run in wanted for text in texts for run in _runs(text[:_MAX_WORDS]))


def _names_answer(group: tuple[Finding, ...], symptom: Symptom) -> bool:
    """Return whether the findings name an answer that has the words of the message."""
    answers = [
        because
        for finding in group
        if any(finding.claim.facts.get(name) for name in _ANSWERS)
        for because in finding.claim.because
    ]
    if not answers:
        return False
    from diagnose.checking.repeating_answers import is_repeating

    return any(is_repeating(answer, symptom) for answer in answers)


def _program_words(finding: Finding) -> Iterator[str]:
    """Yield what a finding shows, and what programs wrote, among its evidence."""
    yield from (value for value in finding.claim.facts.values() if isinstance(value, str))
    for because in finding.claim.because:
        for each in (because, *getattr(because, "containers", ())):
            values = (getattr(each, name, "") for name in _WRITTEN)
            yield from (value for value in values if isinstance(value, str))


def _runs(text: str) -> Iterator[tuple[str, ...]]:
    """Yield each run of words of a text that has a name: a path, a host, an address, a number."""
    words = _WORD.findall(text.lower())
    for start in range(len(words) - _RUN + 1):
        run = tuple(words[start : start + _RUN])
        if any(map(_NAMED.search, run)):
            yield run


def may_produce(group: tuple[Finding, ...], symptom: Symptom) -> bool:
    """Return whether a root cause and its consequences may lead to the symptom."""
    row = symptom_row(symptom)
    if any(is_listed(finding.check.id, row.possible) for finding in group):
        return True
    if any(finding.check.needs_message or _rests_on_words(finding) for finding in group):
        return True
    if symptom.kind == "timeout" and _gateway_times_out(group):
        return True
    check = group[0].check
    if symptom.number is not None and symptom.kind in NUMBERED:
        return _explains_response(check, symptom)
    return any(
        is_listed(shown_check, check.explains) and not _replaces(check.id, shown_check)
        for shown_check in row.shown
    )


def _rests_on_words(finding: Finding) -> bool:
    """Return whether a finding is made of the message itself: no request of this run shows it."""
    return any(finding.claim.facts.get(name) is True for name in ("told", "reported"))


def _explains_response(check: Check, symptom: Symptom) -> bool:
    """Return whether a check explains responses such as the one with the symptom's number: those of
    another server, for example."""
    if symptom.kind == "status":
        is_error = (symptom.number or 0) >= 500
        return "http.*" in check.explains or (is_error and "http.server-error" in check.explains)
    return is_listed("websocket.not-upgraded", check.explains)


def _gateway_times_out(group: tuple[Finding, ...]) -> bool:
    """Return whether the findings rest on a 504: a client less patient than the proxy gives up
    before it."""
    observations = (because for finding in group for because in finding.claim.because)
    return any(getattr(observation, "status", None) == 504 for observation in observations)


def _replaces(check_id: str, shown_check: str) -> bool:
    """Return whether both are faults of one certificate: one that has to be replaced anyway
    explains its other faults, without being their reason."""
    return check_id.startswith("certificate.") and shown_check.startswith("certificate.")


def is_listed(check_id: str, patterns: Iterable[str]) -> bool:
    layer = f"{check_id.partition('.')[0]}.*"
    return any(pattern in {check_id, layer} for pattern in patterns)


def is_met(evidence: Evidence, symptom: Symptom) -> bool:
    """Return whether the run itself met the symptom at the target: its status, how it fails, or its
    very words in an answer. A WebSocket that opens may well refuse to be a page; one that nobody
    named is tried only because it may be there."""
    from diagnose.checking.repeating_answers import repeating_answer

    is_opened = evidence.target.is_websocket and any(
        type(observation).__name__ == "Upgrade" and getattr(observation, "accepted", False)
        for observation in evidence.observations
    )
    if repeating_answer(evidence) is not None or _is_page_refused(evidence, symptom):
        return True
    return any(
        (
            _has_number(observation, symptom)
            and _is_asked(observation, evidence)
            and not (is_opened and _is_page(observation))
        )
        or _has_failed(observation, evidence, symptom)
        or _lacks_field(observation, symptom)
        for observation in evidence.observations
    )


def _lacks_field(observation: Observation, symptom: Symptom) -> bool:
    """Return whether the page lacks a field that a message says is missing."""
    is_page = _is_page(observation) and getattr(observation, "purpose", "") == "target"
    if symptom.kind != "response-field" or not is_page:
        return False
    from diagnose.parsers.missing_fields import missing_fields

    present = {name.lower() for name, _ in getattr(observation, "headers", ())}
    is_answered = getattr(observation, "status", None) is not None
    return is_answered and any(name.lower() not in present for name in missing_fields(symptom.text))


def _is_page_refused(evidence: Evidence, symptom: Symptom) -> bool:
    """Return whether a message says that the page is not shown, and it is refused, or is not there,
    for browsers too: it may be intended, and is a fault for the person who reports it."""
    if symptom.kind not in _NOT_SHOWN or evidence.target.is_websocket:
        return False
    answers = [each for each in evidence.of(Exchange) if each.is_page_of(evidence.target)]
    return bool(answers) and all(
        (page.status or 0) >= 400 and browser_page(evidence, page) is None for page in answers
    )


def _is_page(observation: Observation) -> bool:
    return type(observation).__name__ == "Exchange"


def _is_asked(observation: Observation, evidence: Evidence) -> bool:
    if type(observation).__name__ != "Upgrade":
        return True
    path = getattr(observation, "path", "")
    return path in evidence.target.websockets and not _has_ended_since(evidence, path)


def _has_ended_since(evidence: Evidence, path: str) -> bool:
    """Return whether the id in a WebSocket's path is of a connection that has ended: without it, or
    with one of this run's own each time, the WebSocket opens."""
    own = [
        getattr(observation, "accepted", False)
        for observation in evidence.observations
        if type(observation).__name__ == "Upgrade"
        and getattr(observation, "path", "") == path
        and getattr(observation, "variant", "") in {"without-id", "session"}
    ]
    return bool(own) and all(own)


def _has_number(observation: Observation, symptom: Symptom) -> bool:
    kind = type(observation).__name__
    if symptom.number is None:
        return False
    if kind == "Upgrade":
        field = "close_code" if symptom.kind == "websocket-closed" else "status"
        return getattr(observation, field, None) == symptom.number
    is_page = getattr(observation, "purpose", "") in {"target", "redirect"}
    if kind in {"FailedRequests", "OtherRequest"} and _is_about_another_path(
        symptom.text, getattr(observation, "path", "")
    ):
        return False
    is_of_visitors = kind == "FailedRequests" or (
        kind == "OtherRequest"
        and getattr(observation, "source", "") == "log"
        and getattr(observation, "is_from_page", False)
    )
    return (
        (is_of_visitors or kind == "PageFileResponse" or (kind == "Exchange" and is_page))
        and symptom.kind == "status"
        and getattr(observation, "status", None) == symptom.number
    )


def _is_about_another_path(words: str, path: str) -> bool:
    """Return whether a message names paths of the site, and neither this one nor one above it."""
    texts = [match[1] for match in islice(_PATH.finditer(words), _MAX_PATHS)]
    tops = [text.rstrip("/.*" if "(" in text else "/.*)") for text in texts]
    named = [top for top in tops if top and not f"{top}/".startswith(_FOLDERS)]
    bare = path.partition("?")[0]
    return bool(named) and not any(bare == top or bare.startswith(f"{top}/") for top in named)


def _has_failed(observation: Observation, evidence: Evidence, symptom: Symptom) -> bool:
    failure = observation.failure
    kinds = _FAILURES.get(type(observation).__name__, frozenset())
    if failure is None or symptom.kind not in kinds:
        return False
    if getattr(observation, "port", evidence.target.port) != evidence.target.port:
        return False
    if type(observation).__name__ == "Resolution" and _is_resolved(evidence):
        return False
    if getattr(observation, "variant", "normal") not in {"normal", "again"}:
        return False
    return symptom.kind in {failure.kind, "not-connected", "name", "tls"}


def _is_resolved(evidence: Evidence) -> bool:
    """Return whether the name has an address of one family: most have none of the other."""
    return any(
        type(observation).__name__ == "Resolution"
        and observation.failure is None
        and bool(getattr(observation, "addresses", ()))
        for observation in evidence.observations
    )
