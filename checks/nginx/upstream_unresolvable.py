"""nginx resolves the names it proxies to once, when it starts. One that has no address then stops
all of nginx, with every site."""

import re
from collections.abc import Iterator

from checks.nginx import Nginx
from diagnose.checking.registry import check
from diagnose.model import Applicability, Claim, Edit, Evidence, Fix, Manual, Severity, Where
from diagnose.model.nginx import Directive, NginxConfig, NginxTest
from diagnose.model.server import Listener, Listeners
from diagnose.parsers.nginx.config import walk
from diagnose.parsers.nginx.edits import Change

#: Where a program listens that 127.0.0.1 reaches.
_NEAR = {"127.0.0.1", "0.0.0.0", "::", "*"}


@check(
    severity=Severity.ERROR,
    needs=[NginxTest, NginxConfig],
    explains=["nginx.config-invalid"],
)
def upstream_unresolvable(evidence: Evidence) -> Iterator[Claim]:
    nginx = Nginx.of(evidence)
    refused = nginx.refused(r'host not found in upstream "([^"]+)"')
    if refused is None:
        return
    said, found = refused
    name = found[1].rpartition(":")[0] or found[1]
    shown = _directive(nginx, said.file, said.line, found[1])
    # nginx leaves the port out, the directive may name one.
    end = _end(shown, name)
    local = _local(nginx, end)
    facts = {
        "name": name,
        "directive": " ".join((shown.name, *shown.args)) if shown else "",
        "container": "." not in name,
        "application": f"{local.process} ({local.pid})" if local else "",
        "at": f"127.0.0.1:{local.port}" if local else "",
    }
    changes = _edits(nginx, end, local.port) if local else ()
    fix = Fix((*changes, *nginx.taken()), Applicability.REVIEW)
    if not changes:
        step = Manual("a-name-or-address", Where.SERVER)
        fix = Fix((step, *nginx.taken()), Applicability.MANUAL)
    yield nginx.complaint(
        said,
        name,
        facts,
        fix,
        shown,
        evidence.good(Listeners) if local else (),
    )


def _end(shown: Directive | None, name: str) -> str:
    """The name with its port, as the directive has them."""
    words = shown.args[:1] if shown else ()
    found = re.search(rf"(?:^|/){re.escape(name)}(:\d{{1,5}})?(?=/|$)", words[0]) if words else None
    return name + (found[1] or "" if found else "")


def _local(nginx: Nginx, end: str) -> Listener | None:
    """The one program on this server that listens on that port where 127.0.0.1 reaches it. The
    port alone does not prove that it is the one that was meant."""
    port = int(found[1]) if (found := re.search(r":(\d{1,5})$", end)) else 80
    every = [one for seen in nginx.evidence.good(Listeners) for one in seen.on(port)]
    near = [one for one in every if one.address in _NEAR and one.process]
    programs = {one.process for one in every}
    return near[0] if near and len(programs) == 1 and "nginx" not in programs else None


def _edits(nginx: Nginx, end: str, port: int) -> tuple[Edit, ...]:
    """127.0.0.1 in the name's place, wherever it stands with that port."""
    changes: dict[str, list[Change]] = {}
    places = {(one.file, one.start): one for one in walk(nginx.config.main if nginx.config else ())}
    for one in places.values():
        file = nginx.file(one)
        if file is None or one.name not in {"proxy_pass", "server"} or one.block is not None:
            continue
        text = file.text[one.start : one.stop]
        pattern = rf"(?<=[\s/]){re.escape(end)}(?=[\s/;]|$)"
        if found := re.search(pattern, text):
            change = Change(one.start + found.start(), one.start + found.end(), f"127.0.0.1:{port}")
            changes.setdefault(one.file, []).append(change)
    return nginx.edited(changes)


def _directive(nginx: Nginx, file: str | None, line: int | None, end: str) -> Directive | None:
    for name in ("proxy_pass", "server"):
        found = nginx.at(file, line, name)
        if found and found.args and end in found.args[0]:
            return found
    every = walk(nginx.config.main if nginx.config else ())
    named = (one for one in every if one.name in {"proxy_pass", "server"} and one.args)
    return next((one for one in named if end in one.args[0]), None)
