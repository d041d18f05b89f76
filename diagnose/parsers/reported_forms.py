"""Words of a person that tell of a form which was refused. No I/O.

A run sends no form unless it is told to (`--method POST`): what it saw says nothing of one.
"""

from diagnose.model import Symptom
from diagnose.parsers.lazy_pattern import lazy_pattern

#: What people call a form, in English and Chinese. "POST" is a method in capitals alone.
_FORM = lazy_pattern(
    r"(?i:\blog(?:ging)?[ -]?(?:in|on)\b|\bsign(?:ing)?[ -]?(?:in|up)\b|\blogins?\b|\bforms?\b)"
    r"|(?i:\bsubmit\w{0,5}|\bsav(?:e|ing)\b|登[录陆入]|表单|提交|保存|注册)|\bPOST(?:ed|ing)?\b"
)
#: An address to which a form is sent: other requests beside it are of no weight.
_SENT = lazy_pattern(r"\bPOST (?:/|https?:)")
#: A request that is no form, and words that say that the page itself is not shown.
_PAGE = lazy_pattern(
    r"\b(?:GET|HEAD|OPTIONS|PUT|DELETE|PROPFIND) [/h]|(?i:preflight|登录页面?(?:打不开|无法访问))"
)
#: Statuses with which a form is refused, and those with which frameworks refuse its origin
#: (Django, SvelteKit, Spring: 403; Rails: 422).
REFUSING = frozenset({400, 403, 405, 411, 415, 419, 422, 500})
REFUSING_ORIGIN = frozenset({403, 422})


def tells_of_form(symptom: Symptom) -> bool:
    """Return whether a message tells of a form or a sign-in that was refused."""
    if symptom.kind in {"csrf", "method"}:
        return True
    words = symptom.text[:2048]
    is_form = _FORM.search(words) is not None and (
        _SENT.search(words) is not None or _PAGE.search(words) is None
    )
    if symptom.kind == "status":
        return is_form and symptom.number in REFUSING
    return symptom.kind == "login" and is_form


def tells_refused_origin(symptom: Symptom) -> bool:
    """Return whether a message tells of a form that was refused, with a status with which
    frameworks refuse its origin; its words may not name the reason."""
    return symptom.kind == "csrf" or (
        symptom.kind == "status" and symptom.number in REFUSING_ORIGIN and tells_of_form(symptom)
    )
