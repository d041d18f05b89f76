"""python -m docs.generator [FOLDER]: build the site, strictly: a broken link is an error."""

import logging
import re
import shutil
import sys
import tempfile
from pathlib import Path

import jieba
from mkdocs.commands.build import build
from mkdocs.config import load_config

from diagnose._version import VERSION
from diagnose.outputs.json import SCHEMA_VERSION
from docs.generator.pages import DOCS, ROOT, write
from docs.generator.words import LANGUAGES

#: The English site is at the root, the Chinese one below it.
CONFIGURATIONS = {"en": ("mkdocs.yml", "."), "zh": ("mkdocs.zh.yml", "zh")}


#: The end of the loop over the words that begin at a character of the query.
_WORD_END = re.compile(r"(for\(let (?:\w)=\w\+1;\w)<(\w\.length;\w\+\+\)\w\.slice\(\w,\w\)in )")


def build_language(lang: str, site: Path) -> None:
    name, below = CONFIGURATIONS[lang]
    with tempfile.TemporaryDirectory(prefix="diagnose-docs-") as folder:
        write(lang, Path(folder))
        shutil.copytree(DOCS / "assets", Path(folder, "assets"))
        # Where jieba keeps its dictionary; otherwise it leaves a file in the system's folder.
        jieba.dt.tmp_dir = folder
        config = load_config(
            str(DOCS / name),
            docs_dir=folder,
            site_dir=str(site / below),
            strict=True,
            copyright=f"diagnose {VERSION} · JSON schema {SCHEMA_VERSION} · Apache License 2.0",
        )
        config.plugins.on_startup(command="build", dirty=False)
        build(config)
    mend_search(site / below)


def mend_search(site: Path) -> None:
    """Let the search look up the last of Chinese words that are typed without spaces: "证书过期".
    The theme cuts them by the words in its index, and leaves out those that end where the query
    ends (`segment` in its search worker). Raise ValueError if the theme's text is another one."""
    (worker,) = (site / "assets" / "javascripts" / "workers").glob("search.*.min.js")
    text, count = _WORD_END.subn(r"\1<=\2", worker.read_text())
    if count != 1:
        raise ValueError(f"{worker.name}: the search of the theme is another one: see mend_search.")
    worker.write_text(text)


if __name__ == "__main__":
    logging.basicConfig(level=logging.WARNING, format="%(levelname)s: %(message)s")
    jieba.setLogLevel(logging.WARNING)
    for language in LANGUAGES:
        build_language(language, Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT / "site")
