"""A message says that WebSockets end when nginx is reloaded. After a reload the old workers go on
with their open connections until these end, unless `worker_shutdown_timeout` is set: then they are
closed after that time (ngx_core_module). Without the directive a reload ends none.

Or a message tells of a time after which they end, and nothing of a reload: a program may reload
nginx, as controllers of containers do. Then it counts that nginx was reloaded within that time
before this run; if a file of the configuration changed since nginx started, a person may have done
it, and the cause is only possible."""

from collections.abc import Iterator

from checks.nginx import Nginx, file_line
from checks.nginx._commands import reload_steps
from checks.nginx._edits import config_edits
from checks.websocket._reload_words import LONG, is_met_by_reload, tells_of_reload
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
from diagnose.parsers.nginx import edits
from diagnose.parsers.nginx.config import seconds

_LONGER = "worker_shutdown_timeout 1h;"


@check(severity=Severity.WARNING, needs=[NginxConfig], needs_message=True)
def ended_by_reload(evidence: Evidence) -> Iterator[Claim]:
    nginx, symptom = Nginx.of(evidence), evidence.target.symptom
    is_told = symptom is not None and symptom.kind.startswith("websocket")
    if nginx.config is None or symptom is None or not is_told:
        return
    own = [each for each in nginx.config.main if each.name == "worker_shutdown_timeout"]
    time_s = seconds(own[0].args[0]) if len(own) == 1 and own[0].args else None
    if time_s is None or not 0 < time_s < LONG:
        return
    is_reload_told, master = tells_of_reload(symptom.text), nginx.master
    now = evidence.started_at.timestamp()
    started, loaded = (master.started, master.loaded) if master else (None, None)
    if not is_reload_told and not is_met_by_reload(symptom, started, loaded, now, time_s):
        return
    is_changed = any((file.changed or 0.0) > (started or 0.0) for file in nginx.config.files)
    is_sure = is_reload_told or not is_changed
    directive = own[0]
    file_edits = config_edits(
        nginx, {directive.file: [edits.replace_directive(directive, _LONGER)]}
    )
    fix = Fix((Manual("longer", Where.SERVER),), Applicability.MANUAL)
    if file_edits:
        # The old workers need memory for as long as they live.
        fix = Fix((*file_edits, *reload_steps(nginx)), Applicability.REVIEW)
    yield Claim(
        about=Subject(port=evidence.target.port, text=file_line(directive)),
        because=nginx.configs,
        # No run waits for a reload.
        confidence=Confidence.LIKELY if is_sure else Confidence.POSSIBLE,
        location=nginx.location(directive),
        facts={
            "seconds": round(time_s),
            "place": file_line(directive),
            "told": is_reload_told,
            "ago": round(max(now - (loaded or now), 0.0)),
            "unchanged": not is_changed,
        },
        fix=fix,
    )
