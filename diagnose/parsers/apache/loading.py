"""Put Apache's files together as httpd does at its start: includes, variables, and the sections
that depend on modules and parameters. No I/O."""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from diagnose.model.frozen import frozen
from diagnose.parsers.apache.config import MAX_DEPTH, Directive, parse

#: Maximum number of directives of a whole configuration.
MAX_LOADED = 50_000

#: Maximum number of characters of a word into which a macro's arguments are written.
MAX_ARGUMENT = 4000

#: Maximum number of parameters of a configuration.
MAX_PARAMETERS = 100

_VARIABLE = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*)\}")
_IF_DEFINE = re.compile(r"(?im)^[ \t]*<IfDefine[ \t]+\"?(\w{1,100})\"?[ \t]*>")
_EXPORT = re.compile(r"^\s*(?:export\s+)?([A-Z][A-Z0-9_]*)=(\S*)\s*$", re.MULTILINE)

#: Modules that every build has, also where no LoadModule names them.
STATIC_MODULES = ("core", "http", "so", "log_config", "logio", "version", "unixd", "watchdog")


@frozen
class ConfigSource:
    """The files of a configuration: the text of each by its path, and the paths that each pattern
    of an include matches."""

    texts: Mapping[str, str]
    matches: Mapping[str, tuple[str, ...]]


@frozen
class LoadedConfig:
    """A whole configuration: its directives with includes replaced by their content, the loaded
    modules (without "_module"), and whether everything was understood."""

    main: tuple[Directive, ...]
    modules: tuple[str, ...]
    complete: bool


@dataclass
class _Loading:
    source: ConfigSource
    root: str
    variables: dict[str, str]
    modules: dict[str, None]
    defines: set[str]
    complete: bool = True
    count: int = 0
    macros: dict[str, Directive] = field(default_factory=dict)


def environment(text: str) -> dict[str, str]:
    """Return the variables of Debian's envvars. A value that a shell would have to compute loses
    its variables: SUFFIX is empty for the usual instance."""
    return {
        name: re.sub(r"\$\w+|\$\{\w+\}", "", value).strip("\"'")
        for name, value in _EXPORT.findall(text[:65536])
    }


def expand(text: str, variables: Mapping[str, str]) -> str:
    """Replace ${NAME} by its value; an unknown one stays (httpd, "Define")."""
    return _VARIABLE.sub(lambda match: variables.get(match[1], match[0]), text)


def include_pattern(path: str, root: str) -> str:
    """Return the absolute pattern of an include; a folder stands for all files in it."""
    absolute = path if path.startswith("/") else f"{root.rstrip('/')}/{path}"
    return f"{absolute}*" if absolute.endswith("/") else absolute


def include_patterns(text: str, root: str, variables: Mapping[str, str]) -> tuple[str, ...]:
    """Return the patterns of all includes in a file, whatever section they are in."""
    patterns: list[str] = []

    def collect(directives: Sequence[Directive]) -> None:
        for directive in directives:
            if directive.block is not None:
                collect(directive.block)
            elif directive.name in {"include", "includeoptional"} and directive.args:
                patterns.append(include_pattern(expand(directive.args[0], variables), root))

    collect(parse(text, ""))
    return tuple(dict.fromkeys(patterns))


def parameters_of(texts: Iterable[str]) -> tuple[str, ...]:
    """Return the parameters that the <IfDefine> sections of files ask for."""
    names = (name for text in texts for name in _IF_DEFINE.findall(text))
    return tuple(dict.fromkeys(names))[:MAX_PARAMETERS]


def server_root(text: str, default: str) -> str:
    """Return the ServerRoot of a main file."""
    roots = (
        directive.args[0]
        for directive in parse(text, "")
        if directive.name == "serverroot" and directive.args
    )
    return next(roots, default)


def load(
    path: str,
    source: ConfigSource,
    root: str,
    variables: Mapping[str, str],
    modules: Sequence[str] = (),
    defines: Sequence[str] = (),
) -> LoadedConfig:
    """Load a configuration from its main file. `modules` are those that are known to be loaded,
    `defines` the parameters of the command line (-D)."""
    loading = _Loading(
        source,
        root,
        dict(variables),
        dict.fromkeys((*STATIC_MODULES, *modules)),
        set(defines),
    )
    main = _file(loading, path, 0)
    return LoadedConfig(tuple(main), tuple(loading.modules), loading.complete)


def _file(loading: _Loading, path: str, depth: int) -> list[Directive]:
    text = loading.source.texts.get(path)
    if text is None or depth > MAX_DEPTH:
        loading.complete = False
        return []
    return _expanded(loading, parse(text, path), depth)


def _expanded(loading: _Loading, directives: Sequence[Directive], depth: int) -> list[Directive]:
    """Return the directives that httpd reads, in order."""
    result: list[Directive] = []
    for written in directives:
        loading.count += 1
        if loading.count > MAX_LOADED:
            loading.complete = False
            break
        args = tuple(expand(argument, loading.variables) for argument in written.args)
        directive = Directive(
            written.name, args, written.file, written.line, written.block, written.stop
        )
        if handler := _HANDLERS.get(directive.name):
            result += handler(loading, directive, depth)
        elif directive.block is None:
            result.append(directive)
        else:
            block = tuple(_expanded(loading, directive.block, depth + 1))
            result.append(
                Directive(
                    directive.name, args, directive.file, directive.line, block, directive.stop
                )
            )
    return result


def _include(loading: _Loading, directive: Directive, depth: int) -> list[Directive]:
    if not directive.args or depth > MAX_DEPTH:
        return []
    pattern = include_pattern(directive.args[0], loading.root)
    paths = loading.source.matches.get(pattern)
    if paths is None:
        loading.complete = False
        return []
    return [included for path in paths for included in _file(loading, path, depth + 1)]


def _if_module(loading: _Loading, directive: Directive, depth: int) -> list[Directive]:
    condition = directive.args[0] if directive.args else ""
    name = condition.removeprefix("!").removeprefix("mod_").removesuffix(".c")
    loaded = name.removesuffix("_module") in loading.modules
    return _section(loading, directive, depth, loaded is not condition.startswith("!"))


def _if_define(loading: _Loading, directive: Directive, depth: int) -> list[Directive]:
    condition = directive.args[0] if directive.args else ""
    defined = condition.removeprefix("!") in loading.defines
    return _section(loading, directive, depth, defined is not condition.startswith("!"))


def _if_file(loading: _Loading, directive: Directive, depth: int) -> list[Directive]:
    """Neither files nor versions are known here."""
    loading.complete = False
    return _section(loading, directive, depth, True)


def _if_version(loading: _Loading, directive: Directive, depth: int) -> list[Directive]:
    """Apache 2.4 is the only version in use; older ones are asked for by their number."""
    condition = " ".join(directive.args)
    is_current = condition.startswith((">= 2.4", "> 2.2", ">= 2.2", "2.4"))
    if not is_current and "2.2" not in condition and "2.3" not in condition:
        loading.complete = False
    return _section(loading, directive, depth, is_current)


def _section(loading: _Loading, directive: Directive, depth: int, applies: bool) -> list[Directive]:
    if not applies or depth > MAX_DEPTH:
        return []
    return _expanded(loading, directive.block or (), depth + 1)


def _load_module(loading: _Loading, directive: Directive, depth: int) -> list[Directive]:
    if directive.args:
        loading.modules[directive.args[0].removesuffix("_module")] = None
    return []


def _define(loading: _Loading, directive: Directive, depth: int) -> list[Directive]:
    if directive.args:
        loading.defines.add(directive.args[0])
        loading.variables[directive.args[0]] = "".join(directive.args[1:2])
    return []


def _undefine(loading: _Loading, directive: Directive, depth: int) -> list[Directive]:
    if directive.args:
        loading.defines.discard(directive.args[0])
        loading.variables.pop(directive.args[0], None)
    return []


def _macro(loading: _Loading, directive: Directive, depth: int) -> list[Directive]:
    """Keep a macro (mod_macro, "Macro"); its name has no case."""
    if directive.args:
        loading.macros[directive.args[0].lower()] = directive
    return []


def _undefine_macro(loading: _Loading, directive: Directive, depth: int) -> list[Directive]:
    loading.macros.pop("".join(directive.args[:1]).lower(), None)
    return []


def _use(loading: _Loading, directive: Directive, depth: int) -> list[Directive]:
    """Return the lines of a macro with the arguments in the place of its parameters, each as a line
    of the macro (mod_macro, "Use")."""
    name, *values = directive.args or ("",)
    macro = loading.macros.get(name.lower())
    parameters = macro.args[1:] if macro else ()
    if macro is None or len(parameters) != len(values) or depth > MAX_DEPTH:
        loading.complete = False
        return []
    # The longest name first: "$name" may begin "$names".
    pairs = sorted(
        zip(parameters, values, strict=True), key=lambda pair: len(pair[0]), reverse=True
    )
    block = tuple(_filled(line, pairs) for line in macro.block or ())
    return _expanded(loading, block, depth + 1)


def _filled(line: Directive, pairs: Sequence[tuple[str, str]]) -> Directive:
    """Return a line of a macro, and those of its section, with the arguments."""
    args = tuple(_with_values(argument, pairs) for argument in line.args)
    block = None if line.block is None else tuple(_filled(own, pairs) for own in line.block)
    return replace(line, args=args, block=block)


def _with_values(text: str, pairs: Sequence[tuple[str, str]]) -> str:
    for parameter, value in pairs:
        if parameter and parameter in text:
            text = text.replace(parameter, value)[:MAX_ARGUMENT]
    return text


_HANDLERS: dict[str, Callable[[_Loading, Directive, int], list[Directive]]] = {
    "include": _include,
    "includeoptional": _include,
    "ifmodule": _if_module,
    "ifdefine": _if_define,
    "iffile": _if_file,
    "ifversion": _if_version,
    "loadmodule": _load_module,
    "define": _define,
    "undefine": _undefine,
    "macro": _macro,
    "use": _use,
    "undefmacro": _undefine_macro,
}
