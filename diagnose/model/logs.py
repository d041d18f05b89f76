"""What nginx wrote into its error log."""

from typing import ClassVar

from diagnose.model import Observation
from diagnose.model.frozen import frozen


@frozen(kw_only=True, eq=False)
class LogLine(Observation):
    """A line of an error log, taken apart (ngx_log_error_core, ngx_http_log_error).

    `when` is in seconds since the epoch, by the server's clock; `written` the same as it stands
    there, in local time. `text` is the message alone, `errno` the number in it, `doing` what
    nginx was at ("connecting to upstream"). What follows is of the request it was about, ""
    where the line does not say; of `request` the query is left out. The same thing written again
    and again is one line, the last; `times` counts them.
    """

    layer: ClassVar[str] = "nginx"

    file: str
    when: float
    level: str
    pid: int
    text: str
    written: str = ""
    errno: int | None = None
    doing: str = ""
    client: str = ""
    server: str = ""
    request: str = ""
    upstream: str = ""
    host: str = ""
    times: int = 1

    @property
    def path(self) -> str:
        """The path that was asked for ("GET /ws HTTP/1.1": "/ws")."""
        words = self.request.split(" ")
        return words[1] if len(words) > 1 else ""


@frozen(kw_only=True, eq=False)
class ErrorLog(Observation):
    """An error log that nginx was told to write for the target has been read: all that was
    written to it between `since` and `until` (seconds since the epoch, by the server's clock) at
    `level` or above is among the log lines, as far as it is about the target; of other sites only
    the newest lines, and of refused configurations also earlier ones. `again` says that it was
    read after the front door had failed, and so holds what this run itself caused."""

    layer: ClassVar[str] = "nginx"

    file: str
    until: float
    since: float = 0.0
    level: str = "error"
    again: bool = False


@frozen(kw_only=True, eq=False)
class OpenFiles(Observation):
    """How many files, connections among them, a process of nginx may have open (getrlimit(2),
    RLIMIT_NOFILE). Looked at only where its log says that it ran out."""

    layer: ClassVar[str] = "nginx"

    pid: int
    soft: int
    hard: int
