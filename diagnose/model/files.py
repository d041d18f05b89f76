"""Files around nginx, looked at once something has failed: who may read them, what a start in vain
left in a log, a configuration that no running nginx reads, certificates that lie elsewhere."""

from typing import ClassVar

from diagnose.model import Observation
from diagnose.model.frozen import frozen
from diagnose.model.nginx import ConfigFile, Directive, TestMessage
from diagnose.model.tls import Certificate


@frozen
class PathComponent:
    """A folder on the way to a file, or the file itself: owner, permission bits (inode(7)), and
    SELinux's label, "" where there is none. `listed` says that it has an access control list
    (acl(5)), which may admit whom the bits do not."""

    path: str
    uid: int
    user: str
    gid: int
    group: str
    mode: int
    label: str = ""
    folder: bool = True
    listed: bool = False

    def admits(self, uid: int, gids: tuple[int, ...]) -> bool:
        """Whether a user may read the file, or pass through the folder (path_resolution(7))."""
        permission_bit = 1 if self.folder else 4
        if uid == 0 or self.listed:
            return True
        if uid == self.uid:
            return bool(self.mode >> 6 & permission_bit)
        return bool((self.mode >> 3 if self.gid in gids else self.mode) & permission_bit)


@frozen(kw_only=True, eq=False)
class Access(Observation):
    """Who may read a file: `parts` lead from the root folder to the file, its links resolved;
    `path` is as the configuration names it. `uid`, `user` and `gids` are of whoever runs nginx,
    None and "" where that is not known; `group` is that user's own. `enforcing` says that SELinux
    watches, `default` is the label that its policy gives the file (matchpathcon(8))."""

    layer: ClassVar[str] = "nginx"

    path: str
    parts: tuple[PathComponent, ...] = ()
    uid: int | None = None
    user: str = ""
    gids: tuple[int, ...] = ()
    group: str = ""
    enforcing: bool = False
    default: str = ""

    @property
    def denied_parts(self) -> tuple[PathComponent, ...]:
        """What nginx's user may not pass or read."""
        if self.uid is None:
            return ()
        return tuple(part for part in self.parts if not part.admits(self.uid, self.gids))


@frozen(kw_only=True, eq=False)
class NginxStart(Observation):
    """What is known of nginx's last start, where it does not run: the messages of that start in
    the journal (`source`), if it failed. `user` is whom its unit starts it as, "" for root.
    `selinux` is the mode ("enforcing", "permissive", "" where there is none), `ports` what that
    lets web servers listen on (http_port_t).

    `unit` is the service that starts this program ("nginx.service"), "" where none does; `state`
    and `result` are systemd's words for how it is and how it ended ("failed", "start-limit-hit":
    systemd.service(5), ExecStopPost=), `since` from when on. `line` is what the journal says of
    that end, `step` the command that failed before nginx was started (ExecStartPre=), "" if none.
    `limited` says that after too many starts in vain systemd does not try any more
    (systemd.unit(5), StartLimitBurst=); `hidden` are the folders in which the service sees other
    files than we do (systemd.exec(5), PrivateTmp=, ProtectHome=). `socket` is the unit for which
    systemd itself holds the target's port (systemd.socket(5)), "" if none.
    """

    layer: ClassVar[str] = "nginx"

    messages: tuple[TestMessage, ...] = ()
    source: str = ""
    user: str = ""
    selinux: str = ""
    ports: str = ""
    unit: str = ""
    state: str = ""
    result: str = ""
    since: str = ""
    line: str = ""
    step: str = ""
    limited: bool = False
    hidden: tuple[str, ...] = ()
    socket: str = ""


@frozen(kw_only=True, eq=False)
class OtherConfig(Observation):
    """The configuration of another nginx on this server, which does not run: as `NginxConfig`.
    `binary` is the program, `on_path` that a shell finds it by its name."""

    layer: ClassVar[str] = "nginx"

    binary: str
    path: str
    on_path: bool = False
    main: tuple[Directive, ...] = ()
    files: tuple[ConfigFile, ...] = ()


@frozen(kw_only=True, eq=False)
class OtherCertificate(Observation):
    """A certificate for the target's name in a file that nginx does not read, later than the one
    that it does; or any good one, where that is another name's or signed by itself. `public` is
    its public key's fingerprint, `key` the file in which the private half of it lies, "" where
    none was found. `tool` is what renews it, by its folder."""

    layer: ClassVar[str] = "certificate"

    path: str
    leaf: Certificate
    public: str = ""
    key: str = ""
    tool: str = ""
    changed: float | None = None


@frozen(kw_only=True, eq=False)
class NginxModules(Observation):
    """The dynamic modules that lie in nginx's folder for them (`load_module`), by their names
    without ".so"."""

    layer: ClassVar[str] = "nginx"

    folder: str
    names: tuple[str, ...] = ()
