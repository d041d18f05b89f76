"""What the server may run out of: room in its file systems, and files that a process may open."""

from typing import ClassVar, Literal

from diagnose.model.frozen import frozen
from diagnose.model.marks import FilePath, Label, Word
from diagnose.model.observation import Observation
from diagnose.model.summary import Summary, phrase

#: Below this nothing of a usual size can be written, in bytes; of small file systems a hundredth.
_NO_ROOM = 256 * 1024
#: Below this no file can be made.
_NO_INODES = 16
#: Images that nobody can write to have no room from the beginning.
_IMAGES = {"squashfs", "erofs", "isofs", "cramfs", "romfs"}


@frozen(kw_only=True, eq=False)
class FileSystem(Observation):
    """A file system that a web server writes to (statvfs(3)).

    `paths` are folders on it, the first one the shortest. `free` and `size` are bytes, `free` for
    everybody but root. `free_files` and `files` are inodes; `files` is 0 where the file system has
    no fixed number of them. `type` is the name of stat(1), such as "ext2/ext3" or "tmpfs".
    """

    layer: ClassVar[str] = "host"

    paths: tuple[FilePath, ...]
    type: Word
    free: int
    size: int
    free_files: int
    files: int

    @property
    def is_image(self) -> bool:
        """Whether nobody can write to it, by its type."""
        return self.type in _IMAGES

    @property
    def has_no_room(self) -> bool:
        """Whether nothing of a usual size can be written."""
        return self.size > 0 and self.free <= min(_NO_ROOM, self.size // 100)

    @property
    def has_no_inodes(self) -> bool:
        """Whether no file can be made; of small file systems a hundredth is left."""
        return self.files > 0 and self.free_files <= min(_NO_INODES, self.files // 100)

    def summary(self) -> Summary:
        unit, name = (2**30, "GiB") if self.size >= 2**30 else (2**20, "MiB")
        room = phrase(
            "{free} of {size} {unit} and {inodes} of {files} inodes are free",
            free=f"{self.free / unit:.1f}",
            size=f"{self.size / unit:.1f}",
            unit=name,
            inodes=self.free_files,
            files=self.files,
        )
        return phrase("file system of {folder}", folder=self.paths[0]), room


@frozen
class FileUser:
    """A process, how many files and how many sockets (which are files, too) it has open, and how
    many files it may open (getrlimit(2), RLIMIT_NOFILE); 0 where that is not limited or known.
    `unit` is its service of systemd without ".service", "" for none."""

    pid: int
    name: Label
    files: int
    sockets: int
    limit: int
    unit: Label = ""

    @property
    def is_out_of_files(self) -> bool:
        return 0 < self.limit <= self.files


@frozen(kw_only=True, eq=False)
class OpenDescriptors(Observation):
    """The open files of the processes that hold a listening TCP port. Read only after a failure."""

    layer: ClassVar[str] = "listener"

    port: int
    users: tuple[FileUser, ...] = ()

    def summary(self) -> Summary:
        users = tuple(f"{user.name} {user.pid} {user.files}/{user.limit}" for user in self.users)
        return phrase("open files of the processes of port {port}", port=self.port), users[:12]


@frozen(kw_only=True, eq=False)
class UnmountedFolder(Observation):
    """A folder at which fstab(5) mounts a file system at boot, and none is mounted: the files of
    the disk are not there. `device` is the disk or the share, `type` that of its file system."""

    layer: ClassVar[str] = "host"

    path: FilePath
    device: FilePath
    type: Word = ""

    def holds(self, path: str) -> bool:
        """Return whether a path lies in the folder."""
        return path == self.path or path.startswith(f"{self.path}/")

    def summary(self) -> Summary:
        return self.path, phrase("not mounted")


#: The output of a container, a log that is written, one that was put aside, the journal of systemd,
#: a file that is deleted and still open, or what only a person knows.
LargeKind = Literal["container", "log", "aside", "journal", "deleted", "other"]


@frozen
class LargeFile:
    """A large file: its path, its size in bytes, and the service that keeps a deleted one open.
    `owner` is the user that may change it, while nobody else can put another file in its place."""

    path: FilePath
    size: int
    kind: LargeKind
    unit: Label = ""
    owner: Label = "root"

    @property
    def shown(self) -> str:
        return f"{self.path} ({self.size / 2**20:.0f} MiB)"


@frozen(kw_only=True, eq=False)
class LargeFiles(Observation):
    """The largest files of a full file system, the largest first. `folder` is the first of
    `FileSystem.paths`."""

    layer: ClassVar[str] = "host"

    folder: FilePath
    files: tuple[LargeFile, ...] = ()

    def summary(self) -> Summary:
        name = phrase("large files of the file system of {folder}", folder=self.folder)
        return name, tuple(file.shown for file in self.files[:8])
