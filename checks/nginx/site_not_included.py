"""The site is written down, and no include reads the file: it lacks the suffix, was not linked into
the folder that is read, or lies where nobody looks. nginx then knows nothing of the name.

That a file lies about unread is no fault where the visitors get what they came for: it counts only
if what answers them is not theirs, or nothing does.
"""

import posixpath
from collections.abc import Iterator

from checks.nginx import Nginx, where
from checks.nginx.no_matching_server import nobody_listens, symptoms
from diagnose.checking.registry import check
from diagnose.model import (
    Applicability,
    Claim,
    Command,
    Confidence,
    Edit,
    Evidence,
    Fix,
    Manual,
    Observation,
    Severity,
    Subject,
    Where,
)
from diagnose.model.http import Exchange
from diagnose.model.nginx import NginxConfig
from diagnose.model.sites import SiteFile
from diagnose.parsers.nginx import config as wire
from diagnose.parsers.nginx import edits, site_files


@check(
    severity=Severity.ERROR,
    needs=[NginxConfig, SiteFile],
    explains=[
        "nginx.config-invalid",
        "nginx.not-running",
        "nginx.no-matching-server",
        "nginx.listen-without-ssl",
        "listener.missing",
        "listener.loopback-only",
        "tcp.refused",
        "tls.*",
        "certificate.*",
        "http.*",
        "upstream.*",
        "websocket.*",
    ],
)
def site_not_included(evidence: Evidence) -> Iterator[Claim]:
    nginx, target = Nginx.of(evidence), evidence.target
    answering = nginx.answering()
    if nginx.config is None or any(one.how != "default" for one in answering):
        return
    found = sorted(evidence.good(SiteFile), key=lambda one: _rank(nginx, one))
    plain = symptoms(evidence, list(answering)) if answering else _nobody(nginx)
    shown = plain or (_foreign(nginx) if answering else ())
    if not found or not shown or (not plain and site_files.is_aside(found[0].path)):
        return
    site, patterns = found[0], site_files.patterns(nginx.config)
    dangling = _dangling(nginx, patterns)
    if nginx.test and not nginx.test.passed and not dangling:
        # That comes first: nothing can be included before.
        return
    folder = posixpath.dirname(site.path)
    beside = [
        one for one in patterns if posixpath.dirname(one) == folder and site_files.is_wild(one)
    ]
    aside = site_files.is_aside(site.path)
    yield Claim(
        about=Subject(text=site.path),
        covers=(Subject(),),
        because=(site, nginx.config, *dict.fromkeys(shown)),
        facts={
            "file": site.path,
            "place": f"{site.path}:{site.line}",
            "name": target.host,
            "port": target.port,
            "default": where(answering[0].server.block) if answering else "",
            "suffix": beside[0] if beside else "",
            "folder": "" if beside else folder,
            "aside": aside,
            "dangling": dangling,
            "patterns": patterns or ("-",),
            "main": nginx.config.path,
            "others": tuple(one.path for one in found[1:]),
        },
        confidence=Confidence.LIKELY if aside or not plain else Confidence.CERTAIN,
        fix=_fix(nginx, found, patterns, dangling),
    )


def _rank(nginx: Nginx, site: SiteFile) -> tuple[bool, bool, float, str]:
    """Not put aside before put aside, where the configuration lies before elsewhere, the newest."""
    aside, near = site_files.is_aside(site.path), _is_near(nginx, site)
    return (aside, not near, -(site.changed or 0.0), site.path)


def _is_near(nginx: Nginx, site: SiteFile) -> bool:
    """Whether it lies with the configuration in use, and is not another nginx's."""
    config = nginx.config
    if config is None:
        return False
    folders = [posixpath.dirname(one) for one in (config.path, *site_files.patterns(config))]
    return any(site.path.startswith(f"{folder}/") for folder in folders)


def _nobody(nginx: Nginx) -> tuple[Observation, ...]:
    """nginx is not told to listen on the port, and nothing does."""
    return () if nginx.listening(nginx.evidence.target.port) else nobody_listens(nginx)


def _foreign(nginx: Nginx) -> tuple[Observation, ...]:
    """Pages that are not the site's: of a block that bears other names only, or those of a fresh
    installation."""
    evidence, host = nginx.evidence, nginx.evidence.target.host
    names = {name for one in nginx.answering() for name in one.server.names if "." in name[1:-1]}
    other = names and not any(_alike(name, host) for name in names)
    return tuple(
        one
        for one in evidence.good(Exchange)
        if one.port == evidence.target.port
        and one.purpose in {"target", "redirect"}
        and (other or "<title>Welcome to nginx" in one.body)
    )


def _alike(name: str, host: str) -> bool:
    """shop.example.com and www.shop.example.com are one site as a rule."""
    return name.strip("*.").removeprefix("www.") == host.removeprefix("www.")


def _dangling(nginx: Nginx, patterns: tuple[str, ...]) -> str:
    """The link to nowhere for which nginx -t refuses the configuration: a pattern finds the link,
    and there is no file behind it."""
    missing = nginx.refused(r'open\(\) "([^"]+)" failed \(2: ')
    path = missing[1][1] if missing else ""
    return (
        path
        if any(site_files.is_wild(one) and site_files.fits(path, one) for one in patterns)
        else ""
    )


def _fix(nginx: Nginx, found: list[SiteFile], patterns: tuple[str, ...], dangling: str) -> Fix:
    """Give it the name that is read, else link it where it is read, else include it. It is sure
    where there is one such file that nobody has put aside, and a place of its own for it."""
    site = found[0]
    sure = not site_files.is_aside(site.path) and all(
        site_files.is_aside(one.path) for one in found[1:]
    )
    how = Applicability.AUTOMATIC if sure else Applicability.REVIEW
    if dangling:
        if not _is_called_alike(site.path, dangling):
            how = Applicability.REVIEW  # it may have led to another site
        link = Command(("ln", "-sfn", site.path, dangling))
        return Fix((link, *nginx.taken()), how)
    if not _is_near(nginx, site):
        return Fix((Manual("which-nginx", Where.SERVER),), Applicability.MANUAL)
    step = _renamed(site, patterns) or _linked(site, patterns) or _included(nginx, site)
    if step is None:
        return Fix((Manual("include", Where.SERVER), *nginx.taken()), Applicability.MANUAL)
    if isinstance(step, Edit):
        how = Applicability.REVIEW  # whole folders may be meant to be read
    return Fix((step, *nginx.taken()), how)


def _is_called_alike(path: str, other: str) -> bool:
    one, two = (posixpath.basename(word).removesuffix(".conf") for word in (path, other))
    return one == two


def _renamed(site: SiteFile, patterns: tuple[str, ...]) -> Command | None:
    folder, name = posixpath.split(site.path)
    for one in patterns:
        new = site_files.fitting(name, one) if posixpath.dirname(one) == folder else None
        if new and new != site.path and site_files.is_wild(one):
            return Command(("mv", "-n", site.path, new), undo=("mv", "-n", new, site.path))
    return None


def _linked(site: SiteFile, patterns: tuple[str, ...]) -> Command | None:
    """Into sites-enabled where there is one, as on Debian."""
    wild = [one for one in patterns if site_files.is_wild(one)]
    wild.sort(key=lambda one: not posixpath.dirname(one).endswith("enabled"))
    for one in wild:
        if new := site_files.fitting(posixpath.basename(site.path), one):
            return Command(("ln", "-s", site.path, new), undo=("rm", new))
    return None


def _included(nginx: Nginx, site: SiteFile) -> Edit | None:
    config = nginx.config
    main = config.file(config.path) if config else None
    if main is None:
        return None
    http = next((one for one in wire.parse(main.text, main.path) if one.name == "http"), None)
    last = http.block[-1] if http and http.block else None
    if last is None:
        return None
    return nginx.edit(main.path, edits.after(main.text, last, [f"include {site.path};"]))
