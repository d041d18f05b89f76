"""The core values of a run: the target, observations, claims, findings and fixes.

All classes here are frozen and import the standard library only. What an observation is stands in
`diagnose.model.observation`, the steps of a fix in `diagnose.model.steps`; both are imported from
here.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import field
from datetime import datetime
from enum import StrEnum

from diagnose.model.frozen import frozen
from diagnose.model.ignore import Ignore
from diagnose.model.marks import Label, Text, Word
from diagnose.model.observation import (
    Failure,
    FailureKind,
    Host,
    Kind,
    Observation,
    Role,
    ServiceManager,
    Unseen,
    Vantage,
)
from diagnose.model.steps import (
    Applicability,
    Aspect,
    Command,
    Edit,
    Effect,
    Fix,
    Manual,
    Risk,
    Step,
    Where,
)
from diagnose.model.subject import Subject, endpoints, merge_subjects
from diagnose.model.symptom import Symptom
from diagnose.model.target import Target

__all__ = [
    "LAYERS",
    "Applicability",
    "Aspect",
    "Check",
    "CheckFunction",
    "Claim",
    "Command",
    "Confidence",
    "Crash",
    "Edit",
    "Effect",
    "Evidence",
    "Failure",
    "FailureKind",
    "Finding",
    "Fix",
    "Host",
    "Ignore",
    "Kind",
    "Location",
    "Manual",
    "Observation",
    "Report",
    "Risk",
    "Role",
    "Scope",
    "ServedAddress",
    "ServiceManager",
    "Severity",
    "Step",
    "Subject",
    "Symptom",
    "Target",
    "Unseen",
    "Vantage",
    "Where",
    "endpoints",
    "merge_subjects",
]

#: The layers, in the order in which a visitor's request passes them. Causes are sorted by it.
LAYERS = (
    "host",
    "dns",
    "cloud",
    "tcp",
    "listener",
    "firewall",
    "nginx",
    "server",
    "tls",
    "certificate",
    "http",
    "upstream",
    "websocket",
)


class Side(StrEnum):
    """The side on which a probe looks: outside, over the network like a visitor, or inside, on the
    server itself. The names of its probes begin with it."""

    OUTSIDE = "outside"
    INSIDE = "inside"


class Severity(StrEnum):
    """error: the site does not work for its visitors; warning: it works, but something is wrong;
    note: worth knowing, never a cause."""

    ERROR = "error"
    WARNING = "warning"
    NOTE = "note"


class Confidence(StrEnum):
    """How strongly the evidence supports a claim."""

    CERTAIN = "certain"
    LIKELY = "likely"
    POSSIBLE = "possible"


@frozen
class Scope:
    """The scope of a run: the layers and the IP version to check (None: both). If `outside` is
    False, only what the server itself shows is checked, not what a visitor gets. `idle_s` is for
    how many seconds WebSockets are held in silence, None for not at all."""

    outside: bool = True
    only: tuple[Word, ...] = ()
    skip: tuple[Word, ...] = ()
    family: int | None = None
    idle_s: float | None = None

    def wants(self, layer: str) -> bool:
        return layer not in self.skip and (not self.only or layer in self.only)


@frozen(eq=False)
class Evidence:
    """All observations of one run, in the order in which they were made."""

    target: Target
    started_at: datetime
    observations: tuple[Observation, ...] = ()
    scope: Scope = Scope()

    def of(self, kind: type[Kind]) -> tuple[Kind, ...]:
        """Return all observations of one kind, including failed attempts."""
        return tuple(
            [observation for observation in self.observations if type(observation) is kind]
        )

    def good(self, kind: type[Kind]) -> tuple[Kind, ...]:
        """Return the observations of one kind without failed attempts."""
        return tuple([observation for observation in self.of(kind) if observation.failure is None])


@frozen
class Location:
    """A position in a file. `line` and `column` count from 1. `excerpt` holds whole lines around
    it; the first of them is line number `first`."""

    file: str
    line: int
    column: int = 1
    end_column: int = 1
    first: int = 1
    excerpt: tuple[str, ...] = ()


@frozen
class ServedAddress:
    """An address of a site. `is_named` is True if a configuration has the site's name there; else
    nothing but this comes into question. `is_program` is True if all that is known is that a
    program listens there: what it speaks is not."""

    url: str
    is_named: bool
    is_program: bool = False


@frozen(kw_only=True, eq=False)
class Claim:
    """A conclusion of a check from the evidence.

    `facts` fill in the check's text. `because` are the observations that support the claim.
    `ruled_out` are the ids of checks that were considered and excluded. `covers` are subjects,
    besides `about`, whose symptoms this claim explains. `severity` is set only if it differs from
    the check's own. `request` is the path of the other page of the site that the claim is about,
    None for the target's own (`diagnose.model.other_requests`). `served_at` is the address at which
    this server has the site, where it has nothing for the target's own. `is_reported` says that the
    words of the pasted message are among the reasons: then it answers them. `consequence_of` are
    the ids of checks that explain this claim, and not others of its check: which ones do depends on
    the evidence. What explains a finding of theirs explains this claim too. `rests_on_words` says
    that the pasted message is its only evidence, and that a cause was measured beside it: it comes
    last.
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
    request: str | None = None
    served_at: ServedAddress | None = None
    is_reported: bool = False
    consequence_of: tuple[str, ...] = ()
    rests_on_words: bool = False


CheckFunction = Callable[[Evidence], Iterable[Claim]]


@frozen(kw_only=True, eq=False)
class Check:
    """One question about the evidence. Its id is its path: checks/tcp/refused.py is `tcp.refused`.

    `needs` are the kinds of observation without which the check does not run. `needs_fault` are the
    kinds of which at least one observation must show a fault, () if the check does not depend on
    it. A check that `needs_message` answers a message that somebody pasted, and claims nothing
    without one. `explains` are the ids of checks whose findings about a covered subject are
    symptoms of this one; `tcp.*` stands for all checks of a layer. `excuses` are those of them that
    are right as long as this one is a root cause: nothing is set up to listen on a port, and the
    firewall has it closed. A program that was to listen there excuses no closed port. `on_loopback`
    is True for a check of the firewall that judges what the server sends to itself, and not how
    visitors get in. A check of DNS is `about_resolver` if its fault is the resolver's, whatever
    name is asked for. If a finding that is no root cause is `unanswered`, the run could not answer
    the user's question. A check that `names_requests` lists requests for other paths than the
    target's, each as the path of its subject or as the fact `path`: a cause that was met there
    explains it. A check of what `comes_later` is about the next reboot or reload, and not about
    what visitors get now: of the same severity it comes last. A check of `only_unused` says
    what was read of a request, and not why: it counts only as far as no other check has used
    that (`diagnose.checking.unused_observations`). A check that `stands_back` says between which
    two places a fault is, and guesses at the line: where another one has proved a line by the same
    answer of a visitor, it is a consequence.
    """

    id: str
    severity: Severity
    needs: tuple[type[Observation], ...]
    explains: tuple[str, ...]
    judge: CheckFunction
    needs_fault: tuple[type[Observation], ...] = ()
    needs_message: bool = False
    on_loopback: bool = False
    about_resolver: bool = False
    unanswered: bool = False
    names_requests: bool = False
    only_unused: bool = False
    comes_later: bool = False
    stands_back: bool = False
    excuses: tuple[str, ...] = ()

    def runs_on(
        self,
        kinds: set[type[Observation]],
        faulty_kinds: set[type[Observation]],
        *,
        has_message: bool,
    ) -> bool:
        """Return whether it has what it needs, if these kinds were observed, and a fault of
        those."""
        if self.needs_message and not has_message:
            return False
        has_fault = not self.needs_fault or not faulty_kinds.isdisjoint(self.needs_fault)
        return has_fault and kinds.issuperset(self.needs)

    @property
    def layer(self) -> str:
        return self.id.partition(".")[0]

    @property
    def judges_the_way_in(self) -> bool:
        """Whether it is about how visitors get in from outside, by which no program reaches a
        loopback address of its own machine."""
        return self.layer in {"cloud", "firewall"} and not self.on_loopback


@frozen(eq=False)
class Finding:
    """A claim and its check, numbered ("f1"), and the finding that explains it, if any.
    `suppressed_by` is why it does not count: the user ignores it, or the finding that explains
    it."""

    id: str
    check: Check
    claim: Claim
    explained_by: str | None = None
    suppressed_by: Ignore | None = None

    @property
    def severity(self) -> Severity:
        return self.claim.severity or self.check.severity

    @property
    def is_cause(self) -> bool:
        """Return True for a root cause: not a note, not explained by another finding, and not
        ignored."""
        return self._is_independent and self.severity is not Severity.NOTE

    @property
    def is_note(self) -> bool:
        """Return True for a note that no other finding explains and that is not ignored."""
        return self._is_independent and self.severity is Severity.NOTE

    @property
    def is_symptom(self) -> bool:
        """Return True if another finding explains it, and nothing of it is ignored."""
        return self.explained_by is not None and self.suppressed_by is None

    @property
    def _is_independent(self) -> bool:
        return self.explained_by is None and self.suppressed_by is None


@frozen
class Crash:
    """An error in our own code: a probe or a check that raised. The run continued without it.

    `trace` is the traceback, for a report of the fault; no report of a run shows it."""

    where: Label
    message: Text
    trace: Text = ""


@frozen(eq=False)
class Report:
    """The result of a run. In `findings`, each cause is followed by its symptoms.

    `signal` is the number of the signal that interrupted the run, 0 for none. `running` is True
    while the run continues and nothing was judged yet. `ignores` are all of the run's, expired or
    not.
    """

    evidence: Evidence
    findings: tuple[Finding, ...] = ()
    crashes: tuple[Crash, ...] = ()
    duration: float = 0.0
    interrupted: bool = False
    signal: int = 0
    running: bool = False
    ignores: tuple[Ignore, ...] = ()

    @property
    def causes(self) -> tuple[Finding, ...]:
        return tuple(finding for finding in self.findings if finding.is_cause)

    @property
    def suppressed(self) -> tuple[Finding, ...]:
        """Return the findings that the user ignores, without those that only follow from them."""
        return tuple(
            finding
            for finding in self.findings
            if finding.suppressed_by and finding.suppressed_by.check == finding.check.id
        )

    @property
    def expired_ignores(self) -> tuple[Ignore, ...]:
        at = self.evidence.started_at
        return tuple(ignore for ignore in self.ignores if ignore.is_expired(at))
