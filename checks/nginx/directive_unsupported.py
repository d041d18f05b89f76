"""The configuration uses a directive, a parameter or a module that this nginx does not have: it was
written for a newer or older version, or for a module that is not loaded. A name that no nginx knows
is a typing error, which `nginx.config-invalid` reports."""

import posixpath
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from checks.nginx import Nginx, file_line
from checks.nginx._commands import reload_steps
from checks.nginx._edits import config_edit, config_edits
from checks.nginx._errors import ConfigFault, config_error_claim, find_config_error
from diagnose.checking.registry import check
from diagnose.model import Applicability, Claim, Edit, Evidence, Fix, Manual, Severity, Where
from diagnose.model.files import NginxModules
from diagnose.model.frozen import frozen
from diagnose.model.nginx import Directive, NginxConfig, NginxTest
from diagnose.parsers.nginx import config as nginx_parser
from diagnose.parsers.nginx import directive_versions as versions
from diagnose.parsers.nginx import edits
from diagnose.parsers.nginx.config import children
from diagnose.parsers.nginx.edits import TextEdit

_ERROR_PATTERN = (
    r'(?:unknown directive "(?P<directive>[^"]+)"'
    r'|invalid parameter "(?P<parameter>[^"]+)"'
    r'|invalid value "(?P<value>[^"]+)"'
    r'|the "(?P<lacking>\w+)" parameter requires (?P<module>ngx_\w+)'
    r'|dlopen\(\) "(?P<file>[^"]+)" failed'
    r'|module "(?P<other>[^"]+)" (?:version \d+ instead of \d+|is not binary compatible))'
)


#: How many lines a text names.
_SHOWN = 12


@frozen
class UnsupportedFeature:
    """What nginx does not have: its name, the reason, and the version that the reason is about.
    `edits` is the change, if there is a safe one."""

    name: str
    reason: str  # The name of a step: "removed", "newer", "module", "missing" or "wrong".
    version: str = ""
    module: versions.Module | None = None
    edits: tuple[Edit, ...] = ()


@check(
    severity=Severity.ERROR,
    needs=[NginxTest, NginxConfig],
    explains=["nginx.config-invalid"],
)
def directive_unsupported(evidence: Evidence) -> Iterator[Claim]:
    nginx = Nginx.of(evidence)
    config_error = find_config_error(nginx, _ERROR_PATTERN)
    if config_error is None:
        return
    message, match = config_error
    groups = match.groupdict()
    directive = next(
        (
            candidate
            for candidate in nginx_parser.walk(nginx.config.main if nginx.config else ())
            if candidate.file == message.file
            and candidate.line == message.line
            and _is_refused_directive(candidate, groups)
        ),
        None,
    )
    unsupported = _find_unsupported(nginx, groups, directive)
    if unsupported is None:
        return
    manual = (Manual(unsupported.reason, Where.SERVER),)
    yield config_error_claim(
        nginx,
        ConfigFault(
            message,
            unsupported.name,
            _facts(nginx, unsupported),
            directive=directive,
            observations=evidence.of(NginxModules),
        ),
        Fix(
            ((unsupported.edits or manual) + reload_steps(nginx)),
            _applicability(nginx, unsupported),
        ),
    )


def _applicability(nginx: Nginx, unsupported: UnsupportedFeature) -> Applicability:
    """Return whether the change is automatic.

    The form of this version, or the removal of something unused, is safe. With `ssl on;` port 80 of
    a block spoke TLS as well and would stop doing so, so that needs review.
    """
    if not unsupported.edits:
        return Applicability.MANUAL
    sure = unsupported.name != "ssl" or len(tuple(_implicit_tls_listens(nginx))) == len(
        _listens_without_ssl(nginx)
    )
    return Applicability.AUTOMATIC if sure else Applicability.REVIEW


def _is_refused_directive(directive: Directive, groups: Mapping[str, str | None]) -> bool:
    if groups["directive"]:
        return directive.name == groups["directive"]
    if groups["parameter"] or groups["lacking"]:
        return directive.name == "listen"
    return directive.name == "load_module" or groups["value"] in directive.args


def _find_unsupported(
    nginx: Nginx, groups: Mapping[str, str | None], directive: Directive | None
) -> UnsupportedFeature | None:
    if name := groups["directive"]:
        return _unsupported_directive(nginx, name)
    if name := groups["parameter"]:
        return _unsupported_parameter(nginx, name) if directive else None
    if name := groups["lacking"]:
        return _missing_module(nginx, name)
    if file := groups["file"] or groups["other"]:
        return _unloadable_module(nginx, file, directive)
    return _unsupported_value(nginx, groups["value"] or "", directive)


def _facts(nginx: Nginx, unsupported: UnsupportedFeature) -> dict[str, Any]:
    version = nginx.build.version if nginx.build else ""
    module = unsupported.module
    modules = nginx.evidence.good(NginxModules)
    return {
        "name": unsupported.name,
        "version": version.rpartition("/")[2].split(" ")[0],
        "changed": unsupported.version,
        "removed": unsupported.reason == "removed",
        "newer": unsupported.reason == "newer",
        "module": module.title if module else "",
        "missing": unsupported.reason == "missing",
        "wrong": unsupported.reason == "wrong",
        "absent": unsupported.reason in {"missing", "wrong"},
        "loaded": any("load_module" in edit.diff for edit in unsupported.edits),
        "unused": bool(unsupported.edits) and unsupported.reason in {"missing", "wrong"},
        "debian": module.debian if module else "",
        "rhel": module.rhel if module else "",
        "switch": module.switch if module else "",
        "file": f"{module.file}.so" if module and module.file else "",
        "folder": modules[0].folder if modules else "",
        "places": _places(nginx, unsupported),
    }


def _places(nginx: Nginx, unsupported: UnsupportedFeature) -> tuple[str, ...]:
    """Return where the directives of a module stand: nginx -t reports the first alone."""
    module = unsupported.module
    if module is None or not module.directives:
        return ()
    directives = nginx_parser.walk(nginx.config.main if nginx.config else ())
    places = (
        file_line(directive)
        for directive in directives
        if re.fullmatch(module.directives, directive.name)
    )
    return tuple(dict.fromkeys(places))[:_SHOWN]


# Find the reason


def _unsupported_directive(nginx: Nginx, name: str) -> UnsupportedFeature | None:
    if name.startswith("ssl") and nginx.build and not nginx.build.has_ssl:
        return None  # reported by nginx.ssl-module-missing
    version = nginx_parser.version_number(nginx.build.version) if nginx.build else None
    removed_in, added_in = versions.REMOVED.get(name), versions.SINCE.get(name)
    if removed_in and (version is None or version >= removed_in):
        return UnsupportedFeature(
            name, "removed", versions.version_text(removed_in), edits=_removal_edits(nginx, name)
        )
    if added_in and (version is None or version < added_in):
        return UnsupportedFeature(
            name, "newer", versions.version_text(added_in), edits=_older_syntax_edits(nginx, name)
        )
    if module := versions.module(name):
        return UnsupportedFeature(
            name, "module", module=module, edits=_load_module_edits(nginx, module)
        )
    return None


def _unsupported_parameter(nginx: Nginx, name: str) -> UnsupportedFeature | None:
    version = nginx_parser.version_number(nginx.build.version) if nginx.build else None
    removed_in, added_in = versions.LISTEN_REMOVED.get(name), versions.LISTEN_SINCE.get(name)
    if removed_in and (version is None or version >= removed_in):
        replacement = "http2" if _has_build_option(nginx, "--with-http_v2_module") else ""
        return UnsupportedFeature(
            name,
            "removed",
            versions.version_text(removed_in),
            edits=_listen_edits(nginx, name, replacement),
        )
    if added_in and (version is None or version < added_in):
        return UnsupportedFeature(
            name, "newer", versions.version_text(added_in), edits=_listen_edits(nginx, name, "")
        )
    return None


def _missing_module(nginx: Nginx, name: str) -> UnsupportedFeature | None:
    module = versions.module(name) or versions.module({"quic": "http3"}.get(name, name))
    if module is None:
        return None  # ssl: reported by nginx.ssl-module-missing
    return UnsupportedFeature(name, "module", module=module, edits=_listen_edits(nginx, name, ""))


def _unsupported_value(
    nginx: Nginx, name: str, directive: Directive | None
) -> UnsupportedFeature | None:
    added_in = versions.VALUE_SINCE.get(name)
    version = nginx_parser.version_number(nginx.build.version) if nginx.build else None
    if added_in is None or directive is None or (version is not None and version >= added_in):
        return None
    values = [value for value in directive.args if value != name] or ["TLSv1.2"]
    line = f"{directive.name} {' '.join(values)};"
    edit = config_edit(nginx, directive.file, edits.replace_directive(directive, line))
    return UnsupportedFeature(
        name, "newer", versions.version_text(added_in), edits=(edit,) if edit else ()
    )


def _unloadable_module(
    nginx: Nginx, path: str, directive: Directive | None
) -> UnsupportedFeature | None:
    """Return a load_module that fails. If nothing uses the module, only its line is wrong."""
    name = posixpath.basename(path).removesuffix(".so")
    module = versions.module_by_file(name) or versions.Module(name, "", name)
    missing = "No such file" in (nginx.test.fatal.text if nginx.test and nginx.test.fatal else "")
    used = not module.directives or any(
        re.fullmatch(module.directives, candidate.name)
        for candidate in nginx_parser.walk(nginx.config.main if nginx.config else ())
    )
    config_file = nginx.file(directive) if directive else None
    edit = (
        config_edit(nginx, directive.file, edits.remove_directive(config_file.text, directive))
        if directive and config_file and not used
        else None
    )
    return UnsupportedFeature(
        path, "missing" if missing else "wrong", module=module, edits=(edit,) if edit else ()
    )


def _has_build_option(nginx: Nginx, switch: str) -> bool:
    return bool(nginx.build) and switch in nginx.build.arguments if nginx.build else False


# Fix


def _removal_edits(nginx: Nginx, name: str) -> tuple[Edit, ...]:
    changes: dict[str, list[TextEdit]] = {}
    if name == "ssl":
        for listen in _implicit_tls_listens(nginx):
            _rewrite(changes, listen, (*listen.args, "ssl"))
    elif name == "limit_zone":
        return _limit_zone_edits(nginx)
    return _edits_without(nginx, name, changes)


def _limit_zone_edits(nginx: Nginx) -> tuple[Edit, ...]:
    """Rewrite "limit_zone NAME $variable SIZE;" as limit_conn_zone."""
    changes: dict[str, list[TextEdit]] = {}
    for directive in _directives(nginx, "limit_zone"):
        if len(directive.args) != 3:
            return ()
        name, variable, size = directive.args
        line = f"limit_conn_zone {variable} zone={name}:{size};"
        changes.setdefault(directive.file, []).append(edits.replace_directive(directive, line))
    return config_edits(nginx, changes)


def _older_syntax_edits(nginx: Nginx, name: str) -> tuple[Edit, ...]:
    """Return the form for an older nginx: http2 as a parameter of listen, no QUIC."""
    if name.startswith(("http3", "quic_")):
        return _listen_edits(nginx, "quic", "")
    if name != "http2":
        return ()
    changes: dict[str, list[TextEdit]] = {}
    version = nginx_parser.version_number(nginx.build.version) if nginx.build else None
    if _has_build_option(nginx, "--with-http_v2_module") and (version or (1, 9, 5)) >= (1, 9, 5):
        for listen in _switched_listens(nginx, "http2"):
            if "ssl" in listen.args and "http2" not in listen.args:
                _rewrite(changes, listen, (*listen.args, "http2"))
    return _edits_without(nginx, name, changes)


def _listen_edits(nginx: Nginx, name: str, replacement: str) -> tuple[Edit, ...]:
    """Remove the parameter everywhere, or replace it.

    A QUIC socket is removed completely, because without the word it would be another kind of
    socket.
    """
    changes: dict[str, list[TextEdit]] = {}
    for listen in _directives(nginx, "listen"):
        if name in listen.args[1:] and name == "quic":
            _drop(nginx, changes, listen)
        elif name in listen.args[1:]:
            arguments = [replacement if argument == name else argument for argument in listen.args]
            _rewrite(changes, listen, dict.fromkeys(filter(None, arguments)))
    if name == "quic":
        for directive in nginx_parser.walk(nginx.config.main if nginx.config else ()):
            if directive.name.startswith(("http3", "quic_")):
                _drop(nginx, changes, directive)
    return config_edits(nginx, changes)


def _load_module_edits(nginx: Nginx, module: versions.Module) -> tuple[Edit, ...]:
    """Add load_module at the beginning, if the module's file exists."""
    modules = next(iter(nginx.evidence.good(NginxModules)), None)
    main = nginx.config.main if nginx.config else ()
    first = (
        next((directive for directive in main if directive.file == nginx.config.path), None)
        if nginx.config
        else None
    )
    config_file = nginx.file(first) if first else None
    if modules is None or first is None or config_file is None or module.file not in modules.names:
        return ()
    loaded_paths = " ".join(
        directive.args[0]
        for directive in main
        if directive.name == "load_module" and directive.args
    )
    missing_modules = [
        name for name in (*module.requires, module.file) if f"/{name}.so" not in loaded_paths
    ]
    lines = [f"load_module {posixpath.join(modules.folder, name)}.so;" for name in missing_modules]
    edit = config_edit(nginx, config_file.path, edits.insert_before(config_file.text, first, lines))
    return (edit,) if edit else ()


def _edits_without(nginx: Nginx, name: str, changes: dict[str, list[TextEdit]]) -> tuple[Edit, ...]:
    """Remove every directive of this name, because nginx reports only the first."""
    for directive in _directives(nginx, name):
        _drop(nginx, changes, directive)
    return config_edits(nginx, changes)


def _directives(nginx: Nginx, name: str) -> Iterable[Directive]:
    """Yield each place once: an include may bring the same line into several blocks."""
    directives: dict[tuple[str, int], Directive] = {}
    for directive in nginx_parser.walk(nginx.config.main if nginx.config else ()):
        if directive.name == name:
            directives.setdefault((directive.file, directive.start), directive)
    return directives.values()


def _switched_listens(nginx: Nginx, name: str) -> Iterable[Directive]:
    """Yield the `listen` directives of the blocks in which a switch is on."""
    listens: dict[tuple[str, int], Directive] = {}
    for server in nginx.servers:
        switch = server.directive(name)
        if switch and switch.args[:1] == ("on",):
            for listen in children(server.block, "listen"):
                listens.setdefault((listen.file, listen.start), listen)
    return listens.values()


def _implicit_tls_listens(nginx: Nginx) -> Iterator[Directive]:
    """Yield the `listen` directives that `ssl on;` turned into TLS sockets. For port 80 that was
    hardly intended."""
    for listen in _listens_without_ssl(nginx):
        address = listen.args[0] if listen.args else "unix:"
        if address != "80" and not address.endswith(":80") and not address.startswith("unix:"):
            yield listen


def _listens_without_ssl(nginx: Nginx) -> list[Directive]:
    """Return the `listen` directives without `ssl` in blocks with `ssl on;`."""
    return [listen for listen in _switched_listens(nginx, "ssl") if "ssl" not in listen.args]


def _rewrite(
    changes: dict[str, list[TextEdit]], directive: Directive, arguments: Iterable[str]
) -> None:
    changes.setdefault(directive.file, []).append(
        edits.replace_directive(directive, f"{directive.name} {' '.join(arguments)};")
    )


def _drop(nginx: Nginx, changes: dict[str, list[TextEdit]], directive: Directive) -> None:
    if config_file := nginx.file(directive):
        changes.setdefault(directive.file, []).append(
            edits.remove_directive(config_file.text, directive)
        )
