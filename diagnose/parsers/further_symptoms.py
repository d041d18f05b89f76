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


def further_symptoms(symptom: Symptom) -> tuple[Symptom, ...]:
    """Return what the parts of a message say is wrong besides the whole, each kind once."""
    parts = (part.strip() for part in _BETWEEN.split(symptom.words)[:_MAX_PARTS])
    read = (symptom_of(part) for part in parts if len(part) >= _SHORTEST)
    by_kind = {each.kind: each for each in read if each is not None}
    return tuple(each for kind, each in by_kind.items() if kind not in {symptom.kind, "other"})
