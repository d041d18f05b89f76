"""A variable of a container that comes of an `env_file` of its service, and the line of that file
with another value. No I/O.

Sources: Compose specification, "env_file" (a later file wins) and "Env_file format".
"""

import posixpath
import re
from collections.abc import Iterator, Mapping
from dataclasses import replace

from diagnose.model.applications import ReadSetting
from diagnose.parsers.compose_files import entry, tree_of
from diagnose.parsers.lazy_pattern import lazy_pattern

#: A value that has no meaning beside itself in such a file, in quotes or without.
_PLAIN = lazy_pattern(r"[\w.:/\[\]*,;+-]{1,300}")
_LINE = (
    r"(?P<head>[ \t]*(?:export[ \t]+)?%s[ \t]*=[ \t]*)"
    r"(?P<quote>[\"']?)(?P<value>[^\"'#@\n]*?)(?P=quote)[ \t]*"
)
#: Most files of a service, lines of a file, and characters of a line.
_MAX_FILES, _MAX_LINES, _MAX_LINE = 6, 2000, 1000


def env_files_of(text: str, service: str, compose: str) -> tuple[str, ...]:
    """Return the paths of the files that a compose file names for the environment of a service, in
    their order."""
    import yaml

    node = entry(entry(entry(tree_of(text), "services"), service), "env_file")
    nodes = node.value if isinstance(node, yaml.SequenceNode) else [node]
    paths = list[str]()
    for each in nodes[:_MAX_FILES]:
        own = entry(each, "path") if isinstance(each, yaml.MappingNode) else each
        if isinstance(own, yaml.ScalarNode) and own.value and "$" not in own.value:
            paths.append(posixpath.normpath(posixpath.join(posixpath.dirname(compose), own.value)))
    return tuple(path for path in paths if path.startswith("/"))


def in_env_file(
    read: ReadSetting, service: str, texts: Mapping[str, str], words: tuple[str, ...]
) -> ReadSetting:
    """Return a variable with the line of the env_file from which it comes; as it is if that is not
    known. `texts` are the texts of the compose file of `read.compose` and of these files, and
    `words` the command that makes the container anew."""
    paths = env_files_of(texts.get(read.compose, ""), service, read.compose)
    for path in reversed(paths):
        if not texts.get(path):
            # A file that was not read may have it.
            return read
        lines = list(_lines(read.key, texts[path]))
        if not lines:
            continue
        number, match = lines[-1]
        if not _PLAIN.fullmatch(read.wanted) or not match:
            return read
        if match["value"] == read.wanted:
            is_old = match["value"] not in read.values
            return replace(read, file=path, stale=is_old, load=words if is_old else ())
        new = f"{match['head']}{match['quote']}{read.wanted}{match['quote']}"
        is_last = number == texts[path].count("\n") + 1
        return replace(
            read, file=path, number=number, line=match[0], new=new, load=words, unended=is_last
        )
    return read


def _lines(key: str, text: str) -> Iterator[tuple[int, re.Match[str] | None]]:
    """Yield the numbers of the lines that set a variable; with None for one of another form."""
    own, begins = (
        re.compile(_LINE % re.escape(key)),
        re.compile(rf"[ \t]*(?:export[ \t]+)?{re.escape(key)}[ \t]*="),
    )
    for number, line in enumerate(text.split("\n")[:_MAX_LINES], 1):
        if begins.match(line):
            yield number, own.fullmatch(line[:_MAX_LINE])
