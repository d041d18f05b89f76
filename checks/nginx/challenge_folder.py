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

from checks.certificate import Lineage, lineage_of
from checks.http import exchanges_by_purpose
from checks.nginx import Nginx, file_line
from checks.nginx._challenge_answers import ChallengeAnswer, challenge_answer
from checks.nginx._challenge_locations import challenge_location
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
from diagnose.model.http import Exchange
from diagnose.model.nginx import CertificateFile, NginxConfig
from diagnose.model.renewal import CHALLENGES, ChallengeFolder
from diagnose.model.server import WEB_SERVER_PROCESSES, Listeners
from diagnose.parsers.http import proxy_page
from diagnose.parsers.nginx import edits
from diagnose.parsers.nginx.locations import location_pattern
from diagnose.parsers.nginx.upstreams import (
    proxy_target_of,
    request_variables,
)
from diagnose.parsers.redirects import REDIRECTS

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
#: A folder that needs no quotes in nginx's configuration.
_PLAIN = re.compile(r"/[^\s;{}\"'$\\]{0,500}")


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
    answer = challenge_answer(nginx, host) if settings else None
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
            "directive": answer.directive.text,
            "place": file_line(answer.directive),
            "redirect": file_line(answer.redirect.directive) if answer.redirect else "",
            "status": answered[0].status if answered else "",
        },
        fix=_fix(nginx, answer, settings, sure=bool(answered)),
    )


def _program_answers(
    nginx: Nginx, answer: ChallengeAnswer, settings: ChallengeFolder
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
        (end.status in _REFUSALS or (200 <= (end.status or 0) < 500 and not is_interpreter))
        and proxy_page(end.body) != "nginx"
        for end in ends
    )
    return ends if proxy.endpoints and is_programs else ()


def _fix(nginx: Nginx, answer: ChallengeAnswer, settings: ChallengeFolder, *, sure: bool) -> Fix:
    """Answer challenges on port 80 from the tool's folder, and nothing else from there."""
    edit, is_plain = None, False
    if answer.directive.name == "location" and answer.redirect is None:
        file = nginx.file(answer.directive)
        lines = [f"root {settings.folder};"]
        if file is not None and " " not in settings.folder:
            change = edits.insert_first(file.text, answer.directive, lines)
            edit = config_edit(nginx, file.path, change)
    elif _is_own_folder(answer):
        file = nginx.file(answer.directive)
        if file is not None and _PLAIN.fullmatch(settings.folder):
            change = edits.replace_directive(answer.directive, f"root {settings.folder};")
            edit = config_edit(nginx, file.path, change)
    elif added := challenge_location(nginx, answer.server, settings.folder):
        edit, is_plain = added.edit, added.is_plain
    if edit is None:
        return Fix((Manual("one-folder", Where.SERVER),), Applicability.MANUAL)
    if sure and is_plain:
        return Fix((edit, *reload_steps(nginx)), Applicability.AUTOMATIC)
    lineage = _lineage(settings)
    renewal = (lineage.renew, *reload_steps(nginx)) if lineage else ()
    return Fix((edit, *reload_steps(nginx), *renewal), Applicability.REVIEW)


def _is_own_folder(answer: ChallengeAnswer) -> bool:
    """Return whether the block of port 80 itself has a location for challenges alone with this
    folder. One for all of /.well-known/ has other files there, and a file that the block includes
    may be that of other sites too."""
    block, directive = answer.match.block, answer.directive
    pattern = location_pattern(block) if block.name == "location" else None
    is_challenges = pattern is not None and "acme-challenge" in pattern.text
    is_own = is_challenges and directive in (block.block or ()) and answer.redirect is None
    return is_own and directive.file == answer.server.block.file


def _lineage(settings: ChallengeFolder) -> Lineage | None:
    """Return the certificate of these settings, by the tool's own file of it."""
    if settings.tool == "acme.sh":
        return lineage_of(f"{posixpath.dirname(settings.source)}/fullchain.cer")
    name = posixpath.basename(settings.source).removesuffix(".conf")
    return lineage_of(f"/etc/letsencrypt/live/{name}/fullchain.pem")
