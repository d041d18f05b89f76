"""Reads what the text in each field of the model is (`diagnose.model.marks`)."""

from collections.abc import Iterator
from dataclasses import fields, is_dataclass
from functools import cache
from typing import Annotated, Any, Literal, get_args, get_origin

from diagnose.model.marks import Mark

#: The mark of a field, or the words of its closed set; None if the field holds no text.
FieldMark = Mark | frozenset[str] | None

_MARKS: tuple[Mark, ...] = get_args(Mark)
#: The values of fields with these marks have a meaning only as a whole.
_WHOLE = {"headers"}


@cache
def field_marks(kind: type) -> dict[str, FieldMark]:
    """Return the mark of each field of a class of the model, in the order of the fields."""
    return {spec.name: mark_of(spec.type) for spec in fields(kind)}


def mark_of(annotation: object) -> FieldMark:
    """Return the mark of the text in an annotation: `tuple[Url, ...]` has that of `Url`."""
    origin = get_origin(annotation)
    if origin is Annotated:
        metadata = getattr(annotation, "__metadata__", ())
        return next((mark for mark in _MARKS if mark in metadata), None)
    if origin is Literal:
        return frozenset(get_args(annotation))
    marks = map(mark_of, get_args(annotation))
    return next((mark for mark in marks if mark is not None), None)


def marked_values(value: Any, mark: FieldMark = None) -> Iterator[tuple[Mark, Any]]:
    """Yield each text with a mark in a value of the model. Header fields come as a whole."""
    if isinstance(value, str) or mark in _WHOLE:
        if isinstance(mark, str):
            yield mark, value
    elif isinstance(value, tuple):
        for item in value:
            yield from marked_values(item, mark)
    elif is_dataclass(value):
        kind: Any = type(value)
        for name, own_mark in field_marks(kind).items():
            yield from marked_values(getattr(value, name), own_mark)
