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
from diagnose.model import LAYERS, Check, Judge, Observation, Severity

_NEEDS = re.compile(r"^@check\(.*?\bneeds=\[([^\]]*)\]", re.MULTILINE | re.DOTALL)


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
def files() -> dict[str, Path]:
    """The file of every check, by its id, in the order of layers and names."""
    found: dict[str, Path] = {}
    for layer in LAYERS:
        folder = Path(next(iter(checks.__path__)), layer)
        if folder.is_dir():
            held = sorted(file for file in folder.iterdir() if file.suffix == ".py")
            found |= {id_of(f"{layer}.{file.stem}"): file for file in held if file.stem[0] != "_"}
    return found


def names() -> tuple[str, ...]:
    """The ids of all checks, by layer and name, without importing one."""
    return tuple(files())


@cache
def needs(check_id: str) -> frozenset[str]:
    """The names of the kinds a check needs, read from its file without importing it. A file that
    does not say so in the usual form needs nothing as far as this knows."""
    said = _NEEDS.search(files()[check_id].read_text("utf-8"))
    return frozenset(re.findall(r"\w+", said[1])) if said else frozenset()


def awake(kinds: Collection[str]) -> tuple[str, ...]:
    """The ids of the checks of which everything they need is among these kinds. The others have
    nothing to say, and are not even imported: of a run from outside, a third."""
    return tuple(check_id for check_id in names() if needs(check_id).issubset(kinds))


def one(check_id: str) -> Check:
    """The check of that id; KeyError if there is none."""
    if check_id not in files():
        raise KeyError(check_id)
    module = importlib.import_module(f"checks.{check_id.replace('-', '_')}")
    return next(value for value in vars(module).values() if isinstance(value, Check))


def layer(name: str) -> tuple[Check, ...]:
    """The checks of one layer, in the order of their names."""
    return tuple(one(check_id) for check_id in names() if check_id.startswith(f"{name}."))


def catalogue() -> tuple[Check, ...]:
    """All checks."""
    return tuple(map(one, names()))


def _by_id(check: Check) -> tuple[Callable[[str], Check], tuple[str]]:
    return one, (check.id,)


# From one process to another a check goes by its name: there it is the same one.
copyreg.pickle(Check, _by_id)
