"""The limit of open files of nginx's unit (systemd.exec(5), LimitNOFILE=). nginx meets it while it
reads its configuration where many sites have log files of their own: `worker_rlimit_nofile` is for
its workers, and comes too late. `nginx -t` of a person has another limit, and passes.
"""

import re

from checks.nginx import Nginx
from checks.nginx._commands import systemd_unit
from diagnose.model import Command
from diagnose.model.unit_commands import drop_in_steps

#: EMFILE, as nginx writes it (ngx_errno).
_NO_FILES = re.compile(r"failed \(24: ")
#: What panels set for many sites.
_FILES = 65536


def meets_file_limit(message: str) -> bool:
    return _NO_FILES.search(message) is not None


def raised_limit(nginx: Nginx, files: int = _FILES) -> tuple[Command, ...]:
    """Return the commands that raise the limit of the unit for the next start; () without a unit.
    The file's name comes last among the unit's drop-ins, one of which may have the low limit."""
    unit = systemd_unit(nginx).removesuffix(".service")
    if not unit:
        return ()
    return drop_in_steps(unit, (f"LimitNOFILE={files}",), "zz-open-files")
