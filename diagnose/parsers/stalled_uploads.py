"""Find in an access log the uploads that a web server ended because the next piece came too late,
while their sender was still there. No I/O.

The status is 408 (RFC 9110 section 15.5.9). A visitor who walks out of the network leaves such a
line too, and sends nothing after it.
"""

from collections.abc import Iterable

from diagnose.model import Symptom
from diagnose.parsers.access_log import AccessLine
from diagnose.parsers.lazy_pattern import lazy_pattern

#: The status of a server that no longer waits for the rest of a request.
TIMED_OUT = 408
#: Methods of programs that send files. Strangers who hold connections open send POST.
_OF_FILES = frozenset({"PUT", "PATCH"})
#: The status in the words of a message.
_WORDS = lazy_pattern(r"(?<![\w.:/-])408(?![\w.:-])")


def is_reported(symptom: Symptom | None) -> bool:
    """Return whether a message says 408, by its status or beside the words about an upload."""
    if symptom is None:
        return False
    if symptom.kind == "status":
        return symptom.number == TIMED_OUT
    return symptom.kind == "upload" and bool(_WORDS.search(symptom.text))


def is_stalled_upload(line: AccessLine, is_from_page: bool) -> bool:
    """Return whether a request of the site's visitors ended so in the middle of its body. A header
    that came too late has no method in the log."""
    is_trusted = is_from_page or line.has_user
    is_upload = line.method in _OF_FILES or (line.method == "POST" and is_trusted)
    return line.status == TIMED_OUT and is_upload


def uploads_of_present_senders(lines: Iterable[AccessLine]) -> frozenset[tuple[str, str]]:
    """Return the method and path of the requests with this status whose sender was served after
    them: the same browser, or the address of a program, which has several names."""
    waiting: dict[tuple[str, str], set[tuple[str, str]]] = {}
    present: set[tuple[str, str]] = set()
    for line in lines:
        for sender in ((line.client, line.agent), (line.client, "")):
            present |= waiting.pop(sender, set()) if line.status < 400 else set()
        if line.status == TIMED_OUT:
            sender = (line.client, line.agent if line.is_of_browser else "")
            waiting.setdefault(sender, set()).add((line.method, line.path))
    return frozenset(present)
