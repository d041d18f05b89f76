"""nginx resolves the names it proxies to once, when it starts. One that has no address then stops
all of nginx, with every site."""

from collections.abc import Iterator

from checks.nginx import Nginx
from diagnose.catalogue import check
from diagnose.model import Applicability, Claim, Evidence, Fix, Manual, Severity, Where
from diagnose.model.nginx import Directive, NginxConfig, NginxTest
from diagnose.wire.nginx import walk


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
    facts = {
        "name": name,
        "directive": " ".join((shown.name, *shown.args)) if shown else "",
        "container": "." not in name,
    }
    yield nginx.complaint(
        said,
        name,
        facts,
        Fix((Manual("a-name-or-address", Where.SERVER), *nginx.taken()), Applicability.MANUAL),
        shown,
    )


def _directive(nginx: Nginx, file: str | None, line: int | None, end: str) -> Directive | None:
    for name in ("proxy_pass", "server"):
        found = nginx.at(file, line, name)
        if found and found.args and end in found.args[0]:
            return found
    every = walk(nginx.config.main if nginx.config else ())
    named = (one for one in every if one.name in {"proxy_pass", "server"} and one.args)
    return next((one for one in named if end in one.args[0]), None)
