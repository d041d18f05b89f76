"""A certificate or key is there, and nginx may not read it: it is started by a user who is not
root, and owner, permission bits or a folder on the way shut that user out; or SELinux does, by the
label that a file kept when it was moved there. A master that is root reads what is root's alone:
that is no fault."""

import re
from collections.abc import Iterator
from dataclasses import replace

from checks.nginx import Nginx
from diagnose.checking.registry import check
from diagnose.model import (
    Applicability,
    Claim,
    Command,
    Confidence,
    Evidence,
    Fix,
    Manual,
    Observation,
    Severity,
    Step,
    Where,
)
from diagnose.model.files import Access, Part
from diagnose.model.nginx import NginxConfig, NginxState, TestMessage

_DENIED = (
    r'(?:cannot load certificate(?: key)? "([^"]+)": BIO_new_file\(\)|BIO_new_file\("([^"]+)"\))'
    r" failed .*Permission denied"
)

#: Where files keep to themselves, by their owners' and by SELinux's rules.
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
    every = {one.path: one for one in evidence.good(Access)}
    if found := nginx.said(_DENIED):
        said, match, seen = found
        path = match[1] or match[2]
        if not nginx.refused(_DENIED) and _is_mended(nginx, every.get(path)):
            return
        yield _claim(nginx, path, every.get(path), said, seen)
        return
    for path, access in every.items():
        # Nobody has tried since: what the bits say is enough.
        if access.closed and nginx.master and nginx.master.user == access.uid:
            yield _claim(nginx, path, access, TestMessage("emerg", ""), ())
            return


def _claim(
    nginx: Nginx,
    path: str,
    access: Access | None,
    said: TestMessage,
    seen: tuple[Observation, ...],
) -> Claim:
    names = ("ssl_certificate", "ssl_certificate_key")
    named = next(((name, one[1]) for name in names if (one := nginx.naming(name, path))), None)
    closed = access.closed if access else ()
    label = _mislabelled(access) if access and not closed else None
    file = access.parts[-1] if access else None
    facts = {
        "file": path,
        "key": bool(named) and named[0] == "ssl_certificate_key" if named else False,
        "message": re.sub(r"(Permission denied).+", r"\1)", said.text),
        "user": access.user if access else "",
        "closed": tuple(f"{part.path} ({_bits(part)})" for part in closed),
        "owner": f"{file.user}:{file.group}" if file else "",
        "mode": f"{file.mode:04o}" if file else "",
        "label": label.label if label else "",
        "default": access.default if access and label else "",
        "private": path.startswith(_PRIVATE),
    }
    claim = nginx.complaint(
        said,
        path,
        facts,
        _fix(nginx, access, closed, label),
        named[1] if named else None,
        (*seen, *([access] if access else [])),
    )
    sure = nginx.refused(_DENIED) or closed
    return replace(claim, confidence=Confidence.CERTAIN if sure else Confidence.LIKELY)


def _is_mended(nginx: Nginx, access: Access | None) -> bool:
    """Whether what a log tells of is over: today nothing would shut out whoever runs nginx."""
    if access is None or (access.uid is None and nginx.master is None):
        return False
    return not access.closed and _mislabelled(access) is None


def _mislabelled(access: Access) -> Part | None:
    """The file, where SELinux's policy would have it bear another label."""
    file = access.parts[-1]
    types = [label.split(":")[2:3] for label in (file.label, access.default)]
    return file if access.enforcing and file.label and types[0] != types[1] else None


def _bits(part: Part) -> str:
    return f"{part.mode:04o} {part.user}:{part.group}"


def _fix(nginx: Nginx, access: Access | None, closed: tuple[Part, ...], label: Part | None) -> Fix:
    if access and closed and access.group and not access.path.startswith(_PRIVATE):
        steps: tuple[Step, ...] = tuple(s for part in closed for s in _open(part, access.group))
        return Fix((*steps, *nginx.taken()), Applicability.REVIEW)
    if label and not label.path.startswith(_PRIVATE):
        # What the policy itself has for this one file.
        restore = Command(("restorecon", "-v", label.path), undo=("chcon", label.label, label.path))
        return Fix((restore, *nginx.taken()))
    if access and not closed and not access.enforcing and not nginx.master:
        # Root may read it; who started nginx was not root.
        return Fix(nginx.taken())
    return Fix((Manual("move", Where.SERVER), *nginx.taken()), Applicability.MANUAL)


def _open(part: Part, group: str) -> tuple[Command, Command]:
    """To the user's own group, and to nobody else."""
    may = "g+x" if part.folder else "g+r"
    return (
        Command(("chgrp", group, part.path), undo=("chgrp", part.group, part.path)),
        Command(("chmod", may, part.path), undo=("chmod", f"{part.mode:04o}", part.path)),
    )
