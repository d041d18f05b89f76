"""nginx -t refuses the configuration on disk. A running nginx goes on with the one it has loaded;
the next start, after a reboot for instance, fails."""

import re
from collections.abc import Iterator

from checks.nginx import Nginx
from diagnose.catalogue import check
from diagnose.model import (
    Applicability,
    Claim,
    Evidence,
    Fix,
    Location,
    Manual,
    Severity,
    Subject,
    Where,
)
from diagnose.model.nginx import NginxTest, TestMessage
from diagnose.wire import nginx as wire


@check(
    severity=Severity.ERROR,
    needs=[NginxTest],
    # What was renewed or changed cannot be loaded before the configuration is right.
    explains=[
        "nginx.not-running",
        "nginx.reload-needed",
        "nginx.reload-failed",
        "certificate.renewed-not-loaded",
    ],
)
def config_invalid(evidence: Evidence) -> Iterator[Claim]:
    nginx = Nginx.of(evidence)
    if nginx.test is None or nginx.test.passed:
        return
    said = nginx.test.fatal or TestMessage("emerg", "")
    place = f"{said.file}:{said.line}" if said.file else ""
    step = Manual("correct" if place else "correct-somewhere", Where.SERVER)
    yield Claim(
        about=Subject(text=place or nginx.test.config),
        because=(nginx.test, *([nginx.state] if nginx.state else [])),
        facts={
            "message": said.text.removesuffix(f" in {place}"),
            "place": place,
            "file": said.file or nginx.test.config,
            "line": said.line or "",
            "running": bool(nginx.master),
        },
        location=_location(nginx, said),
        fix=Fix((step, *nginx.taken()), Applicability.MANUAL),
    )


def _location(nginx: Nginx, said: TestMessage) -> Location | None:
    """The caret under the word that nginx complains of, if it stands on the line it names."""
    file = nginx.config.file(said.file) if nginx.config and said.file else None
    if file is None or said.line is None:
        return None
    lines = file.text.split("\n")
    line = lines[min(said.line, len(lines)) - 1]
    words = [word for word in re.findall(r'"([^"]+)"', said.text) if word in line]
    at = line.find(words[0]) if words else len(line) - len(line.lstrip())
    end = at + (len(words[0]) if words else len(line.strip()))
    return wire.spot(file, said.line, at + 1, end + 1)
