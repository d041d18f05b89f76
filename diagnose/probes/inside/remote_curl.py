"""Sends requests to applications with the curl of a server that is reached over SSH.

Our own code does not run there. curl's exit status is the same for every error of connect(2) and
its message gives no reason, so the reason is taken from its -v output.
"""

import re
import shlex

from diagnose.machine import CommandResult, Machine
from diagnose.model import Failure, FailureKind
from diagnose.model.frozen import frozen
from diagnose.net.error_mapping import errno_failure
from diagnose.parsers.sanitize import clean

#: Timeout in seconds.
PATIENCE = 1

#: Runs curl, and kills it after the header of a 101 response: curl does not exit while an accepted
#: WebSocket is open. The wrapper prints curl's process id first, then forwards its -v output.
UNTIL_ANSWERED = r"""
cr=$(printf '\r')
{ sh -c 'echo $$; exec "$@" 2>&1 >&3' sh "$@" | {
  read -r pid
  while IFS= read -r line; do
    printf '%s\n' "$line" >&2
    case $line in
    '< HTTP/'*' 101'*) up=1 ;;
    '<'|'< '|"< $cr") [ "$up" ] && kill "$pid" 2>/dev/null ;;
    esac
  done
}; } 3>&1; :
"""

#: The key and accept value of the example in RFC 6455 section 1.3.
KEY, ACCEPT = "dGhlIHNhbXBsZSBub25jZQ==", "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="
UPGRADE_FIELDS = (
    "Connection: Upgrade",
    "Upgrade: websocket",
    "Sec-WebSocket-Version: 13",
    f"Sec-WebSocket-Key: {KEY}",
)

#: Failures by curl's exit code (curl(1), "EXIT CODES"), for a request that was sent.
_EXIT_FAILURES: dict[int | None, tuple[FailureKind, str]] = {
    28: ("timeout", "timed out"),
    52: ("closed", "connection closed"),
    56: ("reset", "Connection reset by peer"),
}
_ERRNO = {"Connection refused": 111, "No route to host": 113, "Network is unreachable": 101}


@frozen
class CurlResponse:
    """The result of a curl request.

    `status` is the response's status, None without one. `accepted` is True for a WebSocket with
    the correct Sec-WebSocket-Accept. `connected` is True if the connection opened; a failure then
    comes from the application itself.
    """

    argv: tuple[str, ...]
    took: float
    status: int | None = None
    accepted: bool = False
    body: str = ""
    failure: Failure | None = None
    connected: bool = False

    @property
    def equivalent(self) -> str:
        return shlex.join(self.argv)


async def curl(
    machine: Machine,
    url: str,
    fields: tuple[str, ...],
    version: str = "1.1",
    options: tuple[str, ...] = (),
    patience: int = PATIENCE,
) -> CurlResponse | None:
    """Send one request from the server; return None if it has no curl. `patience` in seconds."""
    argv = ["curl", "-sSkv", "-o", "-", "-m", str(patience), f"--http{version}", *options]
    for field in fields:
        argv += ["-H", field]
    argv.append(url)
    result = await machine.run("sh", "-c", UNTIL_ANSWERED, "sh", *argv, timeout=patience + 4.0)
    return (
        None
        if result.status is None or "curl: not found" in result.err
        else parse_curl(tuple(argv), result)
    )


def parse_curl(argv: tuple[str, ...], result: CommandResult) -> CurlResponse:
    """Parse curl's output: the body from stdout, the -v lines ("<" for the header) from stderr."""
    head = [line[2:].strip() for line in result.err.splitlines() if line.startswith("< ")]
    status_line = re.match(r"HTTP/[\d.]+ (\d{3})", head[0]) if head else None
    if status_line:
        status = int(status_line[1])
        fields = {
            name.lower(): value.strip() for name, _, value in (line.partition(":") for line in head)
        }
        accepted = status == 101 and fields.get("sec-websocket-accept") == ACCEPT
        body = clean(result.out, 500)
        return CurlResponse(argv, result.took, status, accepted, body, connected=True)
    connected = re.search(r"^\* (Connected to|Established connection)", result.err, re.MULTILINE)
    return CurlResponse(
        argv, result.took, failure=_failure(result), connected=connected is not None
    )


def _failure(result: CommandResult) -> Failure:
    """Return the failure; it is "refused" only if every address refused."""
    messages = re.findall(r"connect to \S+ port \d+ .*?failed: (.+)", result.err)
    numbers = {_ERRNO.get(message.strip()) for message in messages}
    if len(numbers) == 1 and (number := numbers.pop()):
        return errno_failure(number, messages[0].strip())
    lines = [line for line in result.err.splitlines() if line.startswith("curl: ")]
    exit_match = re.match(r"curl: \((\d+)\)", lines[-1]) if lines else None
    status = int(exit_match[1]) if exit_match else None
    if status in _EXIT_FAILURES:
        return Failure(*_EXIT_FAILURES[status])
    return Failure("other", clean(lines[-1] if lines else "no answer"), status)
