"""Every text of the model has a mark, or is a word of a closed set."""

from typing import Any, Literal, get_args, get_origin

import pytest

from diagnose.model import Crash, Failure, Scope, Target
from diagnose.model.marks import Mark
from diagnose.recording.codec import observation_kinds
from tests.support.marked_values import hints, parts, text_types


def classes() -> list[Any]:
    """All classes of which a recording or a masked report is made."""
    found: set[Any] = set()
    for kind in (Target, Scope, Failure, Crash, *observation_kinds().values()):
        parts(kind, found)
    return sorted(found, key=lambda kind: (kind.__module__, kind.__name__))


@pytest.mark.parametrize("kind", classes(), ids=lambda kind: kind.__name__)
def test_every_text_has_a_mark(kind: Any) -> None:
    bare = [name for name, hint in hints(kind).items() if str in text_types(hint)]
    assert bare == [], "annotate them with a type of diagnose.model.marks, or a Literal"


@pytest.mark.parametrize("kind", classes(), ids=lambda kind: kind.__name__)
def test_a_field_has_one_mark(kind: Any) -> None:
    """So that the masking needs no type of an item in a tuple."""
    for name, hint in hints(kind).items():
        assert len({_mark(text_type) for text_type in text_types(hint)}) <= 1, name


def _mark(text_type: Any) -> object:
    words = get_args(text_type)
    return frozenset(words) if get_origin(text_type) is Literal else words[1]


def test_the_marks_are_those_that_are_used() -> None:
    types = [
        text_type
        for kind in classes()
        for hint in hints(kind).values()
        for text_type in text_types(hint)
    ]
    used = {_mark(one) for one in types}
    assert {mark for mark in used if isinstance(mark, str)} == set(get_args(Mark))
