"""The tool that built a page's front end, by the names of the files that it loads, and what lets
the files be found at once: nginx looks for them in the sub-folder too.

Each tool has folders and forms of names that no other writes.
"""

import re

from checks.http import _page_files
from checks.nginx import Nginx
from checks.nginx._commands import reload_steps
from checks.nginx._edits import config_edit
from diagnose.model import Applicability, Evidence, Fix, Manual, Where
from diagnose.model.frozen import frozen
from diagnose.model.pages import Page
from diagnose.parsers.nginx import edits
from diagnose.parsers.nginx.locations import LocationMatch, location_pattern, select_location
from diagnose.parsers.nginx.server_blocks import Server
from diagnose.parsers.nginx.upstreams import pass_directive_of
from diagnose.parsers.urls import parse_url

_HASH = r"[\w-]{4,24}"


@frozen
class FrontEnd:
    """A tool: how the address of a file of its builds looks, its setting for the folder of the
    site and where that stands, and the setting of its usual router."""

    name: str
    files: str
    setting: str
    place: str = ""
    router: str = ""


_FRONT_ENDS = (
    FrontEnd("Next.js", r"/_next/static/", "basePath: '{0}'", "next.config.js"),
    FrontEnd(
        "Nuxt 2", r"/_nuxt/[0-9a-f]{7}(?:\.modern)?\.js$", "router: {{ base: '{0}/' }}",
        "nuxt.config.js",
    ),
    FrontEnd("Nuxt", r"/_nuxt/", "app: {{ baseURL: '{0}/' }}", "nuxt.config.ts"),
    FrontEnd(
        "SvelteKit", r"/_app/immutable/", "kit: {{ paths: {{ base: '{0}' }} }}", "svelte.config.js"
    ),
    FrontEnd("Astro", r"/_astro/", "base: '{0}'", "astro.config.mjs"),
    FrontEnd(
        "Docusaurus", rf"/assets/(?:js|css)/(?:main|styles|runtime~main)\.{_HASH}\.(?:js|css)$",
        "baseUrl: '{0}/'", "docusaurus.config.js",
    ),
    FrontEnd(
        "VuePress", rf"/assets/(?:js/app|css/\d+\.styles)\.{_HASH}\.(?:js|css)$", "base: '{0}/'",
        ".vuepress/config.js",
    ),
    FrontEnd(
        "VitePress", rf"/assets/(?:app|style|chunks/(?:framework|theme))\.{_HASH}\.(?:js|css)$",
        "base: '{0}/'", ".vitepress/config.mts",
    ),
    FrontEnd(
        "Blazor WebAssembly", r"/_framework/blazor\.webassembly(?:\.\w{6,12})?\.js$",
        '<base href="{0}/" />', "wwwroot/index.html",
    ),
    FrontEnd(
        "Create React App", rf"/static/(?:js|css)/main\.{_HASH}\.(?:chunk\.)?(?:js|css)$",
        '"homepage": "{0}"', "package.json", '<BrowserRouter basename="{0}">',
    ),
    FrontEnd(
        "Angular", rf"/(?:main|polyfills|runtime)[.-]{_HASH}\.js$", '"baseHref": "{0}/"',
        "angular.json",
    ),
    FrontEnd(
        "Vue CLI", rf"/(?:js|css)/(?:app|chunk-vendors)\.{_HASH}\.(?:js|css)$",
        "publicPath: '{0}/'", "vue.config.js", "createWebHistory('{0}/')",
    ),
    FrontEnd(
        "Vite", rf"/assets/(?:index|main)[.-]{_HASH}\.(?:js|css)$", "base: '{0}/'",
        "vite.config.js", "createWebHistory('{0}/')",
    ),
)  # fmt: skip


def front_end_of(page: Page) -> FrontEnd | None:
    """Return the tool that built the page's scripts, None if their names tell none."""
    paths = [
        url.path.partition("?")[0]
        for file in page.files[:60]
        if (url := parse_url(file.url)) is not None
    ]
    return next(
        (
            front_end
            for front_end in _FRONT_ENDS
            if any(re.search(front_end.files, path) for path in paths)
        ),
        None,
    )


def front_end_facts(page: Page, prefix: str) -> dict[str, object]:
    front_end = front_end_of(page)
    return {
        "built_by": front_end.name if front_end else "",
        "built_setting": front_end.setting.format(prefix) if front_end else "",
        "built_place": front_end.place if front_end else "",
        "built_router": front_end.router.format(prefix) if front_end else "",
    }


def files_in_folder_fix(
    evidence: Evidence, match: LocationMatch | None, prefix: str, step: str
) -> Fix | None:
    """Return the edit with which nginx looks for the missing files at the root and then in the
    sub-folder, and the step that a person does later. None where an application, a redirect or a
    location of their own answers them at the root."""
    nginx = Nginx.of(evidence)
    servers = [selected.server for selected in nginx.answering_servers()]
    file = nginx.file(match.block) if match else None
    if match is None or file is None or len(servers) != 1 or not _is_in(servers[0], match):
        return None
    missing = (
        refused_file.response.url
        for refused_file in _page_files.refused_files(evidence, of_sheets=True)
    )
    paths = [url.path.partition("?")[0] for each in missing if (url := parse_url(each)) is not None]
    heads = dict.fromkeys(_head(path) for path in paths)
    if not 0 < len(heads) <= 4 or not all(_is_free(servers[0], path) for path in paths):
        return None
    lines = [
        line
        for head in heads
        for line in (f"location {head} {{", f"    try_files $uri {prefix}$uri;", "}")
    ]
    edit = config_edit(nginx, file.path, edits.insert_before(file.text, match.block, lines))
    if edit is None:
        return None
    return Fix((edit, *reload_steps(nginx), Manual(step, Where.APPLICATION)), Applicability.REVIEW)


def _is_in(server: Server, match: LocationMatch) -> bool:
    """Return whether the location stands in the block itself, and takes a beginning of paths."""
    pattern = location_pattern(match.block)
    is_own = any(block is match.block for block in server.block.block or ())
    return is_own and pattern is not None and pattern.modifier in {"", "^~"}


def _head(path: str) -> str:
    """Return the pattern of a location for a path: its first folder, or the file at the root."""
    first, slash, _ = path[1:].partition("/")
    is_plain = re.fullmatch(r"[\w.~-]{1,60}", first) is not None
    return (f"^~ /{first}/" if slash else f"= /{first}") if is_plain else ""


def _is_free(server: Server, path: str) -> bool:
    """Return whether only the site's own files answer a path at the root."""
    head, match = _head(path), select_location(server, path)
    pattern = location_pattern(match.block)
    is_own = pattern is not None and pattern.text.rstrip("/") == head.split(" ")[-1].rstrip("/")
    return (
        head != ""
        and not is_own
        and pass_directive_of(match) is None
        and not match.redirects
        and match.directive("return") is None
        and match.directive("alias") is None
    )
