"""The screen in a browser on the same machine.

Each open page has a process of its own, `diagnose TARGET`, whose screen is written to a pipe
instead of a terminal. textual-serve connects it with the page. It is an optional dependency and
imported only when needed.
"""

from collections.abc import Sequence

from diagnose.parsers.target import UsageError
from diagnose.processes.installation import extra_command

_MISSING_EXTRA = "The browser view needs textual-serve: {command}"


def serve(targets: Sequence[str], options: Sequence[str], port: int, lang: str) -> int:
    """Serve the screen of `diagnose` with these arguments until a signal. Return the exit status.
    Raise UsageError if textual-serve is not installed."""
    try:
        from diagnose.web.main import run
    except ModuleNotFoundError as missing:
        if (missing.name or "diagnose").partition(".")[0] == "diagnose":
            raise
        raise UsageError(_MISSING_EXTRA.format(command=extra_command("web"))) from None
    return run(targets, options, port, lang)
