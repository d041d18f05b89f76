"""What a web server's configuration says of a request that no application gets: a rule answers it,
or files do."""

from typing import ClassVar, Literal

from diagnose.model import Observation
from diagnose.model.frozen import frozen
from diagnose.model.marks import Address, FilePath, ServerText, UrlPath, Word
from diagnose.model.summary import Summary

#: What a condition asks for that is not known here: the visitor's address, a password, the
#: User-Agent, another header field, or anything else.
Question = Literal["address", "login", "agent", "field", "other"]


#: How a test of the visitor's address is made of others, or what it asks.
AddressTestName = Literal["all", "any", "none", "in", "true", "false", "unknown"]


@frozen
class AddressTest:
    """A node of what a rule asks about the visitor's address. Nodes are listed with their members
    behind them, each one deeper (`depth`). "all", "any" and "none" are about their members; "in" is
    true for an address of one of `networks`, which stand at `file` and `line` (0 if that is not
    known); "unknown" asks for something else."""

    depth: int
    test: AddressTestName
    networks: tuple[Address, ...] = ()
    file: FilePath = ""
    line: int = 0


@frozen
class AnsweringRule:
    """A rule that answers a path of the target itself, or may do so.

    `path` is the visitor's path without a query, and `websocket` is True for a handshake. `status`
    is that of the answer, 0 if the connection is closed. `rule` is the directive as it is written,
    "" if no rule takes the request at all, and `condition` the words of its conditions or its
    section. `questions` are what of the conditions is not known; without any the rule holds for
    this run's own request. `file` and `line` are its place. `bypassed` is the application
    ("host:port") that would get the request, did the rule not answer first. `refuses` is what it
    asks about the visitor's address, () if nothing else decides or more is not known: the rule
    answers the visitors for whom it is true.
    """

    path: UrlPath
    status: int
    rule: ServerText = ""
    condition: ServerText = ""
    questions: tuple[Question, ...] = ()
    websocket: bool = False
    file: FilePath = ""
    line: int = 0
    bypassed: ServerText = ""
    refuses: tuple[AddressTest, ...] = ()

    @property
    def is_certain(self) -> bool:
        return not self.questions


@frozen
class ServedFolder:
    """The folder from which a server answers a path of the target itself.

    `requested` is the visitor's path without a query, and `websocket` is True for a handshake.
    `root` is the folder, "" if the configuration names none, and `path` the one of the file in
    it. `prefix` is the beginning of the path by which the folder was chosen and which `path`
    still has, "" if there is none. `fallback` is the file for what is no file, "" for none. If
    the fallback comes before the route of an application, which then never gets what is no
    file, `bypassed` is that application ("host:port") and `matcher` the route's condition; without
    a fallback, if the route comes after the files. `by_rewrite` is True if a `rewrite` of what is
    no file leads to the fallback.
    """

    requested: UrlPath
    root: FilePath
    path: UrlPath
    prefix: UrlPath = ""
    fallback: UrlPath = ""
    bypassed: ServerText = ""
    matcher: ServerText = ""
    websocket: bool = False
    by_rewrite: bool = False


@frozen(kw_only=True, eq=False)
class HandledPath(Observation):
    """What the configuration of a server (`product`) says of a path that is not the target's own: a
    file or data of the page that visitors do not get, or a WebSocket (`websocket`). `rules` answer
    it themselves, or may, and from `folders` files do.

    `unserved_file` is the file of this path that is on the server, in the folder `unserved_root` of
    a `file_server` (Caddy) or DocumentRoot (Apache) that never gets the request, since
    `application` ("127.0.0.1:8000") comes before it; "" each if there is none. `replaced_file` is
    that file in the folder from which the server sends its page for every path instead."""

    layer: ClassVar[str] = "server"

    product: Word
    path: UrlPath
    websocket: bool = False
    rules: tuple[AnsweringRule, ...] = ()
    folders: tuple[ServedFolder, ...] = ()
    unserved_file: FilePath = ""
    unserved_root: FilePath = ""
    application: ServerText = ""
    replaced_file: FilePath = ""

    def summary(self) -> Summary:
        words = [rule.rule for rule in self.rules] + [folder.root for folder in self.folders]
        words += [self.unserved_file, self.replaced_file]
        return self.path, tuple(word for word in words if word)
