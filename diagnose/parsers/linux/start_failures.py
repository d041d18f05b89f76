"""What stopped a service that should open a port, in the words of its journal. No I/O."""

import re

from diagnose.model.frozen import frozen
from diagnose.model.services import StartFailureReason
from diagnose.parsers.sanitize import clean

#: Longest line that is read, and number of lines of a journal.
MAX_LINE, MAX_LINES = 1000, 200

_DENIED = re.compile(r"EACCES|permission denied|errno 13|WinError 10013", re.IGNORECASE)
_IN_USE = re.compile(r"EADDRINUSE|address already in use|errno 98", re.IGNORECASE)
#: A port at the end of an address, or after its word.
_PORT = re.compile(r"(?:[\w\])*:]:|\bport:? ?|, ?)\d{2,5}\b")
#: Words in which programs name the port itself: Odoo, Spring Boot, Vite, create-react-app.
_TAKEN = (
    r"(?i)\bport:? {port}\b[^\n:]{0,40}\b(?:in use|taken|occupied)\b"
    r"|\balready (?:running|listening) on port:? {port}\b"
)
_BINDING = re.compile(r"listen|bind|address|socket", re.IGNORECASE)
#: A file of TLS in quotes or after "open", as Node, Python, Go and Java name it.
_FILE = re.compile(r"['\"\s(=](/[^'\"\s:]{1,300}\.(?:pem|key|crt|cer|cert|p12|pfx|jks|keystore))\b")
#: A line that names the file alone: OpenSSL's own line with the reason follows (mosquitto).
_LOADING = re.compile(r"\b(?:unable|cannot|can't|could not|fail\w{0,3}|error)\b", re.IGNORECASE)
#: Python names no file where its `ssl` may not read one. The command line of the service does:
#: `--ssl-keyfile /etc/…/privkey.pem`, `--keyfile=…`.
_UNNAMED = "load_cert_chain"
_KEY = re.compile(r"key[\w-]{0,12}[ =]\"?(/[^'\"\s:]{1,300})", re.IGNORECASE)
#: Lines between a file and the reason that follows it.
_NEAR = 3


@frozen
class StartFailure:
    """The last line that says why the start failed."""

    reason: StartFailureReason
    message: str
    file: str = ""


def names_no_port(message: str) -> bool:
    """Return whether a program found its port taken, and does not say which: Python's "OSError:
    [Errno 98] Address already in use"."""
    return bool(_IN_USE.search(message)) and not _PORT.search(message)


def start_failure(journal: str, port: int, command: str = "") -> StartFailure | None:
    """Return why the last start failed; None if no line is about this port or a file of TLS.
    `command` is the command line of the service."""
    refusal, distance = "", _NEAR
    at_port = re.compile(rf"(?:[:\s(,=]|port )\s?{port}(?!\d)")
    taken = re.compile(_TAKEN.replace("{port}", str(port)))
    for line in reversed(journal.splitlines()[-MAX_LINES:]):
        text = line[:MAX_LINE]
        message = clean(text.strip(), 500)
        if _BINDING.search(text) and at_port.search(text):
            if _DENIED.search(text):
                return StartFailure("port-permission", message)
            if _IN_USE.search(text):
                return StartFailure("port-in-use", message)
        if taken.search(text):
            return StartFailure("port-in-use", message)
        file = _FILE.search(text)
        is_denied = _DENIED.search(text) is not None
        is_near = refusal and distance < _NEAR
        if file and (is_denied or (is_near and _LOADING.search(text))):
            return StartFailure("file-permission", message, clean(file[1], 300))
        if is_near and _UNNAMED in text and (key := _KEY.search(command[:MAX_LINE])):
            return StartFailure("file-permission", refusal, clean(key[1], 300))
        refusal, distance = (message, 0) if is_denied else (refusal, distance + 1)
    return None
