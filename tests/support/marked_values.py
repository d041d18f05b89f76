"""Values of the model with a chosen text in every field, by the field's mark."""

from collections.abc import Iterator, Mapping
from dataclasses import is_dataclass
from datetime import datetime
from enum import Enum
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin, get_type_hints

from diagnose.model.marks import Mark
from tests.support.check_evidence import NOW

_PLAIN: dict[object, Any] = {str: "", int: 443, float: 1.0, bool: False, datetime: NOW}


def filled(kind: Any, texts: Mapping[Mark, Any]) -> Any:
    """An instance of a class of the model: one item in each tuple, a text in each marked field."""
    return kind(**{name: _value(hint, texts) for name, hint in hints(kind).items()})


def hints(kind: Any) -> dict[str, Any]:
    """The fields of a class with their types, marks included."""
    types = get_type_hints(kind, include_extras=True)
    return {name: types[name] for name in kind.__dataclass_fields__}


def _value(hint: Any, texts: Mapping[Mark, Any]) -> Any:
    origin, arguments = get_origin(hint), get_args(hint)
    if origin is Annotated:
        return texts[arguments[1]]
    if origin is Literal:
        return arguments[0]
    if origin in {Union, UnionType}:
        return _value(next(arm for arm in arguments if arm is not NoneType), texts)
    if origin is tuple:
        items = arguments[:1] if arguments[-1] is ... else arguments
        return tuple(_value(item, texts) for item in items)
    if is_dataclass(hint):
        return filled(hint, texts)
    return next(iter(hint)) if issubclass(hint, Enum) else _PLAIN[hint]


def text_types(hint: Any) -> Iterator[Any]:
    """Every type in a field's type that can hold text: `str`, `Annotated`, `Literal`."""
    if hint is str or get_origin(hint) in {Annotated, Literal}:
        yield hint
    else:
        for argument in get_args(hint):
            yield from text_types(argument)


def parts(kind: Any, known: set[Any] | None = None) -> set[Any]:
    """The class and every class of the model in its fields."""
    known = set() if known is None else known
    if is_dataclass(kind) and kind not in known:
        known.add(kind)
        for hint in hints(kind).values():
            _add_parts(hint, known)
    return known


def _add_parts(hint: Any, known: set[Any]) -> None:
    parts(hint, known)
    for argument in get_args(hint):
        _add_parts(argument, known)
