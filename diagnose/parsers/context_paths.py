"""Context paths of web applications: the prefix of all paths that an application serves (Jakarta
Servlet 6.0 section 3.5), as its settings or its own words name it. No I/O.

Spring Boot: `server.servlet.context-path`, `server.context-path` before 2.0,
`spring.mvc.servlet.path`, `spring.webflux.base-path`. Quarkus: `quarkus.http.root-path`. Tomcat:
the names of the folders and of the .war files in `webapps`, in which # stands for a slash ("Naming"
in https://tomcat.apache.org/tomcat-10.1-doc/config/context.html).
"""

import re

from diagnose.model.frozen import frozen

#: How many are returned at most.
MAX_PATHS = 4

#: A setting, as a property, in YAML, as an argument, or as a variable of the environment. The value
#: may be the default of a placeholder: ${CONTEXT_PATH:/shop}.
_SETTING = re.compile(
    r"(?:context[-_]?path|(?<![a-z])mvc[._]servlet[._]path|(?<![a-z])webflux[._]base[-_]?path"
    r"|(?<![a-z])http[._]root[-_]?path)"
    r"[\"']?[ \t]*[:=][ \t]*[\"']?(?:\$\{[\w.-]{1,80}:)?(/[\w.~/-]{1,80})",
    re.IGNORECASE,
)
_WEBAPP = re.compile(r"webapp ([\w.~-][\w.~#-]{0,80})")


#: What a program says of itself: a setting, or an address at which it serves. Its path may end with
#: a place for a name, and with a page: then only the folders before it are a prefix.
_TOLD = re.compile(r"told .{0,120}?(https?://[^/\s]{1,100})?(/[^\s]{1,80})", re.IGNORECASE)
_PLACE = re.compile(r"[{<\[]|(?<=/):")
_PREFIX = re.compile(r"(?:/(?!\.)[\w.~-]{1,60}){1,4}")
#: Longest template that is kept, in characters.
_LONGEST = 200
#: Folders of files, which settings name too ("prefix=/usr").
_FILES = ("/usr", "/etc", "/var", "/home", "/root", "/opt", "/srv", "/tmp", "/proc", "/nix")


@frozen
class NamedPaths:
    """The prefixes that a program names: by `settings` of Java's web applications, which are sure,
    and by its other settings or its own words (`prefixes`). Of `templates` it says that names
    follow ("http://127.0.0.1:9000/hooks/{id}"): a request below one may do something."""

    settings: tuple[str, ...] = ()
    prefixes: tuple[str, ...] = ()
    templates: tuple[str, ...] = ()


def parse_named_paths(text: str) -> NamedPaths:
    """Return the prefixes in what `context_paths.sh` prints."""
    settings = context_paths(text)
    own, templates = dict[str, None](), dict[str, None]()
    for line in text.splitlines():
        match = _TOLD.fullmatch(line.strip()[:400])
        if match is None:
            continue
        place = _PLACE.search(match[2])
        path = match[2][: place.start()] if place else match[2]
        prefix = (path.rpartition("/")[0] if place else path).rstrip("/")
        if not _PREFIX.fullmatch(prefix) or prefix.startswith(_FILES):
            continue
        if place:
            templates.setdefault(match[0].removeprefix("told ")[:_LONGEST])
            continue
        own.setdefault(prefix)
        if match[1] and prefix.count("/") > 1:  # the address of a page
            own.setdefault(f"/{prefix.split('/')[1]}")
    return NamedPaths(
        settings,
        tuple(prefix for prefix in own if prefix not in settings)[:MAX_PATHS],
        tuple(templates)[:MAX_PATHS],
    )


def template_prefix(template: str) -> str:
    """Return the folder before the first name in a template: "/hooks"."""
    match = _TOLD.fullmatch(f"told {template}")
    path = match[2] if match else ""
    place = _PLACE.search(path)
    return path[: place.start()].rpartition("/")[0] if place else ""


def context_paths(text: str) -> tuple[str, ...]:
    """Return the context paths in the lines of settings and "webapp NAME" of `context_paths.sh`.
    The path of Tomcat's ROOT is no prefix, and versions (shop##2.war) are none either."""
    paths: dict[str, None] = {}
    for line in text.splitlines():
        if webapp := _WEBAPP.fullmatch(line.strip()):
            name = webapp[1].removesuffix(".war").partition("##")[0]
            path = "/" + name.replace("#", "/")
            paths.setdefault("" if name == "ROOT" else path)
        elif not line.lstrip().startswith(("#", "told ")) and (setting := _SETTING.search(line)):
            paths.setdefault(setting[1].rstrip("/"))
    return tuple(path for path in paths if path and "//" not in path)[:MAX_PATHS]
