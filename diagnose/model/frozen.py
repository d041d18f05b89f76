"""`frozen`: builds a frozen, slotted dataclass several times faster than the standard library.

A run defines some two hundred small classes. `dataclasses.dataclass` compiles up to seven methods
for each and takes 0.6 ms: as long as all the rest of a run on a healthy site. Here all classes
share the other methods, and a class of which many values are made has an `__init__` of its own,
compiled after the first ones. `dataclasses.fields`, `replace` and `is_dataclass`, mypy and msgspec
accept the result as a dataclass.
"""

import dataclasses
import inspect
from collections.abc import Callable, Mapping
from dataclasses import MISSING, Field, FrozenInstanceError, field
from typing import Any, ClassVar, TypeVar, dataclass_transform, overload

ClassType = TypeVar("ClassType")

#: What stands in the class for a field: its type, what it is by default (MISSING, a value or a
#: `field`), and whether it is given by its name only.
_Spec = tuple[Any, Any, bool]

_set = object.__setattr__

_TAKEN_OVER = {"__dict__", "__weakref__"}

#: How many values of a class are made before its `__init__` is compiled. Compiling takes as long as
#: making some fifty values without.
_VALUES_BEFORE_COMPILING = 24


@overload
def frozen(cls: type[ClassType], /) -> type[ClassType]: ...
@overload
def frozen(
    *, eq: bool = True, kw_only: bool = False
) -> Callable[[type[ClassType]], type[ClassType]]: ...
@dataclass_transform(frozen_default=True, field_specifiers=(field,))
def frozen(cls: Any = None, /, *, eq: bool = True, kw_only: bool = False) -> Any:
    """Make a class a frozen, slotted dataclass. Without `eq`, two values are equal only if they are
    the same object; `kw_only` as in `dataclasses.dataclass`."""
    if cls is None:
        return lambda cls: _build(cls, eq, kw_only)
    return _build(cls, eq, kw_only)


def _build(cls: Any, eq: bool, kw_only: bool) -> Any:
    own = {
        name: (kind, cls.__dict__.get(name, MISSING), kw_only)
        for name, kind in cls.__annotations__.items()
        if kind is not ClassVar and getattr(kind, "__origin__", None) is not ClassVar
    }
    specs: dict[str, _Spec] = {}
    for base in reversed(cls.__mro__[1:]):
        specs |= base.__dict__.get("__frozen_specs__", {})
    specs |= own
    body = {
        name: value
        for name, value in cls.__dict__.items()
        if name not in own and name not in _TAKEN_OVER
    }
    positional = tuple(name for name, spec in specs.items() if not spec[2])
    body |= _SHARED | {
        "__slots__": tuple(own),
        "__frozen_specs__": specs,
        "__dataclass_fields__": _LazyFields(specs),
        "__match_args__": positional,
    }
    if eq:
        body |= {"__eq__": _eq, "__hash__": _hash}

    made = 0

    def first_init(self: Any, /, *args: Any, **kwargs: Any) -> None:
        nonlocal made
        made += 1
        if made > _VALUES_BEFORE_COMPILING or not _set_fields(self, args, kwargs):
            built.__init__ = _init(built, built.__dataclass_fields__)
            built.__init__(self, *args, **kwargs)

    body["__init__"] = first_init
    built = type(cls)(cls.__name__, cls.__bases__, body)
    return built


class _LazyFields:
    """`__dataclass_fields__` of a class, made when it is first read."""

    def __init__(self, specs: dict[str, _Spec]) -> None:
        self._specs = specs
        self._fields: dict[str, Any] = {}

    def __get__(self, instance: object, owner: Any) -> dict[str, Any]:
        if not self._fields:
            self._fields = {name: _field(name, spec) for name, spec in self._specs.items()}
        return self._fields


def _field(name: str, spec: _Spec) -> Any:
    kind, default, kw_only = spec
    made: Any = default if isinstance(default, Field) else field(default=default)
    made.name, made.type, made.kw_only = name, kind, kw_only
    made._field_type = dataclasses._FIELD  # type: ignore[attr-defined]
    return made


def _set_fields(self: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> bool:
    """Set each field from its argument, default or default factory. Return False if the arguments
    do not fit."""
    given = dict(zip(self.__match_args__, args, strict=False)) | kwargs
    if len(given) < len(args) + len(kwargs):
        return False
    for name, (_, default, _) in self.__frozen_specs__.items():
        if name in given:
            value = given.pop(name)
        elif not isinstance(default, Field):
            value = default
        elif default.default_factory is MISSING:
            value = default.default
        else:
            value = default.default_factory()
        if value is MISSING:
            return False
        _set(self, name, value)
    return not given


def _init(cls: Any, fields: Mapping[str, Any]) -> Any:
    """Compile an `__init__` that sets each field from its argument, default or default factory."""
    names: dict[str, Any] = {"_set": _set, "_MISSING": MISSING}
    positional: list[str] = []
    keywords: list[str] = []
    lines: list[str] = []
    for name, spec in fields.items():
        value = name
        if spec.default is not MISSING:
            names[f"_{name}"] = spec.default
            parameter = f"{name}=_{name}"
        elif spec.default_factory is not MISSING:
            names[f"_{name}"] = spec.default_factory
            parameter = f"{name}=_MISSING"
            value = f"_{name}() if {name} is _MISSING else {name}"
        else:
            parameter = name
        (keywords if spec.kw_only else positional).append(parameter)
        lines.append(f" _set(self, {name!r}, {value})")
    star = ["*", *keywords] if keywords else []
    head = f"def __init__({', '.join(['self', *positional, *star])}):\n"
    exec(head + "\n".join(lines or [" pass"]), names)
    init = names["__init__"]
    init.__qualname__ = f"{cls.__qualname__}.__init__"
    return init


class _Signature:
    """What `inspect.signature` says of a class: the arguments of `__init__`, compiled or not."""

    def __get__(self, instance: object, owner: Any) -> inspect.Signature:
        signature = inspect.signature(_init(owner, owner.__dataclass_fields__))
        return signature.replace(parameters=list(signature.parameters.values())[1:])


def _values(self: Any) -> tuple[Any, ...]:
    return tuple(getattr(self, name) for name in self.__frozen_specs__)


def _repr(self: Any) -> str:
    pairs = zip(self.__frozen_specs__, _values(self), strict=True)
    return f"{type(self).__qualname__}({', '.join(f'{name}={value!r}' for name, value in pairs)})"


def _eq(self: Any, other: object) -> Any:
    if type(other) is not type(self):
        return NotImplemented
    return _values(self) == _values(other)


def _hash(self: Any) -> int:
    return hash(_values(self))


def _refuse(self: Any, name: str, *_: object) -> None:
    raise FrozenInstanceError(f"cannot change {name!r} of a {type(self).__name__}")


def _getstate(self: Any) -> tuple[Any, ...]:
    return _values(self)


def _setstate(self: Any, state: tuple[Any, ...]) -> None:
    for name, value in zip(self.__frozen_specs__, state, strict=True):
        _set(self, name, value)


_SHARED = {
    "__signature__": _Signature(),
    "__repr__": _repr,
    "__setattr__": _refuse,
    "__delattr__": _refuse,
    "__getstate__": _getstate,
    "__setstate__": _setstate,
}
