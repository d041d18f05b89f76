"""The renewal tool writes the files that answer HTTP-01 challenges (RFC 8555 section 8.3) to one
folder, and nginx answers these requests from another, or from an application. The authority then
gets 404, or a page in place of the file, and the renewal fails.

The tool's own settings say where it writes (certbot: webroot_map, acme.sh: Le_Webroot), and nginx's
where it looks, also after a redirect to https.
"""

import posixpath
from collections.abc import Iterator

from checks.http._redirects import NginxRedirect, redirect_location, redirects_of
from checks.nginx import Nginx, file_line
from checks.nginx._commands import reload_steps
from checks.nginx._edits import config_edit
from diagnose.checking.registry import check
from diagnose.model import (
    Applicability,
    Claim,
    Confidence,
    Evidence,
    Fix,
    Manual,
    Severity,
    Subject,
    Where,
)
from diagnose.model.containers import NginxContainer
from diagnose.model.frozen import frozen
from diagnose.model.nginx import CertificateFile, Directive, NginxConfig
from diagnose.model.renewal import CHALLENGES, ChallengeFolder
from diagnose.parsers.nginx import edits, server_blocks
from diagnose.parsers.nginx.config import children
from diagnose.parsers.nginx.file_paths import served_file
from diagnose.parsers.nginx.locations import LocationMatch, location_pattern, select_location
from diagnose.parsers.nginx.server_blocks import Server
from diagnose.parsers.nginx.upstreams import pass_directive_of
from diagnose.parsers.urls import parse_url

_FILE = f"{CHALLENGES}x"


@frozen
class _Answer:
    """How nginx answers a challenge: the block of port 80, the last location, and the folder of the
    file, or the directive that passes the request on."""

    server: Server
    match: LocationMatch
    folder: str
    directive: Directive
    redirect: NginxRedirect | None


@check(
    severity=Severity.WARNING,
    needs=[ChallengeFolder, NginxConfig],
    explains=[
        "certificate.expired",
        "certificate.expires-soon",
        "certificate.renewal-failed",
        "http.acme-challenge-answered",
        "http.acme-challenge-blocked",
        "http.acme-challenge-missing",
    ],
)
def challenge_folder(evidence: Evidence) -> Iterator[Claim]:
    if evidence.of(NginxContainer):
        return  # its folders are mounts, under other paths
    nginx, host = Nginx.of(evidence), evidence.target.host
    settings = next((item for item in evidence.good(ChallengeFolder) if item.name == host), None)
    answer = _answer(nginx, host) if settings else None
    if settings is None or answer is None or nginx.config is None:
        return
    expected = posixpath.normpath(f"{settings.folder}/{CHALLENGES}")
    if answer.folder in {expected, *settings.same_as}:
        return
    expired = any(
        leaf.not_after is not None and leaf.not_after < evidence.started_at
        for file in evidence.good(CertificateFile)
        for leaf in file.chain[:1]
    )
    yield Claim(
        about=Subject(text=settings.source),
        covers=(Subject(),),
        because=(settings, nginx.config),
        confidence=Confidence.LIKELY,
        severity=Severity.ERROR if expired else None,
        location=nginx.location(answer.directive),
        facts={
            "tool": settings.tool,
            "name": host,
            "source": settings.source,
            "folder": settings.folder,
            "written": expected,
            "looked": answer.folder,
            "web_root": answer.folder.removesuffix(CHALLENGES.rstrip("/"))
            if answer.folder.endswith(CHALLENGES.rstrip("/")) and settings.tool == "certbot"
            else "",
            "directive": " ".join((answer.directive.name, *answer.directive.args)),
            "place": file_line(answer.directive),
            "redirect": file_line(answer.redirect.directive) if answer.redirect else "",
        },
        fix=_fix(nginx, answer, settings),
    )


def _answer(nginx: Nginx, host: str) -> _Answer | None:
    """Follow a challenge through nginx; None if the way is unknown."""
    server = _server(nginx, host, 80)
    if server is None:
        return None
    redirect = next(iter(redirects_of(server, _FILE)), None)
    last: Server | None = server
    if redirect is not None:
        last = _redirect_server(nginx, redirect, host)
    if last is None or (last is not server and next(iter(redirects_of(last, _FILE)), None)):
        return None
    match = select_location(last, _FILE)
    passed = pass_directive_of(match)
    if passed is not None:
        return _Answer(server, match, "", passed, redirect)
    served = served_file(match, _FILE, start=nginx.start_folder)
    if served is None:
        return _default_answer(nginx, server, match, redirect)
    return _Answer(server, match, posixpath.dirname(served.path), served.directive, redirect)


def _default_answer(
    nginx: Nginx, server: Server, match: LocationMatch, redirect: NginxRedirect | None
) -> _Answer | None:
    """Return the answer of a location of its own for challenges without any `root`: nginx looks in
    the folder "html" of its own installation (core, "root")."""
    block, prefix = match.block, nginx.start_folder
    names = {"root", "alias", "return", "rewrite", "if", "try_files"}
    is_own = block.name == "location" and _is_challenge(block) and bool(prefix)
    if not is_own or any(children(each, name) for each in match.blocks for name in names):
        return None
    folder = posixpath.normpath(f"{prefix}/html/{CHALLENGES}")
    return _Answer(server, match, folder, block, redirect)


def _redirect_server(nginx: Nginx, redirect: NginxRedirect, host: str) -> Server | None:
    """Return the block of https to which a redirect leads the challenge of a name, under the same
    path; None if it leads elsewhere, or if that is unknown."""
    names = redirect.server.names
    values = {
        "host": host,
        "http_host": host,
        "server_name": names[0] if names else "",
        "server_port": "80",
        "scheme": "http",
        "https": "",
        "request_uri": _FILE,
        "uri": _FILE,
        "document_uri": _FILE,
        "args": "",
        "query_string": "",
        "is_args": "",
    }
    url = parse_url(redirect_location(redirect, values))
    if url is None or not url.secure or url.port != 443 or url.path != _FILE:
        return None
    server = _server(nginx, url.host, 443)
    # Another name is followed where a block of this nginx has it: a default takes any name.
    return server if server and (url.host == host or url.host in server.names) else None


def _server(nginx: Nginx, host: str, port: int) -> Server | None:
    """Return the block of a name on a port, if it is the same on all addresses."""
    selections = (
        server_blocks.select_server(socket, host) for socket in nginx.reachable_sockets(port)
    )
    blocks = {id(server.block): server for server, _ in selections}
    return next(iter(blocks.values())) if len(blocks) == 1 else None


def _fix(nginx: Nginx, answer: _Answer, settings: ChallengeFolder) -> Fix:
    """Answer challenges on port 80 from the tool's folder, and nothing else from there."""
    file = nginx.file(answer.server.block)
    locations = children(answer.server.block, "location")
    own = [location for location in locations if _is_challenge(location)]
    returns = children(answer.server.block, "return")
    block = [f"location ^~ {CHALLENGES} {{", f"    root {settings.folder};", "}"]
    change = None
    if answer.directive.name == "location" and answer.redirect is None:
        file = nginx.file(answer.directive)
        if file is not None:
            change = edits.insert_first(file.text, answer.directive, [f"root {settings.folder};"])
    elif file is not None and not own and len(returns) == 1 and not locations:
        # A `return` of the block itself comes before every location.
        change = edits.enclose_directive(file.text, returns[0], "location /", [*block, ""])
    elif file is not None and not own and not returns:
        change = (
            edits.insert_before(file.text, locations[0], [*block, ""])
            if locations and locations[0].file == file.path
            else edits.insert_first(file.text, answer.server.block, block)
        )
    edit = config_edit(nginx, file.path, change) if file and change else None
    if edit is None or " " in settings.folder:
        return Fix((Manual("one-folder", Where.SERVER),), Applicability.MANUAL)
    return Fix((edit, *reload_steps(nginx)), Applicability.REVIEW)


def _is_challenge(location: Directive) -> bool:
    pattern = location_pattern(location)
    return pattern is not None and "well-known" in pattern.text
