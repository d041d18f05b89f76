"""What the screen asks of the services behind it, and what it is told besides a run's events."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Literal

from diagnose.model import Report, Target
from diagnose.model.frozen import frozen
from diagnose.model.view import View
from diagnose.processes.worker import Executor

if TYPE_CHECKING:
    from diagnose.history import FingerprintChange, KnownTarget


Kind = Literal["site", "part", "demo", "recording"]


@frozen
class Services:
    """What is behind the screen: where its services work.

    run(asked)                 events of a run, then `Changed`
    mend(asked, undo, view)    `Said`, questions: a fix, or the undoing of the last one
    mask(report, view)         `Masked`
    sites()                    `Own`, then `Earlier`

    `read` reads a target and `server` where SSH leads to ("ssh://…"); both raise UsageError.
    What is shown is a site of today, or a part of one ("part", nothing of which is mended), a
    "demo" or a "recording".
    """

    executor: Executor
    parse_target: Callable[[str], Target]
    parse_server: Callable[[str], str]
    kind: Kind = "site"


@frozen
class RunRequest:
    """A look: at which target, of which layers alone (all of them if none is named), and into
    which server ("ssh://…"; empty as the command line has it)."""

    target: Target
    only: tuple[str, ...] = ()
    server: str = ""


@frozen
class HistoryChanges:
    """What is other than it was when the target was last well."""

    changes: "tuple[FingerprintChange, ...]"


@frozen
class FixOutput:
    """Words of a fix as it goes on."""

    text: str


@frozen
class MaskedReport:
    """A report with the names and addresses masked, and the view of it."""

    report: Report
    view: View


@frozen
class LocalSites:
    """The sites that this server's nginx serves."""

    targets: tuple[Target, ...]


@frozen
class RecentTargets:
    """Targets of earlier runs, the last one first."""

    entries: "tuple[tuple[Target, KnownTarget], ...]"
