"""nginx does not start, because it may not open a file that root may open: its configuration, a
log, its PID file. Root is above the permissions of files, so something else forbids it.

SELinux does by a wrong label (https://github.com/nginx/nginx/issues/816: a test outside of the
service had made the file), AppArmor by a profile (issue 15 of binhex/arch-rtorrentvpn), or the unit
by what it may write (systemd.exec(5), ReadOnlyPaths=, ProtectSystem=)."""

from collections.abc import Iterator
from dataclasses import replace

from checks.nginx import Nginx
from checks.nginx._errors import ConfigFault, config_error_claim, find_startup_error
from diagnose.checking.registry import check
from diagnose.model import (
    Applicability,
    Claim,
    Confidence,
    Evidence,
    Fix,
    Manual,
    Severity,
    Where,
)
from diagnose.model.files import NginxStart
from diagnose.model.nginx import NginxConfig, NginxState

#: EACCES, and EROFS of a service that sees the folder as read-only.
_DENIED = (
    r"(?:could not open error log file: )?"
    r'(?:open|mkdir|chown)\(\) "(/[^"]{1,300})" failed \((13|30): '
)


@check(
    severity=Severity.ERROR,
    needs=[NginxState, NginxConfig],
    explains=["nginx.config-invalid", "nginx.not-running", "listener.missing", "tcp.refused"],
)
def start_denied(evidence: Evidence) -> Iterator[Claim]:
    nginx = Nginx.of(evidence)
    startup_error = find_startup_error(nginx, _DENIED)
    if startup_error is None or nginx.master:
        return
    message, match, observations = startup_error
    start = next(iter(evidence.good(NginxStart)), None)
    user = start.user if start else ""
    is_selinux = bool(start and start.selinux == "enforcing")
    is_read_only = match[2] == "30"
    step = "paths-of-the-unit" if is_read_only else "user" if user else "policy"
    facts = {
        "path": match[1],
        "user": user,
        "selinux": is_selinux and not user and not is_read_only,
        "other": not is_selinux and not user and not is_read_only,
        "read_only": is_read_only,
        "unit": start.unit if start else "",
    }
    claim = config_error_claim(
        nginx,
        ConfigFault(message, match[1], facts, observations=observations),
        Fix((Manual(step, Where.SERVER),), Applicability.MANUAL),
    )
    is_sure = is_read_only or bool(user)
    yield replace(claim, confidence=Confidence.CERTAIN if is_sure else Confidence.LIKELY)
