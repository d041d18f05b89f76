"""A directive, a parameter or a module that this nginx does not have: written for a later or an
earlier version, or for a module that is not loaded. What is no known name at all is a slip, and
`nginx.config-invalid` says so."""

import posixpath
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from checks.nginx import Nginx
from diagnose.checking.registry import check
from diagnose.model import Applicability, Claim, Edit, Evidence, Fix, Manual, Severity, Where
from diagnose.model.files import NginxModules
from diagnose.model.frozen import frozen
from diagnose.model.nginx import Directive, NginxConfig, NginxTest
from diagnose.parsers.nginx import config as wire
from diagnose.parsers.nginx import directive_versions as known
from diagnose.parsers.nginx import edits, server_blocks
from diagnose.parsers.nginx.edits import Change

_SAYS = (
    r'(?:unknown directive "(?P<directive>[^"]+)"'
    r'|invalid parameter "(?P<parameter>[^"]+)"'
    r'|invalid value "(?P<value>[^"]+)"'
    r'|the "(?P<lacking>\w+)" parameter requires (?P<module>ngx_\w+)'
    r'|dlopen\(\) "(?P<file>[^"]+)" failed'
    r'|module "(?P<other>[^"]+)" (?:version \d+ instead of \d+|is not binary compatible))'
)


@frozen
class Found:
    """What nginx does not have: its name, and one of the reasons with the version it is about;
    `edits` the change, where there is a sure one."""

    name: str
    reason: str  # "removed", "newer", "module", "missing", "wrong": the names of the steps
    version: str = ""
    module: known.Module | None = None
    edits: tuple[Edit, ...] = ()


@check(
    severity=Severity.ERROR,
    needs=[NginxTest, NginxConfig],
    explains=["nginx.config-invalid"],
)
def directive_unsupported(evidence: Evidence) -> Iterator[Claim]:
    nginx = Nginx.of(evidence)
    refused = nginx.refused(_SAYS)
    if refused is None:
        return
    said, match = refused
    given = match.groupdict()
    at = next(
        (
            one
            for one in wire.walk(nginx.config.main if nginx.config else ())
            if one.file == said.file and one.line == said.line and _meant(one, given)
        ),
        None,
    )
    found = _find(nginx, given, at)
    if found is None:
        return
    manual = (Manual(found.reason, Where.SERVER),)
    yield nginx.complaint(
        said,
        found.name,
        _facts(nginx, found),
        Fix(
            ((found.edits or manual) + nginx.taken()),
            _applicability(nginx, found),
        ),
        at,
        evidence.of(NginxModules),
    )


def _applicability(nginx: Nginx, found: Found) -> Applicability:
    """What this version has in its place, or what nothing uses, is sure. With `ssl on;` a block's
    port 80 spoke TLS as well, and would not any more: that is for a person to see."""
    if not found.edits:
        return Applicability.MANUAL
    sure = found.name != "ssl" or len(tuple(_of_tls(nginx))) == len(_plain(nginx))
    return Applicability.AUTOMATIC if sure else Applicability.REVIEW


def _meant(one: Directive, given: Mapping[str, str | None]) -> bool:
    if given["directive"]:
        return one.name == given["directive"]
    if given["parameter"] or given["lacking"]:
        return one.name == "listen"
    return one.name == "load_module" or given["value"] in one.args


def _find(nginx: Nginx, given: Mapping[str, str | None], at: Directive | None) -> Found | None:
    if name := given["directive"]:
        return _directive(nginx, name)
    if name := given["parameter"]:
        return _parameter(nginx, name) if at else None
    if name := given["lacking"]:
        return _lacking(nginx, name)
    if file := given["file"] or given["other"]:
        return _file(nginx, file, at)
    return _value(nginx, given["value"] or "", at)


def _facts(nginx: Nginx, found: Found) -> dict[str, Any]:
    version = nginx.build.version if nginx.build else ""
    module = found.module
    lies = nginx.evidence.good(NginxModules)
    return {
        "name": found.name,
        "version": version.rpartition("/")[2].split(" ")[0],
        "changed": found.version,
        "removed": found.reason == "removed",
        "newer": found.reason == "newer",
        "module": module.title if module else "",
        "missing": found.reason == "missing",
        "wrong": found.reason == "wrong",
        "absent": found.reason in {"missing", "wrong"},
        "loaded": any("load_module" in edit.diff for edit in found.edits),
        "unused": bool(found.edits) and found.reason in {"missing", "wrong"},
        "debian": module.debian if module else "",
        "rhel": module.rhel if module else "",
        "switch": module.switch if module else "",
        "file": f"{module.file}.so" if module and module.file else "",
        "folder": lies[0].folder if lies else "",
    }


# What it is


def _directive(nginx: Nginx, name: str) -> Found | None:
    if name.startswith("ssl") and nginx.build and not nginx.build.has_ssl:
        return None  # nginx.ssl-module-missing
    version = wire.number(nginx.build.version) if nginx.build else None
    gone, since = known.GONE.get(name), known.SINCE.get(name)
    if gone and (version is None or version >= gone):
        return Found(name, "removed", known.number(gone), edits=_without(nginx, name))
    if since and (version is None or version < since):
        return Found(name, "newer", known.number(since), edits=_earlier(nginx, name))
    if module := known.module(name):
        return Found(name, "module", module=module, edits=_loaded(nginx, module))
    return None


def _parameter(nginx: Nginx, name: str) -> Found | None:
    version = wire.number(nginx.build.version) if nginx.build else None
    gone, since = known.LISTEN_GONE.get(name), known.LISTEN_SINCE.get(name)
    if gone and (version is None or version >= gone):
        instead = "http2" if _builds(nginx, "--with-http_v2_module") else ""
        return Found(name, "removed", known.number(gone), edits=_listens(nginx, name, instead))
    if since and (version is None or version < since):
        return Found(name, "newer", known.number(since), edits=_listens(nginx, name, ""))
    return None


def _lacking(nginx: Nginx, name: str) -> Found | None:
    module = known.module(name) or known.module({"quic": "http3"}.get(name, name))
    if module is None:
        return None  # ssl: nginx.ssl-module-missing
    return Found(name, "module", module=module, edits=_listens(nginx, name, ""))


def _value(nginx: Nginx, name: str, at: Directive | None) -> Found | None:
    since = known.VALUE_SINCE.get(name)
    version = wire.number(nginx.build.version) if nginx.build else None
    if since is None or at is None or (version is not None and version >= since):
        return None
    left = [word for word in at.args if word != name] or ["TLSv1.2"]
    changed = f"{at.name} {' '.join(left)};"
    edit = nginx.edit(at.file, edits.instead(at, changed))
    return Found(name, "newer", known.number(since), edits=(edit,) if edit else ())


def _file(nginx: Nginx, path: str, at: Directive | None) -> Found | None:
    """A load_module in vain. Where nothing uses the module, its line is all that is wrong."""
    name = posixpath.basename(path).removesuffix(".so")
    module = known.by_file(name) or known.Module(name, "", name)
    missing = "No such file" in (nginx.test.fatal.text if nginx.test and nginx.test.fatal else "")
    used = not module.directives or any(
        re.fullmatch(module.directives, one.name)
        for one in wire.walk(nginx.config.main if nginx.config else ())
    )
    text = nginx.file(at) if at else None
    edit = nginx.edit(at.file, edits.gone(text.text, at)) if at and text and not used else None
    return Found(
        path, "missing" if missing else "wrong", module=module, edits=(edit,) if edit else ()
    )


def _builds(nginx: Nginx, switch: str) -> bool:
    return bool(nginx.build) and switch in nginx.build.arguments if nginx.build else False


# What puts it right


def _without(nginx: Nginx, name: str) -> tuple[Edit, ...]:
    changes: dict[str, list[Change]] = {}
    if name == "ssl":
        for listen in _of_tls(nginx):
            _rewrite(changes, listen, (*listen.args, "ssl"))
    elif name == "limit_zone":
        return _zones(nginx)
    return _edited(nginx, name, changes)


def _zones(nginx: Nginx) -> tuple[Edit, ...]:
    """limit_zone NAME $variable SIZE; as limit_conn_zone has it."""
    changes: dict[str, list[Change]] = {}
    for one in _every(nginx, "limit_zone"):
        if len(one.args) != 3:
            return ()
        name, variable, size = one.args
        line = f"limit_conn_zone {variable} zone={name}:{size};"
        changes.setdefault(one.file, []).append(edits.instead(one, line))
    return nginx.edited(changes)


def _earlier(nginx: Nginx, name: str) -> tuple[Edit, ...]:
    """What an older nginx has in its place: http2 as a parameter of listen, nothing for QUIC."""
    if name.startswith(("http3", "quic_")):
        return _listens(nginx, "quic", "")
    if name != "http2":
        return ()
    changes: dict[str, list[Change]] = {}
    version = wire.number(nginx.build.version) if nginx.build else None
    if _builds(nginx, "--with-http_v2_module") and (version or (1, 9, 5)) >= (1, 9, 5):
        for listen in _switched(nginx, "http2"):
            if "ssl" in listen.args and "http2" not in listen.args:
                _rewrite(changes, listen, (*listen.args, "http2"))
    return _edited(nginx, name, changes)


def _listens(nginx: Nginx, name: str, instead: str) -> tuple[Edit, ...]:
    """The parameter taken out everywhere, or another in its place. A socket of QUIC goes whole:
    without the word it would be another one."""
    changes: dict[str, list[Change]] = {}
    for listen in _every(nginx, "listen"):
        if name in listen.args[1:] and name == "quic":
            _drop(nginx, changes, listen)
        elif name in listen.args[1:]:
            words = [instead if word == name else word for word in listen.args]
            _rewrite(changes, listen, dict.fromkeys(filter(None, words)))
    if name == "quic":
        for one in wire.walk(nginx.config.main if nginx.config else ()):
            if one.name.startswith(("http3", "quic_")):
                _drop(nginx, changes, one)
    return nginx.edited(changes)


def _loaded(nginx: Nginx, module: known.Module) -> tuple[Edit, ...]:
    """load_module at the beginning, where the file is there."""
    lies = next(iter(nginx.evidence.good(NginxModules)), None)
    main = nginx.config.main if nginx.config else ()
    first = (
        next((one for one in main if one.file == nginx.config.path), None) if nginx.config else None
    )
    text = nginx.file(first) if first else None
    if lies is None or first is None or text is None or module.file not in lies.names:
        return ()
    given = " ".join(one.args[0] for one in main if one.name == "load_module" and one.args)
    wanted = [one for one in (*module.before, module.file) if f"/{one}.so" not in given]
    lines = [f"load_module {posixpath.join(lies.folder, one)}.so;" for one in wanted]
    edit = nginx.edit(text.path, edits.before(text.text, first, lines))
    return (edit,) if edit else ()


def _edited(nginx: Nginx, name: str, changes: dict[str, list[Change]]) -> tuple[Edit, ...]:
    """With every directive of that name taken out: nginx names only the first."""
    for one in _every(nginx, name):
        _drop(nginx, changes, one)
    return nginx.edited(changes)


def _every(nginx: Nginx, name: str) -> Iterable[Directive]:
    """Each place once: an include may bring the same line into several blocks."""
    found: dict[tuple[str, int], Directive] = {}
    for one in wire.walk(nginx.config.main if nginx.config else ()):
        if one.name == name:
            found.setdefault((one.file, one.start), one)
    return found.values()


def _switched(nginx: Nginx, name: str) -> Iterable[Directive]:
    """The listens of the blocks in which a switch is on."""
    found: dict[tuple[str, int], Directive] = {}
    for server in nginx.servers:
        switch = server_blocks.Place((server.http, server.block)).one(name)
        if switch and switch.args[:1] == ("on",):
            for one in server_blocks.children(server.block, "listen"):
                found.setdefault((one.file, one.start), one)
    return found.values()


def _of_tls(nginx: Nginx) -> Iterator[Directive]:
    """The listens that `ssl on;` made ones of TLS. Port 80 was hardly meant."""
    for one in _plain(nginx):
        where = one.args[0] if one.args else "unix:"
        if where != "80" and not where.endswith(":80") and not where.startswith("unix:"):
            yield one


def _plain(nginx: Nginx) -> list[Directive]:
    """The listens of blocks with `ssl on;` that do not say so themselves."""
    return [one for one in _switched(nginx, "ssl") if "ssl" not in one.args]


def _rewrite(changes: dict[str, list[Change]], one: Directive, words: Iterable[str]) -> None:
    changes.setdefault(one.file, []).append(edits.instead(one, f"{one.name} {' '.join(words)};"))


def _drop(nginx: Nginx, changes: dict[str, list[Change]], one: Directive) -> None:
    if text := nginx.file(one):
        changes.setdefault(one.file, []).append(edits.gone(text.text, one))
