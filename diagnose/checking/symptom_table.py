"""The table of symptoms (`checks/symptoms.toml`): which checks are a symptom, or may lead to it."""

from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import checks
from diagnose.model import Symptom
from diagnose.model.frozen import frozen

TABLE = Path(next(iter(checks.__path__))) / "symptoms.toml"
#: The sentence of HAProxy's own page for 400.
_HAPROXY_PAGE = "your browser sent an invalid request"


@frozen
class SymptomRow:
    """The checks whose findings are a symptom (`shown`), or are it where the message tells their
    time (`timed`), or may lead to it (`possible`), or never do (`impossible`); the key of the text
    that says where else it may come from; the checks of what most often leads to it (`usual`), the
    most frequent first; and those whose note may be meant where no finding answers (`suspects`)."""

    shown: tuple[str, ...] = ()
    possible: tuple[str, ...] = ()
    elsewhere: str = ""
    usual: tuple[str, ...] = ()
    timed: tuple[str, ...] = ()
    impossible: tuple[str, ...] = ()
    suspects: tuple[str, ...] = ()


#: What leads to HAProxy's own page for 400: not what leads to the 400 of others.
_HAPROXY_ROW = SymptomRow(
    possible=("server.haproxy-request-too-large", "server.haproxy-health-check-fails"),
    usual=("server.haproxy-request-too-large",),
)


@cache
def symptom_table() -> Mapping[str, SymptomRow]:
    """Return the table of symptoms. "status-502" is a row for one status."""
    import tomllib  # few runs have a pasted message

    rows: dict[str, Any] = tomllib.loads(TABLE.read_text("utf-8"))
    return {
        name: SymptomRow(
            tuple(row.get("shown", ())),
            tuple(row.get("possible", ())),
            row.get("elsewhere", ""),
            tuple(row.get("usual", ())),
            tuple(row.get("timed", ())),
            tuple(row.get("impossible", ())),
            tuple(row.get("suspects", ())),
        )
        for name, row in rows.items()
    }


def symptom_row(symptom: Symptom) -> SymptomRow:
    """Return the row of a symptom; that of its number for an HTTP status."""
    if symptom.kind == "status" and symptom.number is not None:
        is_of_haproxy = symptom.number == 400 and _HAPROXY_PAGE in symptom.text.lower()
        if is_of_haproxy:
            return _HAPROXY_ROW
        return symptom_table().get(f"status-{symptom.number}", SymptomRow())
    return symptom_table()[symptom.kind]


def is_listed(check_id: str, patterns: Iterable[str]) -> bool:
    layer = f"{check_id.partition('.')[0]}.*"
    return any(pattern in {check_id, layer} for pattern in patterns)
