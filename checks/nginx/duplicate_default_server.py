"""Two blocks say default_server for one address and port: often a distribution's default site
and one's own."""

from collections.abc import Iterator

from checks.nginx import Nginx, where
from diagnose.catalogue import check
from diagnose.model import Applicability, Claim, Evidence, Fix, Manual, Severity, Where
from diagnose.model.nginx import Directive, NginxConfig, NginxTest
from diagnose.wire import edits

_WORDS = {"default_server", "default"}


@check(
    severity=Severity.ERROR,
    needs=[NginxTest, NginxConfig],
    explains=["nginx.config-invalid"],
)
def duplicate_default_server(evidence: Evidence) -> Iterator[Claim]:
    nginx = Nginx.of(evidence)
    refused = nginx.refused(r"a duplicate default server for (\S+)")
    if refused is None:
        return
    said, found = refused
    second = nginx.at(said.file, said.line, "listen")
    first = _first(nginx, second) if second else None
    yield nginx.complaint(
        said,
        found[1],
        {"socket": found[1], "first": where(first) if first else ""},
        _fix(nginx, second),
        second,
    )


def _first(nginx: Nginx, second: Directive) -> Directive | None:
    """The other one, of which nginx does not speak."""
    sockets = {
        (listen.address, listen.port)
        for server in nginx.servers
        for listen in server.listens
        if listen.directive == second
    }
    for server in nginx.servers:
        for one in server.listens:
            same = one.default and (one.address, one.port) in sockets
            if same and one.directive and one.directive != second:
                return one.directive
    return None


def _fix(nginx: Nginx, second: Directive | None) -> Fix:
    """The one that comes second gives way: which of them is to stay is for a person to see."""
    if second:
        words = " ".join(("listen", *(word for word in second.args if word not in _WORDS)))
        if edit := nginx.edit(second.file, edits.instead(second, f"{words};")):
            return Fix((edit, *nginx.taken()), Applicability.REVIEW)
    return Fix((Manual("one-of-them", Where.SERVER), *nginx.taken()), Applicability.MANUAL)
