"""Folders of a site that are for visitors by their names."""

#: Folders that are for visitors by their names, as a whole.
_PUBLIC = {
    "static", "staticfiles", "assets", "css", "js", "img", "images", "fonts", "dist", "build",
    "_next", "_astro", "_nuxt", "bundles",
}  # fmt: skip


def public_folder(path: str) -> str:
    """Return the first folder of a path ("/static/" of "/static/css/a.css"), if its name says that
    all in it is for visitors; otherwise an empty text."""
    first, slash, _ = path.lstrip("/").partition("/")
    return f"/{first}/" if slash and first in _PUBLIC else ""
