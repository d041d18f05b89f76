"""nginx has a file that docker-gen writes, and docker-gen runs in a container of its own, which
does not run: the file names addresses and applications of the day on which it ended (nginx-proxy,
"Separate Containers").
"""

import re
from collections.abc import Iterator

from checks.listener._containers import start_fix, stopped_facts
from checks.listener._restart_policies import lasting_start_fix, restart_facts
from checks.nginx import Nginx
from checks.upstream._address_lines import writer_of
from diagnose.checking.registry import check
from diagnose.model import Claim, Confidence, Evidence, Location, Severity, Subject
from diagnose.model.containers import Container, Containers
from diagnose.model.http import page_exchanges
from diagnose.model.nginx import NginxConfig
from diagnose.parsers.nginx.config import walk

#: The images jwilder/docker-gen and nginxproxy/docker-gen, with a registry before and a tag behind.
_IMAGE = re.compile(r"(?:^|/)docker-gen(?:[:@]|$)")
#: What nginx answers where the addresses in its file are no longer right: an error of the program
#: itself (500) is none.
_OF_ADDRESSES = frozenset({502, 503, 504})


@check(
    severity=Severity.ERROR,
    needs=[Containers, NginxConfig],
    explains=[
        "http.server-error",
        "nginx.no-matching-server",
        "nginx.own-answer",
        "nginx.other-requests-failed",
        "upstream.container-unserved",
        "upstream.container-wrong-port",
        "upstream.none-live",
        "upstream.other-application",
        "upstream.own-answer",
        "upstream.refused",
        "upstream.stale-address",
        "upstream.target-empty",
        "upstream.timeout",
        "upstream.unreachable",
        "websocket.not-upgraded",
    ],
)
def generator_stopped(evidence: Evidence) -> Iterator[Claim]:
    pages = [page for page in page_exchanges(evidence) if page.status in _OF_ADDRESSES]
    nginx = Nginx.of(evidence)
    location = _generated_file(nginx) if pages else None
    for containers in evidence.good(Containers) if location else ():
        if any(_is_generator(container) for container in containers.running):
            return
        stopped = [container for container in containers.stopped if _is_generator(container)]
        if len(stopped) != 1 or location is None:
            return
        generator = stopped[0]
        target = evidence.target
        subject = Subject(port=target.port, path=target.path)
        yield Claim(
            about=subject,
            covers=(subject, Subject(port=target.port), Subject(port=80)),
            because=(containers, *pages, *nginx.configs),
            # The file may be right all the same, and the application fail by itself.
            confidence=Confidence.LIKELY,
            location=location,
            facts={
                **stopped_facts(generator),
                **restart_facts(evidence, containers, generator),
                "file": location.file,
                "page_status": pages[0].status,
            },
            fix=lasting_start_fix(evidence, containers, generator) or start_fix(generator),
        )


def _is_generator(container: Container) -> bool:
    return bool(_IMAGE.search(container.image))


def _generated_file(nginx: Nginx) -> Location | None:
    """Return the first line of the file of nginx-proxy that nginx has read; None without one."""
    for line in walk(nginx.config.main) if nginx.config else ():
        if line.name == "server":
            writer = writer_of(nginx, line)
            if writer is not None and writer.panel == "nginx-proxy":
                return nginx.location(line)
    return None
