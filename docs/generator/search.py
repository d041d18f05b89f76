"""Mends the search of the theme for Chinese."""

import re
from pathlib import Path

#: The end of the loop over the words that begin at a character of the query.
_WORD_END = re.compile(r"(for\(let (?:\w)=\w\+1;\w)<(\w\.length;\w\+\+\)\w\.slice\(\w,\w\)in )")


def mended(script: str) -> str:
    """Return the script of the search, which then looks up the last of Chinese words that are
    typed without spaces: "证书过期". The theme cuts them by the words in its index, and leaves out
    those that end where the query ends. Raise ValueError if its script is another one."""
    text, count = _WORD_END.subn(r"\1<=\2", script)
    if count != 1:
        raise ValueError(f"the search of the theme is another one: see {__name__}")
    return text


def mend_search(site: Path) -> None:
    """Mend the search of a site that was built. Raise ValueError as `mended` does."""
    (worker,) = (site / "assets" / "javascripts" / "workers").glob("search.*.min.js")
    worker.write_text(mended(worker.read_text("utf-8")), "utf-8")
