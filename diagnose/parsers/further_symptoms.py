"""What else a message says is wrong: people tell several faults at once. No I/O."""

from diagnose.model.symptom import Symptom
from diagnose.parsers.lazy_pattern import lazy_pattern
from diagnose.parsers.symptoms import symptom_of

#: Between two sentences, or the faults that a sentence tells.
_BETWEEN = lazy_pattern(
    r"(?i)\n|[;；。！!]|[,，.]\s|，|\b(?:and|also|plus|but)\b|而且|并且|同时|还有|另外|以及"
)
#: Characters of the shortest part that says anything, and the maximum number of parts.
_SHORTEST, _MAX_PARTS = 4, 12
#: Words that any fault leads to.
_VAGUE = frozenset({"unusable", "other"})


def further_symptoms(symptom: Symptom) -> tuple[Symptom, ...]:
    """Return what the parts of a message say is wrong besides the whole, each fault once."""
    parts = (part.strip() for part in _BETWEEN.split(symptom.text)[:_MAX_PARTS])
    read = (symptom_of(part) for part in parts if len(part) >= _SHORTEST)
    by_meaning = {(each.kind, each.number): each for each in read if each is not None}
    return tuple(
        each
        for (kind, number), each in by_meaning.items()
        if kind not in _VAGUE and not _is_same(each, symptom)
    )


def _is_same(part: Symptom, whole: Symptom) -> bool:
    """Return whether a part says what the whole message says, or less of it. Two statuses are two
    faults."""
    return part.kind == whole.kind and part.number in {whole.number, None}
