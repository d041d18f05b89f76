"""HAProxy finds no private key for a certificate: it wants the key in the same file, behind the
certificate and its chain, or beside it in a file with ".key" at the end (Configuration Manual,
"crt", "ssl-load-extra-files")."""

import re
from collections.abc import Iterator

from checks.server import place_text, refused_config_severity, server_view, test_steps
from diagnose.checking.registry import check
from diagnose.model import Applicability, Claim, Evidence, Fix, Manual, Severity, Subject, Where
from diagnose.model.web_servers import WebServer, WebServerTest

_MESSAGE = re.compile(r"[Nn]o [Pp]rivate [Kk]ey found in '([^']+)'")


@check(
    severity=Severity.ERROR,
    needs=[WebServer, WebServerTest],
    explains=[
        "server.config-invalid",
        "server.not-running",
        "server.port-not-served",
        "server.certificate-file-missing",
        "server.certificate-not-loaded",
        "server.key-mismatch",
    ],
)
def haproxy_key_missing(evidence: Evidence) -> Iterator[Claim]:
    view = server_view(evidence)
    test = view.test if view else None
    match = _MESSAGE.search(test.message) if test and not test.passed else None
    if view is None or test is None or match is None or view.server.product != "haproxy":
        return
    path = match[1].removesuffix(".key")
    folder = path.rpartition("/")[0]
    yield Claim(
        about=Subject(text=path),
        covers=(Subject(),),
        because=(test, view.server),
        facts={
            **view.facts,
            "file": path,
            "place": place_text(test.file, test.line),
            "running": view.server.pid is not None,
            "live": path.startswith("/etc/letsencrypt/live/"),
            "folder": folder,
            "test": " ".join(view.server.test),
        },
        severity=refused_config_severity(view),
        fix=Fix((Manual("add-key", Where.SERVER), *test_steps(view.server)), Applicability.MANUAL),
    )
