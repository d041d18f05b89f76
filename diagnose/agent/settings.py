"""What the person who starts the server decides. No call of an agent can change it."""

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager, nullcontext

from diagnose.machine import Machine
from diagnose.model import Crash, Evidence, Report
from diagnose.model.frozen import frozen
from diagnose.probes import Options

Judge = Callable[[Evidence, tuple[Crash, ...]], Report]


@frozen
class ServerSettings:
    """`lang` is the language of reports where a call names none. `masks` is whether names,
    addresses and secrets are masked. `options` are those of every run: a call adds its own.
    `open_machine` opens the server that a run looks into, `judge` returns the function that judges
    masked evidence."""

    lang: str
    masks: bool
    options: Options
    judge: Callable[[Options], Judge]
    open_machine: Callable[[Options], AbstractAsyncContextManager[Machine | None]] = lambda _: (
        nullcontext()
    )
