"""Finds the checks by their file names: checks/<layer>/<name>.py contains the check `layer.name`.

There is no list of checks. Every module of a layer's folder is one, unless its name begins with an
underscore. Its texts are beside it in <name>.md and <name>.zh.md (see `diagnose.checking.texts`).

`checks/index.json` (ADR 23, ADR 45) only saves imports: for each check it holds the names of the
observation kinds that the check needs. `make index` writes it. A check that is not in it is found
and run as well; it is imported in every run.
"""

import copyreg
import importlib
import json
import os
from collections.abc import Callable, Iterable, Mapping
from functools import cache, lru_cache
from pathlib import Path

import checks
from diagnose.model import LAYERS, Check, CheckFunction, Observation, Severity

_CHECKS = Path(next(iter(checks.__path__)))

#: What stands in the index for a message that somebody pasted.
_MESSAGE = "message"

#: The needed kinds of every check, by its id.
INDEX = _CHECKS / "index.json"


def check(
    *,
    severity: Severity,
    needs: Iterable[type[Observation]],
    needs_fault: Iterable[type[Observation]] = (),
    needs_message: bool = False,
    explains: Iterable[str] = (),
    excuses: Iterable[str] = (),
    on_loopback: bool = False,
    about_resolver: bool = False,
    unanswered: bool = False,
    names_requests: bool = False,
    only_unused: bool = False,
    comes_later: bool = False,
    stands_back: bool = False,
) -> Callable[[CheckFunction], Check]:
    """Decorate a function from evidence to claims as a check (`Check`). Its id comes from its file
    name."""

    excused = tuple(excuses)

    def decorate(judge: CheckFunction) -> Check:
        return Check(
            id=id_of(judge.__module__),
            severity=severity,
            needs=tuple(needs),
            needs_fault=tuple(needs_fault),
            needs_message=needs_message,
            explains=(*explains, *excused),
            excuses=excused,
            judge=judge,
            on_loopback=on_loopback,
            about_resolver=about_resolver,
            unanswered=unanswered,
            names_requests=names_requests,
            only_unused=only_unused,
            comes_later=comes_later,
            stands_back=stands_back,
        )

    return decorate


def id_of(module: str) -> str:
    """Convert a module name: checks.tcp.rejected_by_host -> tcp.rejected-by-host."""
    return module.removeprefix("checks.").replace("_", "-")


@cache
def check_modules() -> Mapping[str, str]:
    """Return the module of every check by its id, ordered by layer and name, without importing
    any."""
    modules = (
        f"checks.{layer}.{name}" for layer in LAYERS for name in _module_names(_CHECKS / layer)
    )
    return {id_of(module): module for module in modules}


def _module_names(folder: Path) -> list[str]:
    """Return the names of the modules in a folder, sorted, without those that begin with "_"."""
    # Every run does this, and pathlib takes three times as long.
    names = [entry.name for entry in os.scandir(folder)] if folder.is_dir() else []
    return sorted(name[:-3] for name in names if name.endswith(".py") and name[0] != "_")


def check_ids() -> tuple[str, ...]:
    """Return the ids of all checks, ordered by layer and name, without importing any."""
    return tuple(check_modules())


@cache
def indexed_needs() -> Mapping[str, frozenset[str]]:
    """Return what a check needs by its id, as the index holds it (`index_entry`). If the index is
    missing or damaged, the result is empty."""
    try:
        index = json.loads(INDEX.read_text("utf-8"))
    except (OSError, ValueError):
        return {}
    return {check_id: frozenset(kinds) for check_id, kinds in index.items()}


def index_entry(check: Check) -> list[str]:
    """Return what a check needs, as the index holds it: names of kinds, of `needs_fault`
    "Kind!", or "Kind!|Other!" of which one is enough, and "message"."""
    faults = "|".join(sorted(f"{kind.__name__}!" for kind in check.needs_fault))
    message = _MESSAGE if check.needs_message else ""
    return [*sorted(kind.__name__ for kind in check.needs), *filter(None, (faults, message))]


def runnable_ids(
    observations: Iterable[Observation], *, has_message: bool = False
) -> tuple[str, ...]:
    """Return the ids of the checks that can claim anything from these observations, and from a
    message if somebody pasted one.

    The others are not imported: two thirds of all checks, in a run from outside. A check that the
    index does not hold is always returned.
    """
    names = {_MESSAGE} if has_message else set[str]()
    for observation in observations:
        names.add(type(observation).__name__)
        if observation.shows_fault:
            names.add(f"{type(observation).__name__}!")
    return _runnable_ids(frozenset(names))


# Runs of many targets make few different sets of observations.
@lru_cache(maxsize=256)
def _runnable_ids(names: frozenset[str]) -> tuple[str, ...]:
    needs = indexed_needs()
    return tuple(
        check_id
        for check_id in check_ids()
        if all(not names.isdisjoint(need.split("|")) for need in needs.get(check_id, ()))
    )


@cache
def load_check(check_id: str) -> Check:
    """Return the check with this id. Raise KeyError if there is none."""
    module = importlib.import_module(check_modules()[check_id])
    return next(value for value in vars(module).values() if isinstance(value, Check))


def layer_checks(layer: str) -> tuple[Check, ...]:
    """Return the checks of one layer, ordered by name."""
    return tuple(
        load_check(check_id) for check_id in check_ids() if check_id.startswith(f"{layer}.")
    )


def all_checks() -> tuple[Check, ...]:
    """Import and return all checks."""
    return tuple(map(load_check, check_ids()))


def _reduce_to_id(check: Check) -> tuple[Callable[[str], Check], tuple[str]]:
    return load_check, (check.id,)


# Pickle a check as its id, so that another process gets its own instance of the same check.
copyreg.pickle(Check, _reduce_to_id)
