"""Where a program lives and its configuration may be: what program_place.sh prints. No I/O."""

import posixpath
import re
from collections.abc import Iterable, Iterator
from dataclasses import field

from diagnose.model.applications import OwnConfiguration
from diagnose.model.frozen import frozen
from diagnose.model.processes import Starter
from diagnose.parsers.program_starters import parse_starter
from diagnose.parsers.sanitize import clean

#: Most files that are looked at, and longest path.
MAX_FILES, MAX_PATH = 24, 300


@frozen
class ProgramPlace:
    """A program that answers: its process, folder, arguments, and those variables of its
    environment that were asked for. `started` is when its process began, in seconds since the
    epoch (0 if unknown), and `is_front` is True for a web server of this machine, which is not
    looked at.
    `mounts` are pairs of a path in its container and that on the
    server. `starter` is what starts it again if it is neither a service nor in a container."""

    pid: int = 0
    process: str = ""
    folder: str = ""
    words: tuple[str, ...] = ()
    variables: dict[str, str] = field(default_factory=dict)
    unit: str = ""
    unit_files: tuple[str, ...] = ()
    engine: str = ""
    container: str = ""
    image: str = ""
    mounts: tuple[tuple[str, str], ...] = ()
    gateway: str = ""
    compose: str = ""
    service: str = ""
    project: str = ""
    started: int = 0
    is_front: bool = False
    starter: Starter | None = None

    @property
    def version(self) -> int:
        """The major version of a container's image, 0 if it is unknown."""
        match = re.search(r":v?(\d{1,4})(?:[.-][\w.-]{0,80})?$", self.image)
        return int(match[1]) if match else 0

    @property
    def command(self) -> str:
        return " ".join(self.words)

    def host_path(self, path: str) -> str:
        """Return the server's path of a file that a container sees; "" if it is in its image."""
        if not self.container:
            return path
        inside = [
            mount for mount in self.mounts if path == mount[0] or path.startswith(f"{mount[0]}/")
        ]
        if not inside:
            return ""
        point, source = max(inside, key=lambda each: len(each[0]))
        return source + path[len(point) :]


def parse_place(text: str) -> ProgramPlace:
    """Return what the output of program_place.sh says."""
    facts = dict[str, str]()
    variables, files, mounts = dict[str, str](), list[str](), list[tuple[str, str]]()
    words: tuple[str, ...] = ()
    for line in text.split("\n")[:400]:
        word, _, rest = line.partition(" ")
        if word == "variable":
            name, _, value = rest.partition("=")
            variables[clean(name, 80)] = clean(value, MAX_PATH)
        elif word == "unitfile":
            files.append(clean(rest, MAX_PATH))
        elif word == "mount":
            inside, _, outside = rest.partition(" ")
            mounts.append((clean(inside, MAX_PATH), clean(outside, MAX_PATH)))
        elif word == "words":
            words = tuple(clean(each, MAX_PATH) for each in rest.split("\037")[:60] if each)
        else:
            facts.setdefault(word, clean(rest, MAX_PATH))
    pid, _, process = facts.get("process", "").partition(" ")
    started = facts.get("started", "")
    engine, _, container = facts.get("container", "").partition(" ")
    return ProgramPlace(
        int(pid) if pid.isascii() and pid.isdigit() and len(pid) < 10 else 0,
        process, facts.get("folder", ""), words, variables, facts.get("unit", ""), tuple(files),
        engine, container, facts.get("image", ""), tuple(mounts), facts.get("gateway", ""),
        facts.get("compose", ""), facts.get("service", ""), facts.get("project", ""),
        int(started) if started.isascii() and started.isdigit() and len(started) < 12 else 0,
        starter=None if container else parse_starter(text),
    )  # fmt: skip


def argument_value(words: Iterable[str], option: str) -> str | None:
    """Return the value of an option among a program's arguments; "true" for one without a value,
    None if it is not there."""
    words = tuple(words)
    for index, word in enumerate(words):
        if word.startswith(f"{option}="):
            return word.partition("=")[2].strip("\"'")
        if word == option:
            following = words[index + 1 : index + 2]
            return following[0] if following and not following[0].startswith("-") else "true"
    return None


def candidate_files(
    place: ProgramPlace, configuration: OwnConfiguration, folders: Iterable[str]
) -> Iterator[str]:
    """Yield the paths, as the program sees them, at which its configuration may be: the surest
    first. Paths with * are patterns (glob(7))."""
    names = [posixpath.basename(path) for path in configuration.files if "*" not in path]
    named = [
        value
        for option in configuration.arguments
        if (value := argument_value(place.words, option))
    ]
    named += [place.variables[name] for name in configuration.variables if name in place.variables]
    paths = dict[str, None]()
    for value in named:
        is_module = configuration.format == "python" and "/" not in value and "." in value
        word = f"{value.replace('.', '/')}.py" if is_module and value[-3:] != ".py" else value
        path = posixpath.join(place.folder or "/", word)
        paths[posixpath.normpath(path)] = None
        paths.update(dict.fromkeys(posixpath.join(path, name) for name in dict.fromkeys(names)))
    bases = dict.fromkeys(each for each in (place.folder, *folders) if each and each != "/")
    for path in configuration.files:
        if path.startswith("/"):
            paths[path] = None
        else:
            paths.update(
                dict.fromkeys(posixpath.normpath(posixpath.join(base, path)) for base in bases)
            )
    yield from list(paths)[:MAX_FILES]
