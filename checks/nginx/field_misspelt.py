"""`proxy_set_header` has the name of a well-known field with a typing error: the application never
reads it (https://github.com/edumeet/edumeet/issues/207: X-Fowarded-Proto).

It is a fact of the configuration. Whether the application needs the field, only its answer shows,
so this is a note. Where the same location sends the right name too, nothing is wrong.
"""

from collections.abc import Iterator

from checks.nginx import Nginx, file_line
from checks.nginx._edits import Changes, config_edits
from checks.nginx._location_edits import location_fix, misspelt_lines
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
from diagnose.model.nginx import NginxConfig
from diagnose.parsers.nginx.edits import replace_directive
from diagnose.parsers.nginx.locations import LocationMatch, proxy_pass_of


@check(severity=Severity.NOTE, needs=[NginxConfig])
def field_misspelt(evidence: Evidence) -> Iterator[Claim]:
    nginx, target = Nginx.of(evidence), evidence.target
    for path in dict.fromkeys((target.path, *target.websockets)):
        for match in nginx.location_matches(path) if not nginx.is_refused else ():
            lines = misspelt_lines(match) if proxy_pass_of(match) is not None else {}
            if not lines:
                continue
            first, line = next(iter(lines.items()))
            yield Claim(
                about=Subject(port=target.port, path=path, text=file_line(line)),
                because=nginx.configs,
                confidence=Confidence.CERTAIN,
                location=nginx.location(line),
                facts={
                    "written": line.args[0],
                    "meant": first,
                    "others": tuple(each.args[0] for each in list(lines.values())[1:]),
                    "place": file_line(line),
                },
                fix=_fix(nginx, match),
            )
            return


def _fix(nginx: Nginx, match: LocationMatch) -> Fix:
    changes: Changes = {}
    for name, line in misspelt_lines(match).items():
        file = nginx.file(line)
        text = file.text[line.start : line.stop] if file else ""
        corrected = text.replace(line.args[0], name, 1)
        if text and corrected != text:
            changes.setdefault(line.file, []).append(replace_directive(line, corrected))
    file_edits = config_edits(nginx, changes)
    if not file_edits:
        return Fix((Manual("correct-the-name", Where.SERVER),), Applicability.MANUAL)
    return location_fix(nginx, match, file_edits, sure=False)
