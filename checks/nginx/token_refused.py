"""nginx asks for a password (ngx_http_auth_basic_module), and the page's scripts send a token of
their own in the same field: `Authorization: Bearer …`. A request has one such field (RFC 9110
section 11.6.2), so that the token takes the password's place, and nginx answers 401. Strapi,
Directus, Grafana and most interfaces with JSON Web Tokens send one.

The evidence is the access log: a browser that had just sent a user has none in a request of the
page, and is refused where nginx wants one. Whether the field held a token is not in the log.
"""

import re
from collections.abc import Iterable, Iterator

from checks.nginx import Nginx, file_line
from checks.nginx._commands import chosen_edits
from checks.nginx._edits import config_edits
from checks.nginx._failed_requests import current_failures, request_facts
from checks.nginx._location_edits import copied_lines
from diagnose.checking.registry import check
from diagnose.model import (
    Applicability,
    Claim,
    Confidence,
    Edit,
    Evidence,
    Fix,
    Manual,
    Severity,
    Subject,
    Where,
)
from diagnose.model.logs import FailedRequests
from diagnose.model.nginx import Directive, NginxConfig
from diagnose.parsers.nginx import edits
from diagnose.parsers.nginx.locations import LocationMatch, location_pattern, proxy_pass_of

#: http, server, location: a location of the server block itself.
_DEPTH = 3


@check(
    severity=Severity.WARNING,
    needs=[NginxConfig, FailedRequests],
    explains=["nginx.other-requests-failed", "nginx.own-answer", "nginx.rule-refuses"],
)
def token_refused(evidence: Evidence) -> Iterator[Claim]:
    nginx = Nginx.of(evidence)
    refused: dict[int, list[tuple[FailedRequests, Directive]]] = {}
    for failure in current_failures(evidence, {401}):
        match = next(iter(nginx.location_matches(failure.path)), None)
        asking = _password_line(match) if match else None
        if failure.lost_user and asking is not None:
            refused.setdefault(id(asking), []).append((failure, asking))
    for group in refused.values():
        failures, asking = [failure for failure, _ in group], group[0][1]
        first = failures[0]
        folder = _common_folder(failure.path for failure in failures)
        subjects = tuple(
            Subject(port=evidence.target.port, path=failure.path) for failure in failures
        )
        yield Claim(
            about=subjects[0],
            covers=subjects,
            because=(*failures, *nginx.configs),
            confidence=Confidence.LIKELY,
            location=nginx.location(asking),
            facts={
                **request_facts(evidence, first, None),
                "times": sum(failure.times for failure in failures),
                "others": tuple(f"{failure.method} {failure.path}" for failure in failures[1:]),
                "directive": asking.text,
                "place": file_line(asking),
                "folder": folder or first.path,
            },
            fix=_fix(nginx, folder, first.path),
        )


def _fix(nginx: Nginx, folder: str, path: str) -> Fix:
    """Return the step, with the edit of its first way where the lines are known. It opens the
    folder to who has no password, so a person tries it first."""
    match = next(iter(nginx.location_matches(path)), None)
    file_edits = _open_edits(nginx, match, folder) if match and folder else ()
    step = Manual(
        "one-field-one-login", Where.SERVER, commands=chosen_edits(nginx, file_edits)
    )  # fmt: skip
    return Fix((step,), Applicability.MANUAL)


def _open_edits(nginx: Nginx, match: LocationMatch, folder: str) -> tuple[Edit, ...]:
    """Return the edit that writes a location for the folder without a password; () where the lines
    of the one that answers now would not mean the same there."""
    pattern = location_pattern(match.block) if match.block.name == "location" else None
    passing, server = proxy_pass_of(match), match.blocks[1]
    file, is_plain = nginx.file(server), re.fullmatch(r"/(?:[\w.-]+/)+", folder)
    if passing is None or pattern is None or pattern.modifier or file is None or not is_plain:
        return ()
    if pattern.text == folder or len(match.blocks) != _DEPTH:
        return ()
    # A path behind the address stands for the location's own prefix.
    if not passing.args or not re.fullmatch(r"https?://[^/$]+", passing.args[0]):
        return ()
    lines = copied_lines(nginx, match.block)
    if lines is None:
        return ()
    kept = [line for line in lines if not line.startswith("auth_basic")]
    change = edits.insert_location(
        file.text, server, f"location {folder}", ["auth_basic off;", *kept]
    )  # fmt: skip
    return config_edits(nginx, {file.path: [change]})


def _common_folder(paths: Iterable[str]) -> str:
    """Return the folder that has all of these paths, "/api/"; "" if that is the whole site."""
    folders = [path.partition("?")[0].split("/")[1:-1] for path in paths]
    common: list[str] = []
    for names in zip(*folders, strict=False):
        if len(set(names)) > 1:
            break
        common.append(names[0])
    return f"/{'/'.join(common)}/" if common else ""


def _password_line(match: LocationMatch) -> Directive | None:
    """Return the `auth_basic` by which nginx surely asks every visitor for a password here."""
    asking, satisfy = match.directive("auth_basic"), match.directive("satisfy")
    if asking is None or not asking.args or asking.args[0] == "off" or "$" in asking.args[0]:
        return None
    return None if satisfy is not None and satisfy.args[:1] == ("any",) else asking
