"""What is other than it was when a target was last well.

Each thing is compared with the last good run that looked at all of its kind, on the same server:
a run from outside says nothing of the firewall's zones, and what one may not read is not gone.
"""

from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime

from diagnose.history.entries import Entry
from diagnose.history.fingerprints import LONGEST, kind_of, looked, prints
from diagnose.model import Report, Unseen
from diagnose.model.frozen import frozen
from diagnose.parsers.sanitize import clean

#: A start is reckoned from the clock and the time since boot, which differ by a bit (seconds).
_NEAR = 2.0

#: What anybody can see from outside; the rest belongs to one server.
_OUTSIDE = {"address", "certificate"}


@frozen
class Change:
    """What changed: the key of a print, and what it said before and says now. None where it was
    not there before, or is not any more."""

    what: str
    before: str | None
    after: str | None


def since_good(entries: Iterable[Entry], target: str, report: Report) -> tuple[Change, ...]:
    """What changed at a target (a URL, as entries have it) since it was last well."""
    good = [
        one
        for one in entries
        if one.target == target and one.status == "ok" and one.moment < report.evidence.started_at
    ]
    now, whole = prints(report), looked(report)
    hidden = {clean(one.what, LONGEST) for one in report.evidence.of(Unseen)}
    found: dict[str, Change] = {}
    settled: set[str] = set()
    for one in reversed(good):
        same_server = one.prints.get("server") == now.get("server")
        kinds = set(one.looked) | {kind_of(key) for key in one.prints}
        fresh = {kind for kind in kinds - settled if kind in _OUTSIDE or same_server}
        for change in _between(one, now, whole, fresh):
            if change.after is not None or f"/{change.what.partition('/')[2]}" not in hidden:
                found[change.what] = change
        settled |= fresh
    order = {key: number for number, key in enumerate(dict.fromkeys((*now, *found)))}
    return tuple(sorted(found.values(), key=lambda one: order[one.what]))


def _between(
    one: Entry, now: Mapping[str, str], whole: frozenset[str], kinds: set[str]
) -> Iterator[Change]:
    """What differs, of these kinds."""
    both = whole.intersection(one.looked)
    for key, text in now.items():
        before = one.prints.get(key)
        if kind_of(key) not in kinds or key == "server":
            continue
        if (before is None and kind_of(key) in both) or (before and not _same(key, before, text)):
            yield Change(key, before, text)
    for key, before in one.prints.items():
        if key not in now and kind_of(key) in kinds & both:
            yield Change(key, before, None)


def _same(key: str, before: str, after: str) -> bool:
    if not after or before == after:
        return True  # what could not be seen did not change
    if key.startswith("file "):
        return before.split()[0] == after.split()[0]
    if key == "nginx loaded":
        first, second = _moment(before), _moment(after)
        return bool(first and second and abs((second - first).total_seconds()) <= _NEAR)
    return False


def _moment(text: str) -> datetime | None:
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        return None


# In words

_SAID = {
    "new": ("{what} is new", "新增 {what}"),
    "gone": ("{what} is gone", "{what} 已不存在"),
    "changed": ("{what} changed", "{what} 已改变"),
    "changed-at": ("{what} changed at {when}", "{what} 于 {when} 被修改"),
    "new-at": ("{what} is new, of {when}", "新增 {what}（{when}）"),
    "from-to": ("{what}: {before} → {after}", "{what}：{before} → {after}"),
    "parts": ("{what}: {parts}", "{what}：{parts}"),
    "less": ("no longer {parts}", "不再有 {parts}"),
    "more": ("now {parts}", "新增 {parts}"),
    "loaded": (
        "nginx loaded its configuration at {when}",
        "nginx 于 {when} 加载了配置",
    ),
    "nginx-stopped": ("nginx does not run any more", "nginx 已不再运行"),
    "nginx-started": ("nginx was started at {when}", "nginx 于 {when} 启动"),
    "listens": ("{after} now listens on {at}", "{after} 现在监听 {at}"),
    "something": ("something", "某个进程"),
    "listens-no-more": (
        "nothing listens on {at} any more ({before} did)",
        "{at} 已无进程监听（之前是 {before}）",
    ),
    "listens-instead": (
        "{after} listens on {at}, where {before} did",
        "监听 {at} 的由 {before} 变为 {after}",
    ),
    # What it is about
    "address": ("the {rest} address", "{rest} 地址"),
    "certificate": ("the certificate served", "站点出示的证书"),
    "certificate-file": ("the certificate in {rest}", "{rest} 中的证书"),
    "rules": ("the packet filter's rules ({rest})", "包过滤规则（{rest}）"),
    "application": ("the application at {rest}", "应用 {rest}"),
    "zone": ("zone {rest}", "区域 {rest}"),
    "policy": ("policy {rest}", "策略 {rest}"),
    "set": ("address set {rest}", "地址集 {rest}"),
    "firewalld": ("firewalld", "firewalld"),
    # Words of prints
    "(running)": ("(running)", "（运行时）"),
    "(permanent)": ("(permanent)", "（永久）"),
}


def say(change: Change, lang: str, now: datetime | None = None) -> str:
    """A change on one line. Times are told in the zone of `now`, those of its day without the
    date; in UTC and whole without it."""
    kind = kind_of(change.what)
    if kind == "nginx":
        text = _nginx(change, lang, now)
    elif kind == "listener":
        text = _listener(change, lang)
    elif kind == "file":
        text = _file(change, lang, now)
    else:
        text = _other(change, lang)
    return clean(text, 3 * LONGEST)


def _text(key: str, lang: str, **facts: str) -> str:
    return _SAID[key][lang == "zh"].format(**facts)


def _nginx(change: Change, lang: str, now: datetime | None) -> str:
    when = _when(change.after or "", now)
    if not when:
        return _text("nginx-stopped", lang)
    known = _moment(change.before or "")
    return _text("loaded" if known else "nginx-started", lang, when=when)


def _listener(change: Change, lang: str) -> str:
    facts = {
        "at": change.what.removeprefix("listener "),
        "before": change.before or _text("something", lang),
        "after": change.after or _text("something", lang),
    }
    if change.after is None:
        return _text("listens-no-more", lang, **facts)
    return _text("listens" if change.before is None else "listens-instead", lang, **facts)


def _file(change: Change, lang: str, now: datetime | None) -> str:
    path = change.what.removeprefix("file ")
    if change.after is None:
        return _text("gone", lang, what=path)
    key = "new" if change.before is None else "changed"
    when = _when(change.after.partition(" ")[2], now)
    return _text(f"{key}-at", lang, what=path, when=when) if when else _text(key, lang, what=path)


def _other(change: Change, lang: str) -> str:
    what = _subject(change.what, lang)
    if change.before is None or change.after is None:
        return _text("new" if change.before is None else "gone", lang, what=what)
    before, after = _parts(change.before), _parts(change.after)
    if kind_of(change.what) in {"address", "certificate", "certificate-file", "application"}:
        return _text("from-to", lang, what=what, before=change.before, after=change.after)
    if change.what.startswith("rules "):
        return _counted(what, change.before, change.after, lang)
    said = [
        _text(key, lang, parts=", ".join(parts))
        for key, parts in (
            ("less", [one for one in before if one not in after]),
            ("more", [one for one in after if one not in before]),
        )
        if parts
    ]
    if not said:
        return _text("changed", lang, what=what)
    return _text("parts", lang, what=what, parts=("；" if lang == "zh" else "; ").join(said))


def _parts(text: str) -> list[str]:
    """The parts of a print, but for a digest, and for what was cut off behind it."""
    parts = text.split("; ")
    whole = parts[:-1] if text.endswith("…") else parts
    return [one for one in whole if not one.startswith("sha256 ")]


def _counted(what: str, before: str, after: str, lang: str) -> str:
    first, second = before.partition(" rules")[0], after.partition(" rules")[0]
    if first == second or not (first + second).isdigit():
        return _text("changed", lang, what=what)
    return _text("from-to", lang, what=what, before=first, after=second)


def _subject(key: str, lang: str) -> str:
    kind = kind_of(key)
    word = "certificate-file" if kind == "certificate-file" else key.partition(" ")[0]
    rest = key.removeprefix("certificate in ") if kind == "certificate-file" else key[len(word) :]
    rest = rest.strip()
    if kind == "address":
        rest = rest.strip("()")
    for state in ("(running)", "(permanent)"):
        if rest.endswith(f" {state}"):
            gap = "" if lang == "zh" else " "
            rest = f"{rest.removesuffix(f' {state}')}{gap}{_text(state, lang)}"
    return _text(word, lang, rest=rest) if word in _SAID else key


def _when(text: str, now: datetime | None) -> str:
    moment = _moment(text)
    if moment is None or moment.tzinfo is None:
        return ""
    if now is None:
        return moment.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
    try:
        there = moment.astimezone(now.tzinfo)
    except OverflowError:  # a file may bear any time
        return ""
    return there.strftime("%H:%M:%S" if there.date() == now.date() else "%Y-%m-%d %H:%M:%S")
