"""Observations of the environment with which a container was made."""

from typing import ClassVar, Literal

from diagnose.model import Observation
from diagnose.model.containers import ComposeService, Engine
from diagnose.model.frozen import frozen
from diagnose.model.marks import FilePath, Label, ServerText, Text
from diagnose.model.summary import Summary, phrase


@frozen
class ChangedVariable:
    """A variable whose value in a container differs from the one in the file that its service takes
    it from. `before` and `now` are "" where the value may be a secret, `before` also where the
    container lacks the variable."""

    name: Label
    file: FilePath
    before: ServerText = ""
    now: ServerText = ""


@frozen(kw_only=True, eq=False)
class OutdatedContainer(Observation):
    """A container that runs with other values than its compose file and the files that this names
    have now: an engine gives a container its environment when it makes it (Compose specification,
    "environment", "env_file"). Observed only after the program in it has failed."""

    layer: ClassVar[str] = "upstream"

    engine: Engine
    name: Label
    compose: ComposeService
    changed: tuple[ChangedVariable, ...]

    def summary(self) -> Summary:
        names = ", ".join(each.name for each in self.changed)
        return self.name, phrase("made before {names} changed", names=names)


@frozen(kw_only=True, eq=False)
class DatabaseLogin(Observation):
    """A database in the container `name` which refuses the login of the user `user` from the
    container `application`, by the log of that.

    `is_same_password` tells that the environments of both have the same password for this user, so
    that the database has another one in its data than its own environment says: its image reads
    this only for an empty folder of data. `reason` is the database's own: "password" (it is not
    the stored one), "user" (there is none), "" if it does not say. `message` is the application's
    line."""

    layer: ClassVar[str] = "upstream"

    engine: Engine
    name: Label
    product: Literal["postgres", "mysql", "mariadb"]
    application: Label
    user: Label
    is_same_password: bool = False
    reason: Literal["", "password", "user"] = ""
    message: Text = ""

    def summary(self) -> Summary:
        return self.name, phrase("refuses the password of {user}", user=self.user)
