"""HAProxy finds no private key for a certificate: it wants the key in the same file, behind the
certificate and its chain, or beside it in a file with ".key" at the end (Configuration Manual,
"crt", "ssl-load-extra-files")."""

import re
from collections.abc import Iterator

from checks.server import (
    ServerView,
    line_edit,
    line_text,
    place_text,
    refused_config_severity,
    reload_steps,
    server_view,
    test_steps,
)
from diagnose.checking.registry import check
from diagnose.model import (
    Applicability,
    Claim,
    Evidence,
    Fix,
    Manual,
    Severity,
    Subject,
    Where,
    commands,
    server_commands,
)
from diagnose.model.files import StoredCertificate
from diagnose.model.web_servers import WebServer, WebServerTest
from diagnose.parsers.hostnames import is_host

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
    joined, key = _joined_fix(view, test, path), _key_beside(evidence, path)
    linked = _linked_fix(view, path, key) if key else None
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
            "joined": joined is not None,
            "key": key,
            "test": " ".join(view.server.test),
        },
        severity=refused_config_severity(view),
        fix=joined
        or linked
        or Fix((Manual("add-key", Where.SERVER), *test_steps(view.server)), Applicability.MANUAL),
    )


def _key_beside(evidence: Evidence, path: str) -> str:
    """Return the key of a file's certificate, if it lies in the same folder under a name that
    HAProxy does not look for; "" if there is none."""
    keys = [stored.key for stored in evidence.good(StoredCertificate) if stored.path == path]
    folder = path.rpartition("/")[0]
    return next((key for key in keys if _is_beside(key, folder) and key != f"{path}.key"), "")


def _is_beside(key: str, folder: str) -> bool:
    return re.fullmatch(r"/[\w./@+~-]{1,400}", key) is not None and key.rpartition("/")[0] == folder


def _linked_fix(view: ServerView, path: str, key: str) -> Fix:
    """Return the fix that gives the key the name for which HAProxy looks, too."""
    link = commands.link(key, f"{path}.key")
    return Fix((link, *reload_steps(view.server)), Applicability.AUTOMATIC)


def _joined_fix(view: ServerView, test: WebServerTest, path: str) -> Fix | None:
    """Return the fix that joins certbot's chain and key in a file of its own, and names it in the
    line of the certificate; None for another file, or where the line is not known."""
    folder, _, file = path.rpartition("/")
    name, text = folder.rpartition("/")[2], line_text(view, test.file, test.line)
    word = re.compile(rf"(?<!\S){re.escape(path)}(?!\S)")
    is_lineage = folder == f"/etc/letsencrypt/live/{name}" and is_host(name)
    if not is_lineage or file != "fullchain.pem" or len(word.findall(text)) != 1:
        return None
    own = f"/etc/haproxy/{name}.pem"
    edit = line_edit(view, test.file, {test.line: (word.sub(own, text),)})
    if edit is None:
        return None
    bundle = server_commands.create_bundle(own, path, f"{folder}/privkey.pem")
    # A file of that name may be there, and another renewal may write it.
    return Fix((bundle, edit, *reload_steps(view.server)), Applicability.REVIEW)
