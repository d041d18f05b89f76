"""Configuration files of sites that nginx does not read."""

from typing import ClassVar

from diagnose.model import Observation
from diagnose.model.frozen import frozen
from diagnose.model.marks import DomainName, FilePath, Label, UrlPath
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


@frozen(kw_only=True, eq=False)
class UnreadCopy(Observation):
    """A file with a block of the target's name that nginx does not read, newer than the one which
    it reads and other in what it says of a path: somebody edited it. Searched only if visitors did
    not get the path, or if the user's message asks about it.

    `path` and `line` are where the location of the unread file begins, `location` is its head, and
    `answer` what it does with the path. `used` is the file that nginx reads, and `used_line` where
    its block begins; `link` is whether it is a symbolic link. `replaces` is whether the unread
    file has all names and ports of the one that is read.
    """

    layer: ClassVar[str] = "nginx"

    path: FilePath
    line: int
    request: UrlPath
    location: Label
    answer: Label
    used: FilePath
    used_line: int
    link: bool = False
    replaces: bool = False

    def summary(self) -> Summary:
        return f"{self.path}:{self.line}", phrase(
            "not included; nginx reads {file}", file=self.used
        )
