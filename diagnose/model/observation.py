"""Observations: what a probe saw, or why it could not be seen.

The kinds of observation are in the modules beside this one, one per layer (`diagnose.model.dns`,
`diagnose.model.tcp`, …), so that a run loads only the kinds it can observe.
"""

from enum import StrEnum
from typing import TYPE_CHECKING, ClassVar, Literal, TypeVar

from diagnose.model.frozen import frozen
from diagnose.model.marks import CommandLine, MachineName, Text, Url, Word

if TYPE_CHECKING:
    from diagnose.model.summary import Summary


class Vantage(StrEnum):
    """The place from which something was observed: the machine that probes, the server, or another
    machine (`--vantage`)."""

    HERE = "here"
    SERVER = "server"
    ELSEWHERE = "elsewhere"


#: The kinds of failure; their meanings are in `diagnose.net.error_mapping`. "exit": a program ended
#: with a status other than 0; "route": the kernel refused to say the route; "too-large": the output
#: exceeded the limit.
FailureKind = Literal[
    "refused", "unreachable", "timeout", "reset", "closed", "alert", "certificate", "protocol",
    "proxy", "resolution", "denied", "missing", "exit", "route", "too-large", "other",
]  # fmt: skip
Role = Literal["outside", "server"]
ServiceManager = Literal["systemd", "none"]


@frozen
class Failure:
    """Why an attempt failed.

    `kind` is a word from a small closed list (see `diagnose.net.error_mapping`), `message` the
    original error text, `code` its number (errno, EAI, rcode, TLS alert, X.509 verify code, exit
    status) and `name` the name of that number ("EHOSTUNREACH").
    """

    kind: FailureKind
    message: Text
    code: int | None = None
    name: Word | None = None


@frozen(kw_only=True, eq=False)
class Observation:
    """One observed fact. Two observations are equal only if they are the same object.

    `at` and `took` are seconds; `at` counts from the start of the run. `equivalent` is the command
    with which a person can observe the same.
    """

    layer: ClassVar[str] = ""

    vantage: Vantage = Vantage.HERE
    at: float = 0.0
    took: float = 0.0
    equivalent: CommandLine = ""
    failure: Failure | None = None

    def summary(self) -> "Summary":
        """Return the subject and the outcome of a successful attempt, on one line each."""
        return type(self).__name__, ""

    @property
    def shows_absence(self) -> bool:
        """Return True if it shows that what its layer is about is not on the server at all."""
        return False

    @property
    def shows_state(self) -> bool:
        """Return False if it shows only what a next start would load, or that one of several
        programs does not run: then its layer was not seen."""
        return self.failure is None

    @property
    def shows_fault(self) -> bool:
        """Whether it may show a fault. A check that only faults of a kind lead to (`needs_fault`)
        is not imported without one."""
        return self.failure is not None


@frozen(kw_only=True, eq=False)
class Unseen(Observation):
    """Something that could not be observed, the reason, and the command that would allow it."""

    layer: ClassVar[str] = "host"

    what: Text
    why: Text
    enable: CommandLine = ""

    def summary(self) -> "Summary":
        return self.what, self.why


@frozen(kw_only=True, eq=False)
class Host(Observation):
    """A machine that took part: the one that probes, or the server.

    `role` is "server" if the target's address or name belongs to this machine. `via` is "local" or
    "ssh://…". `manager` is the service manager: "systemd" or "none".
    """

    layer: ClassVar[str] = "host"

    hostname: MachineName
    role: Role = "outside"
    via: Url = "local"
    privileged: bool = False
    manager: ServiceManager = "none"
    system: Text = ""

    def summary(self) -> "Summary":
        return self.hostname, self.system


Kind = TypeVar("Kind", bound=Observation)
