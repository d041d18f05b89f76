"""nginx itself refuses one visitor by their address: `deny`, an allow-list without them, a `geo` or
`map` of addresses that ends in `return 403`. It is a fault for the visitor for whom the run judges
(`--from`), and, by a rule about that address itself, for whoever has logged in over SSH; else a
note says that the page is not open to all."""

from collections.abc import Iterator
from dataclasses import replace

from checks.firewall._firewalld import administrators
from checks.nginx import Nginx, where
from checks.nginx._access import Judged, judged
from diagnose.checking.registry import check
from diagnose.model import (
    Applicability,
    Claim,
    Evidence,
    Fix,
    Manual,
    Severity,
    Step,
    Subject,
    Where,
)
from diagnose.model.nginx import Directive, NginxConfig
from diagnose.model.visitor import visitor_of
from diagnose.parsers.nginx import edits, server_blocks
from diagnose.parsers.nginx.access_rules import rules

#: So many networks are named.
SHOWN = 5


@check(severity=Severity.ERROR, needs=[NginxConfig])
def visitor_denied(evidence: Evidence) -> Iterator[Claim]:
    nginx, visitor = Nginx.of(evidence), visitor_of(evidence)
    denied = False
    for person in (visitor,) if visitor else administrators(evidence):
        met: dict[int, list[Judged]] = {}
        for one in judged(nginx, person):
            by = one.answer.by
            personal = one.answer.verdict == "denied" and one.answer.personal
            if personal and by and (visitor or by.args[:1] != ("all",)):
                met.setdefault(id(by), []).append(one)
        for some in met.values():
            denied = True
            yield _denied(nginx, person, some, bool(visitor))
    if not denied and not visitor:
        yield from _notes(nginx)


def _denied(nginx: Nginx, visitor: str, some: list[Judged], asked: bool) -> Claim:
    answer = some[0].answer
    by = answer.by
    assert by is not None
    paths = tuple(dict.fromkeys(one.path for one in some))
    target = nginx.evidence.target
    serious = any(path == target.path or path in target.websockets for path in paths)
    return Claim(
        about=Subject(name=target.host, path=paths[0] if len(paths) == 1 else None),
        because=(nginx.config,) if nginx.config else (),
        severity=Severity.ERROR if serious else Severity.WARNING,
        facts={
            "visitor": visitor,
            "asked": asked,
            "paths": paths,
            "rule": f"{by.name} {' '.join(by.args)}",
            "place": where(by),
            "status": answer.status or "",
            "listed": by.name == "deny" and by.args[0] != "all",
            "reserved": by.name == "deny" and by.args[0] == "all",
            "computed": by.name != "deny",
            "header": _header(some[0]),
            "sources": (),
            "closed": (),
        },
        location=nginx.location(by),
        fix=_fix(nginx, visitor, by),
    )


def _header(one: Judged) -> str:
    """The field from which nginx takes the visitor's address where a proxy hands it on."""
    place = server_blocks.Place((one.answering.server.http, one.answering.server.block))
    if not place.all("set_real_ip_from"):
        return ""
    named = place.one("real_ip_header")
    return named.args[0] if named and named.args else "X-Real-IP"


def _fix(nginx: Nginx, visitor: str, by: Directive) -> Fix:
    """A rule about this one address goes; before any other one, an exception for it."""
    manual = Fix((Manual("change-the-list", Where.SERVER),), Applicability.MANUAL)
    file = nginx.file(by)
    if by.name != "deny" or file is None:
        return manual
    alone = by.args[0] in {visitor, f"{visitor}/32", f"{visitor}/128"}
    if alone:
        change = edits.gone(file.text, by)
    else:
        change = edits.before(file.text, by, [f"allow {visitor};"])
    edit = nginx.edit(by.file, change)
    if edit is None:
        return manual
    steps: tuple[Step, ...] = (edit, *nginx.taken())
    return Fix(steps, Applicability.REVIEW)


# Without a visitor


def _notes(nginx: Nginx) -> Iterator[Claim]:
    """That the page is closed to some, or open to some only."""
    target = nginx.evidence.target
    for place in nginx.places(target.path):
        found = rules(place)
        allowed = tuple(one.args[0] for one in found if one.name == "allow")
        denied = tuple(one.args[0] for one in found if one.name == "deny")
        if not denied:
            continue
        reserved = "all" in denied
        sources = allowed if reserved else denied
        first = next(one for one in found if one.name == "deny")
        yield replace(
            _note(nginx, first, _some(sources), reserved),
            about=Subject(name=target.host, path=target.path),
        )


def _some(sources: tuple[str, ...]) -> tuple[str, ...]:
    more = len(sources) - SHOWN
    return (*sources[:SHOWN], f"+{more}") if more > 0 else sources


def _note(nginx: Nginx, first: Directive, sources: tuple[str, ...], reserved: bool) -> Claim:
    return Claim(
        about=Subject(),
        because=(nginx.config,) if nginx.config else (),
        severity=Severity.NOTE,
        facts={
            "visitor": "",
            "paths": (nginx.evidence.target.path,),
            "rule": f"{first.name} {' '.join(first.args)}",
            "place": where(first),
            "reserved": reserved,
            "sources": () if reserved else sources,
            "closed": (sources or ("-",)) if reserved else (),
        },
        location=nginx.location(first),
    )
