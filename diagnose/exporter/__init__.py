"""`diagnose serve`: an exporter for Prometheus that stands in for blackbox_exporter and says why a
probe failed.

It loads `blackbox.yml` and answers under the same paths with the same metrics. Source of every
rule: blackbox_exporter's README, CONFIGURATION.md and code. The libraries of the extra `serve` are
imported only when needed.
"""

from typing import TYPE_CHECKING

from diagnose.parsers.target import UsageError
from diagnose.processes.installation import extra_command

if TYPE_CHECKING:
    from diagnose.exporter.settings import Settings

_MISSING_EXTRA = "diagnose serve needs {library}"


def serve(settings: "Settings", check_only: bool) -> int:
    """Run the exporter until a signal, or only load its configuration. Return the exit status.
    Raise UsageError if a library of the extra is not installed."""
    try:
        from diagnose.exporter.main import run
    except ModuleNotFoundError as missing:
        name = (missing.name or "diagnose").partition(".")[0]
        if name == "diagnose":
            raise
        library = f"{name}: {extra_command('serve')}"
        raise UsageError(_MISSING_EXTRA.format(library=library)) from None
    return run(settings, check_only)
