"""nginx writes the number of its process into one file (`pid`), and its unit waits for another one
(PIDFile=, systemd.service(5)). systemd then takes the start for failed, and ends nginx after its
patience (TimeoutStartSec=, 90 s): "Can't open PID file", "start operation timed out".
"""

import posixpath
from collections.abc import Iterator

from checks.nginx import Nginx, file_line
from checks.nginx._commands import config_test_command, systemd_unit
from checks.nginx._edits import config_edit
from checks.nginx._errors import NOT_RUNNING_SYMPTOMS
from diagnose.checking.registry import check
from diagnose.model import (
    Applicability,
    Claim,
    Confidence,
    Evidence,
    Fix,
    Manual,
    Severity,
    Step,
    Subject,
    Where,
    commands,
)
from diagnose.model.files import NginxStart
from diagnose.model.nginx import Directive, NginxConfig, NginxState
from diagnose.parsers.nginx.edits import replace_directive


@check(
    severity=Severity.ERROR,
    needs=[NginxState, NginxConfig, NginxStart],
    explains=["nginx.not-running", *NOT_RUNNING_SYMPTOMS],
)
def pid_file_differs(evidence: Evidence) -> Iterator[Claim]:
    nginx = Nginx.of(evidence)
    start, config = nginx.start, nginx.config
    if start is None or config is None or nginx.master or start.result != "timeout":
        return
    directive = next((each for each in config.main if each.name == "pid" and each.args), None)
    written = nginx.resolve_path(directive.args[0]) if directive else ""
    if not directive or not start.pid_file or _real(written) == _real(start.pid_file):
        return
    unit = systemd_unit(nginx) or "nginx"
    yield Claim(
        about=Subject(text=f"{directive.file}:{directive.line}"),
        covers=(Subject(port=evidence.target.port), Subject(port=80)),
        because=(start, config),
        # The unit may wait for something else besides.
        confidence=Confidence.CERTAIN if "PID file" in start.line else Confidence.LIKELY,
        location=nginx.location(directive),
        facts={
            "unit": unit,
            "written": written,
            "expected": start.pid_file,
            "place": file_line(directive),
            "line": start.line,
        },
        fix=_fix(nginx, directive, start.pid_file, unit),
    )


def _real(path: str) -> str:
    """Return a path without the link of former times (/var/run, hier(7))."""
    path = posixpath.normpath(path)
    return path.removeprefix("/var") if path.startswith("/var/run/") else path


def _fix(nginx: Nginx, directive: Directive, expected: str, unit: str) -> Fix:
    """Write the file that the unit waits for."""
    # After several failed starts systemd refuses further ones.
    start: tuple[Step, ...] = (commands.reset_failed(unit), commands.start_service(unit))
    file = nginx.file(directive)
    is_plain = expected.startswith("/") and not set(expected) & set(" ;{}\"'$\\")
    change = replace_directive(directive, f"pid {expected};") if is_plain else None
    edit = config_edit(nginx, file.path, change) if file and change else None
    if edit is None:
        return Fix((Manual("one-file", Where.SERVER), *start), Applicability.MANUAL)
    return Fix((edit, config_test_command(nginx), *start), Applicability.REVIEW)
