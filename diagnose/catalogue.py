"""The checks, found by their place: checks/<layer>/<name>.py holds the check `layer.name`.

There is no list of checks. A module below `checks` that holds a `Check` is one, and its words
lie beside it in <name>.md and <name>.zh.md (see `diagnose.words`).
"""

import importlib
import pkgutil
from collections.abc import Callable, Iterable
from functools import cache

import checks
from diagnose.model import LAYERS, Check, Judge, Observation, Severity


def check(
    *,
    severity: Severity,
    needs: Iterable[type[Observation]],
    explains: Iterable[str] = (),
) -> Callable[[Judge], Check]:
    """Make a function from evidence to claims a check. Its id comes from the file it is in."""

    def made(judge: Judge) -> Check:
        return Check(
            id=id_of(judge.__module__),
            severity=severity,
            needs=tuple(needs),
            explains=tuple(explains),
            judge=judge,
        )

    return made


def id_of(module: str) -> str:
    """checks.tcp.rejected_by_host -> tcp.rejected-by-host."""
    return module.removeprefix("checks.").replace("_", "-")


@cache
def names() -> tuple[str, ...]:
    """The ids of all checks, by layer and name, without importing one."""
    found = []
    for layer in LAYERS:
        folders = [f"{path}/{layer}" for path in checks.__path__]
        found += sorted(id_of(f"{layer}.{module.name}") for module in pkgutil.iter_modules(folders))
    return tuple(found)


@cache
def layer(name: str) -> tuple[Check, ...]:
    """The checks of one layer, in the order of their names."""
    return tuple(one(check_id) for check_id in names() if check_id.startswith(f"{name}."))


def one(check_id: str) -> Check:
    """The check of that id; KeyError if there is none."""
    if check_id not in names():
        raise KeyError(check_id)
    module = importlib.import_module(f"checks.{check_id.replace('-', '_')}")
    return next(value for value in vars(module).values() if isinstance(value, Check))


def catalogue(layers: Iterable[str] = LAYERS) -> tuple[Check, ...]:
    """All checks of these layers."""
    wanted = set(layers)
    return tuple(found for name in LAYERS if name in wanted for found in layer(name))
