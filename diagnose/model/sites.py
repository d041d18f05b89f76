"""Configuration files of sites that nginx does not read."""

from typing import ClassVar

from diagnose.model import Observation
from diagnose.model.frozen import frozen
from diagnose.model.marks import DomainName, FilePath
from diagnose.model.summary import Summary, phrase


@frozen(kw_only=True, eq=False)
class SiteFile(Observation):
    """A file on the server that would serve the target's name on the target's port, but that the
    configuration in use does not include. `line` is where the server block begins, `names` is its
    server_name. Searched only if no server block on the port has the name."""

    layer: ClassVar[str] = "nginx"

    path: FilePath
    line: int = 1
    names: tuple[DomainName, ...] = ()
    changed: float | None = None

    def summary(self) -> Summary:
        outcome = phrase("server_name {names}; not included", names=" ".join(self.names))
        return f"{self.path}:{self.line}", outcome
