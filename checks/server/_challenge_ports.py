"""The edits with which HAProxy or Caddy passes challenges of ACME on to a tool that waits at a port
of this machine, and nothing else (RFC 8555 section 8.3)."""

import re
from collections.abc import Iterator, Sequence

from checks.server import ServerView, indentation, line_edit, line_text
from diagnose.model import Edit
from diagnose.model.renewal import CHALLENGES
from diagnose.model.web_servers import WebSite
from diagnose.parsers.haproxy.addresses import sockets_of
from diagnose.parsers.haproxy.config import Configuration, Line, Proxy
from diagnose.parsers.haproxy.view import parsed
from diagnose.parsers.web_sites import answering_sites

#: The name of the new backend, and the condition.
_BACKEND = "acme_challenge"
_PATH = f"{{ path_beg {CHALLENGES} }}"
#: Rules that answer a request themselves, or close the frontend to some: a person looks at them.
_OTHER_ANSWERS = frozenset({"auth", "deny", "tarpit", "return", "reject", "silent-drop"})


def passing_edit(view: ServerView, port: int) -> Edit | None:
    """Return the edit; None if the configuration has another form than a single frontend of port
    80, or a single site of the target's port."""
    if view.config is None:
        return None
    if view.server.product == "haproxy":
        return _haproxy_edit(view, parsed(view.config), port)
    return _caddy_edit(view, port) if view.server.product == "caddy" else None


def _haproxy_edit(view: ServerView, config: Configuration, port: int) -> Edit | None:
    frontends = [
        frontend
        for frontend in config.frontends
        if any(socket.port == 80 and not socket.tls for socket, _ in sockets_of(frontend))
    ]
    front = frontends[0] if len(frontends) == 1 else None
    if front is None or front.section.kind != "frontend" or front.mode != "http":
        return None
    if config.backend(_BACKEND) or not config.complete or any(map(_is_other_answer, front.lines)):
        return None
    if any(CHALLENGES.rstrip("/") in " ".join(line.words) for line in front.lines):
        return None  # Challenges of other names may go on to another tool.
    changes: dict[int, tuple[str, ...]] = {}
    for line in front.lines:
        text = line_text(view, line.file, line.number)
        if line.file != front.section.file or not text:
            return None
        if text.split()[:1] == ["redirect"] or text.split()[:2] == ["http-request", "redirect"]:
            spared = _spared(text)
            if not spared:
                return None
            changes[line.number] = (spared,)
    place = _place_of_rule(front)
    head = line_text(view, front.section.file, front.section.line)
    if place is None or not head:
        return None
    own = changes.get(place.number, (line_text(view, place.file, place.number),))
    rule = f"{indentation(own[0])}use_backend {_BACKEND} if {_PATH}"
    is_choice = place.keyword in {"use_backend", "default_backend"}
    changes[place.number] = (rule, *own) if is_choice else (*own, rule)
    step = indentation(own[0]) or "    "
    backend = (f"backend {_BACKEND}", f"{step}mode http", f"{step}server acme 127.0.0.1:{port}", "")
    changes[front.section.line] = (*backend, head)
    return line_edit(view, front.section.file, changes)


def _is_other_answer(line: Line) -> bool:
    return line.keyword == "http-request" and not _OTHER_ANSWERS.isdisjoint(line.words[1:2])


def _place_of_rule(front: Proxy) -> Line | None:
    """Return the first line that chooses a backend, or else the last line: rules of http-request
    come before those that choose."""
    choices = (*front.own("use_backend"), *front.own("default_backend"))
    first = min(choices, key=lambda line: line.number, default=None)
    return first or (front.lines[-1] if front.lines else None)


def _spared(text: str) -> str:
    """Return a redirect that leaves challenges alone; "" if its condition is not plain."""
    if "#" in text or '"' in text or "'" in text:
        return ""
    before, word, condition = _split_condition(text.rstrip())
    if word == "unless":
        return f"{before} unless {condition} || {_PATH}"
    if not word:
        return f"{before} if !{_PATH}"
    alternatives = re.split(r"\s+(?:or|\|\|)\s+", condition)
    return f"{before} if {' || '.join(f'{alternative} !{_PATH}' for alternative in alternatives)}"


def _split_condition(text: str) -> tuple[str, str, str]:
    match = re.search(r"\s(if|unless)\s+", text)
    if match is None:
        return text, "", ""
    return text[: match.start()], match[1], text[match.end() :]


def _caddy_edit(view: ServerView, port: int) -> Edit | None:
    """Port 80 leads to the site's https, where an authority follows."""
    target = view.evidence.target
    sites = answering_sites(view.config, target.port, target.host) if view.config else ()
    heads = set(_heads(view, sites))
    if len(heads) != 1:
        return None
    file, number, text = heads.pop()
    indent = indentation(text)
    block = (
        f"{indent}\thandle {CHALLENGES}* {{",
        f"{indent}\t\treverse_proxy 127.0.0.1:{port}",
        f"{indent}\t}}",
    )
    return line_edit(view, file, {number: (text, *block)})


def _heads(view: ServerView, sites: Sequence[WebSite]) -> Iterator[tuple[str, int, str]]:
    for site in sites:
        text = line_text(view, site.file, site.line)
        if text.rstrip().endswith("{"):
            yield site.file, site.line, text
