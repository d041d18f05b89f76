"""Hidden files of programs that a message names, or that an address leads to. No I/O."""

import re

#: Files with secrets or with the source, by their names, as they lie in the folder of a project.
#: A sample of settings (".env.example") is published with the source, and has no secret.
_NAMED = re.compile(
    r"(?<![\w*])/?(\.env(?!\.(?:example|sample|dist|template|tpl|defaults?|schema)\b)"
    r"(?:\.[a-z]{2,12})?|\.git(?:/(?:config|HEAD))?|\.svn|\.hg|\.htpasswd"
    r"|\.npmrc|\.aws/credentials|\.ssh/id_[a-z0-9]{2,8}|\.user\.ini)(?![\w/-])",
    re.IGNORECASE,
)
#: Folders of which a file is asked for: a folder itself is redirected, or refused as a list.
_FILES = {".git": ".git/config", ".svn": ".svn/entries", ".hg": ".hg/hgrc"}
#: Words that say that visitors get it.
_SHOWN = re.compile(
    r"(?i)\b(?:see|seen|view\w{0,3}|visible|access\w{0,5}|open\w{0,2}|public\w{0,3}|expos\w{1,4}"
    r"|download\w{0,3}|read\w{0,4}|leak\w{0,3}|reach\w{0,4}|brows\w{1,5}|serv\w{1,3}|offer\w{0,3}"
    r"|show\w{0,2}|found|visit\w{0,3})\b"
    r"|泄露|泄漏|暴露|下载|访问到|看到|sichtbar|abruf\w+|herunterl\w+|öffentlich|expuest\w+|visible"
    r"|accessible|доступ\w*|見え|閲覧|アクセス"
)


def named_hidden_file(text: str) -> str:
    """Return the path of the hidden file that a message says visitors get, "" for none."""
    match = _NAMED.search(text[:4000])
    if match is None or not _SHOWN.search(text[:4000]):
        return ""
    name = match[1].lower()
    return f"/{_FILES.get(name, name)}"


def is_hidden_file(path: str) -> bool:
    """Return whether a path of a URL is that of such a file."""
    return bool(_NAMED.fullmatch(path.rpartition("/")[2]) or path.endswith("/.git/config"))
