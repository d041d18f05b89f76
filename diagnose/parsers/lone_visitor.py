"""Words of a person whom alone the site shuts out: "only me", "not from home", "works on mobile
data". No I/O."""

from diagnose.parsers.lazy_pattern import lazy_pattern

_ALONE = (
    # Everybody else, and not this one
    r"\b(?:every(?:one|body)|anyone|all|others?|people|friends)\b.{0,40}? (?:except|but|apart from|other than)(?: for)? (?:me|us|my|our)\b",
    r"\b(?:only|just) (?:for |on |from |at |in )?(?:me\b|us\b|i (?:can|am)|we (?:can|are)|(?:my|our) (?:\w{1,12} )?"
    r"(?:ip|address|home|house|office|network|connection|isp|computers?|machine|laptop|pc|wi-?fi|lan)\b)",
    r"\b(?:others|other people|my friends?|every(?:one|body) else|the rest of the world)\b.{0,30}?\b(?:can|works?|no problems?|reach\w{0,2}|open\w?|fine)\b",
    # One network, and not another
    r"\b(?:from|at|in|on|via|over) (?:my |our |the )?(?:own )?(?:home|house|office|work\b|ip)(?: (?:network|ip|address|connection|internet|wi-?fi))?\b"
    r".{0,40}?\b(?:not|never|cannot|fails?|times? out|refused|unreachable|blocked|can[’']?t|doesn[’']?t)\b",
    r"\b(?:not|never|cannot|fails?|refused|unreachable|blocked|can[’']?t|doesn[’']?t)\b.{0,30}?\bfrom (?:my |our |the )?(?:own )?(?:home|house|office|work\b|ip\b)",
    r"\bmy (?:own |home |office )?(?:ip|address)(?: address)? (?:is |was |has been |got |seems )?(?:to be )?(?:banned|blocked|blacklisted)",
    r"(?<!not )(?<!n[’']t )(?<!never )(?<!nor )\b(?:works?|opens?|loads?|fine|ok|reach\w{0,4}|access\w{0,5})\b"
    r"(?:(?!\b(?:not|nor|never|neither)\b|n[’']t\b).){0,30}?\b(?:on|with|over|via|from|using|through) (?:my |a |the |an )?"
    r"(?:mobile(?: data| network)?|cellular|phone|hotspot|4g|5g|lte|vpn|proxy|tor\b|(?:an)?other (?:ip|network|connection|isp))",
    r"\bnothing\b.{0,12}?\bfrom (?:my |our )?(?:own )?(?:home|house|office)\b"
    r"|\b(?:on|over|via) (?:mobile data|4g|5g|lte|my phone|(?:a |the )?vpn),? (?:it|the (?:site|page)) (?:works?|opens?|loads?)\b",
    # German, French, Spanish, Portuguese, Italian, Russian
    r"\bnur (?:bei mir|ich|von (?:zu ?hause|meine\w)|mit meine\w|in meine\w)\b|\balle(?:n)? (?:anderen|außer)\b"
    r"|\b(?:mobilfunk|mobile[nr]? daten|handynetz|über (?:lte|vpn|5g|4g|mobil\w{0,6}))\b|\bvon (?:zu ?hause|daheim)\b",
    r"\b(?:seulement|uniquement|que) (?:chez moi|moi|depuis (?:chez moi|mon|ma))|\bsauf (?:moi|depuis|chez)\b"
    r"|\b(?:depuis|de|à partir de) (?:chez (?:moi|nous)|(?:mon|notre|le) (?:domicile|bureau|réseau)|la maison|mon ip)\b|\bà la maison\b"
    r"|\b(?:données mobiles|(?:en|par|via|avec)(?: la| le| mon| ma)?(?: téléphone| portable| mobile)?[ (]{1,2}(?:4g|5g|vpn)|partage de connexion)\b",
    r"\b(?:solo|sólo|solamente|só|somente|apenas) (?:yo|a mí|para mí|eu|para mim|desde mi|da minha|de casa|en mi|na minha)"
    r"|\b(?:menos|excepto|salvo|exceto) (?:yo|a mí|para mí|desde mi|eu|para mim)\b|\b(?:datos móviles|dados móveis|dati mobili|dalla mia|solo io|solo da me|da casa(?: mia)?|dall[’']ufficio"
    r"|desde (?:mi |nuestra |la )?(?:casa|oficina|ip)|(?:da|de) (?:minha )?casa|do escritório|(?:con|por|com|pelo|pela|via|en) (?:el |la |il |o |a )?(?:móvil |celular )?(?:4g|5g|vpn))\b",
    r"\b(?:из дома|из офиса|с домашнего|с работы) (?:\w{1,12} )?(?:не|ни)\b|\bтолько (?:у меня|я\b|с моего|из дома)|\bу всех (?:остальных |других )?(?:работает|открывается)|\bкроме меня\b"
    r"|мобильн\w{1,4} (?:интернет|данны|сет)|\bчерез (?:vpn|мобильн|4g|lte|телефон)",
    # Chinese, Japanese
    r"(?:只有|就|仅|唯独|单单)(?:是)?(?:我|本人|我们|公司|家里|本地)(?!的?域名)|(?:别人|其他人|他人|大家|同事|朋友)(?:都|全|们)?.{0,4}?(?:能|可以|正常|没问题|行)"
    r"|(?:手机流量|流量|热点|换(?:个|了)?(?:网络|ip|网)|代理|vpn|4g|5g).{0,6}?(?:能|可以|正常|就好|行|没问题)|(?:我的?|本机|家里的?|公司的?) ?ip.{0,4}?(?:被|遭)",
    r"(?:自分|私|自宅|会社|社内)(?:だけ|のみ|からだけ|からのみ)|(?:他の人|ほかの人|みんな).{0,6}?(?:見れ|見られ|アクセスでき|つなが|開け)"
    r"|(?:モバイル(?:回線|データ)|テザリング|スマホの回線).{0,8}?(?:見れ|見られ|でき|つなが|開)",
)
_LONE = lazy_pattern(f"(?i)(?:{'|'.join(_ALONE)})")


def tells_lone_visitor(text: str) -> bool:
    """Return whether words say that the site fails for one person, or from one network, alone."""
    if _LONE.search(text):
        return True
    # Imported late: it has the words of many languages.
    from diagnose.parsers.mobile_networks import works_over_mobile

    return works_over_mobile(text) is not None
