"""The certificate that a program which is no web server reads, and where its own files name it."""

import posixpath
from typing import ClassVar

from diagnose.model.frozen import frozen
from diagnose.model.marks import Digest, FilePath, Label, Text
from diagnose.model.observation import Observation
from diagnose.model.processes import Starter
from diagnose.model.summary import Summary
from diagnose.model.tls import Certificate


@frozen
class NamingLine:
    """A line of a program's unit, settings or source that names a file of TLS: the file, the number
    of the line, its text, and the words in it that are the path. `unended` if it is the last of its
    file, without an end."""

    file: FilePath
    number: int
    text: Text
    named: Text
    unended: bool = False

    @property
    def place(self) -> str:
        return f"{self.file}:{self.number}"


@frozen(kw_only=True, eq=False)
class ProgramCertificate(Observation):
    """A file with a certificate of the target's name that the program on its port names.

    `chain` are the file's certificates in its order. `key` is the file with the private key of the
    first one that the program names too, which may be the same file; "" if there is none. `lines`
    are the lines that name `path`. `unit` is the program's systemd service, "" if it has none, and
    `starter` what starts it again then.
    """

    layer: ClassVar[str] = "certificate"

    path: FilePath
    real: FilePath = ""
    chain: tuple[Certificate, ...] = ()
    publics: tuple[Digest, ...] = ()
    key: FilePath = ""
    lines: tuple[NamingLine, ...] = ()
    process: Label = ""
    unit: Label = ""
    starter: Starter | None = None

    @property
    def folder(self) -> str:
        return posixpath.dirname(self.path)

    def summary(self) -> Summary:
        place = self.lines[0].place if self.lines else self.process
        return self.path, f"{place}: {self.chain[0].sha256[:16] if self.chain else ''}"
