"""Which answers of a run have the words of the pasted message: then it occurs now. Pure.

A page that is served may quote an error without having it, a help page for example. So only an
error counts, data, and a page that begins with a warning of PHP.
"""

import re

from diagnose.model import Evidence, Observation, Symptom
from diagnose.model.http import Exchange, Upgrade
from diagnose.model.requests import Asked, ComparedRequest
from diagnose.parsers.repeated_words import repeats_words
from diagnose.parsers.urls import parse_url

#: The requests whose answer a person may have seen, and not those for paths that nobody has.
_PURPOSES = frozenset({"target", "again", "browser", "redirect", "login", "authorized", "folder"})
#: What PHP writes before the page (`display_errors`, `html_errors`).
_PHP = re.compile(
    r"\ufeff?(?:\s|<(?:!doctype|html|head|body|br)\b[^>]{0,200}>){0,20}"
    r"<b>(?:Warning|Notice|Deprecated|(?:Fatal|Parse|Recoverable fatal) error)</b>:",
    re.IGNORECASE,
)
Answer = Exchange | ComparedRequest | Asked | Upgrade


def repeating_answer(evidence: Evidence) -> Answer | None:
    """Return the first answer that has the words of the message, None if none has."""
    symptom = evidence.target.symptom
    if symptom is None:
        return None
    return next(
        (
            observation
            for observation in evidence.observations
            if isinstance(observation, Answer)
            and _is_asked(observation, evidence)
            and is_repeating(observation, symptom)
        ),
        None,
    )


def is_repeating(observation: Observation, symptom: Symptom) -> bool:
    """Return whether an observation is an answer that has the words of a message."""
    if not isinstance(observation, Answer) or not observation.body.strip():
        return False
    if not _is_error(observation):
        return False
    url = parse_url(observation.url) if isinstance(observation, Exchange | Upgrade) else None
    path = url.path if url else getattr(observation, "path", "")
    address = (url.host if url else "", path.partition("?")[0])
    return repeats_words(observation.body, symptom.text, address)


def answered_url(answer: Answer) -> str:
    """Return where an answer came from: a URL, or the application's address."""
    return answer.url if isinstance(answer, Exchange | Upgrade) else answer.endpoint


def _is_asked(answer: Answer, evidence: Evidence) -> bool:
    if isinstance(answer, Upgrade):
        return answer.path in evidence.target.websockets
    if evidence.target.is_websocket and _is_opened(evidence):
        return False  # the application refuses to be a page, which nobody wants of it
    return not isinstance(answer, Exchange) or answer.purpose in _PURPOSES


def _is_opened(evidence: Evidence) -> bool:
    """Return whether the WebSocket that is asked for opened in this run."""
    return any(
        upgrade.accepted and upgrade.is_visit and upgrade.path == evidence.target.path
        for upgrade in evidence.good(Upgrade)
    )


def _is_error(answer: Answer) -> bool:
    if (answer.status or 0) >= 400:
        return True
    if not isinstance(answer, Exchange) or answer.status is None:
        return False
    kind = (answer.header("Content-Type") or "").partition(";")[0].strip().lower()
    return kind.endswith("json") or _PHP.match(answer.body) is not None
