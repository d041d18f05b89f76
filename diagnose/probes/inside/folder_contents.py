"""Looks for a requested file in the folder of a site, and for why it is missing there."""

import asyncio
import difflib
import posixpath
import re
import shlex

from diagnose.model import Vantage
from diagnose.model.site_folders import SiteFolder
from diagnose.parsers.likely_browsers import PARTS
from diagnose.parsers.sanitize import clean
from diagnose.probes import ProbeContext

#: Maximum bytes that are read of an .htaccess and of an index file.
MAX_BYTES = 65536
#: Maximum number of folders on the way to a page whose .htaccess is read.
MAX_FOLDERS = 6

#: Names that editors, archives and other systems make of .htaccess.
_MISNAMED = {"htaccess", "htaccess.txt", ".htaccess.txt", "_htaccess", ".htaccess"}

_REWRITE = re.compile(r"^\s*RewriteRule\s", re.IGNORECASE | re.MULTILINE)

#: The script of an application to which a rule leads all that is no file.
_SCRIPT = re.compile(
    r"^\s*RewriteRule\s+\S{1,200}\s+/?((?:[\w.-]{1,60}/){0,4}[\w.-]{1,60}\.(?:php|html?))(?:[\s/?]|$)",
    re.IGNORECASE | re.MULTILINE,
)

#: The folder for visitors in that of an application, and kinds of index files.
_PUBLIC, _KINDS = (
    ("public", "web", "htdocs", "public_html", "pub", "webroot", "dist"),
    ("php", "html"),
)

#: Characters that a shell's pattern takes for others.
_WILD = re.compile(r"[*?\[\]{}\\\s]")

#: What the index.php of an application has that answers every address itself: WordPress, Laravel,
#: Symfony, Drupal, Joomla, CodeIgniter, Magento, CakePHP, Yii, Slim, ThinkPHP, Flight, TYPO3, Grav,
#: Flarum, MODX, and what Composer loads.
_FRONT = re.compile(
    r"wp-blog-header\.php|bootstrap/app\.php|autoload(_runtime)?\.php|DRUPAL_ROOT|_JEXEC|app/bootstrap"
    r"|\b(bootstrap|bootstrap_inc|start)\.(inc\.)?php|system/core|CodeIgniter|REQUEST_URI|PATH_INFO"
    r"|->(run|handle|dispatch|listen)\(|::(run|start|dispatch|bootWeb)\(|Kernel|\bSlim\b"
    r"|\bFCPATH\b|\bGRAV_|\bTYPO3|ProcessWire|MODX_"
)

#: The element that an application in the browser fills (React, Vue, Angular, Next, Nuxt, Svelte).
_APPLICATION = re.compile(
    r"<(app-root|div\s{1,9}id=[\"']?(root|app|__next|__nuxt|svelte)\b)", re.IGNORECASE
)


async def emit_folder(
    ctx: ProbeContext,
    root: str,
    path: str,
    prefix: str = "",
    above: str = "",
    own: str = "",
    cut: str = "",
) -> None:
    """Emit the folder; `above` is the part of the URL's path that stands for it, `own` the file
    that answers without the alias for it, and `cut` the part that Caddy took off the path."""
    at, page = ctx.elapsed(), posixpath.normpath(f"{root}/{path.lstrip('/')}")
    folder = page if path.endswith("/") else root
    machine = ctx.machine
    roots, pages, index, rules, text = await asyncio.gather(
        machine.glob(root),
        machine.glob(page),
        machine.glob(f"{folder}/index.*"),
        machine.read(f"{root}/.htaccess", MAX_BYTES),
        machine.read(f"{root}/index.html", MAX_BYTES),
    )
    has_rules = bool(_REWRITE.search(rules.text))
    front, is_wordpress = ("", False) if has_rules else await _front_script(ctx, root, path)
    shortened, kept = ("", "") if pages else await _respelled(ctx, root, path, prefix, cut)
    ctx.emit(
        SiteFolder(
            vantage=Vantage.SERVER,
            at=at,
            took=ctx.elapsed() - at,
            equivalent=f"ls -la {shlex.quote(root)}",
            path=root,
            requested=path,
            exists=bool(roots),
            page_exists=bool(pages),
            index_files=tuple(clean(posixpath.basename(name), 100) for name in index[:10]),
            has_rewrite_rules=has_rules,
            rules_folder="" if pages or has_rules else await _rules_folder(ctx, root, path),
            is_application=bool(_APPLICATION.search(text.text)),
            prefix=prefix or cut,
            shortened=shortened,
            kept=clean(kept, 400),
            lookalike=await _lookalike(ctx, root) if rules.failure else "",
            lost_script=await _lost_script(ctx, root, rules.text, above),
            hidden=own,
            elsewhere=""
            if pages and index
            else await _nearby_folder(ctx, root, path, above, index),
            suffixed="" if pages else await _suffixed(ctx, page, path),
            deepest="" if pages else await _deepest_folder(ctx, root, path),
            front_script=front,
            is_wordpress=is_wordpress,
        )
    )
    if roots and not pages:
        # Imported late: few names differ in their case.
        from diagnose.probes.inside.other_case import emit_other_case

        await emit_other_case(ctx, f"{ctx.target.origin}{above}{cut}{path}", root, page)


async def _respelled(
    ctx: ProbeContext, root: str, path: str, prefix: str, cut: str
) -> tuple[str, str]:
    """Return the file of a path without the prefix, and with the part that Caddy took off; "" for
    what is not there."""
    index = "/index.html" if path.endswith("/") else ""
    shortened = kept = ""
    if prefix and path.startswith(f"{prefix}/"):
        shortened = posixpath.normpath(f"{root}/{path.removeprefix(prefix).lstrip('/')}") + index
    if cut:
        kept = posixpath.normpath(f"{root}{cut}/{path.lstrip('/')}") + index
    return (
        shortened if await _is_there(ctx, shortened) else "",
        kept if await _is_there(ctx, kept) else "",
    )


async def _is_there(ctx: ProbeContext, file: str) -> bool:
    return bool(file) and not _WILD.search(file) and bool(await ctx.machine.glob(file))


async def _nearby_folder(
    ctx: ProbeContext, root: str, path: str, above: str, index: tuple[str, ...]
) -> str:
    """Return the folder nearby that has a requested file below an alias, or the folder for visitors
    in that of an application, whose own folder has no index file; "" for none or several.

    A file below an alias tells of a wrong folder only if pages consist of such files, and the
    alias's own folder has none of its kind: what is a document may be kept from visitors on
    purpose, and a single file may be gone. A folder in it with the name of the alias that has the
    very file shows that the alias names the folder above."""
    own = f"{root}/{path.lstrip('/')}"
    parent = posixpath.dirname(root)
    if _WILD.search(own) or not parent.strip("/"):
        return ""
    if not above:
        patterns = [f"{root}/{folder}/index.{kind}" for folder in _PUBLIC for kind in _KINDS]
        groups = await asyncio.gather(*map(ctx.machine.glob, patterns))
        folders = {posixpath.dirname(file) for group in groups for file in group}
        return clean(folders.pop(), 300) if len(folders) == 1 and not index else ""
    inner = posixpath.normpath(f"{root}/{above.strip('/')}")
    if inner != root and await _is_there(ctx, f"{inner}/{path.lstrip('/')}"):
        return clean(inner, 300)
    extension = posixpath.splitext(path)[1].lower()
    if extension not in PARTS:
        return ""
    patterns = [f"{root}/*{extension}", f"{posixpath.dirname(own)}/*{extension}"]
    if any(await asyncio.gather(*map(ctx.machine.glob, patterns))):
        return ""
    asked = path.lstrip("/")
    files = list(await ctx.machine.glob(f"{parent}/*/{asked}"))
    files += await ctx.machine.glob(f"{root}/*/{asked}")
    folders = {file.removesuffix(f"/{asked}") for file in files if file != own}
    return clean(folders.pop(), 300) if len(folders) == 1 else ""


async def _suffixed(ctx: ProbeContext, page: str, path: str) -> str:
    """Return the page with ".html" behind the requested name; "" if there is none, or if the name
    has an ending of its own."""
    if path.endswith("/") or "." in posixpath.basename(path) or _WILD.search(page):
        return ""
    file = f"{page}.html"
    return clean(file, 400) if await ctx.machine.glob(file) else ""


def folders_above(path: str) -> list[str]:
    """Return the folders on the way to a path, the deepest first: /blog/2020/ for
    "/blog/2020/tea"."""
    parts = [part for part in path.split("/")[1:-1] if part][: MAX_FOLDERS - 1]
    return ["/" + "/".join(parts[:number]) for number in range(len(parts), -1, -1)]


async def _deepest_folder(ctx: ProbeContext, root: str, path: str) -> str:
    """Return the deepest folder below a site's own that is there, on the way to a path; "" for
    none."""
    for name in folders_above(path)[:-1]:
        folder = posixpath.normpath(f"{root}{name}")
        is_below = folder.startswith(f"{root.rstrip('/')}/") and not _WILD.search(folder)
        if is_below and await ctx.machine.glob(f"{folder}/"):
            return clean(folder, 400)
    return ""


async def _rules_folder(ctx: ProbeContext, root: str, path: str) -> str:
    """Return the deepest folder below a site's own, on the way to a path, whose .htaccess has rules
    of mod_rewrite: those of the folders above do not count there."""
    for name in folders_above(path)[:-1]:
        folder = posixpath.normpath(f"{root}{name}")
        rules = await ctx.machine.read(f"{folder}/.htaccess", MAX_BYTES)
        if folder.startswith(f"{root.rstrip('/')}/") and _REWRITE.search(rules.text):
            return clean(folder, 400)
    return ""


async def _front_script(ctx: ProbeContext, root: str, path: str) -> tuple[str, bool]:
    """Return the script of an application that answers every address of its folder: that of the
    nearest one on the way to the path; "" if it has rules of its own, or there is none. And
    whether it is WordPress's."""
    for name in folders_above(path):
        folder = f"{root}{name}".rstrip("/")
        content = await ctx.machine.read(f"{folder}/index.php", MAX_BYTES)
        if content.failure:
            continue
        rules = await ctx.machine.read(f"{folder}/.htaccess", MAX_BYTES)
        is_front = _FRONT.search(content.text) and not _REWRITE.search(rules.text)
        is_wordpress = bool(is_front) and "wp-blog-header.php" in content.text
        return (f"{name}/index.php".lstrip("/") if is_front else "", is_wordpress)
    return "", False


async def _lost_script(ctx: ProbeContext, root: str, rules: str, above: str) -> str:
    """Return the script to which the last rule of an .htaccess leads, "" if it is there."""
    named_scripts = (
        script.removeprefix(f"{above.strip('/')}/") for script in _SCRIPT.findall(rules)
    )
    scripts = [script for script in named_scripts if ".." not in script]
    is_lost = bool(scripts) and not await ctx.machine.glob(f"{root}/{scripts[-1]}")
    return clean(scripts[-1], 100) if is_lost else ""


async def _lookalike(ctx: ProbeContext, root: str) -> str:
    """Return the name of a file that may be meant as .htaccess."""
    hidden, named = await asyncio.gather(
        ctx.machine.glob(f"{root}/.h*"), ctx.machine.glob(f"{root}/*htaccess*")
    )
    names = [posixpath.basename(name) for name in (*hidden, *named)]
    likely = [name for name in names if name.lower() in _MISNAMED and name != ".htaccess"]
    close = difflib.get_close_matches(".htaccess", [n for n in names if n != ".htaccess"], 1, 0.85)
    return clean(next(iter((*likely, *close)), ""), 100)
