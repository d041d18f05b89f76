"""The screen in a browser on the same machine: a front end that hands on another one.

Each page that is opened is a process of its own, `diagnose TARGET`, whose screen is written to a
pipe instead of a terminal. textual-serve carries it to the page and back; it is an extra, and
nothing of it is imported before it is asked for.
"""

from collections.abc import Sequence

from diagnose.parsers.target import UsageError

_MISSING_EXTRA = (
    "The browser view needs textual-serve: pipx inject diagnose-https textual-serve, "
    "or pip install 'diagnose-https[web]'."
)


def serve(targets: Sequence[str], options: Sequence[str], port: int, lang: str) -> int:
    """Serve the screen that `diagnose` has with these words, until a signal; the exit status."""
    try:
        from diagnose.web.main import run
    except ModuleNotFoundError as missing:
        if (missing.name or "diagnose").partition(".")[0] == "diagnose":
            raise
        raise UsageError(_MISSING_EXTRA) from None
    return run(targets, options, port, lang)
