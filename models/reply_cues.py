"""A first reader of the brand's replies: documented cues, no weights, English and some Vietnamese.

A reply is read for the acts of the taxonomy (section 10) by patterns that a person can check; `docs/escalation.md` says
how well that goes. It stands until a trained head replaces it, under the same version scheme.
"""

import re
import unicodedata
from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass
from typing import Final

from app.domain.taxonomy import AnsweredBy, ReplyAct

VERSION: Final = "reply-cues@2"
"""Named in every reading, so that a stored one can be told from a later reader's."""

_FLAGS: Final = re.IGNORECASE
_LINK: Final = re.compile(r"(?:https?://|www\.)\S+", _FLAGS)
_HANDLE: Final = re.compile(r"(?<!\w)[@#]\w+")
_SIGNED: Final = re.compile(
    r"(?:[\^*~/]\s?[A-Z]\w*|(?<=[\s.!?])[-\u2013]\s?[A-Z][A-Za-z]*|(?<=[\s.!?])[A-Z]{2})\s*(?:\d/\d)?\s*$"
)
"""A name or initials at the end: `^MR`, `*Anna`, `- Daniel`, `/KB`."""
_BOT: Final = re.compile(
    r"\b(automated|auto-?reply|virtual (?:assistant|agent)|chat ?bot|i am a bot|i'm a bot|trả lời tự động|trợ lý ảo)\b",
    _FLAGS,
)

_PARTS: Final = {
    "adv": r"(?:(?:now|already|also|just|since|then|both|today|of course|\w{3,}ly) ){0,2}",
    # What is done for the customer: words that mean a remedy by themselves, and words that do so with their object.
    "done": (
        r"(?:refunded|repaid|paid|reimbursed|credited|compensated|reversed|waived|corrected|reissued|rebooked|replaced|"
        r"repaired|mended|fixed|patched|restored|resolved|solved|reconnected|reinstated|released|unlocked|unblocked|"
        r"upgraded|reshipped|redelivered|dispatched|resent)"
    ),
    "done_to": (
        r"(?:(?:moved|changed|booked|reset|reopened|extended|secured|recovered|ordered|reserved|activated|found|"
        r"located|"
        r"rolled|arranged|updated) (?:it\b|you (?:to|on|onto|into|in|a|an|another|the)\b|your (?!report|message|post|"
        r"comment|request|complaint|e-?mail|mail|letter|form|review|feedback)\w+|the (?:bug|fault|error|bag|money|"
        r"limit))|"
        r"(?:blocked|cancell?ed|removed|lifted|dropped) (?:the|your|this|that) (?:\w+ )?(?:card|charges?|fees?|fine|"
        r"invoice|"
        r"payment|block|limit|penalty|hold)\b|(?:arranged|ordered|booked|reserved|found|located|given|offered|added|"
        r"applied|"
        r"issued|left|opened|put) (?:for )?(?:you |your \w+ )?(?:another|an?|the|one|two|three|"
        r"\d\S*)(?: \d+)?(?: ?%)? (?:\w+ ){0,2}?"
        r"(?:vouchers?|credits?|claim|refund|replacement|discount|room|suite|seats?|flight|cards?|taxi|hotel|courier|"
        r"technician|month|nights?|points|file|bags?|parcel|luggage|suitcase|one)\b(?! (?:number|form|reference)))"
    ),
    "sent": (
        r"(?:sen[dt]|sending|post(?:ed)?|bring(?:ing)?|deliver(?:ed|ing)?) (?:you |out )?(?:an?|the|your|another) "
        r"(?:\w+ )?(?:new|replacement|second|another|missing|right|correct|vouchers?|tickets?|refund|money|technician|"
        r"engineer|courier|parts?|card|copy|parcel|bag|one)\b"
    ),
    "do": (
        r"(?:refund|repay|reimburse|compensate|credit|reverse|waive|correct|reissue|rebook|replace|repair|mend|fix|"
        r"restore|resolve|reconnect|reinstate|unlock|upgrade|reship|redeliver|resend|make (?:this|it) right|"
        r"put (?:this|it) right|pay (?:for|you|back|the)|cover (?:the|your)|issue (?:an?|you|your)|"
        r"take .{1,20} off your|"
        r"(?:release|ship|publish|roll out) (?:an?|the) (?:fix|patch)|bring it|deliver (?:it|your|the)|"
        r"cancel (?:the|your) (?:charge|fee|invoice|order))\b"
    ),
    "doing": (
        r"(?:refunding|repaying|reimbursing|crediting|replacing|repairing|mending|fixing|restoring|reissuing|rebooking|"
        r"resending|reconnecting|redelivering|correcting|reversing|upgrading)\b"
    ),
    "come_back": (
        r"(?:(?:call|ring|phone|e-?mail|text|contact|update|inform|notify|message|answer|visit|meet) (?:with )?you\b|"
        r"(?:call|ring|phone|write|report|message) (?:you )?(?:back|to you|again)|give you a (?:call|ring)|"
        r"(?:get|come|be) back (?:to|with)|get back|(?:get|be|stay) in (?:touch|contact)|reach out|follow(?:ing)? up|"
        r"let you know|keep you|look(?:ing)? (?:into|at)|be responding|investigate|review|check (?:with|on|what|why|"
        r"this|your|it)|find (?:a solution|out)|pass (?:this|it|that|your)|relay|tell you|take (?:it|this) up)"
    ),
    "sorry": (
        r"(?:sorry|apologi[sz]e|apologies|regret)(?:, (?!but|and|we|it|your|the|this)\w+,?)?(?: to (?:hear|read|see|"
        r"learn))?"
    ),
    "vague": (
        r"(?:any|this|that|it|the|your|all|such|of) ?(?:\w+ )?(?:inconveniences?|frustrations?|troubles?|experiences?|"
        r"issues?|problems?|hassle|disappointment|upset|fright|situation|news|feedback|mess)\b(?! (?:with|on|in|at) )"
    ),
    "vi_us": r"(?:chúng tôi|chúng em|bên mình|bên em|mình|em|shop|hãng|ngân hàng|khách sạn|cửa hàng)",
    "vi_you": r"(?:bạn|anh|chị|quý khách|anh/chị|mọi người|khách)",
}
"""Named parts of the cues: `<done>` in a cue stands for the part of that name."""

_UNREAL: Final = re.compile(
    r"\b(?:not|never|cannot|unable|without|no longer|instead of|refuse\w*|(?:would|could|should) have|when|once|"
    r"until|till|unless|if|whether|before|"
    r"as soon as|in order to|\w+n't|không|chưa|chẳng|nếu|khi|để|trước khi)\b(?:(?! (?:and|but|nhưng|và) )[^.,;:!?])*"
)
"""What is denied, or only said of some other day, up to the end of its clause: no remedy is read there."""

# fmt: off
CUES: Final[Mapping[ReplyAct, tuple[tuple[str, str], ...]]] = {
    ReplyAct.ACKNOWLEDGE: (
        ("sorry apologise apologize apologies regret",
         (r"\b<sorry> (?:about|for|over|at|of) (?!<vague>)(?:the|your|our|these|those|how|a|(?:this|that) (?!but|and|"
          r"or|in|as|so|we|on|at|to|has|was|is|happened)\w+|keeping|leaving|sending|losing|missing)\b")),
        ("sorry apologise apologize apologies regret",
         (r"\b<sorry> (?:that |about )?(?:your|you|the|nobody|no one|we) (?!feel|for |to |are (?:having|"
          r"facing) (?:this|trouble|issues?|problems?)|(?:had|have|have had) (?:a |an |this )?(?:\w+ )?(?:experience|"
          r"trouble|issue))\w+ \w+")),
        ("sorry apologise apologize regret",
         r"\b<sorry> (?:that|if) (?:this|it) (?:still|never|only|was|is|came|arrived|broke|took|stopped)\b"),
        ("still", r"\bstill (?:experiencing|seeing|having|facing|waiting|without)\b"),
        ("aware", r"\b(?:we're|we are) aware\b"),
        ("outage delay cancel charge overcharge damage double",
         r"\b(?:this|these|your|the) (?:outage|delays?|cancell?ations?|charge|overcharge|damage|double charge)\b"),
        ("about help", r"\babout your \w+ (?:concern|issue|problem|question)s?\b|\bhelp with your \w+"),
        ("claim report case file", r"\b(?:claim|report|case|file) (?:for|about|on) (?:the|your) \w+"),
        ("broke lost damaged delayed forgot overcharged charged",
         r"\bwe (?:broke|lost|damaged|delayed|forgot|overcharged|charged) you"),
        ("upsetting frustrating worrying tiring annoying hard disappointing",
         (r"\b(?:upsetting|frustrating|worrying|tiring|annoying|hard|disappointing) (?:to (?!hear|read|us|you)|when |"
          r"that )\w+")),
        ("should had",
         (r"\b(?:nobody|no one|you) (?:should(?:n't)?|should not|had to|have had to) (?:ever |have to |"
          r"have )?(?:wait\w*|chas\w+|call|ring|ask|pay|queue|explain|repeat|carry|stand|sleep|miss)\b")),
        ("why", r"\b(?:look\w* into|check\w*|find out|see|investigat\w+) why (?:your|the|you)\b"),
        ("never broken late missing dirty cold wet not off dead",
         (r"\b(?:your|the) \w+ (?:was|were|is|are|came|arrived|has been) (?:never|late|off|dead|broken|missing|dirty|"
          r"cold|wet|not (?:clean|ready|deliver|there|work)\w*)\b")),
        ("ghi tiếp", r"\b<vi_us> (?:đã )?(?:ghi nhận|tiếp nhận)\b"),
        ("lỗi",
         (r"\bxin lỗi (?:<vi_you> )?(?:rất nhiều )?(?:vì|về|do) (?!(?:sự |những |các |mọi |điều )?(?:bất tiện|phiền|"
          r"trải nghiệm|vấn đề|này|sự cố này))\w+")),
        ("phải", r"\b(?:khi|vì|để) (?:<vi_you> )?(?:đã )?phải (?:chờ|đợi|gọi|hỏi|trả)\b"),
    ),
    ReplyAct.EMPATHISE: (
        ("understand hear realise realize appreciate",
         (r"\b(?:we|i) (?:can |do |\w+ly )?(?:understand|hear|realise|realize|appreciate) (?:how|why|"
          r"(?:all )?(?:of )?your (?:concern|frustration|disappointment|position|anger|worry|upset)|that (?:this|"
          r"it) (?:is|was|must))")),
        ("hear imagine sounds",
         (r"\bwe hear you\b|\b(?:that|this|it) sounds (?:awful|horrible|terrible|stressful|hard|really)\b|"
          r"\bcan (?:only )?imagine\b")),
        (("frustrating troublesome concerning upsetting disappointing good worrying annoying tiring stressful "
          "fun"),
         (r"\b(?:that's|that is|this is|it's|it is|how|is|was|be) (?:\w+ly |very |really |so |no )?(?:frustrating|"
          r"troublesome|concerning|upsetting|disappointing|good at all|not good|worrying|annoying|tiring|stressful|"
          r"no fun)\b|\bno fun\b")),
        ("good know", r"\bthat's not good\b|\bwe know how \w+"),
        ("concerned", r"\b(?:we're|we are|i'm) (?:very |really )?concerned\b"),
        ("frustrating must",
         (r"\bfrustrating (?:for|to)\b|\bmust (?:be|have been|feel) (?!(?:some|any|no)thing)(?:\w+ing|hard|awful|"
          r"horrible|a \w+)\b")),
        ("hiểu thấu thông", r"\b(?:<vi_us>) (?:rất |cũng |hoàn toàn )?(?:hiểu|thấu hiểu|thông cảm)\b"),
    ),
    ReplyAct.APOLOGISE: (
        ("sorry", r"\bsorry\b(?! (?:is|isn't|will not|won't)\b)"),
        ("apologise apologize apology apologies", r"\b(?:apologi[sz]e|apologies|apology)\b"),
        ("regret", r"\bregret (?:that|the|this|any)\b"),
        ("xin thành thứ cáo", r"\b(?:xin|thứ|cáo) lỗi\b|\bthành thật xin\b|\blượng thứ\b"),
        ("", "ご迷惑|申し訳"),
    ),
    ReplyAct.OWN: (
        ("fault mistake error bad",
         r"(?<!not )(?<!n't )(?<!never )\b(?:our|my) (?:own )?(?:fault|mistake|error|bad)\b"),
        ("got let messed dropped made should fell failed",
         (r"\bwe (?:got (?:this|it|that) wrong|let you down|messed up|dropped the ball|made (?:a|this|that) mistake|"
          r"should (?:not )?have|fell short|failed you)\b")),
        ("responsibility", r"\b(?:take|accept) (?:full |all )?responsibility\b"),
        ("lỗi sai",
         r"(?<!không phải )\b(?:lỗi|sai sót) (?:này |đó )?(?:là )?(?:của|từ|ở|do|thuộc về) (?:phía )?<vi_us>\b"),
        ("nhận chịu", r"(?<!không )\b(?:nhận|chịu) (?:hoàn toàn )?trách nhiệm\b"),
    ),
    ReplyAct.EXPLAIN: (
        ("due because caused reason security owing result lack want",
         (r"\b(?:due to|because|caused by|the reason|for security (?:purposes|reasons)|owing to|as a result of|"
          r"for (?:lack|want) of)\b")),
        ("since", r"\bsince (?:the|our|your|nobody|no one|there|it|you) \w+"),
        ("as", r", as (?:the|our|your|there|it) "),
        ("available able possible registered supported planned",
         (r"\b(?:is|are) (?:only|not|currently|no longer) (?:available|able|possible|registered|supported|planned|"
          r"included|allowed)\b")),
        ("can cannot unable able won will", r"\b(?:can't|cannot|can not|unable to|not able to|won't be|will not be)\b"),
        ("not don won didn", r"\bwe (?:do not|don't|will not|won't) (?!know|have|want|see|owe|like|think|hear)\w+"),
        ("rule rules policy according agreement terms line tariff contract conditions",
         (r"\b(?:rules? (?:apply|says?|asks?|requires?|is there)|our policy|according to|the agreement|"
          r"terms and conditions|in line with|(?:tariff|contract|conditions) (?:says?|asks?|requires?|allows?))\b")),
        ("out only", r"\bout of our control\b|\bonly (?:after|once|when|in the)\b"),
        ("held hit cut delayed broken triggered grounded stopped brought damaged lost blocked taken",
         (r"(?<!you )\b(?:was|were|is|are|got|been) (?:\w+ly )?(?:(?:broken|hit|cut|lost|damaged|blocked|triggered|"
          r"brought down|delayed|grounded|stopped) (?:by|during)\b(?! (?:\w+ )?(?:hour|minute|day|week))|(?:delayed|"
          r"grounded|stopped) (?:in|on|at|after) (?:the|our|a)\b|held|taken ill|cut off)\b")),
        ("down stuck out short overloaded offline full",
         (r"\b(?:was|were|is|are|got|been) (?:\w+ly )?(?:down|stuck|overloaded|offline|short of|"
          r"out of (?!our control)\w+|full(?:y booked)?)\b")),
        ("closed ended expired ran broke lost failed",
         (r"\b(?:is|are|be|was|were) closed (?:until|for|on|from|at|today|this)\b|\b(?:claim|case|complaint|ticket|"
          r"account|request) (?:is|was|has been) (?:now )?closed\b|\b(?:offer|sale|period|warranty|voucher|deadline|"
          r"contract) (?:has )?(?:ended|expired|ran out)\b|\b(?:lost power|broke down|ran out of|failed (?:over|this|"
          r"last))\b")),
        ("cover covered include included allow apply refundable valid eligible permit",
         r"(?:\bnot|n't) (?:be )?(?:cover|includ|allow|permit|appl[yi]|refundable|valid|eligible)\w*"),
        ("nothing no", r"\bnothing can be\b|\bno (?:refunds?|compensation)\b"),
        (("failed broke crashed burst jammed tripped went took held delayed stopped blocked cut caused hit "
          "closed lost damaged"),
         (r"\b(?:an?|our|one of our) (?:\w+ ){1,3}(?:failed|broke|crashed|burst|jammed|tripped|went (?:down|wrong|"
          r"offline)|(?:took|held|delayed|stopped|blocked|cut|caused|hit|closed|lost|damaged) (?:up )?(?:the|your|"
          r"our|us|its?|power|all)\b)")),
        ("arrives arrive opens reopens starts ends due expected departs leaves",
         (r"\b(?:the|our|an?|new|next) (?:\w+ ){1,3}(?:arrives?|opens|reopens|starts|ends|(?:is|are) (?:due|"
          r"expected)|departs|leaves) (?:on|at|from|until|by|in|again|tomorrow|today|this)\b")),
        ("gone", r"\b(?:is|are) gone for good\b"),
        ("nguyên lý bởi quy", r"\b(?:do nguyên nhân|vì lý do|bởi vì|theo quy định|nguyên nhân (?:là|do))\b"),
        ("nên", r"\b(?:do|vì|tại|đang|bị) [^.!?]{3,60}\bnên\b"),
        ("do", r"\bdo (?:sự cố|lỗi|thời tiết|quá tải|bão|mưa|kỹ thuật|bảo trì|hệ thống|đường truyền|thiếu)\b"),
        ("bị", r"\bbị (?:lỗi|gián đoạn|chậm|trễ|kẹt|nghẽn|hủy|mất) (?:\w+ )?(?:sau|do|vì|bởi)\b"),
        ("không",
         (r"\b<vi_us> (?:rất tiếc )?không (?:thể|hỗ trợ|áp dụng)\b|\bkhông (?:được|thể) (?:đổi|hoàn|áp dụng|trả|"
          r"hủy)\b")),
    ),
    ReplyAct.REMEDY: (
        ("have has ve",
         (r"(?<!you )(?<!you)(?:\bhave|\bhas|'ve) <adv>(?:<done>\b|<done_to>|<sent>|taken .{1,40} off your|"
          r"offered (?:you )?to <do>)")),
        ("we i", r"\b(?:we|i) <adv>(?:<done>\b|<done_to>|<sent>|took .{1,40} off your)"),
        ("will ll going",
         r"(?:(?<!you )\bwill|(?<!you)'ll|\bgoing to) (?:[^.!?;,]{1,60} and (?:then )?)?<adv>(?:<do>|<sent>)"),
        ("can offer happy",
         r"\b(?:we|i) (?:can|offer to|(?:would|will) be (?:happy|glad) to) <adv>(?:<do>|<sent>|cancel)"),
        (("refunding repaying repairing reimbursing crediting replacing mending fixing restoring reissuing "
          "rebooking resending reconnecting redelivering correcting reversing upgrading sending working"),
         (r"\b(?:we|i|\w+)(?: are| am| is|'re|'m) <adv>(?:<doing>|sending <adv>(?:you |out )?(?:an?|the|"
          r"your) (?:\w+ )?(?:new|replacement|technician|engineer|courier|one)\b|working (?:on (?:a|it|this|the|"
          r"restoring|fixing)|to (?:fix|restore|resolve|get)))")),
        ("has have was were will",
         r"\b(?:(?:has|have) <adv>been|was|were|will be) <adv>(?:<done>|put right|sorted|rolled back)\b"),
        ("been being payment money deposit fee amount charge fine block limit hold",
         (r"\byou(?:'ve| have) been <adv>(?:<done>|moved|given)\b|\b(?:is|are) (?:now )?being (?:<done>|returned)\b|"
          r"\b(?:payment|money|deposit|fee|amount|charge|fine|block|limit|hold) (?:has been|have been|was|"
          r"is) <adv>(?:returned|taken off|removed|lifted|<done>)\b")),
        ("engineer technician courier driver plumber colleague crew",
         r"\b(?:engineer|technician|courier|driver|plumber|colleague|crew) will be (?:at|with|there)\b"),
        ("put", r"\b(?:we|have|i) <adv>put [^.!?;,]{1,25} (?:back|right)\b"),
        ("is are s",
         (r"\b(?:is|are|it's) <adv>(?:fixed|repaired|mended|restored|resolved|solved|corrected|sorted|"
          r"up and running)\b")),
        ("again back up",
         (r"\b(?:(?:works?|working|runs?|running|available|online|up) again|(?:is|are) back on\b|back (?:online|"
          r"in service|to normal|up and)|(?:can|should be able to) (?:\w+ )?(?:sign|log|check|book|pay|use|"
          r"open) (?:\w+ )?again)\b")),
        ("refund replacement voucher reimbursement credit",
         (r"\b(?:full|partial|your|a) (?:refund|replacement|voucher|reimbursement|credit) (?:has|have|is|was|will|of|"
          r"on)\b(?! +(?:~|only|your|the|our|be only|(?:been )?(?:reject|den|declin|refus|cancel|stuck|delay|held|"
          r"late|overdue|lost|miss)))")),
        ("new replacement",
         (r"\b(?:new|replacement) \w+ (?:was|were|has been|is|will be) <adv>(?:sent|shipped|posted|dispatched|ready|"
          r"waiting)\b")),
        ("way", r"\b(?:is|are) (?:already |now )?on (?:its|the|his|her|their) way\b"),
        ("fixes solves corrects fix",
         r"\b(?:version|update|release|patch) (?:\S+ )?(?:fixes|solves|corrects)\b|\bfix is (?:out|live|coming|in)\b"),
        ("voucher cost expense house",
         r"\bvoucher (?:waits|is waiting)\b|\bat our (?:cost|own cost|expense)\b|\bon the house\b"),
        ("reinstall re restart reset update try settings",
         (r"\b(?:re-?install|re-?start|reset|update to|try (?:clearing|turning|signing|restarting))\b|"
          r"\bsettings\b.{0,4}(?:>|&gt;)")),
        ("back", r"\bback (?:on|up) (?:tomorrow|today|soon|shortly|by)\b"),
        ("đã sẽ đang xin và",
         (r"\b(?:đã|sẽ|đang|xin|và) (?:\w+ ){0,2}?(?:hoàn (?:lại )?(?:tiền|phí|vé|\d+)|đổi (?!mật khẩu)|bồi thường|"
          r"sửa|đền bù|gửi lại|gửi bù|giao (?:lại|tận)|khắc phục|xử lý xong|mở khóa|cấp lại|tìm thấy|khôi phục|"
          r"miễn phí|tặng|thay (?:mới|thế)|đặt lại|xếp lại|mở lại|kích hoạt lại)\b")),
        ("hoạt bình", r"\b(?:hoạt động (?:lại|trở lại|bình thường)|bình thường trở lại)\b"),
        ("", "返品|交換"),
    ),
    ReplyAct.FOLLOW_UP: (
        ("dm pm message send email mail provide share confirm include give",
         (r"\b(?:dm|pm|message|send|email|provide|share|confirm|include|give)\b[^.!?]{0,30}\b(?:your|the|"
          r"us with)\b[^.!?]{0,40}\b(?:number|details|locator|reference|code|name|e-?mail|address|version|id|"
          r"specifics|info\w*|date|response|file)\b")),
        ("will ll going can",
         (r"(?:(?<!you )(?<!lawyer )(?<!lawyers )(?<!solicitors )(?<!attorneys )\bwill|(?<!you)'ll|\bgoing to|"
          r"\b(?:we|i) can) (?:\w+self )?<adv>(?:(?!not\b)[^.!?;,]{1,70} and (?:will )?<adv>)?<come_back>")),
        ("hear",
         r"\byou(?:'ll| will) hear (?:back )?from (?:us|me|him|her|them|(?:our|the) (?!lawyer|solicitor|legal))"),
        ("look investigate check research do work dig",
         (r"\b(?:let me|let us|let's|we'll|i'll|we can|happy to) (?:\w+ ){0,2}(?:look|investigate|check|research|"
          r"do some research|work together|dig)\b")),
        ("let look",
         r"\b(?:let us|let me) know (?:if|how|what|whether|more)\b|\blook (?:into|at) (?:this|that|it|what)\b"),
        ("looking investigating checking reviewing tracing",
         r"\b(?:are|is|am|'re|'m) <adv>(?:looking into|looking for|investigating|checking|reviewing|tracing)\b"),
        ("case claim number complaint",
         r"\bhas (?:taken (?:over |on )?|picked up )?(?:your|the) (?:case|claim|complaint|number|file)\b"),
        ("so better gather assist", r"\b(?:so (?:that )?we can|so we may|to (?:better )?assist|gather more)\b"),
        ("?",
         (r"\b(?:which|what|when did|how long|have you|has this|do you|does (?:this|it|your)|did (?:you|this)|"
          r"are you (?:able|still|using|seeing)|is (?:this|there any|it)|was this|where (?:did|are|is)|"
          r"can you (?:confirm|tell|check)|could you|would you (?:tell|mind)|tell (?:us|me))\b[^.!]{2,120}\?")),
        ("tell ensure", r"\btell (?:us|me) (?:more|what)\b|\bensure this is escalated\b"),
        ("sẽ",
         (r"(?<!bạn )\bsẽ (?:\w+ ){0,4}?(?:liên hệ|kiểm tra|phản hồi|gọi|báo|nhắn|cập nhật|trả lời|thông báo|xem xét|"
          r"xác minh)\b")),
        ("đang", r"\bđang (?:kiểm tra|xác minh|tìm|xem xét|làm việc với)\b"),
        ("vui cho gửi nhắn cung",
         (r"\bvui lòng (?:cung cấp|cho biết)\b|\bcho (?:mình|em|chúng tôi) (?:xin|biết)\b|(?<!đã )\b(?:gửi|nhắn|"
          r"cung cấp|cho) (?:\w+ ){0,3}?(?:mã|số điện thoại|số đơn|số vé)\b")),
    ),
    ReplyAct.REDIRECT: (
        ("dm dms pm private direct inbox message",
         r"\b(?:dm|dms|dm'd|pm|private message|direct message|(?<!your )inbox|message us)\b"),
        ("send shoot drop", r"\b(?:send|shoot|drop) (?:us|me) (?:a |an )?(?:note|message|line|e-?mail|dm)\b"),
        ("call phone contact write email reach speak return head visit",
         (r"(?<!will )(?<!'ll )(?<!going to )\b(?:(?:call|phone|contact|write to|email|reach out to)(?! you\b)|"
          r"visit(?! you\b)|speak (?:to|with)|return to|head to)\b[^.!?]{0,40}\b(?:us|here|team|support|center|"
          r"centre|desk|office|attendants?|agent|line|number|store|back|airport)\b|\bplease return my call\b")),
        ("url",
         r"\b(?:check out|visit|click|use|see|here|at|link|info\w*|experts?|more|pages?)\b[^.!?]{0,40}(?:\burl\b)"),
        ("form", r"\b(?:use|fill (?:in|out)|complete|submit|through|via) (?:the|our|this|an?) (?:\w+ )?form\b"),
        ("site website page faq help",
         r"\b(?:visit|go to|see|check|use) (?:the|our) (?:\w+ )?(?:web ?site|site|help (?:page|centre|center)|faq)\b"),
        ("nhắn inbox ib gọi liên",
         r"(?<!sẽ )\b(?:nhắn tin|inbox|ib|gọi (?:hotline|tổng đài)|liên hệ (?:hotline|tổng đài|số))\b"),
        ("", "リンク|ヘルプ"),
    ),
    ReplyAct.THANK: (
        ("thanks thank thx many", r"\b(?:thanks|thank you|thx|many thanks)\b"),
        ("appreciate",
         r"\bappreciate (?:you |your (?:loyalty|feedback|patience|support|business|message)|it\b|the feedback)"),
        ("cảm", r"\bcảm ơn\b"),
    ),
    ReplyAct.DENY: (
        ("nothing could can control our",
         (r"\b(?:nothing (?:more|else|further) we can do|(?:could|can) (?:\w+ )?happen (?:with|to|at|on) (?:any|"
          r"every)\w*|out of our control|not our (?:fault|responsibility|problem))\b")),
        ("owe break damage lose should failed did didn true correct case own",
         (r"\b(?:we (?:did|do) not (?:owe|break|damage|lose)|you (?:should have|failed to|did not follow|(?:did not|"
          r"didn't) (?:do so|read|bother))|(?:is|was) not (?:true|correct|the case)|your own (?:fault|mistake))\b")),
        ("problem fault mistake fine complain",
         (r"\b(?:problem|fault|mistake|error) (?:is|was|lies|must be) (?:with |on |in )?your(?:s)?\b|"
          r"\bworks? (?:fine|perfectly) (?:on|at|for) (?:our|us)\b|\bbefore you complain\b")),
        ("nobody something doing",
         (r"\b(?:nobody|no one) else (?:has )?(?:complain|report)\w*|\bsomething you(?:'ve)? d(?:id|one)\b|"
          r"\byour own doing\b")),
        ("liable responsible không", r"\bnot (?:liable|responsible)\b|\bkhông (?:phải (?:là )?lỗi|chịu trách nhiệm)\b"),
        ("lỗi do",
         (r"\blỗi (?:này )?(?:là )?(?:do|của|ở|từ) (?:phía )?<vi_you>\b|\bdo <vi_you> (?:tự|dùng|làm|nhập sai|"
          r"không (?:đọc|làm|tuân))\b")),
    ),
    ReplyAct.THREATEN: (
        ("lawyer lawyers solicitor attorney legal defamation defamatory libel cease",
         (r"\b(?:our (?:lawyers?|solicitors?|attorneys?|legal (?:team|department))|legal action|defamat\w+|libel\w*|"
          r"cease and desist)\b")),
        ("delete remove take", r"\b(?:delete|remove|take down) (?:this|your|the) (?:post|tweet|video|review) or\b"),
        ("kiện khởi khống", r"\b(?:khởi kiện|kiện (?:bạn|anh|chị)|vu khống)\b"),
    ),
}
# fmt: on
"""Act -> cues; one that matches is enough. A cue is some words and a pattern over the text in small letters; the
pattern is tried only where one of the words occurs (by its first four letters; no words: always), which saves time."""

_BOILERPLATE: Final = re.compile(
    r"\b(?:(?:feedback|opinion|message|call|business|satisfaction|comments?) (?:is|are) (?:\w+ )?(?:important|"
    r"valuable)|"
    r"we value your|take (?:all|your|every) \w+ (?:very )?seriously|(?:feedback|opinion|message|"
    r"business) matters|(?:ý kiến|tin nhắn|phản hồi) [^.!?]{0,30}quan trọng)\b"
)
"""What is said to everybody. With nothing but thanks, regret and another channel around it, it is a template."""

_GENERIC_WORDS: Final = """
a able about address account again all am an and any anything are as assist assistance at available be been best
better booking bring bringing by call can cant chat check checking clicking click code come concern concerns concerned
connect contact could customer day details direct discuss dm dms do email experience experiencing experts feel first
follow following for free from full further gather get give glad good happy has have having hear hello help here hey
hi hope how hrs i if im in inconvenience info information inquiring inquiry into is issue issues it its just kindly
know last let like line link little ll look looking love making matter may me member message mind more moment my name
need next note number of on one or order our out own phone please pls poor possible private problem provide pm
questions question re reach reference regarding regards research resolve resolved response rgds right same see seems
send sending sent service shoot so some soon sorry speak speaking specific specifics support sure take talk team tell
thank thanks that the there them these things this to touch tracking trouble troubles try understand up ur us url very
via visit want was way we well were what when will with within would you your youre yours nhé giúp shop dạ nha ơi với
form website site page fill complete use apologise apologize apologies rất tiếc xin lỗi bạn vì sự bất tiện này vui
lòng nhắn tin inbox cho chúng tôi để được hỗ trợ cảm ơn đã liên hệ em mình ạ anh chị quý khách
"""
_GENERIC: Final = frozenset(_GENERIC_WORDS.split())
"""Words that speak to nobody's matter in particular. A reply made of these alone is a template."""
_WORD: Final = re.compile(r"[^\W\d_]+")
_MOST_OWN_WORDS: Final = 1
_STEM: Final = 4
_ASKS_OR_SENDS: Final = frozenset({ReplyAct.FOLLOW_UP, ReplyAct.REDIRECT, ReplyAct.APOLOGISE, ReplyAct.EMPATHISE})
_SPEAKS_TO_IT: Final = frozenset({ReplyAct.EXPLAIN, ReplyAct.REMEDY, ReplyAct.OWN, ReplyAct.DENY, ReplyAct.THREATEN})
_AROUND_BOILERPLATE: Final = frozenset({ReplyAct.THANK, ReplyAct.APOLOGISE, ReplyAct.REDIRECT})


@dataclass(frozen=True, slots=True)
class _Cue:
    act: ReplyAct
    stems: frozenset[str]
    pattern: re.Pattern[str]


def _compiled(cues: Mapping[ReplyAct, Sequence[tuple[str, str]]]) -> tuple[_Cue, ...]:
    found = []
    for act, pairs in cues.items():
        for words, pattern in pairs:
            # Parts may hold parts, one level deep.
            for _ in range(2):
                for name, part in _PARTS.items():
                    pattern = pattern.replace(f"<{name}>", part)
            found.append(_Cue(act, frozenset(word[:_STEM] for word in words.split()), re.compile(pattern)))
    return tuple(found)


_COMPILED: Final = _compiled(CUES)


@dataclass(frozen=True, slots=True)
class ReplyReading:
    """The acts of one reply. `scores` grow with the number of cues (0.6, 0.8, 0.9 from three on); uncalibrated."""

    acts: frozenset[str]
    answered_by: str
    scores: Mapping[str, float]


class ReplyCueReader:
    """Reads the brand's replies by cues. It never fails: what it does not understand has no acts."""

    version = VERSION

    def read(self, texts: Sequence[str]) -> list[ReplyReading]:
        """One reading a text, in order."""
        return [_read(text) for text in texts]


def _read(text: str) -> ReplyReading:
    plain = unicodedata.normalize("NFC", text).replace("\u2019", "'").replace("&amp;", "&")
    plain = _HANDLE.sub(" ", _LINK.sub(" url ", plain)).strip()
    signed = _SIGNED.search(plain.removesuffix(" url").rstrip()) is not None
    hits = _hits(plain.lower())
    if _is_template(plain, hits.keys()):
        hits[ReplyAct.TEMPLATE] = 1
    scores = {act.value: (0.0, 0.6, 0.8, 0.9)[min(3, hits.get(act, 0))] for act in ReplyAct}
    return ReplyReading(frozenset(act.value for act in hits), _answered_by(plain, signed=signed), scores)


def _hits(small: str) -> dict[ReplyAct, int]:
    """How many cues of each act match; an act without one is absent."""
    stems = {word[:_STEM] for word in _WORD.findall(small)}
    if "?" in small:
        stems.add("?")
    real = _UNREAL.sub(" ~ ", small)
    hits: dict[ReplyAct, int] = {}
    for cue in _COMPILED:
        if cue.stems and cue.stems.isdisjoint(stems):
            continue
        if cue.pattern.search(real if cue.act is ReplyAct.REMEDY else small):
            hits[cue.act] = hits.get(cue.act, 0) + 1
    return hits


def _is_template(plain: str, acts: Set[ReplyAct]) -> bool:
    if acts <= _AROUND_BOILERPLATE and _BOILERPLATE.search(plain.lower()):
        return True
    if _ASKS_OR_SENDS.isdisjoint(acts) or not _SPEAKS_TO_IT.isdisjoint(acts):
        return False
    words = _WORD.findall(_SIGNED.sub("", plain).replace("'", ""))
    # A capital inside a sentence is mostly a name; the name aside, what is left must be generic.
    own = [word for word in words if word.lower() not in _GENERIC and not (word[0].isupper() and word.isascii())]
    return len(own) <= _MOST_OWN_WORDS


def _answered_by(plain: str, *, signed: bool) -> str:
    if _BOT.search(plain):
        return AnsweredBy.BOT.value
    return AnsweredBy.PERSON.value if signed else AnsweredBy.UNKNOWN.value
