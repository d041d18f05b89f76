"""The search of the Chinese site finds words without spaces. Its script runs in node."""

import json
import re
import subprocess
from pathlib import Path

import pytest

from docs.generator.search import mend_search, mended
from tests.packaging.tools import need

#: Cuts a query as the theme does, in the same words of JavaScript.
SCRIPT = (
    "function cut(q,w){let r=[];for(let s=0;s<q.length;s++)"
    "for(let o=s+1;o<q.length;o++)q.slice(s,o)in w&&r.push(q.slice(s,o));return r}"
)
INDEX = {"证书": 1, "过期": 1, "防火墙": 1}


def words(script: str, function: str, query: str) -> list[str]:
    need("node")
    call = f"console.log(JSON.stringify([...{function}({json.dumps(query)},{json.dumps(INDEX)})]))"
    result = subprocess.run(
        ["node", "-e", f"{script};{call}"], capture_output=True, text=True, check=True, timeout=60
    )
    return [str(word) for word in json.loads(result.stdout)]


def test_the_last_word_is_looked_up() -> None:
    assert words(SCRIPT, "cut", "证书过期") == ["证书"]
    assert words(mended(SCRIPT), "cut", "证书过期") == ["证书", "过期"]


@pytest.mark.parametrize("script", ["", SCRIPT + SCRIPT], ids=["none", "twice"])
def test_another_script_is_an_error(script: str) -> None:
    with pytest.raises(ValueError, match="another one"):
        mended(script)


def test_the_worker_of_a_site_is_mended(tmp_path: Path) -> None:
    folder = tmp_path / "assets" / "javascripts" / "workers"
    folder.mkdir(parents=True)
    worker = folder / "search.0a1b2c3d.min.js"
    worker.write_text(SCRIPT, "utf-8")
    mend_search(tmp_path)
    assert worker.read_text("utf-8") == mended(SCRIPT)


def test_the_theme_cuts_chinese_words_when_mended() -> None:
    """The theme's own function: `make docs` installs it."""
    material = pytest.importorskip("material", reason="make docs has not run here")
    workers = Path(material.__file__).parent / "templates" / "assets" / "javascripts" / "workers"
    (worker,) = workers.glob("search.*.min.js")
    script = worker.read_text("utf-8")

    def function_of(text: str) -> tuple[str, str]:
        match = re.search(
            r"function (\w+)\(\w,\w\)\{let \w=new Set,\w=new Uint16Array.*?\}(?=function)", text
        )
        assert match
        return match[0], match[1]

    assert "过期" not in words(*function_of(script), "证书过期")
    assert {"证书", "过期"} <= set(words(*function_of(mended(script)), "证书过期"))
