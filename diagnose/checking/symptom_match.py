"""Which findings match the message that a person pasted. Pure."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import replace

from diagnose.checking.met_symptoms import has_number, is_cut_off
from diagnose.checking.symptom_table import is_listed, symptom_row, symptom_table
from diagnose.model import Check, Claim, Finding, Severity, Symptom
from diagnose.model.symptom import SymptomKind

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
#: What a run tries: where it meets nothing of this kind, nothing of it is wrong now. For some, it
#: has to have made a request of its own (diagnose/checking/message_controls.py). It does not try a
#: form, a sign-in, a second visitor, an hour of silence, another network, another client with its
#: own certificates or proxy, an order of a certificate, the limits and files of a program.
TRIED: frozenset[SymptomKind] = frozenset(
    {
        "name", "refused", "unreachable", "timeout", "not-connected", "reset", "closed",
        "certificate-expired", "certificate-not-yet-valid", "certificate-date", "certificate-name",
        "certificate-self-signed", "certificate-issuer", "certificate-untrusted",
        "certificate-revoked", "certificate-weak", "certificate-outdated", "certificate", "hsts",
        "tls-plain", "tls-version", "tls-parameters", "tls-name", "tls", "status", "plain-to-tls",
        "redirects", "incomplete", "decoding", "invalid-response", "http2", "cors", "mime", "frame",
        "data", "characters", "websocket-status", "websocket-accept", "websocket-subprotocol",
        "websocket", "upstream-refused", "upstream-unreachable", "upstream-timeout",
        "upstream-denied", "upstream-missing", "upstream-closed", "upstream-none-live",
        "upstream-tls", "upstream-name", "conntrack", "no-space", "no-files",
        "file-denied", "file-missing", "script", "internal-redirects", "port-in-use",
        "address-unavailable", "port-permission", "nginx-certificate", "nginx-key", "nginx-config",
        "nginx-start", "server-application", "server-application-tls", "server-application-slow",
        "server-no-backend", "server-denied", "server-file", "server-rewrite", "server-module",
        "server-certificate", "server-config", "server-start", "server-port", "server-workers",
        "outgoing", "response-field", "download", "slow", "page-files", "not-secure",
        "wrong-address", "filing", "not-through-proxy", "not-over-https", "not-by-name", "unusable",
    }
)  # fmt: skip
#: Statuses that a GET of the page without a body does not get: a large or a wrong body, a long
#: address, large fields, many requests.
_UNTRIED_STATUSES = frozenset({408, 411, 413, 414, 415, 422, 429, 431})
#: Layers whose checks are about packets, and not about what is answered.
_BELOW_HTTP = frozenset({"firewall", "tcp"})
#: A browser reports this close code for every failure (RFC 6455 section 7.1.5).
_ABNORMAL_CLOSURE = 1006
#: The words in a row that are a quotation, what a word is, and what names something of a machine.
#: Maximum number of characters of a text that is compared.
_RUN = 5
_WORD = re.compile(r"[^\s\"'`“”()\[\]{},;<>=]{1,200}")
_NAMED = re.compile(r"\w/\w|[a-z0-9]\.[a-z0-9]|\d{3}")
_MAX_WORDS = 4096
#: The attributes of observations, and of containers, that hold what a program wrote.
_WRITTEN = ("last_words", "line", "message", "words")
#: The facts of a finding that show the words of an answer.
_ANSWERS = ("answer", "words")


def is_tried(symptom: Symptom) -> bool:
    """Return whether a run does what a message is about: then it counts that it is not seen."""
    if symptom.kind == "status":
        return symptom.number not in _UNTRIED_STATUSES
    return symptom.kind in TRIED


def with_reported_notes(
    raised: Iterable[tuple[Check, Claim]], symptom: Symptom
) -> list[tuple[Check, Claim]]:
    """Make warnings of the notes that are the symptom: what may be intended is a fault for the
    person who reports it. A note that says that the run did not try something stays one."""
    return [
        (check, replace(claim, severity=Severity.WARNING) if is_note else claim)
        for check, claim in raised
        for finding in [Finding("", check, claim)]
        for is_shown in [claim.facts.get("untried") is not True]
        for is_note in [finding.is_note and is_shown and _shows_symptom((finding,), symptom)]
    ]


def produces(group: tuple[Finding, ...], symptom: Symptom) -> bool:
    """Return whether a root cause and its consequences are the symptom. What a run merely read of
    a request is no cause of anything."""
    return not group[0].check.only_unused and _shows_symptom(group, symptom)


def _shows_symptom(group: tuple[Finding, ...], symptom: Symptom) -> bool:
    """Return whether findings show what the symptom reports."""
    if any(finding.claim.is_reported for finding in group):
        return True
    if symptom.kind == "unusable":
        return group[0].severity is Severity.ERROR
    if symptom.kind in _CONTRASTS and group[0].severity is not Severity.ERROR:
        return False
    if _ends_as_reported(group, symptom) or _cuts_page_off(group, symptom):
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
        if any(has_number(observation, symptom) for observation in observations):
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


def _ends_as_reported(group: tuple[Finding, ...], symptom: Symptom) -> bool:
    """Return whether the findings have a timeout whose time the message tells."""
    timed = symptom_row(symptom).timed
    seconds = [finding.claim.facts.get("seconds") for finding in group if finding.check.id in timed]
    if not seconds:
        return False
    from diagnose.parsers.cut_connections import is_reported

    return any(
        isinstance(second, int | float) and is_reported(symptom, second) for second in seconds
    )


def _cuts_page_off(group: tuple[Finding, ...], symptom: Symptom) -> bool:
    """Return whether findings are that the page is not answered, and the message says so in the
    words of a browser: ERR_EMPTY_RESPONSE where the server ends the connection."""
    about = (finding for finding in group if finding.check.id == "http.server-error")
    return any(is_cut_off(each, symptom) for finding in about for each in finding.claim.because)


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
    group = tuple(each for each in group if each.check.id not in row.impossible)
    if not group:
        return False
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
