"""Two blocks say default_server for one address and port: often a distribution's default site
and one's own."""

from collections.abc import Iterator

from checks.nginx import Nginx, where
from diagnose.checking.registry import check
from diagnose.model import Applicability, Claim, Evidence, Fix, Manual, Severity, Where
from diagnose.model.nginx import Directive, NginxConfig, NginxTest
from diagnose.parsers.nginx import edits

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
    gives_way = first if first and _is_shipped(first) else second
    yield nginx.complaint(
        said,
        found[1],
        {
            "socket": found[1],
            "first": where(first) if first else "",
            "gives_way": where(gives_way) if gives_way else "",
        },
        _fix(nginx, gives_way),
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


def _is_shipped(one: Directive) -> bool:
    """Whether it stands in the site that a package brings."""
    return one.file.endswith(("/sites-enabled/default", "/conf.d/default.conf"))


def _fix(nginx: Nginx, gives_way: Directive | None) -> Fix:
    """The one that comes second: nginx itself takes the first for names that no block bears. But a
    package's own site gives way to one that somebody wrote. Every site keeps its names."""
    if gives_way:
        words = " ".join(("listen", *(word for word in gives_way.args if word not in _WORDS)))
        if edit := nginx.edit(gives_way.file, edits.instead(gives_way, f"{words};")):
            return Fix((edit, *nginx.taken()))
    return Fix((Manual("one-of-them", Where.SERVER), *nginx.taken()), Applicability.MANUAL)
