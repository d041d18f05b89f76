"""Whether an application refuses a request for its password alone."""

from collections.abc import Sequence

from diagnose.model import Evidence
from diagnose.model.backends import BackendLogin


def login_control(logins: Sequence[BackendLogin]) -> tuple[BackendLogin, ...] | None:
    """Return the three answers of an application that refuses a request for its password alone."""
    if [login.with_password for login in logins] != [False, True, False]:
        return None
    if len({(login.requested, login.target) for login in logins}) != 1:
        return None
    first, refused, last = (login.status or 0 for login in logins)
    is_control = 200 <= first < 400 and refused >= 400 and first == last
    return tuple(logins) if is_control else None


def is_reported_refusal(evidence: Evidence, refused: BackendLogin) -> bool:
    """Return whether a person's message is the refusal: by its status, its words, or as a login
    that does not last."""
    symptom = evidence.target.symptom
    if symptom is None:
        return False
    words = " ".join(symptom.text.split())
    is_quoted = len(words) > 7 and words in " ".join(refused.body.split())
    is_status = symptom.kind == "status" and symptom.number == refused.status
    return is_quoted or is_status or symptom.kind == "login"
