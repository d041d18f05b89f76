"""The nouns: what was asked, what was seen, what it means, what to do.

Everything here is a frozen value and imports the standard library only. The kinds of
observation live in the modules beside this one, a layer each (`diagnose.model.dns`,
`diagnose.model.tcp`, …), so that a run loads only the kinds it can see.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import field
from datetime import datetime
from enum import StrEnum
from typing import ClassVar, TypeVar

from diagnose.model.frozen import frozen

#: The layers, in the order in which a visitor's request meets them. Causes are ordered by it.
LAYERS = (
    "host",
    "dns",
    "cloud",
    "tcp",
    "listener",
    "firewall",
    "nginx",
    "tls",
    "certificate",
    "http",
    "upstream",
    "websocket",
)


class Vantage(StrEnum):
    """From where something was seen: the machine that probes, or inside the server."""

    HERE = "here"
    SERVER = "server"


class Severity(StrEnum):
    """error: the site does not work for its visitors; warning: it works, and something is
    wrong; note: worth knowing, never a cause."""

    ERROR = "error"
    WARNING = "warning"
    NOTE = "note"


class Confidence(StrEnum):
    """How far the evidence carries the claim."""

    CERTAIN = "certain"
    LIKELY = "likely"
    POSSIBLE = "possible"


class Applicability(StrEnum):
    """automatic: safe to execute as it stands; review: a person should read it first;
    manual: only a person can do it."""

    AUTOMATIC = "automatic"
    REVIEW = "review"
    MANUAL = "manual"


class Where(StrEnum):
    """Where a step of a remedy is done."""

    SERVER = "server"
    CLIENT = "client"
    CLOUD_CONSOLE = "cloud-console"
    DNS_PROVIDER = "dns-provider"
    APPLICATION = "application"


@frozen
class Target:
    """What the person asked about, as it was read.

    `host` is an A-label (RFC 5890) or an address without brackets; `path` begins with a
    slash; `websockets` are the paths at which a WebSocket is to be judged.
    """

    input: str
    scheme: str
    host: str
    port: int
    path: str = "/"
    websockets: tuple[str, ...] = ()
    read_as: str = ""

    @property
    def authority(self) -> str:
        """host[:port] as in a URL (RFC 3986 section 3.2), the default port left out."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return (
            host
            if self.port == (80 if self.scheme in {"http", "ws"} else 443)
            else f"{host}:{self.port}"
        )

    @property
    def url(self) -> str:
        return f"{self.scheme}://{self.authority}{self.path}"


@frozen
class Failure:
    """A failed attempt, which is a fact like any other.

    `kind` is a word of a small closed vocabulary (see `diagnose.net.error_mapping`), `message`
    the machine's own words, verbatim, `code` its number (errno, EAI, rcode, TLS alert,
    X.509 verify code, exit status) and `name` that number's name ("EHOSTUNREACH").
    """

    kind: str
    message: str
    code: int | None = None
    name: str | None = None


@frozen(kw_only=True, eq=False)
class Observation:
    """One fact, seen once. Two observations are the same only if they are one object.

    `at` and `took` are seconds, `at` since the start of the run; `equivalent` is the command
    a person would type to see the same.
    """

    layer: ClassVar[str] = ""

    vantage: Vantage = Vantage.HERE
    at: float = 0.0
    took: float = 0.0
    equivalent: str = ""
    failure: Failure | None = None


@frozen(kw_only=True, eq=False)
class Unseen(Observation):
    """Something that could not be looked at, why, and the command that would allow it."""

    layer: ClassVar[str] = "host"

    what: str
    why: str
    enable: str = ""


@frozen(kw_only=True, eq=False)
class Host(Observation):
    """A machine that took part: the one that probes, or the server looked into.

    `role` is "server" where the target's address or name is this machine's own.
    `via` is "local" or "ssh://…". `manager` is what starts services: "systemd" or "none".
    """

    layer: ClassVar[str] = "host"

    hostname: str
    role: str = "outside"
    via: str = "local"
    privileged: bool = False
    manager: str = "none"
    system: str = ""


Kind = TypeVar("Kind", bound=Observation)


@frozen
class Scope:
    """What a run was asked to judge: what a visitor meets (`outside`), else only what the server
    itself shows; which layers; which version of IP, None for both."""

    outside: bool = True
    only: tuple[str, ...] = ()
    skip: tuple[str, ...] = ()
    family: int | None = None

    def wants(self, layer: str) -> bool:
        return layer not in self.skip and (not self.only or layer in self.only)


@frozen(eq=False)
class Evidence:
    """All that one run has seen, in the order in which it was seen."""

    target: Target
    started_at: datetime
    observations: tuple[Observation, ...] = ()
    scope: Scope = Scope()

    def of(self, kind: type[Kind]) -> tuple[Kind, ...]:
        """Every observation of one kind, failed attempts among them."""
        return tuple(observation for observation in self.observations if type(observation) is kind)

    def good(self, kind: type[Kind]) -> tuple[Kind, ...]:
        """The observations of one kind that are no failed attempts."""
        return tuple(observation for observation in self.of(kind) if observation.failure is None)


@frozen
class Subject:
    """What a claim is about. A field that is None leaves that side open.

    So `Subject(port=443)` is port 443 at whatever address, and covers
    `Subject(address="203.0.113.10", port=443)`.
    """

    name: str | None = None
    address: str | None = None
    port: int | None = None
    path: str | None = None
    text: str = ""

    def covers(self, other: "Subject") -> bool:
        """Whether nothing that both of them say disagrees."""
        pairs = (
            (self.name, other.name),
            (self.address, other.address),
            (self.port, other.port),
            (self.path, other.path),
        )
        return all(
            value is None or other_value is None or value == other_value
            for value, other_value in pairs
        )

    def __str__(self) -> str:
        if self.text:
            return self.text
        host = self.address or self.name or ""
        if ":" in host:
            host = f"[{host}]"
        port = "" if self.port is None else f":{self.port}" if host else f"{self.port}/tcp"
        return f"{host}{port}{self.path or ''}"


def endpoints(addresses: Iterable[str], port: int) -> tuple[Subject, ...]:
    """A port at several addresses: the subjects that a claim about all of them covers."""
    return tuple(Subject(address=address, port=port) for address in dict.fromkeys(addresses))


def merge_subjects(subjects: tuple[Subject, ...]) -> Subject:
    """One subject for several: what they agree on, named by all of them."""
    if len(subjects) == 1:
        return subjects[0]
    agreed = {}
    for side in ("name", "address", "port", "path"):
        values = {getattr(subject, side) for subject in subjects}
        agreed[side] = values.pop() if len(values) == 1 else None
    return Subject(**agreed, text=", ".join(map(str, subjects)))


@frozen
class Location:
    """A place in a file: `line` and `column` count from 1; `excerpt` are whole lines around
    it, the first of which is line `first`."""

    file: str
    line: int
    column: int = 1
    end_column: int = 1
    first: int = 1
    excerpt: tuple[str, ...] = ()


@frozen
class Command:
    """A command of a remedy, as an argument vector: nothing in it is ever parsed by a shell."""

    argv: tuple[str, ...]
    where: Where = Where.SERVER
    root: bool = True
    undo: tuple[str, ...] = ()


@frozen
class Edit:
    """A change to one file, as a unified diff of its whole text."""

    path: str
    diff: str
    where: Where = Where.SERVER
    root: bool = True


@frozen
class Manual:
    """Something only a person can do. `step` names the paragraph of that name under "Steps"
    in the check's text, or of its layer; it may use the claim's facts. `commands` are what the
    person types who chooses so: of several such steps one is chosen, and no program chooses."""

    step: str
    where: Where
    url: str = ""
    commands: "tuple[Command | Edit, ...]" = ()


Step = Command | Edit | Manual


@frozen
class Fix:
    """What puts it right, step by step."""

    steps: tuple[Step, ...]
    applicability: Applicability = Applicability.AUTOMATIC


@frozen(kw_only=True, eq=False)
class Claim:
    """What a check says of the evidence.

    `facts` fill the check's text; `because` are the observations it rests on; `ruled_out`
    the checks that were considered and excluded; `covers` what else this explains symptoms
    of, besides `about`. `severity` is given where it differs from the check's own.
    """

    about: Subject
    because: tuple[Observation, ...]
    facts: Mapping[str, object] = field(default_factory=dict)
    confidence: Confidence = Confidence.CERTAIN
    severity: Severity | None = None
    ruled_out: tuple[str, ...] = ()
    covers: tuple[Subject, ...] = ()
    location: Location | None = None
    fix: Fix | None = None


CheckFunction = Callable[[Evidence], Iterable[Claim]]


@frozen(kw_only=True, eq=False)
class Check:
    """One question put to the evidence. Its id is its file: checks/tcp/refused.py is `tcp.refused`.

    `needs` are the kinds that must have been observed at least once, else it says nothing.
    `explains` are the ids of checks whose findings about a covered subject are symptoms of
    this one; `tcp.*` stands for what is met in a whole layer.
    """

    id: str
    severity: Severity
    needs: tuple[type[Observation], ...]
    explains: tuple[str, ...]
    judge: CheckFunction

    @property
    def layer(self) -> str:
        return self.id.partition(".")[0]


@frozen(eq=False)
class Finding:
    """A claim with its check, numbered ("f1"), and the finding that explains it, if any."""

    id: str
    check: Check
    claim: Claim
    explained_by: str | None = None

    @property
    def severity(self) -> Severity:
        return self.claim.severity or self.check.severity

    @property
    def is_cause(self) -> bool:
        """A root cause: no note, and no other finding explains it."""
        return self.explained_by is None and self.severity is not Severity.NOTE


@frozen
class Crash:
    """A fault of ours: a probe or a check that raised. The run went on without it."""

    where: str
    message: str


@frozen(eq=False)
class Report:
    """What a run ends in. `findings` are ordered: each cause followed by its symptoms.

    `signal` is the number of the one that interrupted it, 0 for none; `running` says that it goes
    on and that nothing was judged yet."""

    evidence: Evidence
    findings: tuple[Finding, ...] = ()
    crashes: tuple[Crash, ...] = ()
    duration: float = 0.0
    interrupted: bool = False
    signal: int = 0
    running: bool = False

    @property
    def causes(self) -> tuple[Finding, ...]:
        return tuple(finding for finding in self.findings if finding.is_cause)
