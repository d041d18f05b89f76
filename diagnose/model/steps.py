"""The steps of a fix: commands, edits and what only a person can do.

A command says what it does (`Effect`), which files it changes and how (`changes`, `aspect`), what
it puts at risk and what undoes it, so that no other module has to guess it from the arguments.
`diagnose.model.commands` builds the usual commands with all of these.
"""

from enum import StrEnum
from typing import ClassVar, Literal

from diagnose.model.frozen import frozen


class Applicability(StrEnum):
    """automatic: safe to execute as it is; review: a person should read it first; manual: only a
    person can do it."""

    AUTOMATIC = "automatic"
    REVIEW = "review"
    MANUAL = "manual"


class Where(StrEnum):
    """The place where a step of a fix is done."""

    SERVER = "server"
    CLIENT = "client"
    CLOUD_CONSOLE = "cloud-console"
    DNS_PROVIDER = "dns-provider"
    APPLICATION = "application"


class Effect(StrEnum):
    """What a command does.

    test: it reads a configuration and changes nothing. change: it changes files, rules, settings or
    processes. reload: a program reads its files again. restart: a service stops and starts. start:
    a service starts. stop: a service stops, and a later step starts it again. reset: a record of
    failed starts is cleared, and nothing else changes.
    """

    TEST = "test"
    CHANGE = "change"
    RELOAD = "reload"
    RESTART = "restart"
    START = "start"
    STOP = "stop"
    RESET = "reset"


class Risk(StrEnum):
    """An effect that a fix may have on others, the most serious first. The values are public."""

    OPENS_TO_ALL = "opens-to-all"
    OPENS_TO_SOME = "opens-to-some"
    INTERRUPTS = "interrupts"
    STOPS = "stops"
    STARTS = "starts"
    RELOADS = "reloads"
    CHANGES_ACCESS = "changes-access"
    REMOVES_FILES = "removes-files"
    EDITS_FILES = "edits-files"
    ORDERS_CERTIFICATE = "orders-certificate"
    CHANGES_KERNEL = "changes-kernel"
    CHANGES_NETWORK = "changes-network"
    CHANGES_SYSTEM = "changes-system"
    BY_HAND = "by-hand"


#: What a step changes of its paths. content: what is in the file, also through a link. entry: the
#: name in its folder, as of a link itself. permissions: owner, mode or label. settings: whatever a
#: program writes into its own folders, which the arguments do not name.
Aspect = Literal["content", "entry", "permissions", "settings"]


@frozen
class Command:
    """A command of a fix, as an argument vector. It is never parsed by a shell.

    `undo` is the command that takes it back, () if there is none. `changes` are the absolute paths
    of the files and folders that it changes, or that its arguments lead it to, and `aspect` is what
    it changes of them. `risk` is what a `CHANGE` puts at risk; the other effects have their own.
    `outside` is True if the paths are the server's, also where the web server runs in a container.
    """

    argv: tuple[str, ...]
    effect: Effect
    where: Where = Where.SERVER
    root: bool = True
    undo: tuple[str, ...] = ()
    changes: tuple[str, ...] = ()
    aspect: Aspect = "content"
    risk: Risk = Risk.CHANGES_SYSTEM
    outside: bool = False


@frozen
class Edit:
    """A change to one file, as a unified diff of its whole text. `outside` is True if the path is
    the server's, also where the web server runs in a container. `risk` is more than that it edits a
    file where what it says puts more at risk."""

    aspect: ClassVar[Aspect] = "content"

    path: str
    diff: str
    where: Where = Where.SERVER
    root: bool = True
    outside: bool = False
    risk: Risk = Risk.EDITS_FILES

    @property
    def changes(self) -> tuple[str, ...]:
        return (self.path,)


@frozen
class Manual:
    """A step that only a person can do.

    `step` is the name of a paragraph under "Steps" in the check's text, or in the text of its
    layer; the paragraph may use the claim's facts. `commands` are what the person types after
    choosing this step. If there are several such steps, they are alternatives: a person chooses
    one, never the program.
    """

    step: str
    where: Where
    url: str = ""
    commands: tuple[Command | Edit, ...] = ()


Step = Command | Edit | Manual


@frozen
class Fix:
    """The steps that repair the problem, in order."""

    steps: tuple[Step, ...]
    applicability: Applicability = Applicability.AUTOMATIC

    @property
    def edits(self) -> tuple[Edit, ...]:
        """The edits of all steps, and those that a person makes after choosing one."""
        return tuple(
            part
            for step in self.steps
            for part in (step.commands if isinstance(step, Manual) else (step,))
            if isinstance(part, Edit)
        )
