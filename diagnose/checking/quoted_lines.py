"""The lines of nginx's configuration that a message quotes and that act on the target ("after
adding X …"): where no finding answers, a person reads where they stand. Pure."""

import re
from collections.abc import Iterator

from diagnose.checking.handled_request import answering_server
from diagnose.model import Evidence
from diagnose.model.nginx import Directive
from diagnose.parsers.nginx.answers import answer_of
from diagnose.parsers.nginx.locations import LocationMatch

#: The most lines that are named, and the shortest text of a line that is looked for.
_MOST, _SHORTEST = 2, 12
#: What a message may have between the words of a line, and quotes around them.
_FOLDED = re.compile(r"[\s\"'`;]+")


def quoted_lines(evidence: Evidence) -> tuple[Directive, ...]:
    """Return the directives in force for the target whose name and value stand in the message, at
    most two; () if the location is not known, or nothing was pasted."""
    symptom, target = evidence.target.symptom, evidence.target
    server = answering_server(evidence) if symptom else None
    answer = answer_of(server, (target.websockets or (target.path,))[0]) if server else None
    if symptom is None or answer is None:
        return ()
    words = f" {_folded(symptom.text)} "
    quoted = (each for each in _in_force(answer.location) if _is_quoted(each, words))
    return tuple(each for each, _ in zip(quoted, range(_MOST), strict=False))


def _in_force(location: LocationMatch) -> Iterator[Directive]:
    for block in reversed(location.blocks):
        for directive in block.block or ():
            if directive.block is None and directive in location.directives(directive.name):
                yield directive


def _is_quoted(directive: Directive, words: str) -> bool:
    text = _folded(directive.text)
    return bool(directive.args) and len(text) >= _SHORTEST and f" {text} " in words


def _folded(text: str) -> str:
    return _FOLDED.sub(" ", text).strip().lower()
