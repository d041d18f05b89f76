"""Observations of what the programs behind a site wrote about themselves, made after it failed."""

from typing import ClassVar, Literal

from diagnose.model import Observation
from diagnose.model.frozen import frozen
from diagnose.model.marks import FilePath, Label, Text, Word
from diagnose.model.summary import Summary

#: How much a line tells: an exception or a fatal error (3), something refused or missing (2), a
#: warning (1).
Weight = Literal[1, 2, 3]


@frozen(kw_only=True, eq=False)
class ProgramLine(Observation):
    """The line that says most of what the program behind a path wrote while this run asked for it,
    "" if none tells anything.

    `endpoint` is the program's port or its Unix socket, `process` its name. `equivalent` shows the
    log.
    """

    layer: ClassVar[str] = "upstream"

    message: Text
    weight: Weight
    endpoint: FilePath
    process: Label = ""

    def summary(self) -> Summary:
        return self.process or self.endpoint, self.message


#: What starts a program and keeps its log.
Manager = Literal["systemd", "pm2", "supervisor"]


@frozen(kw_only=True, eq=False)
class FailedUnit(Observation):
    """A service that failed or is started again and again, and the line that says most in its
    journal, "" if none tells anything. Or a program of pm2 or supervisor that wrote an error in the
    last minutes: `unit` is its name there.

    `state` is systemd's word ("failed", "activating"), "" for other managers. `endpoint` is where
    nothing listens: a port or a Unix socket. `names_endpoint` is True if the unit or its journal
    names it, and `is_local` for a unit that an administrator wrote (systemd.unit(5),
    "/etc/systemd/system").
    """

    layer: ClassVar[str] = "upstream"

    unit: Label
    state: Word
    endpoint: FilePath
    message: Text = ""
    names_endpoint: bool = False
    is_local: bool = False
    manager: Manager = "systemd"

    @property
    def title(self) -> str:
        """The program's name and state in the words of what starts it."""
        if self.manager != "systemd":
            return f"{self.manager} {self.unit}"
        return f"{self.unit}.service {self.state}"

    def summary(self) -> Summary:
        return self.title, self.message
