"""Which files of the site's page are requested: a few of each kind, from the site's own origin."""

from collections.abc import Iterable
from urllib.parse import urlsplit

from diagnose.model import Target
from diagnose.model.pages import FileKind, PageFile
from diagnose.parsers.request_fields import MASKED, is_own_origin

#: Maximum number of style sheets and of scripts, and of pictures, that are requested.
MAX_EACH, MAX_IMAGES = 4, 2

_APP_KINDS: tuple[FileKind, ...] = ("manifest", "worker", "import", "wasm")


def requested_files(target: Target, files: Iterable[PageFile]) -> list[PageFile]:
    """Return the first files of each kind that come from the site itself, modules first: without
    them a page often shows nothing."""
    own = _own(target, files)
    modules = [file for file in own if file.kind == "module"]
    scripts = [file for file in own if file.kind == "script"]
    sheets = [file for file in own if file.kind == "stylesheet"]
    descriptions = [file for file in own if file.kind == "description"]
    by_need = sorted(modules + scripts, key=lambda file: file.is_optional)[:MAX_EACH]
    by_need += sorted(sheets, key=lambda file: file.is_optional)[:MAX_EACH]
    return by_need + descriptions[:1]


def app_files(
    target: Target, files: Iterable[PageFile], worker: str, module: str = "", streamed: str = ""
) -> list[PageFile]:
    """Return the page's manifest and its service worker, and the module that a script names. The
    program for WebAssembly is optional if a script may load it in more than one way; `streamed` is
    one that it loads in no other way than as a stream."""
    of_scripts = [PageFile("worker", worker, True)] if worker else []
    of_scripts += [PageFile("wasm", streamed)] if streamed else []
    is_wasm = module.endswith(".wasm")
    of_scripts += [PageFile("wasm" if is_wasm else "import", module, is_wasm)] if module else []
    own = _own(target, [*files, *of_scripts])
    first_of = {kind: [file for file in own if file.kind == kind][:1] for kind in _APP_KINDS}
    return [file for chosen in first_of.values() for file in chosen]


def images(target: Target, files: Iterable[PageFile]) -> list[PageFile]:
    """Return the first pictures, each of another folder."""
    first_of: dict[str, PageFile] = {}
    for file in _own(target, files):
        if file.kind == "image":
            first_of.setdefault(file.url.rpartition("/")[0], file)
    return list(first_of.values())[:MAX_IMAGES]


def media(target: Target, files: Iterable[PageFile]) -> list[PageFile]:
    """Return the first film or recording."""
    return [file for file in _own(target, files) if file.kind == "media"][:1]


def sheet_files(target: Target, files: Iterable[PageFile], served: Iterable[str]) -> list[PageFile]:
    """Return the first files of the page's style sheets, each of another folder at the root of the
    site, without those folders from which a file came already: `served` are the URLs of these."""
    folders = {_first_folder(url) for url in served}
    first_of: dict[str, PageFile] = {}
    for file in _own(target, files):
        if _first_folder(file.url) not in folders:
            first_of.setdefault(_first_folder(file.url), file)
    return list(first_of.values())[:MAX_IMAGES]


def _first_folder(url: str) -> str:
    """Return "static" of "https://shop.example.com/static/css/app.css", "" of a file at the
    root."""
    first, slash, _ = urlsplit(url).path.lstrip("/").partition("/")
    return first if slash else ""


def frames(target: Target, files: Iterable[PageFile]) -> list[PageFile]:
    """Return the first page of the site itself that the page shows in a frame."""
    return [file for file in _own(target, files) if file.kind == "frame"][:1]


def _own(target: Target, files: Iterable[PageFile]) -> list[PageFile]:
    return [file for file in files if is_own_origin(target, file.url) and MASKED not in file.url]
