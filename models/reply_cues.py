"""A first reader of the brand's replies: documented cues, no weights, English and some Vietnamese.

A reply is read for the acts of the taxonomy (section 10) by patterns that a person can check; `docs/escalation.md` says
how well that goes. It stands until a trained head replaces it, under the same version scheme.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from app.domain.taxonomy import AnsweredBy, ReplyAct

VERSION: Final = "reply-cues@1"
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

CUES: Final[Mapping[ReplyAct, tuple[str, ...]]] = {
    ReplyAct.ACKNOWLEDGE: (
        (
            r"\b(?:sorry|apologi[sz]e) (?:that|if|about|for) (?:the|your|this|it|you) (?:\w+ ){0,3}(?:was|were|"
            r"is|has|had|hasn't|still|wasn't|isn't|didn't|delay\w*|damage\w*|wait|refund|order|bag\w*|flight)\b"
        ),
        (
            r"\b(?:sorry|apologi[sz]e)\b[^.!?]{0,25}\byour (?:order|flight|bag\w*|parcel|package|delivery|card|"
            r"account|guitar)\b"
        ),
        r"\bstill (?:experiencing|seeing|having|facing)\b",
        r"\b(?:we're|we are) aware\b",
        r"\b(?:this|these|your|the) (?:outage|delays?|cancell?ations?|charge|refund|overcharge|damage)\b",
        r"\babout your \w+ (?:concern|issue|problem|question)s?\b",
        r"\bhelp with your \w+",
        r"\b(?:chúng tôi|bên mình) (?:đã )?(?:ghi nhận|tiếp nhận)\b",
    ),
    ReplyAct.EMPATHISE: (
        (
            r"\b(?:we|i) (?:completely |fully |totally |do )?(?:understand|hear|realise|realize|"
            r"appreciate) (?:how|your (?:concern|frustration|disappointment|position))"
        ),
        (
            r"\b(?:that's|that is|this is|it's|how) (?:incredibly |very |really |so |certainly |"
            r"no )?(?:frustrating|troublesome|concerning|upsetting|disappointing|good at all|not good|"
            r"worrying)\b"
        ),
        r"\bthat's not good\b|\bwe know how \w+",
        (
            r"\b(?:we're|we are|i'm) (?:very |really )?concerned\b|\bfrustrating (?:for|to)\b|\bmust (?:be|"
            r"have been) \w+ing\b"
        ),
        r"\b(?:chúng tôi|mình|em) (?:rất )?(?:hiểu|thấu hiểu|thông cảm)\b",
    ),
    ReplyAct.APOLOGISE: (
        r"\bsorry\b",
        r"\b(?:apologi[sz]e|apologies|apology)\b",
        r"\bregret (?:that|the|this|any)\b",
        r"\bxin lỗi\b|\bthành thật xin\b|ご迷惑|申し訳",
    ),
    ReplyAct.OWN: (
        r"\b(?:our|my) (?:fault|mistake|error|bad)\b",
        (
            r"\bwe (?:got (?:this|it|that) wrong|let you down|messed up|made a mistake|should have|fell short|"
            r"failed you)\b"
        ),
        r"\b(?:take|accept) (?:full )?responsibility\b",
        r"\b(?:lỗi|sai sót) (?:của|từ phía) (?:chúng tôi|bên mình)\b|\bchịu trách nhiệm\b",
    ),
    ReplyAct.EXPLAIN: (
        r"\b(?:due to|because|caused by|the reason|for security (?:purposes|reasons))\b",
        r"\b(?:is|are) (?:only|not|currently|no longer) (?:available|able|possible|registered|supported)\b",
        r"\b(?:can't|cannot|unable to|not able to|won't be able|will not be able)\b",
        r"\b(?:rules? (?:apply|says?)|our policy|according to|the agreement|terms and conditions|in line with)\b",
        r"\bout of our control\b|\bonly (?:after|once|when|in the)\b",
        r"\b(?:do nguyên nhân|vì lý do|bởi vì|theo quy định|nguyên nhân là)\b",
    ),
    ReplyAct.REMEDY: (
        (
            r"\b(?:we|i)(?:'ll| will|'ve| have| can) (?:now |already |also )?(?:refund\w*|replac\w+|repair\w*|"
            r"reship\w*|resend|resent|fix\w*|credit\w*|compensat\w+|rebook\w*|cancel\w*|issue\w* (?:a|you)|"
            r"sent? (?:you )?a (?:new|replacement)|waive\w*|reimburse\w*|pay)\b"
        ),
        (
            r"\b(?:full|partial|your|a) (?:refund|replacement|voucher|reimbursement|credit) (?:has|have|is|was|"
            r"will|of|for|on)\b"
        ),
        (
            r"\b(?:we're|we are) (?:aware and )?working (?:on|to)\b|\bhas been (?:fixed|resolved|restored|"
            r"refunded|replaced|credited)\b"
        ),
        (
            r"\b(?:re-?install|re-?start|reset|update to|try (?:clearing|turning|signing|restarting))\b|"
            r"\bsettings\b.{0,4}(?:>|&gt;)"
        ),
        r"\bback (?:on|up) (?:tomorrow|today|soon|shortly|by)\b",
        r"\b(?:hoàn (?:lại )?tiền|đổi (?:mới|trả)|bồi thường|sửa chữa|đền bù)\b|返品|交換",
    ),
    ReplyAct.FOLLOW_UP: (
        (
            r"\b(?:dm|pm|message|send|email|provide|share|confirm|include)\b[^.!?]{0,30}\b(?:your|the|"
            r"us with)\b[^.!?]{0,40}\b(?:number|details|locator|reference|code|name|e-?mail|address|version|id|"
            r"specifics|info\w*|date|response)\b"
        ),
        (
            r"\b(?:we|i|team|specialist|manager)\b[^.!?]{0,15}(?:'ll| will)\b[^.!?]{0,25}\b(?:get back|"
            r"reach out|follow up|look into|call you|be in touch|contact you|be responding|investigate|"
            r"find a solution|pass this|relay)\b"
        ),
        (
            r"\b(?:let me|let us|let's|we'll|i'll|we can|happy to) (?:\w+ ){0,2}(?:look|investigate|check|"
            r"research|do some research|work together|dig)\b"
        ),
        r"\b(?:let us|let me) know (?:if|how|what|whether|more)\b|\blook (?:into|at) (?:this|that|it|what)\b",
        r"\b(?:so (?:that )?we can|so we may|to (?:better )?assist|gather more)\b",
        (
            r"\b(?:which|what|when did|how long|have you|has this|do you|does (?:this|it|your)|did (?:you|this)|"
            r"are you (?:able|still|using|seeing)|is (?:this|there any|it)|was this|where (?:did|are|is)|"
            r"can you (?:confirm|tell|check)|could you|would you (?:tell|mind)|tell (?:us|me))\b[^.!]{2,120}\?"
        ),
        r"\btell (?:us|me) (?:more|what)\b|\bensure this is escalated\b",
        (
            r"\b(?:sẽ (?:liên hệ|kiểm tra|phản hồi|gọi lại)|vui lòng (?:cung cấp|cho biết)|cho (?:mình|em|"
            r"chúng tôi) (?:xin|biết))\b"
        ),
    ),
    ReplyAct.REDIRECT: (
        r"\b(?:dm|dms|dm'd|pm|private message|direct message|inbox)\b",
        r"\b(?:send|shoot|drop) (?:us|me) (?:a |an )?(?:note|message|line|e-?mail|dm)\b",
        (
            r"\b(?:please |can you |kindly )?(?:call|phone|contact|write to|email|visit|reach out to|"
            r"speak (?:to|with)|return to|head to)\b[^.!?]{0,40}\b(?:us|here|team|support|center|centre|desk|"
            r"attendants?|agent|line|number|store|back|airport)\b|\bplease return my call\b"
        ),
        r"\b(?:check out|visit|click|use|see|here|at|link|info\w*|experts?|more|pages?)\b[^.!?]{0,40}(?:\burl\b)",
        r"\b(?:nhắn tin|inbox|ib|gọi (?:hotline|tổng đài)|liên hệ (?:hotline|tổng đài|số))\b|リンク|ヘルプ",
    ),
    ReplyAct.THANK: (
        r"\b(?:thanks|thank you|thx|many thanks)\b",
        r"\bappreciate (?:you |your (?:loyalty|feedback|patience|support|business|message)|it\b|the feedback)",
        r"\bcảm ơn\b",
    ),
    ReplyAct.DENY: (
        (
            r"\b(?:nothing (?:more|else|further) we can do|could happen (?:with|to) any\w*|out of our control|"
            r"not our (?:fault|responsibility|problem))\b"
        ),
        (
            r"\b(?:we (?:did|do) not (?:owe|break|damage|lose)|you (?:should have|failed to|did not follow)|"
            r"(?:is|was) not (?:true|correct|the case)|your own (?:fault|mistake))\b"
        ),
        r"\bnot (?:liable|responsible)\b|\bkhông (?:phải lỗi|chịu trách nhiệm)\b",
    ),
    ReplyAct.THREATEN: (
        (
            r"\b(?:our (?:lawyers?|legal (?:team|department))|legal action|defamat\w+|libel\w*|cease and desist|"
            r"hear from our)\b"
        ),
        r"\b(?:delete|remove|take down) (?:this|your|the) (?:post|tweet|video|review) or\b",
        r"\b(?:khởi kiện|kiện (?:bạn|anh|chị)|vu khống)\b",
    ),
}
"""Act -> patterns; one that matches is enough."""

_GENERIC_WORDS: Final = """
a able about address account again all am an and any anything are as assist assistance at available be been best
better booking bring bringing by call can cant chat check checking clicking click code come concern concerns
concerned connect contact could customer day details direct discuss dm dms do email experience experiencing experts
feel first follow following for free from full further gather get give glad good happy has have having hear hello
help here hey hi hope how hrs i if im in inconvenience info information inquiring inquiry into is issue issues it
its just kindly know last let like line link little ll look looking love making matter may me member message mind
more moment my name need next note number of on one or order our out own phone please pls poor possible private
problem provide pm questions question re reach reference regarding regards research resolve resolved response rgds
right same see seems send sending sent service shoot so some soon sorry speak speaking specific specifics support
sure take talk team tell thank thanks that the there them these things this to touch tracking trouble troubles try
understand up ur us url very via visit want was way we well were what when will with within would you your youre
yours apologise apologize apologies rất tiếc xin lỗi bạn vì sự bất tiện này vui lòng nhắn tin inbox cho chúng tôi để
được hỗ trợ cảm ơn đã liên hệ em mình ạ anh chị quý khách
"""
_GENERIC: Final = frozenset(_GENERIC_WORDS.split())
"""Words that speak to nobody's matter in particular. A reply made of these alone is a template."""
_WORD: Final = re.compile(r"[^\W\d_]+")
_MOST_OWN_WORDS: Final = 1
_COMPILED: Final = {act: tuple(re.compile(cue, _FLAGS) for cue in cues) for act, cues in CUES.items()}
_ASKS_OR_SENDS: Final = frozenset({ReplyAct.FOLLOW_UP, ReplyAct.REDIRECT, ReplyAct.APOLOGISE, ReplyAct.EMPATHISE})
_SPEAKS_TO_IT: Final = frozenset({ReplyAct.EXPLAIN, ReplyAct.REMEDY, ReplyAct.OWN, ReplyAct.DENY, ReplyAct.THREATEN})


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
    plain = _HANDLE.sub(" ", _LINK.sub(" url ", text.replace("\u2019", "'").replace("&amp;", "&"))).strip()
    signed = _SIGNED.search(plain.removesuffix(" url").rstrip()) is not None
    hits = {act: sum(cue.search(plain) is not None for cue in cues) for act, cues in _COMPILED.items()}
    acts = {act for act, count in hits.items() if count}
    if _is_template(plain, acts):
        acts.add(ReplyAct.TEMPLATE)
        hits[ReplyAct.TEMPLATE] = 1
    scores = {act.value: (0.0, 0.6, 0.8, 0.9)[min(3, hits.get(act, 0))] for act in ReplyAct}
    return ReplyReading(frozenset(act.value for act in acts), _answered_by(plain, signed=signed), scores)


def _is_template(plain: str, acts: set[ReplyAct]) -> bool:
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
