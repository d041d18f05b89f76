"""What people say of an open connection that ends after a time: "after 60 seconds the connection
goes down". Which protocol it has they say elsewhere, or the address beside the words does. No I/O.
"""

from collections.abc import Iterator

from diagnose.model.symptom import Symptom
from diagnose.parsers.lazy_pattern import lazy_pattern

#: Seconds of a unit, by the beginnings of its name: the first that fits counts.
_UNITS = (
    (3600.0, ("h", "小", "stunde", "heure", "час", "時")),
    (60.0, ("m", "分", "мин")),
    (1.0, ("s", "秒", "сек")),
)
_NUMBERS = {
    "a": 1.0, "an": 1.0, "one": 1.0, "two": 2.0, "一": 1.0, "两": 2.0, "二": 2.0, "三": 3.0,
    "五": 5.0, "十": 10.0, "半": 0.5, "zwei": 2.0, "deux": 2.0, "dos": 2.0, "dois": 2.0,
}  # fmt: skip

#: "60 seconds", "50/60 s", "1-2 min", "every minute", "60s", "一分钟", "半小时".
_NUMBER = r"(?:\d{1,5}(?:\.\d)?(?: ?[-/~～到至] ?\d{1,5})?\+?|\b(?:an?|one|two)\b|[一两二三五十半])"
_UNIT = (
    r"(?:s(?:ec(?:ond)?s?)?(?![a-z])|m(?:in(?:ute)?s?)?(?![a-z])|h(?:ours?)?(?![a-z])"
    r"|秒|分钟|个?小时)"
)
_LENGTH = (
    rf"(?:{_NUMBER}[ -]?(?:个|多)?{_UNIT}|(?:every|each|per|the) (?:minute|hour)\b|每分钟|每小时)"
)
#: A time that is not told exactly.
_A_WHILE = (
    r"(?:a (?:(?:short |long |certain )?(?:period|time)(?: of time)?|while|few (?:seconds|minutes))"
    r"|some (?:time|seconds|minutes)"
    r"|several (?:seconds|minutes)"
    r"|(?:being )?(?:idle|inactiv\w{1,3})|一段时间|一会儿?|几(?:秒|分钟)|空闲|无操作|没有?操作)"
)
_ENDS = (
    r"(?:\b(?:clos|drop|disconnect|terminat|reconn?ect|reset|abort|expir|interrupt)\w{0,5}\b"
    r"|\b(?:dies?|died|dead|lost|cut|cuts|killed|ends?|ended|breaks?|broken|freezes?|frozen|stops?|stopped)\b"
    r"|\bgo(?:es)? (?:down|away|dead|stale|offline)\b|\bwent down\b"
    r"|断(?:开|线|连|掉|了)|断$|必断|[就又会]断|掉线|(?:自动)?关闭|中断|终止|重连|失联|没反应)"
)
_CUT_AFTER_TIME = lazy_pattern(
    rf"(?i){_ENDS}.{{0,40}}?\b(?:after|within|every|at|each|once)\b.{{0,20}}?(?:{_LENGTH}|{_A_WHILE}|\bminute\b)"
    rf"|{_ENDS} in (?:exactly |about |around |just |under )?{_LENGTH}"
    rf"|\b(?:after|every|at|within|once)\b.{{0,20}}?(?:{_LENGTH}|{_A_WHILE}).{{0,60}}?{_ENDS}"
    rf"|(?:{_LENGTH}|{_A_WHILE}).{{0,40}}?{_ENDS}"
    rf"|{_ENDS}.{{0,16}}?\b(?:if|when|while|on)\b.{{0,12}}?(?:idle|inactiv)"
)
_LENGTHS = lazy_pattern(
    rf"(?i)(?P<number>{_NUMBER})[ -]?(?:个|多)?(?P<unit>{_UNIT})"
    r"|(?:every|each|per) (?P<every>minute|hour)\b|每(?P<each>分钟|小时)"
)
#: The same in German, French, Spanish, Portuguese, Russian and Japanese: "bricht nach einer Minute
#: ab", "au bout de 60 secondes", "через 60 секунд", "60秒後に切断".
#: A unit alone is one ("через минуту").
_FOREIGN_UNIT = (
    r"(?:sekunden?|sek|secondes?|segundos?|секунд\w?|сек|minuten?|minutos?|минут\w?|мин|stunden?"
    r"|heures?|час\w{0,2}|s|min|h)(?!\w)"
)
_FOREIGN_NUMBER = r"(?:\d{1,5}|eine[rmn]?|zwei|une|deux|una?|dos|uma?|dois|одн\w{1,2})"
_FOREIGN_LENGTH = rf"(?:(?:{_FOREIGN_NUMBER} ?)?{_FOREIGN_UNIT})"
_FOREIGN_AFTER = (
    r"(?:\b(?:nach|alle|jede|après|au bout d[e']|toutes? les|chaque|después de|tras|cada"
    r"|al cabo de|a los|depois de|após|a cada|через|после|кажд\w{2,3}) ?)"
)
_FOREIGN_ENDS = (
    r"(?:\b(?:ab|abgebrochen|abbricht|getrennt|trennt|beendet|geschlossen|schließt|unterbrochen|weg|tot"
    r"|ferm\w{1,3}|coup\w{1,3}|interromp\w{1,3}|déconnect\w{1,4}|perd\w{0,3}|cierra\w?|corta\w?"
    r"|desconect\w{1,4}|cae|cai|pierde|fecha\w?|interrump\w{1,3}|обрыва\w{2,5}|разрыва\w{2,5}"
    r"|закрыва\w{2,5}|прерыва\w{2,5}|отключа\w{2,5}|отваливает\w{2})(?!\w)|切断|切れ|閉じ|落ち)"
)
_FOREIGN_CUT = lazy_pattern(
    rf"(?i){_FOREIGN_AFTER}(?:(?:etwa|genau|rund|environ|unos|около|cerca de) )?{_FOREIGN_LENGTH}"
    rf".{{0,40}}?{_FOREIGN_ENDS}"
    rf"|{_FOREIGN_ENDS}.{{0,30}}?{_FOREIGN_AFTER}{_FOREIGN_LENGTH}"
    rf"|\d{{1,5}} ?(?:秒|分間?|時間)(?:[後后]|で|ごと|毎)"
    rf".{{0,20}}?{_FOREIGN_ENDS}"
)
_FOREIGN_LENGTHS = lazy_pattern(
    rf"(?i)(?:\b(?P<number>{_FOREIGN_NUMBER}) ?|\b)(?P<unit>{_FOREIGN_UNIT})"
    r"|(?P<count>\d{1,5}) ?(?P<scale>秒|分|時)"
)
#: A connection that ends while nobody does anything: the words stand in any order.
_CONNECTION = lazy_pattern(
    r"(?i)\bconnect(?:ion|ed)|\bdisconnect|\breconnect|\bverbindung|\bverbinding|\bconn?exi[oóõã]?[on]|\bconex[ãa]o"
    r"|\bconnessione|соединени|связь|подключени|з.єднан|połączeni|připojen|bağlantı|koneksi|kết nối"
    r"|接続|연결|连接|連線|掉线|断线"
)
_NOBODY = lazy_pattern(
    r"(?i)\b(?:nobody|no ?one|idle|inactiv\w{0,4}"
    r"|without (?:any )?(?:typing|activity|input|traffic))\b"
    r"|\b(?:keiner|niemand|nichts|untätig\w{0,2}|inaktiv\w{0,4}|leerlauf|personne|inacti\w{1,6}"
    r"|sans (?:rien|activité|taper|bouger)|nadie|ninguém|sin (?:hacer|escribir|actividad|tocar)"
    r"|sem (?:atividade|digitar|fazer|mexer)|nessuno|senza (?:scrivere|attività|toccare)"
    r"|никто|ничего|бездейств\w{1,4}|просто[ея]|nikt|bezczynn\w{1,5}|nikdo|nečinn\w{1,4}|kimse"
    r"|diam|không ai)(?!\w)"
    r"|誰も|何も|無操作|操作しない|放置|아무도|가만히|没人|無人|无人|不(?:操作|输入|打字|动)|没(?:有)?(?:操作|输入|动作)"
)
_CANNOT = lazy_pattern(
    r"(?i)\b(?:can|could|kann|können|konnte|peut|puede|pode|può|может|могут|może|kan)(?!\w)|能|できない"
)
_TIME = lazy_pattern(
    rf"(?i){_LENGTH}|{_A_WHILE}|(?:\b(?:sekunden?|secondes?|segundos?|secondi|секунд\w?|seconden|sekund\w?"
    r"|minut\w{0,2}|минут\w?|stunden?|heures?|horas?|час\w{0,2}|dakika\w?|saniye|menit|phút|giây"
    r"|leerlauf|ina[ck]tiv\w{0,4}|inacti\w{1,6}|простое|бездейств\w{1,4}|bezczynn\w{1,5})(?!\w)"
    r"|[分秒분초]|放置|無操作|无操作)"
)
_IDLE_ENDS = lazy_pattern(
    rf"(?i){_ENDS}|{_FOREIGN_ENDS}|\b(?:loses?|losing|verlor\w{{0,2}}|verliert|fällt|perd\w{{0,4}}|pierd\w{{0,2}}|cade|chiud\w{{1,2}}"
    r"|теря\w{1,4}|пропада\w{1,4}|рв[её]тся|zrywa|padá|kop\w{2,6}|putus|mất|ngắt)(?!\w)|끊|途切れ"
)
#: Other programs' connections.
_OTHER_CONNECTION = lazy_pattern(
    r"(?i)(?<![a-z])(?:ssh|sftp|ftp|vpn|wireguard|mysql|mariadb|postgres\w{0,4}|redis|database|datenbank"
    r"|base de (?:données|datos|dados)|wi-?fi|wlan|rdp|smb|nfs)(?![a-z])|数据库"
)
_SENTENCE_END = lazy_pattern(r"[\n;；。！!？?]|\.(?=\s|$)")
_DIGITS = lazy_pattern(r"\d{1,5}(?:\.\d)?")

#: Kinds of symptoms that a connection which ends after a time may be told as.
_ENDED = frozenset(
    {"websocket-closed", "closed", "websocket", "stream", "incomplete", "reset", "timeout"}
)
#: By how much a time that people tell differs from the one that was set: a share, and seconds.
_SHARE, _LEAST_S = 0.05, 2.0
#: The share of a time to which people round it at most.
_ROUNDED = 0.75
#: How people tell how long a request lasts that fails: "fails after 60 s", "超过60秒就失败".
_LASTS = lazy_pattern(
    rf"(?i)(?:\b(?:after|longer than|more than|over|exceed\w{{0,3}}|beyond|within|takes?|at"
    r"|wait(?:s|ed|ing)"
    r"|länger als|mehr als|plus d[e']|más de|mais de|дольше|больше)\b|超过|超出|大于|达到|>"
    rf"|{_FOREIGN_AFTER}).{{0,12}}?(?:{_LENGTH}|{_FOREIGN_LENGTH})"
    rf"|{_LENGTH} ?(?:之?[后後]|以上|就|左右|超时)"
)
_FAILS = lazy_pattern(
    r"(?i)\b(?:fail|error|break|broke|abort|cut|clos|drop|die|tim(?:e|es|ed|ing)[ -]?out|lost"
    r"|stop|gives? up)\w{0,5}\b|失败|失敗|报错|出错|中断|超时|断开|エラー|タイムアウト"
    rf"|\b(?:échou\w{{1,3}}|fall[ao]\w?|falha\w?)(?!\w)|{_FOREIGN_ENDS}"
)
#: Kinds of symptoms that a request which fails after a time may be told as.
_FAILED = frozenset(
    {"timeout", "closed", "incomplete", "slow", "other", "unusable", "upstream-timeout", "status"}
)
#: Statuses of a gateway that waited, or whose application went away (RFC 9110 section 15.6).
_GATEWAY = frozenset({502, 504})


def lasts_as_long(symptom: Symptom, seconds: float) -> bool:
    """Return whether a message says that a request fails after this time, in seconds."""
    slack = max(seconds * _SHARE, _LEAST_S)
    return any(abs(cut_after - seconds) <= slack for cut_after in _lasting_seconds(symptom))


def ends_sooner(symptom: Symptom, seconds: float) -> bool:
    """Return whether a message says that a request fails long before this time, in seconds: then
    another one ended it. People round a time."""
    told = _lasting_seconds(symptom)
    return bool(told) and max(told) < seconds * _ROUNDED


def _lasting_seconds(symptom: Symptom) -> tuple[float, ...]:
    """Return the times, in seconds, after which a message says that a request fails."""
    is_status = symptom.kind == "status" and symptom.number not in _GATEWAY
    if symptom.kind not in _FAILED or is_status:
        return ()
    from diagnose.parsers.usual_spelling import usual_spelling

    words = usual_spelling(symptom.text)
    match = _LASTS.search(words)
    if match is None or not (symptom.kind != "other" or _FAILS.search(words)):
        return ()
    return tuple(_seconds(match[0]))


def says_connection_is_cut(words: str) -> str:
    """Return the words by which somebody says that something ends after a time; "" if there are
    none."""
    match = _CUT_AFTER_TIME.search(words) or _FOREIGN_CUT.search(words)
    return match[0] if match else says_idle_connection_is_cut(words)


def says_idle_connection_is_cut(words: str) -> str:
    """Return the sentence by which somebody says that a connection ends while nobody does anything;
    "" if there is none. A page has no connection that lives so long but a WebSocket or a stream."""
    if _OTHER_CONNECTION.search(words):
        return ""
    needed = (_CONNECTION, _NOBODY, _IDLE_ENDS, _TIME)
    return next(
        (
            sentence.strip()
            for sentence in _SENTENCE_END.split(words)
            if all(pattern.search(sentence) for pattern in needed) and not _CANNOT.search(sentence)
        ),
        "",
    )


def reported_seconds(symptom: Symptom) -> tuple[float, ...]:
    """Return the times, in seconds, after which a message says that a connection ends."""
    if symptom.kind not in _ENDED:
        return ()
    from diagnose.parsers.usual_spelling import usual_spelling

    return tuple(_seconds(says_connection_is_cut(usual_spelling(symptom.text))))


def is_reported(symptom: Symptom, seconds: float) -> bool:
    """Return whether a message tells a time that is that of a timeout, in seconds."""
    slack = max(seconds * _SHARE, _LEAST_S)
    return any(abs(reported - seconds) <= slack for reported in reported_seconds(symptom))


def _seconds(words: str) -> Iterator[float]:
    is_read = False
    for match in _LENGTHS.finditer(words):
        is_read = True
        if unit := match["every"] or match["each"]:
            yield _unit_s(unit)
            continue
        number = match["number"].lower()
        digits = _DIGITS.findall(number)
        for size in map(float, digits) if digits else (_NUMBERS.get(number, 0.0),):
            if size:
                yield size * _unit_s(match["unit"].removeprefix("个"))
    for match in () if is_read else _FOREIGN_LENGTHS.finditer(words):
        number = (match["number"] or match["count"] or "1").lower()
        size = float(number) if number.isdigit() else _NUMBERS.get(number, 1.0)
        yield size * _unit_s(match["unit"] or match["scale"])


def _unit_s(name: str) -> float:
    """Return the seconds of a unit."""
    lower = name.lower()
    return next((size for size, starts in _UNITS if lower.startswith(starts)), 1.0)
