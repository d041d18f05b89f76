"""nginx does not follow a symbolic link to a file of the site: `disable_symlinks`
(ngx_http_core_module) forbids links, or those whose owner is not that of what they lead to
(if_not_owner). open() then fails with ELOOP, and visitors get 403.

Panels for several customers write the line, so that no customer reads the files of another one.
Whether links are followed stays a person's choice.
"""

import re
from collections.abc import Iterator

from checks.http import _page_files
from checks.nginx import Nginx, file_line
from checks.nginx._commands import chosen_edits
from checks.nginx._location_edits import setting_edits
from checks.nginx._page_errors import PageError, page_error, path_error
from diagnose.checking.registry import check
from diagnose.model import Applicability, Claim, Evidence, Fix, Manual, Severity, Where
from diagnose.model.logs import LogLine
from diagnose.model.nginx import NginxConfig

_NAME = "disable_symlinks"
_REFUSED = re.compile(
    r'(?:\w{4,9}\(\) )?"(/[^"]*)" failed \(40: Too many levels of symbolic links\)'
)
#: nginx responds 403, and 404 if try_files has other names.
_STATUSES = frozenset({403, 404})


@check(
    severity=Severity.ERROR,
    needs=[LogLine, NginxConfig],
    explains=[
        "nginx.own-answer", "nginx.request-logged", "http.page-file-missing",
        "http.page-file-type", "nginx.page-file-not-found",
    ],
)  # fmt: skip
def link_forbidden(evidence: Evidence) -> Iterator[Claim]:
    nginx = Nginx.of(evidence)
    for path, error in _errors(evidence):
        matches = list(nginx.location_matches(path))
        rule = matches[0].directive(_NAME) if matches else None
        if rule is None or rule.args[:1] == ("off",):
            continue
        edits = setting_edits(nginx, matches[0], {_NAME: "off"})
        typed = chosen_edits(nginx, edits) if len({match.block for match in matches}) == 1 else ()
        owned = rule.args[:1] == ("if_not_owner",)
        steps = (
            *((Manual("own-the-link", Where.SERVER),) if owned else ()),
            Manual("follow-links", Where.SERVER, commands=typed),
        )
        yield Claim(
            about=error.subjects[0],
            covers=error.subjects,
            because=(*error.because, *nginx.configs),
            facts={
                **error.facts,
                "file": error.match[1],
                "rule": rule.text,
                "place": file_line(rule),
                "owned": owned,
                "typed": bool(typed),
                "location": matches[0].block.text,
            },
            confidence=error.confidence,
            location=nginx.location(rule),
            fix=Fix(steps, Applicability.MANUAL),
        )
        return


def _errors(evidence: Evidence) -> Iterator[tuple[str, PageError]]:
    """Yield the errors about the page, then about a file that it loads, with the path of each."""
    if error := page_error(evidence, _REFUSED, _STATUSES):
        yield evidence.target.path_without_query, error
    for file in _page_files.refused_files(evidence):
        responses = (file.response,)
        if file.response.status in _STATUSES and (
            error := path_error(evidence, _REFUSED, file.path, responses)
        ):
            yield file.path, error
