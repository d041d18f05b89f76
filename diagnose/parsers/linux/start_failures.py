"""What stopped a service that should open a port, in the words of its journal. No I/O."""

import re

from diagnose.model.frozen import frozen
from diagnose.model.services import StartFailureReason
from diagnose.parsers.sanitize import clean

#: Longest line that is read, and number of lines of a journal.
MAX_LINE, MAX_LINES = 1000, 200

_DENIED = re.compile(r"EACCES|permission denied|errno 13|WinError 10013", re.IGNORECASE)
_IN_USE = re.compile(r"EADDRINUSE|address already in use|errno 98", re.IGNORECASE)
_BINDING = re.compile(r"listen|bind|address|socket", re.IGNORECASE)
#: A file of TLS in quotes or after "open", as Node, Python and Go name it.
_FILE = re.compile(r"['\"\s](/[^'\"\s:]{1,300}\.(?:pem|key|crt|cer|cert|p12|pfx))\b")


@frozen
class StartFailure:
    """The last line that says why the start failed."""

    reason: StartFailureReason
    message: str
    file: str = ""


def start_failure(journal: str, port: int) -> StartFailure | None:
    """Return why the last start failed; None if no line is about this port or a file of TLS."""
    at_port = re.compile(rf"(?:[:\s(,=]|port )\s?{port}(?!\d)")
    for line in reversed(journal.splitlines()[-MAX_LINES:]):
        text = line[:MAX_LINE]
        message = clean(text.strip(), 500)
        if _BINDING.search(text) and at_port.search(text):
            if _DENIED.search(text):
                return StartFailure("port-permission", message)
            if _IN_USE.search(text):
                return StartFailure("port-in-use", message)
        file = _FILE.search(text)
        if file and _DENIED.search(text):
            return StartFailure("file-permission", message, clean(file[1], 300))
    return None
