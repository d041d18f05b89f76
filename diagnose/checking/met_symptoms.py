"""Whether a run itself met what a pasted message says. Pure."""

import re
from collections.abc import Mapping
from itertools import islice

from diagnose.model import Evidence, Observation, Symptom
from diagnose.model.http import Exchange
from diagnose.model.symptom import SymptomKind
from diagnose.parsers.http import browser_page

#: A path of the site in a message, with or without its host, and the folders of a server, which
#: are none. Maximum number of paths that are looked at.
_PATH = re.compile(r"(?<![\w.<:/])(?:https?://[^\s/\"'<>]{1,255})?(/[\w~%.(][\w~%.()*/-]{0,400})")
_FOLDERS = ("/etc/", "/var/", "/usr/", "/srv/", "/home/", "/opt/", "/root/", "/run/", "/tmp/")
_MAX_PATHS = 8
#: Kinds that say that a page is not shown, and not why.
_NOT_SHOWN: frozenset[SymptomKind] = frozenset({"unusable", "blank", "wrong-site", "data"})
#: How a failed attempt is called in a message.
_FAILURES: Mapping[str, frozenset[SymptomKind]] = {
    "Connection": frozenset({"refused", "unreachable", "timeout", "not-connected"}),
    "Handshake": frozenset({"reset", "closed", "timeout", "tls"}),
    "Resolution": frozenset({"name"}),
    "Exchange": frozenset({"reset", "closed"}),
}


def is_met(evidence: Evidence, symptom: Symptom) -> bool:
    """Return whether the run itself met the symptom at the target: its status, how it fails, or its
    very words in an answer. A WebSocket that opens may well refuse to be a page; one that nobody
    named is tried only because it may be there."""
    from diagnose.checking.repeating_answers import repeating_answer
    from diagnose.model.other_requests import is_answered_as_told

    # This run's own page says nothing then. A file of the page or a WebSocket does.
    is_told = is_answered_as_told(evidence)
    is_opened = evidence.target.is_websocket and any(
        type(observation).__name__ == "Upgrade" and getattr(observation, "accepted", False)
        for observation in evidence.observations
    )
    if not is_told and (
        repeating_answer(evidence) is not None or _is_page_refused(evidence, symptom)
    ):
        return True
    return any(
        (
            has_number(observation, symptom)
            and _is_asked(observation, evidence)
            and not ((is_opened or is_told) and _is_page(observation))
        )
        or (_has_failed(observation, evidence, symptom) and _is_of_target(observation))
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
    answers = [
        exchange for exchange in evidence.of(Exchange) if exchange.is_page_of(evidence.target)
    ]
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


def has_number(observation: Observation, symptom: Symptom) -> bool:
    """Return whether an observation shows the status, or the close code, of a message."""
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
        (
            is_of_visitors
            or kind in {"PageFileResponse", "ToldAnswer"}
            or (kind == "Exchange" and is_page)
        )
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


def is_cut_off(observation: Observation, symptom: Symptom) -> bool:
    """Return whether a request for the page was ended as a message says: without an answer."""
    failure = observation.failure
    kinds = _FAILURES["Exchange"] if _is_page(observation) else frozenset()
    return failure is not None and failure.kind == symptom.kind and symptom.kind in kinds


def _is_of_target(observation: Observation) -> bool:
    """Return whether an observation is no request for something else than the page."""
    return not _is_page(observation) or getattr(observation, "purpose", "") == "target"


def _is_resolved(evidence: Evidence) -> bool:
    """Return whether the name has an address of one family: most have none of the other."""
    return any(
        type(observation).__name__ == "Resolution"
        and observation.failure is None
        and bool(getattr(observation, "addresses", ()))
        for observation in evidence.observations
    )
