"""Parse SELinux's tools: getenforce(8), getsebool(8), and the AVC records of the audit log
(auditd's record type AVC; "Red Hat Enterprise Linux, Using SELinux, Troubleshooting"). No I/O.
"""

import re
from collections.abc import Iterator

from diagnose.model.upstream import Denial

_DENIED = r"avc:\s+denied\s+\{ ([\w ]+) \} for\s+(.*)"
_FIELD = r'(\w+)=("[^"]*"|\S+)'


def booleans(text: str) -> tuple[tuple[str, bool], ...]:
    """Parse lines such as "httpd_can_network_connect --> off"."""
    pairs = re.findall(r"^(\w+) --> (on|off)\b", text, re.MULTILINE)
    return tuple((name, state == "on") for name, state in pairs)


def denials(text: str) -> tuple[Denial, ...]:
    """Return the denials, each once."""
    return tuple(dict.fromkeys(_denials(text)))


def _denials(text: str) -> Iterator[Denial]:
    for line in text.splitlines():
        if match := re.search(_DENIED, line):
            fields = {name: value.strip('"') for name, value in re.findall(_FIELD, match[2])}
            port = fields.get("dest", fields.get("dst", ""))
            yield Denial(
                permission=match[1].split()[0],
                program=fields.get("comm", ""),
                port=int(port) if port.isdecimal() else None,
                path=fields.get("path", fields.get("name", "")),
                enforced=fields.get("permissive") != "1",
            )
