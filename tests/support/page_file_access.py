"""What was seen on the server of a file of the page, as literals."""

from typing import Any

from diagnose.model import Vantage
from diagnose.model.files import PageFileAccess, PathComponent

_LABELS = {"uid": 0, "user": "root", "gid": 0, "group": "root"}


def part(path: str, mode: int, is_folder: bool = True) -> PathComponent:
    return PathComponent(path=path, mode=mode, folder=is_folder, **_LABELS)  # type: ignore[arg-type]


def examined(
    path: str, url: str = "/static/css/app.css", exists: bool = False, folder: int = 0o755,
    **other: Any,
) -> PageFileAccess:  # fmt: skip
    """The path that nginx opens for a URL; its folder has this mode."""
    folders = (part("/", 0o755), part(path.rpartition("/")[0], folder))
    parts = (*folders, *((part(path, 0o644, False),) if exists else ()))
    return PageFileAccess(
        vantage=Vantage.SERVER, path=path, parts=parts, uid=33, user="www-data", gids=(33,),
        group="www-data", url=f"https://shop.example.com{url}", **other,
    )  # fmt: skip
