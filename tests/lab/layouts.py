"""Other ways to write the same nginx configuration, as people and panels write it.

Each is a function from the texts of the site's files to the files that nginx reads in their place.
What nginx does is the same: only a remedy that edits the text can tell.
"""

import re
from collections.abc import Callable, Iterator, Mapping

from .lab import Lab

#: The files of the site itself: what the package brings stays as it is.
SITE = "/etc/nginx/conf.d"

Files = dict[str, str]
Layout = Callable[[Mapping[str, str]], Files]

# ngx_conf_read_token: a quote counts at the start of a word only, and "${" opens no block.
_TOKEN = re.compile(
    r"""(?P<comment>\#[^\n]*)|(?P<quoted>"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*')"""
    r"""|(?P<mark>[;{}])|(?P<word>(?:\\.|\$\{|[^\s;{\\])(?:\\.|\$\{|[^\s;{\\])*)""",
    re.DOTALL,
)


class Statement:
    """A directive: its words as written, and those in its block."""

    def __init__(self, words: list[str], block: "list[Statement] | None" = None) -> None:
        self.words, self.block = words, block

    @property
    def head(self) -> str:
        return " ".join(self.words)

    @property
    def name(self) -> str:
        return self.words[0]


def statements(text: str) -> list[Statement]:
    stack: list[list[Statement]] = [[]]
    words: list[str] = []
    for match in _TOKEN.finditer(text):
        if match["comment"]:
            continue
        if match["mark"] is None:
            words.append(match[0])
        elif match[0] == ";":
            stack[-1].append(Statement(words))
            words = []
        elif match[0] == "{":
            block: list[Statement] = []
            stack[-1].append(Statement(words, block))
            stack.append(block)
            words = []
        else:
            stack.pop()
    if words or len(stack) != 1:
        raise ValueError("not a whole configuration")
    return stack[0]


def _in_each_file(write: Callable[[list[Statement]], str]) -> Layout:
    def layout(files: Mapping[str, str]) -> Files:
        return {path: write(statements(text)) for path, text in files.items()}

    return layout


def _line(each: Statement, gap: str = " ") -> str:
    if each.block is None:
        return f"{each.head};"
    return f"{each.head} {{{gap}{gap.join(_line(one, gap) for one in each.block)}{gap}}}"


def _one_line(tree: list[Statement]) -> str:
    """Everything in one line, and no end of it."""
    return " ".join(_line(each) for each in tree)


def _tight(tree: list[Statement]) -> str:
    """A line for each block, without a blank that need not be."""
    return "\n".join(_line(each, "") for each in tree) + "\n"


def _panel(tree: list[Statement]) -> str:
    """As panels write it: CRLF, tabs, the brace on a line of its own, comments everywhere."""

    def lines(block: list[Statement], depth: int) -> Iterator[str]:
        lead = "\t" * depth
        for each in block:
            yield f"{lead}# {each.name} {{ ; of the panel"
            if each.block is None:
                yield f"{lead}{each.head}; # }} do not edit"
            else:
                yield f"{lead}{each.head}"
                yield f"{lead}{{"
                yield from lines(each.block, depth + 1)
                yield f"{lead}}} #END-{each.name}"

    return "\r\n".join(lines(tree, 0))


def _crowded(tree: list[Statement]) -> str:
    """`}` behind the last directive, words below each other, comments between them."""

    def text(block: list[Statement], lead: str) -> str:
        parts = []
        for each in block:
            words = f" # }} ;\n{lead}    ".join(each.words)
            if each.block is None:
                parts.append(f"{lead}{words};")
            else:
                inner = text(each.block, lead + "  ").rstrip()
                parts.append(f"{lead}{each.head} {{ # {{ a block\n{inner}}}")
        return "\n".join(parts) + "\n"

    return text(tree, "")


def _quoted(tree: list[Statement]) -> str:
    """Every argument in quotes."""

    def quote(word: str) -> str:
        return word if word[0] in "\"'" else '"' + word.replace('"', '\\"') + '"'

    def text(block: list[Statement], lead: str) -> str:
        parts = []
        for each in block:
            words = each.words
            if each.name != "if":
                words = [each.name, *map(quote, each.words[1:])]
            head = lead + " ".join(words)
            if each.block is None:
                parts.append(f"{head};\n")
            else:
                parts.append(f"{head} {{\n{text(each.block, lead + '    ')}{lead}}}\n")
        return "".join(parts)

    return text(tree, "")


def _plain(tree: list[Statement], lead: str = "") -> str:
    parts = []
    for each in tree:
        if each.block is None:
            parts.append(f"{lead}{each.head};\n")
        else:
            parts.append(f"{lead}{each.head} {{\n{_plain(each.block, lead + '  ')}{lead}}}\n")
    return "".join(parts)


def _included(files: Mapping[str, str]) -> Files:
    """Each server block is a link in sites-enabled; its locations are files below a glob, and what
    is in a location is a file as well."""
    written: Files = {}
    number = 0

    def apart(block: list[Statement], folder: str) -> list[Statement]:
        nonlocal number
        kept: list[Statement] = []
        for each in block:
            if each.name != "location" or each.block is None:
                kept.append(each)
                continue
            number += 1
            body = f"snippets/{folder}/body-{number:02}.inc"
            written[f"/etc/nginx/{body}"] = _plain(each.block)
            whole = Statement(each.words, [Statement(["include", body])])
            written[f"/etc/nginx/snippets/{folder}/{number:02}.conf"] = _plain([whole])
        if len(kept) < len(block):
            kept.append(Statement(["include", f"snippets/{folder}/*.conf"]))
        return kept

    for path, text in sorted(files.items()):
        name = path.rpartition("/")[2].removesuffix(".conf")
        rest: list[Statement] = []
        for index, each in enumerate(statements(text)):
            if each.name != "server" or each.block is None:
                rest.append(each)
                continue
            site = f"{name}-{index}"
            block = Statement(each.words, apart(each.block, site))
            written[f"/etc/nginx/sites-available/{site}"] = _plain([block])
            written[f"/etc/nginx/sites-enabled/{site}"] = f"../sites-available/{site}"
        if rest:
            written[path] = _plain(rest)
    return written


#: By name. A text that is a relative path is a link.
LAYOUTS: dict[str, Layout] = {
    "one-line": _in_each_file(_one_line),
    "tight": _in_each_file(_tight),
    "panel": _in_each_file(_panel),
    "crowded": _in_each_file(_crowded),
    "quoted": _in_each_file(_quoted),
    "included": _included,
}

MAIN = "/etc/nginx/nginx.conf"
NAMES = (*LAYOUTS, "main")


def main_file(lab: Lab, files: Mapping[str, str]) -> Files:
    """All in nginx.conf."""
    text = lab.server.read(MAIN)
    inner = "".join(files[path] for path in sorted(files))
    whole, count = re.subn(
        r"^\s*include\s+/etc/nginx/conf\.d/\*\.conf;", lambda _: inner, text, flags=re.MULTILINE
    )
    if count != 1:
        raise ValueError(f"{MAIN} does not include conf.d once")
    return {MAIN: whole}


def lay_out(lab: Lab, name: str) -> None:
    """Write the site's files anew in this way; nginx does not hear of it."""
    folder = lab.server.path(SITE)
    paths = [f"{SITE}/{path.name}" for path in sorted(folder.glob("*.conf"))]
    files = {path: lab.server.read(path) for path in paths}
    written = main_file(lab, files) if name == "main" else LAYOUTS[name](files)
    for path in files:
        if path not in written:
            lab.server.path(path).unlink()
    for path, text in written.items():
        if text.startswith("../"):
            link = lab.server.path(path)
            link.parent.mkdir(parents=True, exist_ok=True)
            link.symlink_to(text)
        else:
            lab.server.write(path, text)
