"""Finds the checks by their file names: checks/<layer>/<name>.py contains the check `layer.name`.

There is no list of checks. Every module below `checks` that contains a `Check` is one. Its texts
are beside it in <name>.md and <name>.zh.md (see `diagnose.checking.texts`).
"""

import copyreg
import importlib
import re
from collections.abc import Callable, Collection, Iterable
from functools import cache
from pathlib import Path

import checks
from diagnose.model import LAYERS, Check, CheckFunction, Observation, Severity

_NEEDS = re.compile(r"^@check\(.*?\bneeds=\[([^\]]*)\]", re.MULTILINE | re.DOTALL)


def check(
    *,
    severity: Severity,
    needs: Iterable[type[Observation]],
    explains: Iterable[str] = (),
) -> Callable[[CheckFunction], Check]:
    """Decorate a function from evidence to claims as a check. Its id comes from its file name."""

    def decorate(judge: CheckFunction) -> Check:
        return Check(
            id=id_of(judge.__module__),
            severity=severity,
            needs=tuple(needs),
            explains=tuple(explains),
            judge=judge,
        )

    return decorate


def id_of(module: str) -> str:
    """Convert a module name: checks.tcp.rejected_by_host -> tcp.rejected-by-host."""
    return module.removeprefix("checks.").replace("_", "-")


@cache
def check_files() -> dict[str, Path]:
    """Return the file of every check by its id, ordered by layer and name."""
    files: dict[str, Path] = {}
    for layer in LAYERS:
        folder = Path(next(iter(checks.__path__)), layer)
        if folder.is_dir():
            modules = sorted(file for file in folder.iterdir() if file.suffix == ".py")
            files |= {
                id_of(f"{layer}.{module.stem}"): module
                for module in modules
                if module.stem[0] != "_"
            }
    return files


def check_ids() -> tuple[str, ...]:
    """Return the ids of all checks, ordered by layer and name, without importing any."""
    return tuple(check_files())


@cache
def needed_kinds(check_id: str) -> frozenset[str]:
    """Return the names of the observation kinds that a check needs, parsed from its file without
    importing it. If the file has no `needs` in the usual form, the result is empty."""
    match = _NEEDS.search(check_files()[check_id].read_text("utf-8"))
    return frozenset(re.findall(r"\w+", match[1])) if match else frozenset()


def runnable_ids(kinds: Collection[str]) -> tuple[str, ...]:
    """Return the ids of the checks whose needs are all among these kinds. The others could not
    claim anything and are not imported: one third of all checks, in a run from outside."""
    return tuple(check_id for check_id in check_ids() if needed_kinds(check_id).issubset(kinds))


def load_check(check_id: str) -> Check:
    """Return the check with this id. Raise KeyError if there is none."""
    if check_id not in check_files():
        raise KeyError(check_id)
    module = importlib.import_module(f"checks.{check_id.replace('-', '_')}")
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
