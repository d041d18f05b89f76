"""Observations of systemd's services that do not run."""

from typing import ClassVar, Literal

from diagnose.model import Observation
from diagnose.model.frozen import frozen
from diagnose.model.marks import FilePath, Label, Text, Word
from diagnose.model.summary import Summary

#: What stopped a start: the port may not be opened, another program has it, or a file of TLS may
#: not be read.
StartFailureReason = Literal["port-permission", "port-in-use", "file-permission"]


@frozen(kw_only=True, eq=False)
class ServiceFailure(Observation):
    """A service that could not start, and the line of its journal that says why, where that is
    about the target's port or a certificate's file.

    `unit` is its name without ".service", `state` systemd's word ("failed", "activating"), `user`
    the user in the unit, "" for root. `file` is the file that may not be read.
    """

    layer: ClassVar[str] = "listener"

    unit: Label
    reason: StartFailureReason
    message: Text
    state: Word = ""
    user: Label = ""
    file: FilePath = ""

    def summary(self) -> Summary:
        return f"{self.unit}.service {self.state}", self.message
