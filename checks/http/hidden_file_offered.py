"""The site gives a hidden file of its program to everybody: `.env` with its passwords, or
`.git/config` with the way to its source.

A page in the place of the file is none (`try_files … /index.html`): only an answer that is no HTML
counts, where the site does not answer a name that nobody has in the same way. Such files are asked
for only where a message or the address names one.
"""

from collections.abc import Iterator

from checks.nginx import Nginx
from checks.nginx._commands import reload_steps as nginx_reload_steps
from checks.nginx._edits import Changes, config_edits
from checks.server import reload_steps, server_on_port
from checks.server._apache_overrides import added_lines
from checks.server._media_types import lines_below
from diagnose.checking.registry import check
from diagnose.model import (
    Applicability,
    Claim,
    Command,
    Edit,
    Evidence,
    Fix,
    Manual,
    Severity,
    Subject,
    Where,
)
from diagnose.model.http import Exchange
from diagnose.parsers.hidden_files import is_hidden_file
from diagnose.parsers.nginx import edits
from diagnose.parsers.urls import path_of

#: All names with a dot at their beginning, but what is well known (RFC 8615).
_PATTERN = r"/\.(?!well-known/)"
_APACHE = (f'<LocationMatch "{_PATTERN}">', "    Require all denied", "</LocationMatch>")
#: The one of several `handle` that has the request is alone with it.
_CADDY = (
    "@hidden {", "\tpath */.*", "\tnot path /.well-known/*", "}", "handle @hidden {",
    "\terror 404", "}",
)  # fmt: skip


@check(severity=Severity.ERROR, needs=[Exchange])
def hidden_file_offered(evidence: Evidence) -> Iterator[Claim]:
    for answer in evidence.good(Exchange):
        path = path_of(answer.url)
        is_asked = answer.purpose in {"hidden", "target"} and is_hidden_file(path)
        controls = [each for each in evidence.good(Exchange) if _is_control(each, answer)]
        is_alike = not controls or any(map(_is_file, controls))
        if not is_asked or not _is_file(answer) or is_alike:
            continue
        target = evidence.target
        steps = _steps(evidence)
        change = Manual("change-the-secrets", Where.APPLICATION)
        subject = Subject(port=target.port, path=path)
        yield Claim(
            about=subject,
            covers=(subject, Subject(port=target.port)),
            because=(answer,),
            facts={"url": answer.url, "path": path, "environment": "/.env" in path},
            fix=Fix((*steps, change), Applicability.REVIEW)
            if steps
            else Fix((Manual("refuse-it", Where.SERVER), change), Applicability.MANUAL),
        )
        return


def _is_file(exchange: Exchange) -> bool:
    """Return whether an answer is a file, and no page for all that is not there."""
    kind = (exchange.header("Content-Type") or "").lower()
    return exchange.status == 200 and "html" not in kind


def _is_control(exchange: Exchange, answer: Exchange) -> bool:
    return exchange.purpose == "unknown" and exchange.url.startswith(answer.url)


def _steps(evidence: Evidence) -> tuple[Edit | Command, ...]:
    """Return the edit by which the web server refuses every hidden file, and what loads it."""
    view = server_on_port(evidence)
    if view is not None:
        site, edit = next(iter(view.answering_sites), None), None
        if site and view.server.product == "apache":
            edit = added_lines(view, site, _APACHE)
        elif site and view.server.product == "caddy":
            edit = lines_below(view, site.file, site.line, *_CADDY)
        return (edit, *reload_steps(view.server)) if edit else ()
    nginx, changes = Nginx.of(evidence), Changes()
    for selected in nginx.answering_servers():
        block = selected.server.block
        if (file := nginx.file(block)) and block.file not in changes:
            location = edits.insert_location(
                file.text, block, f"location ~ {_PATTERN}", ["deny all;"]
            )
            changes[block.file] = [location]
    file_edits = config_edits(nginx, changes) if changes else ()
    return (*file_edits, *nginx_reload_steps(nginx)) if file_edits else ()
