"""Reader for the state of processes: /proc/PID/stat (proc_pid_stat(5))."""

import re

from diagnose.model.processes import Holder
from diagnose.parsers.sanitize import clean


def parse_holders(text: str) -> tuple[Holder, ...]:
    """Return the processes whose first fields are in the text, one a line, at most a hundred."""
    processes = []
    for line in text.splitlines()[:100]:
        match = re.match(r"(\d{1,10}) \((.{0,64})\) ([A-Za-z])\b", line)
        if match:
            processes.append(Holder(int(match[1]), clean(match[2], 64), match[3]))
    return tuple(processes)
