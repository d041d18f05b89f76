"""Words of a person who reaches a site from outside and not from its own network: the router does
not translate its outer address for whoever is inside (RFC 4787 section 6, hairpinning). No I/O."""

import re

from diagnose.parsers.lazy_pattern import lazy_pattern

_FAILS = (
    r"(?:not|never|cannot|fails?|failing|refuse[sd]?|unreachable|times? out|nothing|unable|only|n[’']t"
    r"|nicht|kein\w{0,2}|nur|pas|plus|impossible|échoue|seulement|que|no|sólo|solo|nunca|não|só|apenas|non|не|нет|только)"
)
_WORKS = (
    r"(?:works?|working|reach\w{0,5}|opens?|loads?|fine|ok|accessible|geht|funktioniert|klappt|erreichbar|läuft"
    r"|marche|fonctionne|s'ouvre|ça va|funciona|abre|va bien|sí|sim|funziona|si apre|va|работает|открывается)"
)
_OUTSIDE = (
    r"(?:(?:from|on) (?:the )?(?:outside|internet|mobile data|cellular|4g|5g|lte)|externally|outside (?:of )?(?:my |the |our )?(?:network|lan|house|home)"
    r"|outside(?! of)|von (?:au(?:ß|ss)en|unterwegs|extern)|extern|aus dem internet|über (?:mobilfunk|lte|4g|5g)|de l['’]extérieur|depuis (?:l['’]extérieur|internet)|en 4g"
    r"|(?:desde|por) (?:fuera|el exterior|internet)|fuera de casa|con datos|(?:de )?fora(?: de casa)?|pela internet|da fuori|dall['’]esterno|извне|снаружи|из интернета)"
)
_INSIDE = (
    r"(?:(?:from |on |in )?(?:(?:inside|within)(?! (?:the |a |my )?(?:container|docker|pod|vm|nginx|apache))|internally|my (?:own )?(?:lan|home network|local network|wi-?fi)|the (?:lan|local network|home network|same network)|our (?:lan|network))"
    r"|at home|from home|von (?:innen|intern)|intern|im (?:eigenen )?(?:lan|heimnetz\w{0,4}|lokalen netz\w{0,4}|wlan)|zu ?hause|aus dem (?:lan|heimnetz)"
    r"|de l['’]intérieur|depuis (?:l['’]intérieur|le réseau local|mon réseau)|en local|(?:sur|dans) (?:le|mon) (?:réseau(?: local)?|lan)|chez moi"
    r"|(?:desde |por )?dentro(?: de (?:la )?(?:casa|red))?|en (?:mi |la )?(?:casa|red local)|desde (?:mi )?casa|(?:da|na) rede (?:local|interna)|em casa|por dentro"
    r"|dall['’]interno|in (?:casa|lan)|nella rete|изнутри|в локальн\w{1,3} сети|из (?:дома|локальн\w{1,3} сети)|дома)"
)
_WORD = r"(?<!\w){}(?!\w)"
_END = re.compile(
    r"[\n;.!?,，。；]\s|[，。；]| [-–—] |\b(?:but|while|whereas|yet|aber|jedoch|während|mais|alors que|pero|mientras|sino|mas"
    r"|porém|ma|mentre|но|а)\b",
    re.IGNORECASE,
)
_DENIED = lazy_pattern(f"(?i){_WORD.format(_FAILS)}|n[’']t\\b")
_WORKING = lazy_pattern(f"(?i){_WORD.format(_WORKS)}")
_OUTER = lazy_pattern(f"(?i){_WORD.format(_OUTSIDE)}")
_INNER = lazy_pattern(f"(?i){_WORD.format(_INSIDE)}")
_CHINESE = lazy_pattern(
    r"(?:外网|公网|外部|手机流量|4g|5g).{0,8}?(?:能|可以|正常|没问题)(?!.{0,2}?吗).{0,12}?(?:内网|局域网|家里|内部).{0,12}?(?:不|无法|打不|超时|拒绝)"
    r"|(?:内网|局域网|家里|内部).{0,12}?(?:不|无法|打不|超时|拒绝).{0,16}?(?:外网|公网|外部|流量).{0,8}?(?:能|可以|正常|没问题)"
    r"|(?:外部|外|モバイル回線)から(?:は)?.{0,8}?(?:でき|見れ|つなが|開け).{0,16}?(?:内部|LAN|社内|自宅|家).{0,10}?(?:ない|ません)"
)
_NAMED = re.compile(
    r"(?i)\b(?:nat[- ]?loopback|hairpin(?:ning)?|nat[- ]reflection|回环|环回|ヘアピン)(?!\w)"
)
#: Clauses that are read.
_MAX_CLAUSES = 24


def tells_inner_visitor(text: str) -> bool:
    """Return whether words say that the site is reached from outside, and not from within its own
    network; or name what the router lacks then."""
    if _NAMED.search(text) or _CHINESE.search(text):
        return True
    clauses = [clause for clause in _END.split(text)[:_MAX_CLAUSES] if clause.strip()]
    works = any(
        _OUTER.search(clause) and _WORKING.search(clause) and not _DENIED.search(clause)
        for clause in clauses
    )
    return works and any(
        _INNER.search(clause) and _DENIED.search(clause) and not _OUTER.search(clause)
        for clause in clauses
    )
