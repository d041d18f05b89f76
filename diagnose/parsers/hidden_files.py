"""Hidden files of programs that a message names, or that an address leads to. No I/O."""

import re

#: Files with secrets or with the source, by their names, as they lie in the folder of a project.
#: A sample of settings (".env.example") is published with the source, and has no secret.
_NAMED = re.compile(
    r"(?<![A-Za-z0-9_*])/?(\.env(?!\.(?:example|sample|dist|template|tpl|defaults?|schema)\b)"
    r"(?:\.[a-z]{2,12})?|\.git(?:/(?:config|HEAD))?|\.svn|\.hg|\.htpasswd"
    r"|\.npmrc|\.aws/credentials|\.ssh/id_[a-z0-9]{2,8}|\.user\.ini)(?![A-Za-z0-9_/-])",
    re.IGNORECASE,
)
#: Folders of which a file is asked for: a folder itself is redirected, or refused as a list.
_FILES = {".git": ".git/config", ".svn": ".svn/entries", ".hg": ".hg/hgrc"}
#: A file as the server names it says nothing of a site.
_LOCAL = re.compile(
    r"(?<![\w.:/])/(?:var|etc|usr|srv|opt|home|root|app|data|mnt|www|run|tmp)/[^\s'\",;:]{1,300}"
)
#: Words that say that visitors get it. That a program does not read its own file is another matter.
_SHOWN = re.compile(
    r"(?i)\b(?:visible|accessible|readable|viewable|downloadable|reachable|public\w{0,3}"
    r"|expos\w{1,4}|leak\w{0,3}|reveal\w{0,3}|disclos\w{1,4}|download(?:s|ed)?|serv(?:ed|es|ing)"
    r"|offer(?:s|ed)|open to|browsable)\b"
    r"|\b(?:any|every)(?:one|body)\b|\b(?:strangers|attackers|visitors|bots|scanners)\b"
    r"|\bcan (?:be |still |just |also |even ){0,2}(?:seen?|view\w{0,2}|open\w{0,2}|read"
    r"|access\w{0,2}|fetch\w{0,2}|get|load\w{0,2}|reach\w{0,2}|visit\w{0,2}|found)\b"
    r"|\b(?:google|bing|search engine)\b.{0,40}\bindex|públic\w+|pubblic\w+|visibil\w+"
    r"|泄露|泄漏|暴露|公开|公開|下载|访问到|看到|sichtbar|abruf\w+|herunterl\w+|öffentlich|expuest\w+"
    r"|доступ\w*|見え|閲覧|アクセス"
)


def named_hidden_file(text: str) -> str:
    """Return the path of the hidden file that a message says visitors get, "" for none."""
    text = _LOCAL.sub(" ", text[:4000])
    match = _NAMED.search(text)
    if match is None or not _SHOWN.search(text):
        return ""
    return f"/{_FILES.get(match[1].lower(), match[1])}"


def is_hidden_file(path: str) -> bool:
    """Return whether a path of a URL is that of such a file."""
    return bool(_NAMED.fullmatch(path.rpartition("/")[2]) or path.endswith("/.git/config"))
