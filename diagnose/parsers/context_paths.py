"""Context paths of web applications in Java: the prefix of all paths that an application serves
(Jakarta Servlet 6.0 section 3.5). No I/O.

Spring Boot: `server.servlet.context-path`, `server.context-path` before 2.0. Tomcat: the names of
the folders and of the .war files in `webapps`, in which # stands for a slash ("Naming" in
https://tomcat.apache.org/tomcat-10.1-doc/config/context.html).
"""

import re

#: How many are returned at most.
MAX_PATHS = 4

#: A setting, as a property, in YAML, as an argument, or as a variable of the environment. The value
#: may be the default of a placeholder: ${CONTEXT_PATH:/shop}.
_SETTING = re.compile(
    r"context[-_]?path[\"']?[ \t]*[:=][ \t]*[\"']?(?:\$\{[\w.-]{1,80}:)?(/[\w.~/-]{1,80})",
    re.IGNORECASE,
)
_WEBAPP = re.compile(r"webapp ([\w.~-][\w.~#-]{0,80})")


def context_paths(text: str) -> tuple[str, ...]:
    """Return the context paths in what `context_paths.sh` prints: lines of settings, and "webapp
    NAME". The path of Tomcat's ROOT is no prefix, and versions (shop##2.war) are none either."""
    paths: dict[str, None] = {}
    for line in text.splitlines():
        if webapp := _WEBAPP.fullmatch(line.strip()):
            name = webapp[1].removesuffix(".war").partition("##")[0]
            path = "/" + name.replace("#", "/")
            paths.setdefault("" if name == "ROOT" else path)
        elif not line.lstrip().startswith("#") and (setting := _SETTING.search(line)):
            paths.setdefault(setting[1].rstrip("/"))
    return tuple(path for path in paths if path and "//" not in path)[:MAX_PATHS]
