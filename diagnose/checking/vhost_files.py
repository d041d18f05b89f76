"""Remedies that add lines to the file which nginx-proxy writes. The lines go to the folder vhost.d:
nginx-proxy includes its file NAME in the server block of a name and NAME_location in the location
of it, and in their absence default and default_location, and writes none of them (its
documentation, "Per-VIRTUAL_HOST", "Per-VIRTUAL_HOST location configuration"). No I/O.
"""

import posixpath
import re
import textwrap
from collections.abc import Iterator, Sequence
from dataclasses import replace

from diagnose.checking.container_fixes import edit_steps
from diagnose.model import Applicability, Claim, Command, Edit, Effect, Evidence, Fix, Manual, Step
from diagnose.model.commands import create_lines, restart_container
from diagnose.model.containers import NginxContainer
from diagnose.model.nginx import ConfigFile, Directive, NginxConfig
from diagnose.model.steps import Risk
from diagnose.parsers.generated_files import generated_file
from diagnose.parsers.nginx.config import children, parse
from diagnose.parsers.nginx.edits import additions, diff

FOLDER = "/etc/nginx/vhost.d"
#: The facts about a file that a program writes, which no remedy edits any more.
_FACTS = ("generated_file", "generated_words", "panel")
_NAME = re.compile(r"[\w*.-]{1,253}")
#: The effects of the steps that have nginx read its files: a restart of its container does it.
_LOADING = frozenset({Effect.TEST, Effect.RELOAD})


def with_vhost_files(evidence: Evidence, claim: Claim, container: NginxContainer) -> Claim:
    """Return the claim with a remedy that adds lines to the files of vhost.d, where it adds lines
    to nginx-proxy's file; the claim as it is where that cannot be said in them."""
    config = next(iter(evidence.good(NginxConfig)), None)
    if claim.fix is None or config is None or not container.engine or not container.name:
        return claim
    steps: list[Step] = []
    for step in claim.fix.steps:
        if isinstance(step, Manual):
            own = _moved(config, step.commands, container)
            parts = tuple(each for each in own or () if not isinstance(each, Manual))
            steps.append(replace(step, commands=parts) if own else step)
    own = _moved(config, claim.fix.steps, container)
    if own is None and steps == [each for each in claim.fix.steps if isinstance(each, Manual)]:
        return claim
    written = [path for path in _changed(own or steps) if not container.source_of(path)]
    facts = {name: value for name, value in claim.facts.items() if name not in _FACTS}
    facts |= {"nginx_container": container.title, "image_file": next(iter(written), "")}
    fix = Fix(tuple(own or steps), Applicability.REVIEW if own else claim.fix.applicability)
    return replace(claim, facts=facts, fix=fix)


def _changed(steps: Sequence[Step]) -> Iterator[str]:
    """Yield the paths of the container that are copied into it."""
    for step in steps:
        parts = step.commands if isinstance(step, Manual) else (step,)
        for part in parts:
            if isinstance(part, Command) and part.argv[1:2] == ("cp",):
                yield part.argv[-1].partition(":")[2]


def _moved(
    config: NginxConfig, steps: Sequence[Step], container: NginxContainer
) -> tuple[Step, ...] | None:
    """Return the steps with files of vhost.d in the place of nginx-proxy's file; None if none of
    them adds lines to that, or one does more."""
    added: dict[str, list[str]] = {}
    for step in steps:
        file = _generated(config, step.path) if isinstance(step, Edit) else None
        if file is None or not isinstance(step, Edit):
            if isinstance(step, Edit):
                return None
            continue
        places = _places(file, step)
        if places is None:
            return None
        for path, lines in places:
            if lines not in ([], added.get(path)):
                added.setdefault(path, []).extend(lines)
    if not added:
        return None
    is_new = any(config.file(path) is None for path in added)
    written = [
        part for path, lines in added.items() for part in _steps(config, path, lines, container)
    ]
    others = [step for step in steps if not isinstance(step, Edit)]
    if is_new:
        # It includes a new file when it writes its own anew, at its start.
        kept = [s for s in others if not isinstance(s, Command) or s.effect not in _LOADING]
        return (*written, *kept, restart_container(container.engine, container.name))
    return (*written, *(_entered(step, container) for step in others))


def _entered(step: Step, container: NginxContainer) -> Step:
    """Mark a command as one of the server: the whole remedy is."""
    return replace(step, outside=True) if isinstance(step, Command) else step


def _generated(config: NginxConfig, path: str) -> ConfigFile | None:
    file = next((each for each in config.files if path in {each.path, each.real}), None)
    generated = generated_file(file.text, file.path, file.real) if file else None
    return file if generated and generated.panel == "nginx-proxy" else None


def _places(file: ConfigFile, edit: Edit) -> list[tuple[str, list[str]]] | None:
    """Return the files of vhost.d and their lines; None if a line belongs elsewhere."""
    groups, lines = additions(edit.diff), file.text.splitlines(keepends=True)
    servers = [block for block in parse(file.text, file.path) if block.name == "server"]
    places = []
    for number, rows in groups or ():
        offset = len("".join(lines[:number]))
        name = _file_name(servers, offset)
        if not name:
            return None
        text = textwrap.dedent("\n".join(rows)).strip("\n")
        places.append((posixpath.join(FOLDER, name), text.split("\n") if text else []))
    return places or None


def _file_name(servers: Sequence[Directive], offset: int) -> str:
    """Return the file of vhost.d for what is added at an offset; "" if there is none."""
    server = next((each for each in servers if each.opened <= offset < each.stop), None)
    words = (
        [name for line in children(server, "server_name") for name in line.args] if server else []
    )
    if server is None or len(words) != 1 or not _NAME.fullmatch(words[0]) or words[0] == "_":
        return ""
    inner = [directive for directive in server.block or () if directive.block is not None]
    place = next((each for each in inner if each.opened <= offset < each.stop), None)
    if place is None:
        return words[0]
    is_usual = place.name == "location" and place.args == ("/",)
    return f"{words[0]}_location" if is_usual and _is_leaf(place, offset) else ""


def _is_leaf(place: Directive, offset: int) -> bool:
    blocks = (directive for directive in place.block or () if directive.block is not None)
    return not any(block.opened <= offset < block.stop for block in blocks)


def _steps(
    config: NginxConfig, path: str, lines: list[str], container: NginxContainer
) -> Iterator[Edit | Command]:
    """Yield what adds lines to a file of vhost.d: on the server if that is mounted, else by a
    copy."""
    file = config.file(path)
    if file is not None:
        end = "" if file.text.endswith("\n") else "\n"
        after = file.text + end + "\n".join((*lines, ""))
        edit = Edit(path, diff(path, file.text, after))
        yield from (replace(step, outside=True) for step in edit_steps(edit, container))
        return
    source = container.source_of(path)
    target = source or posixpath.join("/root", posixpath.basename(path))
    usual = posixpath.join(FOLDER, f"default{'_location' * path.endswith('_location')}")
    if config.file(usual) is not None:
        # It stands in for a missing file alone.
        lines = [f"include {usual};", *lines]
    yield replace(create_lines(target, tuple(lines)), outside=True)
    if not source:
        for words in (
            ("exec", container.name, "mkdir", "-p", FOLDER),
            ("cp", target, f"{container.name}:{path}"),
        ):
            argv = (container.engine, *words)
            yield Command(argv, Effect.CHANGE, risk=Risk.EDITS_FILES, outside=True)
