"""PHP-FPM does not find the script that nginx names in SCRIPT_FILENAME: "Primary script unknown",
and visitors get 404 "File not found."

The path that PHP gets is `$document_root$fastcgi_script_name`. It is wrong if `root` is missing or
names another folder, below an `alias`, or if PHP runs elsewhere (in a container) and sees other
folders. Where that container is known, it was looked whether it has the script, and which folders
it mounts. Where the script is at the path to which another setting of the site leads, that setting
is corrected. An address may end with ".php" and be no script: a program that shows files of others
(GitList) makes it, and the location for PHP takes it from the program's index.php.

PHP-FPM refuses a file whose name does not end with ".php" (security.limit_extensions). Where the
file is there with that ending, nginx is to name it so.
"""

import posixpath
from collections.abc import Iterator
from dataclasses import replace

from checks.nginx import Nginx, file_line
from checks.nginx._page_errors import PageError, page_claim, page_directive, page_error
from checks.nginx._script_edits import (
    ending_fix,
    inner_script_fix,
    program_script,
    requests_for_script,
    script_fix,
)
from diagnose.checking.registry import check
from diagnose.model import Applicability, Claim, Confidence, Evidence, Fix, Severity
from diagnose.model.containers import Containers, ScriptContainer
from diagnose.model.files import PageFileAccess
from diagnose.model.http import Exchange
from diagnose.model.logs import LogLine
from diagnose.parsers.nginx.error_log import upstream_authority
from diagnose.parsers.nginx.locations import location_pattern
from diagnose.parsers.php_failures import php_version
from diagnose.parsers.redirects import end_path

_UNKNOWN = r'FastCGI sent in stderr: "Primary script unknown'
_DENIED = r"FastCGI sent in stderr: \"(?:Access to the script '([^']*)' has been denied)"

#: Endings under which sites have scripts of PHP. A picture is never to be run: its address with
#: "/x.php" behind it is an attack.
_SCRIPTS = frozenset({".html", ".htm", ".phtml", ".php3", ".php4", ".php5", ".php7"})

#: The folders for visitors in the projects of frameworks (Laravel, Symfony; Yii, Drupal).
_OF_FRAMEWORKS = frozenset({"public", "web"})


@check(
    severity=Severity.ERROR,
    needs=[LogLine, Exchange],
    explains=["http.server-error", "http.redirect-to-error", "http.answer-says-why"],
)
def script_not_found(evidence: Evidence) -> Iterator[Claim]:
    denied = page_error(evidence, _DENIED, {403})
    error = denied or page_error(evidence, _UNKNOWN, {404, 403})
    if error is None:
        return
    nginx = Nginx.of(evidence)
    root = page_directive(nginx, "root") or page_directive(nginx, "alias")
    container = None if denied else _container(evidence, error.line)
    access = None if container else _access(evidence, error)
    program = program_script(nginx, access) if access and not denied else ""
    facts = {
        "denied": denied is not None,
        "folder": root.args[0] if root and root.args else "",
        "application": error.line.upstream.partition("://")[2],
        "named": access.path if access else "",
        "elsewhere": access.elsewhere if access and not program else "",
        "program": program,
        **_container_facts(container),
        **_denied_facts(nginx, denied),
    }
    step = "only-scripts" if facts["pass"] else "correct-the-path"
    if facts["ending"] and not facts["pass"]:
        step = "allow-the-ending"
    is_seen = container is not None and container.seen_at == container.folder
    if container is not None and container.source and not (container.within or is_seen):
        step = "name-the-other-path" if container.seen_at else "mount-the-folder"
    claim = page_claim(nginx, error, facts, step, root)
    find = ending_fix if denied else script_fix
    fix = find(nginx, access) if access else None
    if container is not None:
        fix = inner_script_fix(nginx, container) or _mount_fix(evidence, container)
    because = (*claim.because, *filter(None, (container, access)))
    # The program may have no such page: only its own answer would show that.
    confidence = Confidence.LIKELY if program else claim.confidence
    yield replace(claim, because=because, confidence=confidence, fix=fix or claim.fix)


def _denied_facts(nginx: Nginx, denied: PageError | None) -> dict[str, object]:
    """Return the file that PHP refuses, and the location that passes every file on to it with its
    line; all "" if PHP refused none, or if that location is for scripts by its expression."""
    facts: dict[str, object] = dict.fromkeys(("refused", "owner", "owner_place", "pass"), "")
    file = (denied.match[1] or "") if denied else ""
    ending = posixpath.splitext(file)[1]
    facts["ending"] = ending if ending in _SCRIPTS else ""
    facts["version"] = php_version(denied.line.upstream) if denied else ""
    if denied is None:
        return facts
    inner = (request.match for request in requests_for_script(nginx, file))
    for match in (*nginx.location_matches(end_path(nginx.evidence)), *inner):
        passing, pattern = match.directive("fastcgi_pass"), location_pattern(match.block)
        if passing and pattern and "php" not in pattern.text:
            return {
                **facts,
                "ending": "",
                "refused": denied.match[1] or "",
                "owner": match.block.text,
                "owner_place": file_line(match.block),
                "pass": f"{passing.text};",
            }
    return facts


def _access(evidence: Evidence, error: PageError) -> PageFileAccess | None:
    """Return where the script is not, and perhaps where it is."""
    urls = {response.url for response in error.exchanges}
    accesses = (a for a in evidence.good(PageFileAccess) if a.mistake == "script")
    return next((access for access in accesses if access.url in urls), None)


def _container(evidence: Evidence, line: LogLine) -> ScriptContainer | None:
    """Return the container of PHP, if it lacks the script."""
    authority = upstream_authority(line)
    return next(
        (
            container
            for container in evidence.good(ScriptContainer)
            if container.endpoint == authority and not container.is_there
        ),
        None,
    )


def _mount_fix(evidence: Evidence, container: ScriptContainer) -> Fix | None:
    """Return the change of the compose file by which the container sees the folder at the path that
    nginx has; None if that takes a person."""
    if not container.source or container.seen_at or container.within:
        return None
    # Imported late: few scripts are in a container.
    from checks.listener._compose_edits import compose_steps, new_mount_change

    lists = evidence.good(Containers)
    named = (each for item in lists for each in item.running if each.name == container.name)
    if (own := next(named, None)) is None:
        return None
    source, point = container.source, container.folder
    name = posixpath.basename(point)
    if name in _OF_FRAMEWORKS and posixpath.basename(source) == name and point.count("/") > 2:
        # The scripts of a framework load its own folders beside the public one.
        source, point = posixpath.dirname(source), posixpath.dirname(point)
    change = new_mount_change(f"{source}:{point}")
    steps = compose_steps(evidence, (own, change))
    return Fix(steps, Applicability.REVIEW) if steps else None


def _container_facts(container: ScriptContainer | None) -> dict[str, object]:
    if container is None:
        names = (
            "container", "script", "source", "seen", "within", "served", "compose", "service",
        )  # fmt: skip
        return dict.fromkeys(names, "")
    return {
        "container": container.name or container.endpoint,
        "script": container.path,
        "source": container.source,
        "seen": "" if container.within else container.seen_at,
        "within": container.within,
        "served": container.folder,
        "compose": container.compose,
        "service": container.service,
    }
