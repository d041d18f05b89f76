"""Observations of configurations that no running web server reads, made only after something
failed."""

from typing import ClassVar, Literal

from diagnose.model import Observation
from diagnose.model.frozen import frozen
from diagnose.model.marks import FilePath, HostName, Text, Url, UrlPath
from diagnose.model.nginx import ConfigFiles, Directives
from diagnose.model.summary import Summary, phrase


@frozen(kw_only=True, eq=False)
class OtherConfig(Observation):
    """The configuration of another nginx on this server that does not run; fields as in
    `NginxConfig`. `binary` is the program; `on_path` is True if a shell finds it by name."""

    layer: ClassVar[str] = "nginx"

    binary: FilePath
    path: FilePath
    on_path: bool = False
    main: Directives = ()
    files: ConfigFiles = ()

    def summary(self) -> Summary:
        return self.path, phrase("read by {program}, which does not run", program=self.binary)


@frozen(kw_only=True, eq=False)
class UnreadConfig(Observation):
    """The configuration in the usual place of a web server's program, which has the target's site,
    while the server that has the target's port was started with another one (nginx -c, haproxy -f,
    apache2 -f, caddy run --resume, caddy reverse-proxy, an own build beside the package).

    `path` is its main file, `file` and `line` are where the site passes the target's path on, or
    begins. `target` is the address to which it passes the path on, as it is written; `host` and
    `port` are those of it, "" and 0 if the site answers in another way. `changed` is when that file
    was changed (seconds since the epoch, None if unknown). `load` is the command by which the
    running server reads it, and `start` the one that starts a server with it; () if there is none.
    `replaces` is whether it has all names and ports of the configuration which is used.
    """

    layer: ClassVar[str] = "server"

    product: Literal["nginx", "apache", "caddy", "haproxy"]
    path: FilePath
    file: FilePath = ""
    line: int = 0
    target: Url = ""
    host: HostName = ""
    port: int = 0
    changed: float | None = None
    load: tuple[Text, ...] = ()
    start: tuple[Text, ...] = ()
    replaces: bool = False

    def summary(self) -> Summary:
        return self.path, phrase("has the site, and the server that answers has not read it")


@frozen(kw_only=True, eq=False)
class UnreadRoute(Observation):
    """A site of the target's name in a file that Apache does not read, newer than the one which it
    reads and other in what it does with a path. Searched only if visitors did not get the path.

    `file` is the unread file, and `line` where it answers the path `request`: with the address
    `answer`, to which it passes the path on, or the folder. `used` is the file which is read, and
    `used_line` where its site begins; `link` is whether it is a symbolic link. `replaces` is
    whether the unread file has all names and ports of the one which is read.
    """

    layer: ClassVar[str] = "server"

    file: FilePath
    line: int
    request: UrlPath
    answer: Url
    used: FilePath
    used_line: int = 0
    link: bool = False
    replaces: bool = False

    def summary(self) -> Summary:
        return f"{self.file}:{self.line}", phrase(
            "not included; Apache reads {file}", file=self.used
        )
