"""The renewal tool writes the files that answer HTTP-01 challenges (RFC 8555 section 8.3) to one
folder, and nginx answers these requests from another, or from an application. The authority then
gets 404, or a page in place of the file, and the renewal fails.

The tool's own settings say where it writes (certbot: webroot_map, acme.sh: Le_Webroot), and nginx's
where it looks, also after a redirect to https.

It is certain where a program of this server answered a challenge that nobody ordered, and the tool
writes into a web server's own folder: no program serves that one. A program may serve any other.
"""

import posixpath
import re
from collections.abc import Iterator

from checks.http import exchanges_by_purpose
from checks.http._redirects import NginxRedirect, redirect_location, redirects_of
from checks.nginx import Nginx, file_line
from checks.nginx._challenge_locations import (
    challenge_location,
    is_for_challenges,
    server_of_port,
)
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
from diagnose.model.addresses import is_local_host
from diagnose.model.containers import NginxContainer
from diagnose.model.frozen import frozen
from diagnose.model.http import Exchange
from diagnose.model.nginx import CertificateFile, Directive, NginxConfig
from diagnose.model.renewal import CHALLENGES, ChallengeFolder
from diagnose.model.server import WEB_SERVER_PROCESSES, Listeners
from diagnose.parsers.http import proxy_page
from diagnose.parsers.nginx import edits
from diagnose.parsers.nginx.config import children
from diagnose.parsers.nginx.file_paths import served_file
from diagnose.parsers.nginx.locations import LocationMatch, select_location
from diagnose.parsers.nginx.server_blocks import Server
from diagnose.parsers.nginx.upstreams import (
    pass_directive_of,
    proxy_target_of,
    request_variables,
)
from diagnose.parsers.redirects import REDIRECTS
from diagnose.parsers.urls import parse_url

_FILE = f"{CHALLENGES}x"
#: Folders that belong to a web server, or to the tool.
_OF_A_SERVER = re.compile(
    r"/usr/share/nginx(?:/html)?|/var/www(?:/html)?|/var/lib/letsencrypt|/srv/(?:http|www)"
    r"|/(?:[\w.-]+/)*[\w.-]*(?:letsencrypt|certbot|acme|challenge)[\w.-]*(?:/[\w.-]+)?"
)
#: Web servers, and what listens in place of a program in a container, which may be one.
_MAY_SERVE_FILES = WEB_SERVER_PROCESSES | {
    *("docker-proxy", "rootlessport", "rootlesskit", "slirp4netns", "pasta", "conmon"),
}
#: Programs that may be servers of files: they answer what is not there with 404, or with a page.
_INTERPRETER = re.compile(r"(?:php|python|ruby|node|perl|bun|deno|java)")
_REFUSALS = {401, 403}


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
    answered = _program_answers(nginx, answer, settings)
    yield Claim(
        about=Subject(text=settings.source),
        covers=(Subject(),),
        because=(settings, nginx.config, *answered),
        confidence=Confidence.CERTAIN if answered else Confidence.LIKELY,
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
            "status": answered[0].status if answered else "",
        },
        fix=_fix(nginx, answer, settings, sure=bool(answered)),
    )


def _program_answers(
    nginx: Nginx, answer: _Answer, settings: ChallengeFolder
) -> tuple[Exchange, ...]:
    """Return the answers of a program of this server to a challenge that nobody ordered, if the
    tool's folder is none that it may serve."""
    evidence = nginx.evidence
    proxy = proxy_target_of(answer.match, request_variables(evidence.target))
    if answer.folder or proxy is None or not _OF_A_SERVER.fullmatch(settings.folder):
        return ()
    is_interpreter = False
    for endpoint in proxy.endpoints:
        names = {
            socket.process
            for listeners in evidence.good(Listeners)
            for socket in listeners.on(endpoint.port)
        }
        is_known = bool(names) and None not in names
        if not is_known or not is_local_host(endpoint.host) or names & _MAY_SERVE_FILES:
            return ()
        is_interpreter |= any(_INTERPRETER.match(name or "") for name in names)
    answers = exchanges_by_purpose(evidence, "acme")
    ends = tuple(each for each in answers if each.status not in REDIRECTS)
    is_programs = ends and all(
        (each.status in _REFUSALS or (200 <= (each.status or 0) < 500 and not is_interpreter))
        and proxy_page(each.body) != "nginx"
        for each in ends
    )
    return ends if proxy.endpoints and is_programs else ()


def _answer(nginx: Nginx, host: str) -> _Answer | None:
    """Follow a challenge through nginx; None if the way is unknown."""
    server = server_of_port(nginx, host, 80)
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
    is_own = block.name == "location" and is_for_challenges(block) and bool(prefix)
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
    server = server_of_port(nginx, url.host, 443)
    # Another name is followed where a block of this nginx has it: a default takes any name.
    return server if server and (url.host == host or url.host in server.names) else None


def _fix(nginx: Nginx, answer: _Answer, settings: ChallengeFolder, *, sure: bool) -> Fix:
    """Answer challenges on port 80 from the tool's folder, and nothing else from there."""
    edit, is_plain = None, False
    if answer.directive.name == "location" and answer.redirect is None:
        file = nginx.file(answer.directive)
        lines = [f"root {settings.folder};"]
        if file is not None and " " not in settings.folder:
            change = edits.insert_first(file.text, answer.directive, lines)
            edit = config_edit(nginx, file.path, change)
    elif added := challenge_location(nginx, answer.server, settings.folder):
        edit, is_plain = added.edit, added.is_plain
    if edit is None:
        return Fix((Manual("one-folder", Where.SERVER),), Applicability.MANUAL)
    applicability = Applicability.AUTOMATIC if sure and is_plain else Applicability.REVIEW
    return Fix((edit, *reload_steps(nginx)), applicability)
