"""The checks, found by their place: checks/<layer>/<name>.py holds the check `layer.name`.

There is no list of checks. A module below `checks` that holds a `Check` is one, and its words
lie beside it in <name>.md and <name>.zh.md (see `diagnose.checking.texts`).
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
    """Make a function from evidence to claims a check. Its id comes from the file it is in."""

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
    """checks.tcp.rejected_by_host -> tcp.rejected-by-host."""
    return module.removeprefix("checks.").replace("_", "-")


@cache
def check_files() -> dict[str, Path]:
    """The file of every check, by its id, in the order of layers and names."""
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
    """The ids of all checks, by layer and name, without importing one."""
    return tuple(check_files())


@cache
def needed_kinds(check_id: str) -> frozenset[str]:
    """The names of the kinds a check needs, read from its file without importing it. A file that
    does not say so in the usual form needs nothing as far as this knows."""
    match = _NEEDS.search(check_files()[check_id].read_text("utf-8"))
    return frozenset(re.findall(r"\w+", match[1])) if match else frozenset()


def runnable_ids(kinds: Collection[str]) -> tuple[str, ...]:
    """The ids of the checks of which everything they need is among these kinds. The others have
    nothing to say, and are not even imported: of a run from outside, a third."""
    return tuple(check_id for check_id in check_ids() if needed_kinds(check_id).issubset(kinds))


def load_check(check_id: str) -> Check:
    """The check of that id; KeyError if there is none."""
    if check_id not in check_files():
        raise KeyError(check_id)
    module = importlib.import_module(f"checks.{check_id.replace('-', '_')}")
    return next(value for value in vars(module).values() if isinstance(value, Check))


def layer_checks(layer: str) -> tuple[Check, ...]:
    """The checks of one layer, in the order of their names."""
    return tuple(
        load_check(check_id) for check_id in check_ids() if check_id.startswith(f"{layer}.")
    )


def all_checks() -> tuple[Check, ...]:
    """All checks."""
    return tuple(map(load_check, check_ids()))


def _reduce_to_id(check: Check) -> tuple[Callable[[str], Check], tuple[str]]:
    return load_check, (check.id,)


# From one process to another a check goes by its name: there it is the same one.
copyreg.pickle(Check, _reduce_to_id)
