"""The size from which on people say that files fail: "files above 1 MB", "超过 2M". No I/O."""

import re

from diagnose.parsers.lazy_pattern import lazy_pattern

_UNITS = {"k": 10, "к": 10, "m": 20, "м": 20, "g": 30, "г": 30}
_SIZE = (
    r"(?P<amount>\d{1,6}(?:[.,]\d{1,2})?) ?"
    r"(?P<unit>[KMGкмг])(?:i?[Bob]|б|egabytes?|eg|)(?![A-Za-zА-я])"
)
_ABOVE = (
    r"(?:\b(?:above|over|more than|larger than|bigger than|greater than|exceed\w{0,3}|beyond|past"
    r"|at|von mehr als|mehr als|größer als|über|ab|plus de|supérieur\w{0,2} à|dépass\w{1,3}|más de"
    r"|mayor\w{0,2} de"
    r"|superior\w{0,2} a|mais de|maior\w{0,2} que|больше|более|свыше)\b|超过|超出|大于|高于|>=?)"
)
_ANY_SIZE = lazy_pattern(rf"(?i)(?<![\w.]){_SIZE}")
_TOLD = lazy_pattern(rf"(?i){_ABOVE}.{{0,12}}?{_SIZE}")
_TOLD_AFTER = lazy_pattern(
    rf"(?i){_SIZE} ?(?:以上|を超え|より大き|or (?:more|larger|bigger)|und mehr)"
)
#: A size that is the unit itself: "more than a megabyte".
_UNIT_ALONE = lazy_pattern(
    rf"(?i){_ABOVE} ?(?:(?:an?|one|ein(?:em|en|es)?|un|um) )?(?P<unit>[kmgкмг])"
    r"(?:egabyte|igabyte|ilobyte|égaoctet|igaoctet|egaocteto|егабайт|игабайт|илобайт)s?\w{0,2}"
)
#: The network of a phone: "uploads fail over 5G". A file is "over 4G" directly behind its name.
_NETWORK = lazy_pattern(
    r"(?i)(?<!files )(?<!file )(?<!uploads )(?<!images )(?<!photos )(?<!videos )(?<!bodies )"
    r"\b(?:at|over) [2-5]G(?![\w])"
)
#: Words about what is sent, and that it fails.
_SENT = lazy_pattern(
    r"(?i)\b(?:files?|uploads?|images?|photos?|pictures?|videos?|attachments?|bod(?:y|ies)|requests?|posts?"
    r"|dateien?|bilder?|anhänge?|hochladen|fichiers?|images|pièces|archivos?|ficheros?|arquivos?|imagens?"
    r"|imágenes|файл\w{0,3}|картин\w{1,3})\b|文件|上传|图片|照片|附件|视频|ファイル|アップロード|画像"
)
_RECEIVED = lazy_pattern(
    r"(?i)\b(?:download|herunterlad|runterlad|télécharg|descarg|скач|baix)|下载|ダウンロード"
)
_FAILS = lazy_pattern(
    r"(?i)\b(?:fail\w{0,3}|error\w?|cannot|can[’']?t|not|refused|rejected|abort\w{0,3}|stuck|broken|nicht"
    r"|fehl\w{0,12}|ne|pas|échou\w{1,3}|no|não|fallan?|falham?|не)\b|n[’']t\b|失败|报错|出错|不了|不上|不能|无法|错误"
    r"|できない|できません|失敗|エラー"
)


def reported_size(text: str) -> int:
    """Return the size in bytes that a message names as the one from which on something fails; 0 if
    it names none. Of several it is the first."""
    match = _match(text)
    if match is None:
        alone = _UNIT_ALONE.search(text)
        return 1 << _UNITS[alone["unit"].lower()] if alone else 0
    amount = float(match["amount"].replace(",", "."))
    return int(amount * (1 << _UNITS[match["unit"].lower()]))


def sent_size(text: str) -> int:
    """Return the size in bytes of what a message says was sent ("archivos de 5 MB"); 0 if it names
    none, several, or one from which on something fails."""
    if reported_size(text) or not _SENT.search(text):
        return 0
    sizes = {
        int(float(match["amount"].replace(",", ".")) * (1 << _UNITS[match["unit"].lower()]))
        for match in _ANY_SIZE.finditer(text)
    }
    return sizes.pop() if len(sizes) == 1 else 0


def oversized_upload(text: str) -> str:
    """Return the words in which somebody says that files of a size cannot be sent; "" if a text
    says anything else. What comes from the site is no upload."""
    match = _match(text)
    is_sent = _SENT.search(text) is not None and _RECEIVED.search(text) is None
    return match[0] if match and is_sent and _FAILS.search(text) else ""


def _match(text: str) -> re.Match[str] | None:
    match = _TOLD.search(text) or _TOLD_AFTER.search(text)
    return None if match and _NETWORK.fullmatch(match[0]) and _NETWORK.search(text) else match
