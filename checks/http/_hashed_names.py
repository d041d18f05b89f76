"""Names of files with a hash of their content, by which each build has files of its own: Vite,
webpack, Angular, Parcel, Rails, Laravel Mix."""

import re

_HASHED = re.compile(r"[-._/](?=[A-Za-z_-]{0,31}\d)[A-Za-z0-9_-]{8,32}\.(?:m?js|css)(?:$|\?)")


def is_hashed(url: str) -> bool:
    """Return whether the name of a script or a style sheet has such a hash."""
    return _HASHED.search(url) is not None
