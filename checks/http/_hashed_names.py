"""Names of files with a hash of their content, by which each build has files of its own: Vite,
webpack, Angular, Parcel, Rails, Laravel Mix."""

import re

from diagnose.model import Symptom

_HASHED = re.compile(
    r"[-._/](?=[A-Za-z_-]{0,31}\d)[A-Za-z0-9_-]{8,32}\.(?:m?js|css)(?:$|\?)"
    # A shorter one has hexadecimal digits alone, letters among them: "app.81be02.js".
    r"|[\w-][-.](?=[0-9a-f]{0,6}\d)(?=\d{0,6}[a-f])[0-9a-f]{6,7}\.(?:m?js|css)(?:$|\?)"
)


def is_hashed(url: str) -> bool:
    """Return whether the name of a script or a style sheet has such a hash."""
    return _HASHED.search(url) is not None


#: Messages of programs whose files of an old build are gone, and words about an old page.
_OLD_BUILD = re.compile(
    r"ChunkLoadError|Loading (?:CSS )?chunk|dynamically imported module|Unable to preload CSS"
    r"|旧版本|旧页面|清(?:除|空|理)?缓存|强制刷新"
    r"|\b(?:old|stale|outdated) (?:version|page|build|bundle|files?)"
    r"|hard (?:refresh|reload)|\bafter (?:a |an |each |every |the |new )?(?:deploy|update|release)",
    re.IGNORECASE,
)


def tells_of_old_build(symptom: Symptom | None) -> bool:
    """Return whether a message says that visitors see an old page, or ask for files of one."""
    return symptom is not None and (
        symptom.kind == "cached" or bool(_OLD_BUILD.search(symptom.text))
    )
