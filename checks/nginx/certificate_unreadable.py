"""A certificate or key exists, but nginx may not read it.

The user who starts nginx is not root, and the owner, the permission bits or a folder on the path
denies access. Or SELinux denies it, because a moved file kept its old label. It is no fault if the
master is root and the file is readable by root only.
"""

import re
from collections.abc import Iterator
from dataclasses import replace

from checks._granted_access import grant_read, is_of_others
from checks.nginx import Nginx
from checks.nginx._certificates import file_reference
from checks.nginx._commands import reload_steps
from checks.nginx._errors import (
    ConfigFault,
    config_error_claim,
    find_config_error,
    find_startup_error,
)
from diagnose.checking.registry import check
from diagnose.model import (
    Applicability,
    Claim,
    Confidence,
    Evidence,
    Fix,
    Manual,
    Observation,
    Severity,
    Step,
    Where,
    commands,
)
from diagnose.model.files import Access, PathComponent
from diagnose.model.nginx import NginxConfig, NginxState, TestMessage

_DENIED = (
    r'(?:cannot load certificate(?: key)? "([^"]+)": BIO_new_file\(\)|BIO_new_file\("([^"]+)"\))'
    r" failed .*Permission denied"
)

#: Folders whose files are private, by their owners' or by SELinux's rules.
_PRIVATE = ("/root/", "/home/", "/tmp/", "/var/tmp/")


@check(
    severity=Severity.ERROR,
    needs=[NginxState, NginxConfig],
    explains=[
        "nginx.config-invalid",
        "nginx.not-running",
        "nginx.reload-failed",
        "nginx.reload-needed",
        "certificate.renewed-not-loaded",
    ],
)
def certificate_unreadable(evidence: Evidence) -> Iterator[Claim]:
    nginx = Nginx.of(evidence)
    access_by_path = {access.path: access for access in evidence.good(Access)}
    if startup_error := find_startup_error(nginx, _DENIED):
        message, match, observations = startup_error
        path = match[1] or match[2]
        if not find_config_error(nginx, _DENIED) and _is_readable_now(
            nginx, access_by_path.get(path)
        ):
            return
        yield _claim(nginx, path, access_by_path.get(path), message, observations)
        return
    for path, access in access_by_path.items():
        # Nobody has tried to read it since then: the permission bits are proof enough.
        if access.denied_parts and nginx.master and nginx.master.user == access.uid:
            yield _claim(nginx, path, access, TestMessage("emerg", ""), ())
            return


def _claim(
    nginx: Nginx,
    path: str,
    access: Access | None,
    message: TestMessage,
    observations: tuple[Observation, ...],
) -> Claim:
    names = ("ssl_certificate", "ssl_certificate_key")
    named_directive = next(
        (
            (name, reference[1])
            for name in names
            if (reference := file_reference(nginx, name, path))
        ),
        None,
    )
    closed = access.denied_parts if access else ()
    label = access.mislabelled_file if access and not closed else None
    file = access.parts[-1] if access else None
    facts = {
        "file": path,
        "key": bool(named_directive) and named_directive[0] == "ssl_certificate_key"
        if named_directive
        else False,
        "message": re.sub(r"(Permission denied).+", r"\1)", message.text),
        "user": access.user if access else "",
        "closed": tuple(f"{part.path} ({part.mode_and_owner})" for part in closed),
        "owner": f"{file.user}:{file.group}" if file else "",
        "mode": f"{file.mode:04o}" if file else "",
        "label": label.label if label else "",
        "default": access.default if access and label else "",
        "private": path.startswith(_PRIVATE),
    }
    claim = config_error_claim(
        nginx,
        ConfigFault(
            message,
            path,
            facts,
            directive=named_directive[1] if named_directive else None,
            observations=(*observations, *([access] if access else [])),
        ),
        _fix(nginx, access, closed, label),
    )
    sure = find_config_error(nginx, _DENIED) or closed
    return replace(claim, confidence=Confidence.CERTAIN if sure else Confidence.LIKELY)


def _is_readable_now(nginx: Nginx, access: Access | None) -> bool:
    """Return whether a logged error is over: today nothing denies access to the user who runs
    nginx."""
    if access is None or (access.uid is None and nginx.master is None):
        return False
    return not access.denied_parts and access.mislabelled_file is None


def _fix(
    nginx: Nginx,
    access: Access | None,
    closed: tuple[PathComponent, ...],
    label: PathComponent | None,
) -> Fix:
    is_shared = access is not None and any(is_of_others(part, access.group) for part in closed)
    is_private = access is not None and access.path.startswith(_PRIVATE)
    if access and closed and access.group and not (is_private or is_shared):
        steps: tuple[Step, ...] = tuple(
            s for part in closed for s in grant_read(part, access.group)
        )
        return Fix((*steps, *reload_steps(nginx)), Applicability.REVIEW)
    if label and not label.path.startswith(_PRIVATE):
        # The label that the policy assigns to this file.
        restore = commands.restore_label(label.path, before=label.label)
        return Fix((restore, *reload_steps(nginx)))
    if access and not closed and not access.enforcing and not nginx.master:
        # root may read it; nginx was started by another user.
        return Fix(reload_steps(nginx))
    return Fix((Manual("move", Where.SERVER), *reload_steps(nginx)), Applicability.MANUAL)
