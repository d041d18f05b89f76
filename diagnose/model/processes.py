"""The processes that hold a listening socket. They are read only after a failure."""

from typing import ClassVar

from diagnose.model import Observation
from diagnose.model.frozen import frozen
from diagnose.model.marks import Label, Word
from diagnose.model.summary import Summary, phrase


@frozen
class Holder:
    """A process that holds a listening socket. `state` is from proc_pid_stat(5): "T" is stopped by
    a signal, "t" by a debugger, "D" waits for a disk."""

    pid: int
    name: Label
    state: Word

    @property
    def is_stopped(self) -> bool:
        return self.state in {"T", "t"}


@frozen(kw_only=True, eq=False)
class PortHolders(Observation):
    """The processes that hold a listening TCP port."""

    layer: ClassVar[str] = "listener"

    port: int
    holders: tuple[Holder, ...] = ()

    @property
    def shows_fault(self) -> bool:
        return any(holder.is_stopped for holder in self.holders)

    def summary(self) -> Summary:
        holders = tuple(
            f"{holder.name} {holder.pid} {holder.state}" for holder in self.holders[:12]
        )
        return phrase("processes of port {port}", port=self.port), holders
