"""The configuration on disk is newer than the loaded one. That alone is no fault:
somebody may be editing it. It is a fault if visitors see something that the configuration on disk
would correct; each such symptom is looked for separately. If nginx refuses the files, they are what
its error keeps from visitors (nginx.config-invalid)."""

import re
from collections.abc import Collection, Iterator

from checks.nginx import Nginx
from checks.nginx._commands import reload_steps
from checks.nginx._stale_answers import contradicting_lines, minor_symptoms
from checks.nginx._stale_config import stale_config_symptoms
from checks.nginx._stray_locations import stray_failures
from diagnose.checking.registry import check
from diagnose.model import Claim, Confidence, Evidence, Fix, Observation, Severity, Subject
from diagnose.model.nginx import ConfigFile, NginxConfig, NginxState

#: Seconds by which a file must be newer: times of processes and files are exact to some hundredths,
#: and a file is saved before the reload.
MIN_NEWER_SECONDS = 0.1


@check(
    severity=Severity.ERROR,
    needs=[NginxState, NginxConfig],
    explains=[
        "listener.missing",
        "listener.loopback-only",
        "tcp.refused",
        "tls.*",
        "certificate.*",
        "http.*",
        "websocket.not-upgraded",
        "websocket.inner-proxy",
        "websocket.redirected",
        "nginx.other-requests-failed",
        "nginx.own-answer",
        "nginx.index-missing",
        "nginx.page-file-not-found",
        "nginx.expression-first",
        "nginx.file-elsewhere",
        "nginx.front-controller-missing",
        "nginx.target-not-found",
    ],
)
def reload_needed(evidence: Evidence) -> Iterator[Claim]:
    nginx = Nginx.of(evidence)
    master, config = nginx.master, nginx.config
    if master is None or config is None or master.loaded is None:
        return
    is_refused = nginx.test is not None and not nginx.test.passed
    newer = [file for file in config.files if _is_newer(file, master.loaded)]
    if not newer:
        return
    newest = max(newer, key=lambda file: file.changed or 0.0)
    is_misread = is_refused and _is_misread(nginx)
    failures = stray_failures(nginx) if is_misread else stale_config_symptoms(nginx)
    symptoms = tuple(dict.fromkeys(failures))
    if is_refused and not symptoms:
        return  # There is nothing to load, and nobody misses it.
    lines = () if is_misread else contradicting_lines(nginx)
    witnesses = tuple(dict.fromkeys((*symptoms, *lines)))
    yield Claim(
        about=Subject(text=newest.path),
        covers=(Subject(),),
        because=(*([nginx.state] if nginx.state else []), config, *witnesses),
        facts={
            "file": newest.path,
            "files": tuple(file.path for file in newer),
            "minutes": max(round(((newest.changed or 0.0) - master.loaded) / 60), 0),
            "pid": master.pid,
            "matters": bool(symptoms),
            "logged": lines[0].text if symptoms and lines else "",
            "log": lines[0].file if lines else "",
        },
        severity=_severity(nginx, symptoms),
        confidence=Confidence.CERTAIN if symptoms and lines else Confidence.LIKELY,
        fix=Fix(reload_steps(nginx)),
    )


#: Errors after which the blocks in the files may be others than those that are meant.
_STRUCTURE = re.compile(
    r"unexpected |invalid number of arguments|directive .* (?:is not|has no)|location .* is outside"
    r'|".*" directive is not allowed here'
)


def _is_misread(nginx: Nginx) -> bool:
    fatal = nginx.test.fatal if nginx.test else None
    return fatal is None or _STRUCTURE.match(fatal.text) is not None


def _severity(nginx: Nginx, symptoms: Collection[Observation]) -> Severity | None:
    """Return a warning if the page works, and something else does not."""
    if not symptoms:
        return Severity.NOTE
    minor = tuple(minor_symptoms(nginx))
    return Severity.WARNING if all(symptom in minor for symptom in symptoms) else None


def _is_newer(file: ConfigFile, loaded: float) -> bool:
    return file.changed is not None and file.changed > loaded + MIN_NEWER_SECONDS
