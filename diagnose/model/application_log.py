"""Observations of what an application behind nginx writes about its own failures."""

from typing import ClassVar

from diagnose.model import Observation
from diagnose.model.frozen import frozen
from diagnose.model.marks import Address, FilePath, Label, Text, Url
from diagnose.model.summary import Summary


@frozen(kw_only=True, eq=False)
class ApplicationLog(Observation):
    """What an application wrote while a request of this run was answered with an error.

    `target` is the argument of proxy_pass as written; `address` and `port` are those on which the
    application listens (a Unix socket: "unix:" and its path, and 0). `process` and `pid` are its
    own, `unit` its service without ".service", "" for none. `source` is the file, "" for the
    journal. `lines` are the lines that say most, in order, without secrets.
    """

    layer: ClassVar[str] = "upstream"

    target: Url
    address: Address
    port: int
    status: int
    process: Label = ""
    pid: int | None = None
    unit: Label = ""
    source: FilePath = ""
    lines: tuple[Text, ...] = ()

    @property
    def reason(self) -> str:
        """The line that says most; "" if it wrote nothing."""
        return self.lines[-1] if self.lines else ""

    def summary(self) -> Summary:
        place = self.source or f"journal of {self.unit or self.process}"
        return f"application {self.process or self.target}, {place}", self.reason


@frozen(kw_only=True, eq=False)
class FailedUnit(Observation):
    """A service that failed, or that systemd starts again and again, and the last words of its
    journal. Read where an application does not listen. `unit` is its name without ".service"."""

    layer: ClassVar[str] = "upstream"

    unit: Label
    state: Label = ""
    message: Text = ""

    def summary(self) -> Summary:
        return f"{self.unit}.service {self.state}", self.message
