"""What the site's page loads, and how the server answers for it, as literals."""

from typing import Any

from diagnose.model.pages import FileKind, Page, PageFile, PageFileResponse

SITE = "https://shop.example.com"
HERE = "203.0.113.10"
TYPES = {
    "stylesheet": "text/css",
    "script": "text/javascript",
    "module": "text/javascript",
    "description": "application/json",
    "manifest": "application/manifest+json",
    "worker": "text/javascript",
    "import": "text/javascript",
    "image": "image/png",
    "media": "video/mp4",
    "frame": "text/html",
    "wasm": "application/wasm",
}


def sheet(url: str = "/app.css", is_optional: bool = False) -> PageFile:
    return PageFile("stylesheet", absolute(url), is_optional)


def script(url: str = "/app.js", is_optional: bool = False) -> PageFile:
    return PageFile("script", absolute(url), is_optional)


def module(url: str = "/assets/index.js", is_optional: bool = False) -> PageFile:
    return PageFile("module", absolute(url), is_optional)


def description(url: str = "/openapi.json") -> PageFile:
    return PageFile("description", absolute(url))


def picture(url: str = "/img/1.png") -> PageFile:
    return PageFile("image", absolute(url))


def absolute(url: str) -> str:
    return f"{SITE}{url}" if url.startswith("/") else url


def loads(*files: PageFile, **other: Any) -> Page:
    """A page in standards mode that loads these files."""
    values: dict[str, Any] = {"url": f"{SITE}/", "quirks": False, **other}
    return Page(address=HERE, port=443, files=files, **values)


def answered(file: PageFile, status: int = 200, content_type: str = "", **other: Any) -> Any:
    """The response for a file, of the right type unless another is given."""
    kind: FileKind = file.kind
    content_type = content_type or TYPES[kind]
    headers = (("Content-Type", content_type),) if content_type != "none" else ()
    headers += other.pop("headers", ())
    values: dict[str, Any] = {
        "page": f"{SITE}/", "file_kind": kind, "is_optional": file.is_optional, "url": file.url,
        "status": status, "headers": headers, **other,
    }  # fmt: skip
    return PageFileResponse(address=HERE, port=443, **values)
