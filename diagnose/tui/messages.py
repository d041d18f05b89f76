"""The services that the screen uses, and the messages that it receives besides a run's events."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Literal

from diagnose.model import Report, Target
from diagnose.model.frozen import frozen
from diagnose.model.view import View
from diagnose.processes.worker import Executor

if TYPE_CHECKING:
    from diagnose.history import FingerprintChange, KnownTarget


Kind = Literal["site", "part", "demo", "demo-server", "recording"]


@frozen
class Services:
    """The services behind the screen. `executor` runs them by name; each sends messages:

      run(request)                  events of a run, then `HistoryChanges`
      mend(request, undo, view)     `FixOutput`, questions: a fix, or the undo of the last one
      mask(report, view)            `MaskedReport`
      sites()                       `LocalSites`, then `RecentTargets`

    `parse_target` and `parse_server` ("ssh://…") raise UsageError. `kind` is what is shown: a
    "site", a "part" of one (which cannot be fixed), a "demo", a "demo-server" (which can be
    fixed) or a "recording".
    """

    executor: Executor
    parse_target: Callable[[str], Target]
    parse_server: Callable[[str], str]
    kind: Kind = "site"


@frozen
class RunRequested:
    """The screen requests a run: the target, the layers to check, and the server to inspect
    ("ssh://…"). An empty value stands for that of the command line."""

    target: Target
    only: tuple[str, ...] = ()
    server: str = ""


@frozen
class HistoryChanges:
    """The differences from the last healthy run."""

    changes: "tuple[FingerprintChange, ...]"


@frozen
class FixOutput:
    """Output of a running fix."""

    text: str


@frozen
class MaskedReport:
    """A report with masked names and addresses, and its view."""

    report: Report
    view: View


@frozen
class LocalSites:
    """The sites that this server's nginx serves."""

    targets: tuple[Target, ...]


@frozen
class RecentTargets:
    """Targets of earlier runs, the most recent first."""

    entries: "tuple[tuple[Target, KnownTarget], ...]"
