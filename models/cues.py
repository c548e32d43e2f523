"""The cue table: which phrases speak for which label, and how strongly. Data only; `models.lexicon` applies it.

A cue's weight is the chance that a complaint with the phrase carries the label, as judged when it was written; cues of
one label add up by noisy-or. Phrases are lower-case words without apostrophes; `#` stands for any number, `{a|b}` for
either, `{a|}` for maybe, a final `*` for any ending; `.`, `!` and `?` are words of their own, so a phrase never runs
over the end of a sentence. `needs` and `unless` are patterns looked for around the phrase: they keep the cues that may
wake somebody (threat, rally, vulnerable, refused_redress, safety) from firing at a lawyer who loves the place.
"""

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Cue:
    """Phrases (separated by `;`) that speak for `code`; with `needs` only near it, with `unless` only away from it."""

    code: str
    weight: float
    phrases: str
    needs: str = ""
    unless: str = ""


FAILURE_CUES: Final = (
    # delay: late, postponed, cancelled; waiting for the service or the delivery itself
    Cue("delay", 0.7, "delay;delays;delayed;delaying;postponed;rescheduled"),
    Cue(
        "delay",
        0.65,
        "cancelled {flight|train|trip|order|delivery|appointment|connection|last minute};canceled {flight|order|trip}",
    ),
    Cue(
        "delay",
        0.6,
        "{flight|train|bus|trip|order|delivery|appointment|ferry} {is|was|has been|got|just|} {cancelled|canceled|"
        "late}",
    ),
    Cue(
        "delay",
        0.5,
        "cancelled;canceled;cancelling;canceling;cancellation*;cancelled flight*;late flight*;flight cancel*",
    ),
    Cue(
        "delay",
        0.5,
        "late;overdue;so slow;slow service;took {forever|ages};takes {forever|ages};behind schedule;backlog",
    ),
    Cue(
        "delay",
        0.45,
        "# {hours|hrs|hr|hour|minutes|mins|min|days|weeks} late;still waiting;{been|are|am|im|were} waiting;we wait;"
        "waited",
    ),
    Cue(
        "delay",
        0.55,
        "tarmac;runway;missed {my|our|the|a|} {connection|connecting}*;stranded;{sitting|sat|stuck} {at|on|in} {the|"
        "a|} {gate|plane|tarmac|runway|airport}",
    ),
    Cue(
        "delay",
        0.5,
        "{hasnt|has not|havent|have not|didnt|did not|never|not} {arrived|arrive|shipped|dispatched|turned up|"
        "showed up|show up|come};no show;where is my {order|package|parcel|delivery|train|flight};wheres my {order|"
        "package|parcel|delivery}",
    ),
    Cue(
        "delay",
        0.35,
        "{long|huge|endless|enormous|massive} {line|lines|queue|queues|wait|waits};wait times;queue*;standing in "
        "line;in line for",
    ),
    Cue("delay", 0.6, "giao {hàng|} {chậm|lâu|trễ|muộn};chờ {lâu|mãi|cả};đợi {lâu|mãi|cả};lâu quá;quá lâu;chậm trễ"),
    Cue(
        "delay",
        0.3,
        "# {hours|hrs|hr|hour|minutes|mins|min};for hours;all day;{connecting|connection} {flight|flights|time|.|!};"
        "connection;on time;ontime;{sitting|sat|stuck} {here|for|on|in|at};miss my;miss our;missed {my|our|the};"
        "rebook*;wait;waiting;eta;{get|getting} {me|us} home;{overnight|next flight|take off|boarding|departure|"
        "departed|de icing|deicing|schedule}",
    ),
    # lost_or_damaged: property, parcel or content lost, broken, stolen or spoiled in the brand's care
    Cue(
        "lost_or_damaged",
        0.8,
        "{lost|losing|lose|misplaced|damaged|broke|ruined|destroyed|ripped|crushed|smashed|stole|lost all} {my|our|"
        "her|his|their|the|a|} {bag|bags|luggage|baggage|suitcase|suitcases|parcel|package|stroller|guitar|car seat|"
        "phone|laptop|things|stuff}",
    ),
    Cue(
        "lost_or_damaged",
        0.7,
        "{lost|missing|damaged|broken} {luggage|baggage|bag|bags|suitcase|parcel|package|item};{where is|wheres|"
        "where are|find|locate|get|track|retrieve} {my|our|her|his|the} {bag|bags|luggage|baggage|suitcase|"
        "belongings}",
    ),
    Cue(
        "lost_or_damaged",
        0.4,
        "luggage;my {bag|bags|suitcase|baggage};our {bags|bag|suitcases};baggage claim;{bag|bags|luggage} {is|are} "
        "{still|not|missing|lost}",
    ),
    Cue(
        "lost_or_damaged",
        0.6,
        "{arrived|came|delivered} {damaged|broken|smashed|crushed|melted|open|opened|dented|in pieces};deleted {my|"
        "all};{was|got|been|were} {stolen|crushed|smashed}",
    ),
    Cue("lost_or_damaged", 0.6, "bị {bể|vỡ|móp};{bể|vỡ} {hết|nát};móp {méo|hộp};mất {hàng|đồ};làm mất"),
    Cue(
        "lost_or_damaged",
        0.25,
        "bag;bags;baggage;suitcase;my stuff;my things;belongings;lost;damaged;stolen;scratched;dented;misplaced;"
        "left {my|a} {ipad|jacket|phone|wallet|bag|kindle|book|laptop};lost and found",
    ),
    # fulfilment: wrong, short or different item, seat or booking; counterfeit; wrong place; out of stock
    Cue(
        "fulfilment",
        0.75,
        "wrong {item|order|size|color|colour|seat|seats|product|one|food|dish|address|house|flight|part|model|room|"
        "name|date|parcel|package}",
    ),
    Cue(
        "fulfilment",
        0.75,
        "not what {i|we} {ordered|paid for|booked|asked};{nothing like|not like|different from|not as} {the "
        "{picture|photo|description|pictures|photos}|described|pictured|advertised};counterfeit;fake {product|"
        "products|item|shoes|bag|one};knock off;out of stock;sold out;never received;{only|just} {got|received} "
        "{one|half|#}",
    ),
    Cue(
        "fulfilment",
        0.65,
        "{changed|gave away|sold|lost|took|moved} {my|our} {seat|seats|reservation|booking|room};overbooked;"
        "overbook*;over booked;oversold;downgraded;bumped {me|us|from};{was|were|is|are} missing;missing {from|item|"
        "items|the|half|one};instead of the",
    ),
    Cue(
        "fulfilment",
        0.7,
        "giao {hàng|} {nhầm|sai|thiếu|lộn};gửi {nhầm|sai|thiếu};sai {màu|size|mẫu|hàng};{không giống|khác} {hình|"
        "ảnh|mô tả|với hình};không đúng {hình|màu|mẫu|size|mô tả|như};hàng {giả|nhái|fake};thiếu hàng",
    ),
    Cue(
        "fulfilment",
        0.25,
        "{my|our} {seat|seats|reservation|booking|itinerary|order};seat assignment;{order|ordered} {number|#};"
        "substitut*;no longer available;not available;upgrade*;in stock;size;{was|were} supposed to {be|get|receive}",
    ),
    # product_defect: the product or the service itself does not work as it should; poor quality; outage
    Cue(
        "product_defect",
        0.65,
        "{not|isnt|arent|wasnt|stopped|stops|quit|never|nothing|hardly|barely} {working|works|work|worked};{doesnt|"
        "does not|dont|do not|didnt|did not|wont|will not|cant} {even|} {work|load|start|turn on|charge|connect|"
        "open|play|update|sync|run|function}",
    ),
    Cue(
        "product_defect",
        0.6,
        "defective;defect*;faulty;malfunction*;broken;broke {down|after};crash;crashes;crashed;crashing;bug;bugs;"
        "buggy;glitch*;freezing;freezes;frozen;lag;lags;laggy;buffering;overheat*;flicker*",
    ),
    Cue(
        "product_defect",
        0.6,
        "{poor|bad|terrible|low|cheap|awful|horrible} {quality|reception|signal|connection|build};poorly made;fell "
        "apart;falling apart;{power|internet|service|network} {outage|cut|is out|is down|down|out|failure};outage*;"
        "blackout;no {power|internet|signal|service|lights|electricity|water|network|reception|connection}",
    ),
    Cue(
        "product_defect",
        0.35,
        "wifi;wi fi;battery;screen;keyboard;charger;software;firmware;laptop;phone died;update;version;playlist;"
        "connection;internet;server;servers;printer;tv;headset;console;speaker;engine",
    ),
    Cue(
        "product_defect",
        0.5,
        "{cold|stale|bland|soggy|overcooked|undercooked|tasteless|greasy|burnt|dry|salty|mediocre} {food|fries|"
        "pizza|burger|meat|rice|chicken|and};food {was|is} {cold|bad|terrible|awful|bland|mediocre|horrible|ok|"
        "just};tasted;inedible;uncomfortable;dirty;filthy;noisy;stained",
    ),
    Cue(
        "product_defect",
        0.55,
        "bị {lỗi|hư|hỏng|rách|lag|nóng|đơ|treo};{chất lượng|chất vải|vải} {kém|tệ|xấu|mỏng|dở};kém chất lượng;không "
        "{dùng|sử dụng|xài|hoạt động|lên|chạy} {được|};hàng {lỗi|kém|dỏm|xấu};{dở|nhạt|nguội|cũ|bẩn|ồn};mau {hư|"
        "hỏng|hết pin};quá {tệ|xấu|mỏng};vải mỏng",
    ),
    Cue(
        "product_defect",
        0.25,
        "{issue|issues|problem|problems|trouble} {with|on|in};fix {this|it|your|the};not {good|great|fresh|clean|"
        "comfortable};phone;device;ios;android;windows;reset;restart;hdmi;seat {broken|wont};entertainment;legroom;"
        "seats;plane {is|was};bathroom;toilet;mechanical;turned off;no longer works;slow;download*;streaming;"
        "channel;channels;food;taste;flavor*;quality;hot;cold;smell*;loud;room;bed;camera;app update",
    ),
    Cue(
        "product_defect",
        0.25,
        "broke;breaks;peel*;leak*;rust*;fell off;came off;glue;unwatchable;unusable;pixel*;sound;audio;picture;"
        "printer;print;scan;ink;car;transmission;motor;oil;brakes;tyre;tire;washer;dryer;fridge;oven;coffee;burger;"
        "pizza;chicken;meal;cable;adapter;watch;feature;features;# g;lte;data;signal;coverage;lights;power;"
        "electricity;water;heating;packaging;stale;expired;mouldy;repair*;replace*;quality control;toilets;"
        "bathrooms;restroom*;shower;ac;air conditioning;aircon;feed;commercial;ads",
    ),
    # billing: charges, fees, refunds, compensation, prices or promotions not as promised
    Cue(
        "billing",
        0.85,
        "overcharge*;over charged;{charged|charging|billed} {me|us|my|twice|double|again|for};double {charge*|"
        "charged|billed};charged twice;hidden {fee|fees|charges}",
    ),
    Cue(
        "billing",
        0.6,
        "refund;refunded;refunds;money back;reimburse*;compensation;compensate;fee;fees;my bill;billing;invoice;"
        "unauthori*",
    ),
    Cue(
        "billing",
        0.35,
        "charge;charged;charges;price;prices;pricing;expensive;rip off;ripoff;voucher;discount;promo;coupon;credit "
        "card;gift card;deposit;pay;paid",
    ),
    Cue(
        "billing",
        0.6,
        "{không|chưa} hoàn tiền;hoàn {lại |}tiền;tính {sai|thêm|tiền};phụ thu;giá {quá |}{cao|đắt|mắc};{quá|hơi} "
        "{đắt|mắc};mắc quá",
    ),
    Cue(
        "billing",
        0.2,
        "cost;costs;paying;payment;money;dollars;free;cheap*;fare;fares;credit;miles;points;subscription",
    ),
    Cue(
        "billing",
        0.25,
        "tax;taxes;claim;insurance;premium;bank;withdraw*;deduct*;debit;pricey;rate;rates;tokens;payments;contract;"
        "quote",
    ),
    # access: site, app, login, booking or check-in system, account locked
    Cue(
        "access",
        0.75,
        "{cant|cannot|can not|couldnt|unable to|wont let me|not able to|trying to|tried to} {log in|login|log on|"
        "sign in|sign up|access|check in|book online|reset|register|checkout|check out};locked out;account {is|has "
        "been|was|} {locked|suspended|blocked|disabled|hacked|frozen};reset my password",
    ),
    Cue(
        "access",
        0.6,
        "{website|web site|site|app|page|system|portal|online booking|booking site} {is|was|has been|keeps|isnt|"
        "wont|not|doesnt|does not|down|still|crash*|error|says|never|sucks};error {message|code|page|#};password;"
        "captcha;flight booking problem*;booking problem*",
    ),
    Cue(
        "access",
        0.4,
        "website;web site;your site;the site;app;login;log in;online check in;your page;dropdown;link;browser;"
        "webpage;mobile app",
    ),
    Cue("access", 0.6, "không {đăng nhập|vào} được;lỗi {app|đăng nhập|web};bị khóa tài khoản"),
    Cue(
        "access",
        0.25,
        "online;website;account;booking;book {a|my|the} flight;check in;boarding pass;my {trip|profile};sign up;"
        "email address",
    ),
    # unresponsive: nobody answers: on hold, no reply, cannot reach a person, passed around without help
    Cue(
        "unresponsive",
        0.8,
        "on hold;holding for #;on the phone for #;{cant|cannot|couldnt|can not|unable to|impossible to|trying to|"
        "never|wont} {get through|reach|get ahold|get a hold|get hold|talk to|speak to|contact|get anyone|get "
        "someone};busy signal;hung up;hang up;hangs up;disconnect*;put on hold;call {back|volume|volumes};line is "
        "busy",
    ),
    Cue(
        "unresponsive",
        0.75,
        "no {reply|replies|response|responses|answer|answers|callback|call back|contact|help};{nobody|no one|noone|"
        "no body|none} {is|has|have|will|can|to|ever|even|} {answer*|respon*|repl*|pick up|picks up|picked up|help*|"
        "call back|calls back|called back|contact*|at|available};unresponsive;unanswered",
    ),
    Cue(
        "unresponsive",
        0.7,
        "{havent|hasnt|have not|has not|not|never|yet to|didnt|dont|doesnt|wont|still not|nobodys} {heard|hear|"
        "received a|had a|got a|get a|gotten a|answer*|respon*|repl*|pick up|call back|called back|get back|got "
        "back};{ignore|ignored|ignoring|ignores} {me|us|my|our|customers|your}",
    ),
    Cue(
        "unresponsive",
        0.35,
        "{answer|respond|reply|phone|phones|calls|email|emails|emailed|dm|tweets|call center|hotline|customer line|"
        "voicemail|support ticket}",
    ),
    Cue(
        "unresponsive",
        0.75,
        "không {trả lời|phản hồi|nghe máy|liên lạc được|rep|thấy trả lời|ai trả lời};nhắn {tin |}không;gọi {mãi |"
        "}không",
    ),
    Cue(
        "unresponsive",
        0.3,
        "{called|calling|emailed|tweeted|contacted|messaged|dmd|phoned|rang} {you|them|# times|and|twice|customer|"
        "your|the};call;calling;called;phone number;help me;need help;{get|got} {a|an|any} {answer|response|reply};"
        "dm;reps;customer relations;help desk;support",
    ),
    # staff_conduct: rude, dismissive, dishonest, incompetent or discriminating people
    Cue(
        "staff_conduct",
        0.8,
        "rude;rudest;rudeness;rudely;unprofessional;disrespect*;condescending;racist;racism;discriminat*;"
        "incompeten*;dismissive;unhelpful;bad attitude;an attitude;impolite;arrogant;{yelled|shouted|screamed|"
        "laughed|sworn|rolled} {at|her|his};liar;liars;lied;lying;lies;dishonest",
    ),
    Cue(
        "staff_conduct",
        0.7,
        "{customer service|customer care|service|staff|support|employees|crew|people} {is|are|was|were|at its|} {so|"
        "very|just|the|really|absolutely|} {horrible|terrible|awful|worst|poor|pathetic|useless|bad|shit|crap|joke|"
        "sucks|suck|garbage|nonexistent|clueless|appalling|disgusting|ridiculous|unacceptable|a joke|lacking}",
    ),
    Cue(
        "staff_conduct",
        0.65,
        "{worst|horrible|terrible|awful|poor|pathetic|bad|shitty|crappy|lousy|disgusting|appalling|atrocious|"
        "poorest|worse|sub par|horrendous} {customer|} {service|care|support|staff|crew|employees}",
    ),
    Cue(
        "staff_conduct",
        0.3,
        "customer service;customerservice;staff;agent;agents;attendant;attendants;employee;employees;crew;manager;"
        "waiter;waitress;server;driver;representative;rep;pilot",
    ),
    Cue(
        "staff_conduct",
        0.65,
        "thái độ {phục vụ |nhân viên |của |}{kém|tệ|lồi lõm|không tốt|khó chịu};{nhân viên|phục vụ|shop|chủ quán} "
        "{rất |quá |}{thô lỗ|kém|tệ|khó chịu|lề mề|thờ ơ|chảnh};thái độ",
    ),
    Cue(
        "staff_conduct",
        0.2,
        "treat*;people;lady;guy;woman;they {dont|do not} care;dont care;no clue;clueless;pilot;employee*;gate agent;"
        "service;poor service;badservice;customer experience;attitude;manager;yell*",
    ),
    # misinformation: wrong, missing or contradictory information
    Cue(
        "misinformation",
        0.65,
        "misinform*;misled;mislead*;false {information|advertising|info};wrong {information|info|gate|time};"
        "contradict*;conflicting;{different|inconsistent} {answers|answer|information|info|stories};bait and switch",
    ),
    Cue(
        "misinformation",
        0.6,
        "no {information|info|communication|explanation|update|updates|announcement|announcements|notice|"
        "notification|warning|word};lack of {information|info|communication};{nobody|no one} {knows|told|informed|"
        "can tell|notified|tells};{not|never|wasnt|werent} {notified|informed|told|warned};without {notice|telling|"
        "warning|notification}",
    ),
    Cue(
        "misinformation",
        0.3,
        "{was|were|been|got} told;told {me|us};{website|site|app|board|agent|email|tracking} {says|said|shows|"
        "showed};keep telling;keeps telling",
    ),
    Cue("misinformation", 0.6, "{thông tin|tư vấn} {sai|không đúng|không rõ};quảng cáo {sai|láo|lố};nói một đằng"),
    Cue(
        "misinformation",
        0.2,
        "confus*;inform*;information;announce*;update us;communicat*;explain*;notified;notif*;no idea;says;"
        "supposedly;promise*;advertis*",
    ),
    # policy: a rule, or a refusal by rule, seen as unfair
    Cue(
        "policy",
        0.65,
        "policy;policies;terms and conditions;non refundable;nonrefundable;fine print;not {allowed|eligible|"
        "permitted};{wont|will not|dont|refused to|refuse to} {allow|let us|let me|accept}",
    ),
    Cue("policy", 0.4, "rule;rules;restriction*;require;requires;requirement*;loophole;within # days;expire*"),
    Cue("policy", 0.6, "không cho {đổi|trả|mang|xem|kiểm};không được {đổi|trả};quy định"),
    # safety: danger to health, hygiene, safety, data or privacy
    Cue(
        "safety",
        0.9,
        "food poisoning;foodpoisoning;carbon monoxide;gas leak;electric shock;electrocuted;data {breach|leak};bed "
        "bugs;bedbugs;cockroach*;maggot*;rat {droppings|in};mouse droppings;salmonella;ngộ độc;có gián;có chuột;mất "
        "vệ sinh;con gián;có giòi",
    ),
    Cue(
        "safety",
        0.85,
        "{caught|catch|on} fire;exploded;explosion;burst into flames",
        needs=r"\b(?:phone|battery|charger|engine|plane|car|heater|laptop|oven|it|device|cable|unit|bus|seat)\b",
        unless=(
            r"fire sale|on fire (?:today|tonight|lately|right)|(?:team|album|song|track|drop|sales|stock|crowd|you "
            r"guys|customers|twitter) \w+ on fire|like \w+ on fire|not on fire|fire alarm"
        ),
    ),
    Cue(
        "safety",
        0.8,
        "{is|was|are|were|so|very|totally|completely|feel|felt|its|an|seems|extremely} {unsafe|dangerous|hazardous};"
        "safety {hazard|risk|violation};fire hazard;health {hazard|risk|code violation};unsanitary;unhygienic",
        unless=(
            r"(?:not|isnt|less|dangerous (?:to|with) my (?:wallet|bank)|dangerously|dangerous (?:game|precedent|"
            r"combo|combination|man|woman|player|move|habit|territory))"
        ),
    ),
    Cue(
        "safety",
        0.8,
        "{leaked|exposed|shared|sold|published|gave out|giving out} {my|our|customer|customers|his|her} {personal|"
        "private|} {data|details|address|information|number|card details|medical records};privacy {breach|"
        "violation};someone elses {personal|medical|account|bank|private} {details|data|information|records}",
        unless=r"\b(?:forms?|never|not)\b",
    ),
    Cue(
        "safety",
        0.8,
        "{burned|burnt|cut|injured|hurt|shocked|scalded} {my|me|our|her|his} {hand|hands|face|leg|legs|arm|skin|"
        "finger|fingers|son|daughter|child|back|head|foot|mouth}",
        unless=r"\b(?:legroom|cramped|feelings|cut my (?:hand|hands) off)\b",
    ),
    Cue(
        "safety",
        0.8,
        "{mold|mould|mouldy|moldy|glass|plastic|metal|insect|insects|worm|worms|bug|hair|cockroach|blood|feces} {in|"
        "on|inside} {my|our|the|her|his} {food|salad|soup|burger|sandwich|meal|drink|bread|yoghurt|yogurt|pizza|"
        "sauce|bed|sheets|mattress|bottle|can|baby food|rice|coffee}",
    ),
    Cue(
        "safety",
        0.75,
        "{smoke|sparks|flames} {in the cabin|in the cockpit|coming out|coming from|pouring};brakes {failed|gave out|"
        "stopped};brake failure;allergic reaction;anaphyla*;got {really |very |}sick {from|after} {eating|the|your|"
        "their}",
    ),
    # other: condemned, nothing named
    Cue(
        "other",
        0.3,
        "worst {airline|company|experience|bank|provider|network};you suck;sucks;fail;never again;hate you;joke",
    ),
)

SEVERITY_CUES: Final = (
    Cue(
        "blame",
        0.8,
        "worst {airline|company|service|customer|experience|bank|provider|network|hotel|restaurant|ever|of|place|"
        "shop|store|brand|phone|carrier|app};{the|by far|absolute|your|far|literally} worst;liar;liars;thieves;"
        "crooks;scam;scammers;scammed;scamming;fraud;criminal*;disgrace;disgraceful;shame on;shameful;shameless;you "
        "suck;u suck;sucks;suck;pathetic;disgusting;disgusted;a joke;a fucking joke;incompeten*;idiots;morons;evil;"
        "greedy;crook*",
    ),
    Cue(
        "blame",
        0.6,
        "horrible;horrendous;horrific;terrible;awful;appalling;atrocious;abysmal;useless;garbage;trash;rubbish;"
        "bullshit;shit;shitty;crap;crappy;fuck*;dont care;doesnt care;do not care;could care less;couldnt care less;"
        "hate {you|u|this|your|them|user};boycott*;unprofessional;rude;racist;despicable;never {fly|use|buy|order|"
        "book|again|go|eat|shop}*",
    ),
    Cue(
        "blame",
        0.65,
        "lừa đảo;quá tệ;tệ {hại|nhất|quá};kinh khủng;vô trách nhiệm;mất dạy;lừa {khách|người};làm ăn {gian dối|chán|"
        "tệ|kiểu};tẩy chay;gian dối;cạch",
    ),
    Cue(
        "accusation",
        0.6,
        "{you|u|they|your team|you guys} {lost|broke|cancelled|canceled|charged|told|promised|refuse|refused|sold|"
        "left|sent|never|didnt|dont|cant|cannot|wont|failed|ruined|stole|took|changed|keep|kept|hung|ignored|ignore|"
        "made|said|lied|overbooked|owe|forgot|messed|screwed|delayed|bumped|gave|need to|should|have|had|just|do "
        "not|did not|are not|arent|still|havent|havent|even|couldnt|wouldnt|put|moved|want|claim}",
    ),
    Cue(
        "accusation",
        0.55,
        "your {staff|agent|agents|crew|driver|drivers|customer service|website|app|system|site|team|people|"
        "employees|employee|rep|reps|attendant|pilot|gate|store|manager|policy|response|update|server|servers|chat|"
        "phone};why {do|did|are|dont|didnt|cant|is|would|have|wont|does} {you|your|they|u}*;how {can|do|could|is "
        "it} {you|your|they|a company}*;thanks for {nothing|the delay|losing|ruining|not|cancel*|making|leaving|the "
        "lack}",
    ),
    Cue(
        "accusation",
        0.6,
        "{nobody|no one|noone} {answer*|pick*|respon*|repl*|help*|told|knows|came|is|has|at|will|can|informed};hung "
        "up on;refus*;{ignored|ignoring};{lied|lying};overcharg*;charged {me|us};lost {my|our};broke my;left {me|us|"
        "my};without {telling|asking|notice};no {customer service|explanation|apology|communication|response|reply|"
        "help|compensation};{told|promised} {me|us}",
    ),
    Cue(
        "accusation",
        0.55,
        "{shop|nhân viên|bên bán|cửa hàng|họ|quán} {giao|gửi|không|nói|bảo|làm|lừa|bán|thái độ|trả lời|để};giao "
        "{nhầm|sai|thiếu|lộn};không {trả lời|phản hồi|đổi|hoàn};thái độ",
    ),
    Cue(
        "disapproval",
        0.55,
        "disappoint*;frustrat*;annoy*;unacceptable;ridiculous;unbelievable;insane;absurd;upset;unhappy;not {happy|"
        "cool|good|ok|okay|impressed|acceptable|great};poor;bad;worse;wtf;wth;smh;ugh;really ?;seriously;fail;epic "
        "fail;come on;cmon;get it together;nightmare;mess;irritat*;angry;furious;livid;tired of;sick of;fed up;"
        "enough;disaster;inexcusable",
    ),
    Cue(
        "disapproval",
        0.35,
        "again;still;!;? !;! ?;slow;so {long|late|bad|expensive|slow};too {long|expensive|slow|small|loud};every "
        "time;always;delayed;late;broken;never;wow;great;love how;what a;hate",
    ),
    Cue(
        "disapproval",
        0.5,
        "thất vọng;chán;{quá|hơi|rất} {chán|dở|kém|đắt|mỏng|xấu|chậm|lâu|ồn};không {hài lòng|ưng|đáng|ngon|tốt|đẹp|"
        "thích};kém;tệ;dở;bực",
    ),
    Cue(
        "no_reproach",
        0.45,
        "{any|an} {news|update|updates|idea|ideas|advice|suggestions|help|way|chance|word|eta};{can|could|would} "
        "{you|u|someone|anyone|somebody|i|we} {please|help|check|tell|look|advise|assist|get|let|give|dm|fix|"
        "explain|confirm};please {help|advise|check|assist|dm|let|fix|look|can};pls {help|fix|advise};need {help|"
        "assistance|to};how {do|can|long} {i|we|will|to};what {should|can|do} {i|we};who {do|can|should} i;is there "
        "{a|any|an|anyone|something|anything}*",
    ),
    Cue(
        "no_reproach",
        0.3,
        "please;pls;plz;help;hi;hello;thanks;thank you;thx;?;trying to;issue with;problem with;having {trouble|"
        "issues|problems|an issue|a problem};wondering;anyone;do you know;dm sent;sent you a dm",
    ),
    Cue(
        "disapproval",
        0.3,
        "delay*;cancel*;wait*;stuck;worst;not working;doesnt work;wont;cant;nothing;no;lost;missing;hours;please "
        "stop;thanks a lot;thank you for;#;sad;crying;angry;annoyed;bad;shocked",
    ),
    Cue(
        "accusation",
        0.35,
        "you;your;they;their;them;u;youre;ur;nobody;no one;staff;agent;customer service;told;promised",
    ),
    Cue("no_reproach", 0.35, "cho {hỏi|mình hỏi};shop ơi;{được|giúp} {không|với|mình};có thể"),
)

SIGNAL_CUES: Final = (
    Cue(
        "unanswered",
        0.75,
        "no {reply|replies|response|responses|answer|answers|callback|call back} {from|to|yet|after|for|since|at "
        "all|on|in|and|.|!|?|back};still no {reply|response|answer|callback|call back|word};{nobody|no one|noone|no "
        "body} {has|have|is|will|ever|even|} {answer*|respond*|repl*|pick up|picks up|picked up|picking up|called|"
        "calls back|call back|calls back|called back|contacted|got back|gotten back};unanswered;unresponsive;never "
        "{answer*|respond*|repl*|pick up|picked up|called back|call back|got back|heard back|got a}",
    ),
    Cue(
        "unanswered",
        0.7,
        "{havent|hasnt|have not|has not|didnt|dont|doesnt|did not|do not|wont|not|yet to} {even |}{heard back|hear "
        "back|heard from|heard anything|answer|answered|answering|respond|responded|responding|reply|replied|pick "
        "up|call back|called back|get back|gotten back|got a reply|got a response|received a reply|received a "
        "response|had a reply|had a response};waiting for {a|your|an} {reply|response|answer|call|callback|call "
        "back|email};{ignored|ignoring|ignore} {me|us|my|our|customers}",
    ),
    Cue(
        "unanswered",
        0.6,
        "on hold {for|since|over|about|more|now|with|#|all|forever|an|.|!};holding for #;{hour|hours|hrs|minutes|"
        "mins|min} on hold;busy signal;cant get through;cannot get through;{on the|your} phone for # {hours|hrs|"
        "hour};{cant|couldnt|cannot} {reach|get hold of|get ahold of|get a hold of} {anyone|anybody|you|a|someone}",
    ),
    Cue(
        "unanswered",
        0.7,
        "không {trả lời|phản hồi|nghe máy|rep|ai trả lời|thấy trả lời|thấy phản hồi};chưa {trả lời|phản hồi};nhắn "
        "tin không",
    ),
    Cue(
        "unanswered",
        0.65,
        "still waiting {for|on} {a|your|you|an|someone|somebody|any} {reply|response|answer|call|callback|to {call|"
        "reply|respond|answer|get back}};{have|has} still not {replied|responded|answered|heard|called};{zero|"
        "without|without a|without any} {response|reply|answer|replies};radio silence;crickets;{emails|messages|"
        "calls|tweets|dms|mails} {go|went|are|were|being} {unanswered|ignored|nowhere}",
    ),
    Cue(
        "repeated",
        0.55,
        "again",
        unless=(
            r"(?:never|ever|try|trying|thanks|thank you|hello|hi|see you|you|back|soon|not|wont|will|would|want|fly|"
            r"flying|buy|use|go|order|eat|stay|book|work|working|works) (?:\w+ )?again|again soon|again and again i "
            r"love"
        ),
    ),
    Cue(
        "repeated",
        0.55,
        "{delayed|cancelled|canceled|late|broken|down|wrong|out|lost|happened|not working|charged|failed} again;yet "
        "again;once again;over and over;again and again;and again",
    ),
    Cue(
        "repeated",
        0.6,
        "every {single |}{time|day|week|month|flight|morning|night};everytime;each time;all the time;{second|third|"
        "fourth|fifth|sixth|# nd|# rd|# th|nth|umpteenth|other} {time|day|week|flight|delay|one} {in|this|that|it|"
        "ive|i|now|today|we|and|with|.|!};{# |two|three|four|five|several|multiple|many|numerous|countless} {times|"
        "attempts};more than once;in a row;back to back delays;yet another;another {delay|outage|cancel*|hour delay|"
        "gate change|issue|problem|bug|error|day}",
    ),
    Cue(
        "repeated",
        0.55,
        "{keeps|keep|kept} {getting|changing|saying|telling|crash*|cancel*|delay*|happening|giving|failing|dropping|"
        "hanging|breaking|logging|asking|pushing|disconnect*|freezing|going|coming|stopping|sending|charging|"
        "getting|having|losing|moving};{always|constantly|continually|consistently|repeatedly|continuously} {late|"
        "delay*|down|broken|a|an|has|have|having|issues|crash*|cancel*|wrong|slow|fail*|the|out|something|problem*};"
        "lần {thứ|nào cũng};lúc nào cũng;suốt ngày",
    ),
    Cue(
        "handed_on",
        0.7,
        "{transferred|transferring|passed|bounced|sent|pushed|shuffled|handed} {me |us |}{around|from|between|back "
        "and forth|to {another|a different|the wrong|someone else|# {different|people|departments}}};run around;"
        "runaround;{pass|passing|passed} the buck;{different|another|wrong|other} {department|departments};back and "
        "forth between;{point|pointing} {the |}finger*;not {my|our|their} {department|problem|job}",
    ),
    Cue(
        "handed_on",
        0.6,
        "{told|tells|telling|asked|says|said} {me |us |}to {call|contact|email|go|speak|talk} {to |}{the|another|"
        "someone|customer|american|a different|a|my|baggage|different|head};kicked back to;keep transferring",
    ),
    Cue(
        "handed_on",
        0.65,
        "{putting|put|going|stuck} {me |us |}{round |around |}in {a loop|circles};{spoke|spoken|talked|speaking} "
        "{to|with} {#|two|three|four|five|six|several|multiple|many} {different |}{people|agents|reps|"
        "representatives|departments|managers|advisors};{referred|directed|redirected|rerouted} {me |us |}{to|back};"
        "{blames|blame|blaming} {the other|each other|one another};{contact|call|ask} {the|your} {seller|"
        "manufacturer|retailer|store|courier|bank|dealer|vendor|other} {instead|said|they|but|who|and}",
    ),
    # refused_redress: asked for a remedy and was refused, or got far less
    Cue(
        "refused_redress",
        0.75,
        "{refuse|refused|refuses|refusing|declined|unwilling} {to |}{give {me|us} {a|any|my|our} |}{refund|"
        "compensate|replace|reimburse|exchange|repair|honor|honour|credit|pay|fix|issue|offer|rebook|refunds|"
        "compensation};{wont|will not|wouldnt|would not|not going to} {even |}{give {me|us} {a|any|my|our} |"
        "}{refund|compensate|reimburse|replace it|exchange it|honor|honour|compensation};không {cho đổi|đổi trả|"
        "chịu đổi|hoàn tiền|chịu hoàn|bồi thường|chịu trách nhiệm}",
        unless=(
            r"\b(?:if|hope|might|in case|why would|i|we) (?:\w+ ){0,2}(?:refuse[ds]?|wont|will not|wouldnt)|"
            r"(?:refuse|refused|wont|will not) to pay|\b(?:i|we) (?:wont|will not|refused?)\b"
        ),
    ),
    Cue(
        "refused_redress",
        0.75,
        "{denied|rejected|refused|declined|turned down} {my|our|a|the|any|his|her|me a|us a|me any|us any} {refund|"
        "claim|compensation|return|reimbursement|exchange|warranty|replacement|complaint|request};{refund|claim|"
        "compensation|return|reimbursement|request} {was|has been|is|got|} {denied|refused|rejected|declined|turned "
        "down};no {refund|refunds|compensation|reimbursement|voucher|vouchers} {offered|given|for|or|because|will|"
        "and|despite|from}",
    ),
    Cue(
        "refused_redress",
        0.7,
        "{wont|will not|cant|cannot|refuse to|refused to|refuses to|not willing to} {give {me|us} {a|any|my|our}|"
        "offer {me|us} {a|any}|issue {me |}a} {refund|money back|credit|replacement|compensation|hotel};{they|you|"
        "user|company|store|dealer|manager|airline|bank|shop} {wont|will not|refuse to|refused to|refuses to} {fix|"
        "repair|replace|refund|exchange|honor|honour|take it back|do anything};nothing {they|you|we|i} can do {for|"
        "about|.|!};{without|with no} {a |any |}{refund|compensation|reimbursement};no {replacement|reimbursement|"
        "refund} {and|but|just|only|because};{cant|cannot|wont let me|not let me} return {it|them|this};{keep|kept|"
        "keeping} {my|our|your|the} {money|deposit|fee};not covered {by|under}",
        unless=(
            r"\b(?:if|hope|might|in case|can you|would you|love) (?:\w+ ){0,3}(?:refus|wont|will not)|\b(?:i|we) "
            r"(?:wont|will not|cant|cannot|refused? to) (?:give|fix|repair|replace|exchange)"
        ),
    ),
    Cue(
        "refused_redress",
        0.65,
        "{only|just} {offered|offering|offer|gave|refunded} {me |us |}{a |}{# |}{dollar|dollars|voucher|vouchers|"
        "credit|percent|bucks|off|refund};not {eligible|entitled} {for|to} {a|any|} {refund|compensation|"
        "reimbursement|replacement};{said|told me|told us|says} no {to {a|my|any|the} {refund|compensation|"
        "replacement|exchange}|refund|refunds|compensation};{refuse|refuses|refused|refusing} to {do anything|help|"
        "help me|help us|assist|budge|rebook}",
        unless=r"\b(?:i|we) (?:wont|will not)\b",
    ),
    Cue(
        "churn",
        0.8,
        "again;anymore;any more;ever again;never {fly|flying|use|using|buy|buying|order|ordering|return|returning|"
        "book|booking} {user|with|from|here|this|your}",
        needs=(
            r"\b(?:never|not|wont|no longer|refuse to) (?:(?:be|ever|going|gonna|going to|to|want to) ){0,3}(?:fly|"
            r"buy|order|us|shop|book|com|go|eat|stay|travel|do|return|choos|pick)(?:e|ing|ping)?\b"
        ),
        unless=r"\b(?:if|until|why|i hope|cant|dont know)\b (?:\w+ ){0,6}never",
    ),
    Cue(
        "churn",
        0.75,
        "{taking|take|took|taken} {my|our} {business|money|custom} {elsewhere|somewhere|to};lost {a|me as|my|our} "
        "{loyal |longtime |good |}{customer|business|custom|a customer};lost me {as|forever};{former|ex|soon to be "
        "former} customer;last time {i|we|ill|im|flying|ever|i will};{wont|will not|wouldnt} be {back|returning|"
        "flying|using|coming|buying|ordering|renewing|a customer}",
    ),
    Cue(
        "churn",
        0.65,
        "never again;never {ever |}{fly|buy|use|order|book|shop|return|come back|go back|flying|using}*;{im|am|i am|"
        "so|officially|we are} done with {you|user|them|this|these|your};{switch|switching|switched|moving|moved|"
        "going|changing} {back |over |}to {user|another|a different|delta|southwest|your competitor|a competitor|"
        "the competition|someone};{cancel|cancelling|canceling|cancelled|close|closing|closed} my {contract|"
        "subscription|account|membership|service|plan|card|policy};find another {airline|bank|provider|company|"
        "carrier};time to {switch|leave|change {airlines|banks|providers}};good riddance",
    ),
    Cue(
        "churn",
        0.65,
        "{shopping|looking|look|go|going} {around|elsewhere};{not|no longer} {a |}{loyal|customer} {anymore|any "
        "more|customer};{deleted|deleting|uninstalled|uninstalling} {the|your|this} app;{will|ill|going to|about to|"
        "want to|ready to} {cancel|close} my;{leaving|left} {you|user|for {another|a competitor|your competitor}};"
        "{lost|lose} my {trust|loyalty} forever;find a new {bank|airline|provider|carrier|dentist|garage}",
    ),
    Cue(
        "churn",
        0.75,
        "không bao giờ {mua|quay lại|ghé|đặt|ủng hộ|trở lại};không {quay lại|mua nữa|ủng hộ nữa|trở lại};lần sau "
        "{không|sẽ không|chẳng};cạch {mặt|}",
    ),
    # threat: announces a lawyer, a regulator, the press, the authorities
    Cue(
        "threat",
        0.85,
        "{legal|court} action;see you in court;{ill|i will|we will|going to|gonna|i am|im|we are|happily} {take|"
        "taking|see} {you|them|this|user} {to|in} {small claims |}court;{hear|hearing} from my {lawyer|attorney|"
        "solicitor|lawyers};small claims {court|};{my|a|our|the} {lawyer|lawyers|attorney|solicitor} {will|is going "
        "to|is looking|has been contacted};{contact|contacting|contacted|call|calling|called|speak to|speaking to|"
        "talk to|talking to|consult|consulting|get|getting|hiring|hire|see|seeing|ring|involving} {with |}{my|a|an|"
        "our} {lawyer|attorney|solicitor|lawyers}",
        unless=(
            r"\b(?:lawyer|attorney|solicitor) (?:who|that|said no|loves?|friend|on (?:tv|netflix))|no legal action|"
            r"avoid legal action|court action (?:film|movie)|about (?:his|her) (?:divorce|will)|drops? legal|better "
            r"call"
        ),
    ),
    Cue(
        "threat",
        0.8,
        "{i|we|ill|i will|we will|i should|i could|im going to|i am going to|were going to|we are going to|im gonna|"
        "have to|want to|ready to|threatening to} {sue|be suing} {you|user|them|your|this|over|for|.|!|the};{i am|"
        "im|we are|were} suing;suing {you|user|them|your};{i|we|ill|will} {be |}{file|filing|filed|start|starting|"
        "join|joining} {a|the} {lawsuit|class action|claim against}",
        unless=(
            r"\bsue (?:and|is|was|has|said|from|at|told|me)\b|\b(?:my|aunt|friend|her name) \w* ?sue\b|(?:to|going "
            r"to) sue (?:apple|samsung|google|facebook|trump)"
        ),
    ),
    Cue(
        "threat",
        0.85,
        "{to|the|with|contacting|contact|call|calling|tell|file} {ombudsman|regulator|regulators|watchdog|bbb|"
        "better business bureau|faa|fcc|ftc|caa|cfpb|ofcom|ofgem|trading standards|consumer affairs|consumer "
        "protection|consumer court|consumer forum|attorney general|department of transportation|us dot|financial "
        "conduct authority|asa|advertising standards|data protection|health department|environmental health}",
        needs=r"\b(?:report|complain|escalat|fil(?:e|ed|ing)\b|contact|writ|going to|tak(?:e|ing)\b|email)\w*",
        unless=r"\b(?:called? the police on|police report|recommend(?:ed|s)? (?:a|the))\b",
    ),
    Cue(
        "threat",
        0.8,
        "{going|go|gone|speak|speaking|talk|talking|contact|contacting|take|taking|contacted|emailing|alert|"
        "alerting|calling|tell|telling} {this |it |my story |}{to |}the {press|media|papers|newspapers|newspaper|"
        "local news|news|tabloids|bbc};{take|taking|took} {this|it|the matter|my complaint} {further|higher|to the "
        "top|to your ceo|to head office|to the ceo};press charges;pressing charges;{ill|i will|we will|im|i am|"
        "going to|calling|reporting you to} {calling |call |report you to |report this to |go to |reporting this to "
        "|}the {police|authorities};kiện {shop|công ty|ra tòa};{báo|gửi đơn} công an;khiếu nại lên",
        unless=r"take (?:it|this) higher (?:and|on|in)|\b(?:workout|music|volume|stakes)\b",
    ),
    # rally: calls on or warns others; a song, a video, a thread about it
    Cue(
        "rally",
        0.85,
        "boycott;boycotting;boycottuser;boycott user;tẩy chay",
        unless=(
            r"(?:no|not|dont|never|stop the|end the|against the|against a|call off the|calls? for a|of the|state|"
            r"academic|olympic|won't|wont) boycott|boycott (?:of|by|divest|movement|ends|called off|the (?:olympics|"
            r"world cup|elections?|vote))"
        ),
    ),
    Cue(
        "rally",
        0.75,
        "{please|pls|plz} {share|rt|retweet|spread|repost};share this {with|so|to|post|far|everywhere|and};spread "
        "the word;{sign|signing|signed|start|started|starting} {the|this|our|my|a} petition;make this {go |}viral",
        unless=(
            r"\b(?:win|giveaway|contest|competition|chance|prize|tickets|discount|offer|vote|your (?:thoughts|photos|"
            r"pics|story|stories|experience|feedback|location|details|number|dm|order|email|confirmation|info|"
            r"screenshot))\b|share (?:the|your|a|more|any|some|details?|with (?:me|us))\b|happy to have|\blove\b|"
            r"\bamazing\b"
        ),
    ),
    Cue(
        "rally",
        0.8,
        "{buy|buying|fly|flying|use|using|book|booking|order|ordering|shop|shopping|eat|eating|stay|staying|trust|"
        "travel|do business} {with |from |at |in |anything from |}{user|this|these|them|here|there|their}",
        needs=(
            r"(?:do not|dont|nobody should|no one should|everyone (?:should )?stop|people should stop|stop) (?:ever "
            r")?(?:buy|fly|us|book|order|shop|eat|stay|trust|travel|do)"
        ),
        unless=(
            r"\b(?:i|we|i will|ill|we will|you|u|they|why|id|i would|could|can|i have|ive|who|if you|but) (?:\w+ "
            r"){0,2}(?:do not|dont|never|stop)|never (?:ever )?(?:buy|fly|use|book|order|shop|eat|stay|trust|travel|"
            r"do business|flying|using)|\b(?:please|pls|plz) stop|stop (?:using|buying) (?:this|these|the) (?:word|"
            r"song|photo|picture|phrase)"
        ),
    ),
    Cue(
        "rally",
        0.75,
        "avoid {user|this|these|them|like the plague|at all cost*|at any cost*|the place};stay away from {user|this|"
        "these|them|here};steer clear of;{warn|warning|warned} {everyone|everybody|others|people|my friends|all my};"
        "{beware|warning} {of|to all|everyone|people|!} {user|this|these|anyone|travellers|travelers|customers|"
        "buyers|that|do|dont};tell {everyone|all my friends|everybody} {not to|i know not|to avoid|to stay};{buyer|"
        "buyers|consumer|traveler|customer|customers} beware;mọi người {đừng|nên tránh|né};đừng {mua|ghé|đến|vào|"
        "đặt};né {shop|quán|chỗ}",
        unless=(
            r"\b(?:to avoid (?:this|these)|avoid (?:this|these) (?:in|problem|issue|delay|error|by|from|kind|type|"
            r"mess|happening|situation)|(?:can|could|how|help|trying|try|would|please|way) (?:\w+ ){0,3}avoid|flood|"
            r"fire|weather|storm)\b|avoid them (?:in|by)|spoiler|severe warning|\bi (?:always )?avoid"
        ),
    ),
    Cue(
        "rally",
        0.8,
        "{song|video|thread|blog|blog post|youtube video} {about|on} {how|what|this|my|user|your|their|them|it}",
        needs=(
            r"\b(?:i|we|ill|im|ive|just|have) (?:\w+ )?(?:made|wrote|record|mak|writ|film|post|upload)\w* (?:a|this|"
            r"my|the) "
        ),
        unless=r"\b(?:love|loved|amazing|awesome|thanks|thank|beautiful|trip to|happy|great|best)\b",
    ),
    Cue(
        "bot_frustration",
        0.75,
        "{canned|automated|generic|scripted|robotic|auto|computer generated|copy paste|copy pasted|stock|cookie "
        "cutter|boilerplate|template} {response|responses|reply|replies|answer|answers|message|messages|email|"
        "emails|tweet|tweets|system|voice|call|apology};{chatbot|chat bot|bot|chatbots|virtual assistant} {is|was|"
        "keeps|cant|cannot|does|doesnt|just|useless|that|said|told|response|responses|again|instead|!|.};copy and "
        "paste;copy paste*;{speak|talk|speaking|talking|get|chat} {to |with |}{a|an|any} {actual |real |live |"
        "}{human|human being|real person|live person|actual person}",
        unless=r"\b(?:love|great|fun|helpful|fast|cool)\b",
    ),
    Cue(
        "bot_frustration",
        0.55,
        "{are you|is this|talking to|am i talking to|like|just} a {bot|robot|machine};robots;auto {reply|respond*|"
        "reply};trả lời tự động",
    ),
    # vulnerable: a child, an ill, disabled, elderly or bereaved person is harmed or stranded
    Cue(
        "vulnerable",
        0.75,
        "# {year old|yr old|month old|week old|yo|yrs old|years old|months old|mo old|y o};{my|our|her|his|with|a|"
        "an|the|and|two|three|# |small|young|sick|infant|little|} {baby|infant|toddler|newborn|kids|kid|children|"
        "child|daughter|son|babies|toddlers|grandson|granddaughter|twins|little one|little girl|little boy|minor|"
        "infants};unaccompanied minor;bé {nhà|con|bị};con {tôi|mình|em} bị",
        needs=(
            r"(?:stranded|abandon\w*|sle(?:ep|pt|eping) (?:on|in) (?:the|a|an) (?:\w+ )?(?:floor|airport|terminal|"
            r"chairs?)|left (?:\w+ ){0,4}(?:alone|behind|unattended|stranded|outside)|(?:injur|scald|chok|bleed)\w*|"
            r"burn(?:ed|t)\b|hospital\w*|without (?:\w+ )?(?:food|water|medication|medicine|insulin|formula|diapers|"
            r"heat|heating|milk|car ?seat|power)|no (?:food|water|heat|heating|formula|milk|medicine) |(?:separat|"
            r"split)\w* (?:\w+ ){0,3}(?:baby|infant|toddler|child|children|kids?|son|daughter|parents?|# )|stuck "
            r"(?:\w+ ){0,6}(?:baby|infant|toddler|newborn|kids?|child(?:ren)?|daughter|son|# (?:year|yr|month|mo|"
            r"yo))|bị (?:bỏng|thương|dị ứng|ngộ độc))"
        ),
        unless=(
            r"like (?:a|an|my) \w+|acting like|\b(?:toy|app|game|discount|won the|doll|whisky|whiskey|scotch|wine|"
            r"lawyer|loves?|loved|my baby (?:is|was) (?:a )?(?:car|bike|truck|laptop))\b"
        ),
    ),
    Cue(
        "vulnerable",
        0.75,
        "{elderly|# year old|disabled|handicapped|blind|paralyzed|paralysed|wheelchair bound|wheelchair|pregnant|"
        "autistic|diabetic|alzheimers|dementia|terminally ill|epileptic|asthmatic} {mother|father|mom|mum|dad|"
        "parents|grandmother|grandfather|grandma|grandpa|man|woman|lady|passenger|passengers|wife|husband|couple|"
        "person|people|aunt|uncle|son|daughter|brother|sister|child|veteran|customer|and|friend|user|in|on|at|was|"
        "for|left|stuck};my {grandmother|grandma|grandfather|grandpa|gran|nan}",
        needs=(
            r"(?:stranded|abandon\w*|sle(?:ep|pt|eping) (?:on|in) (?:the|a|an)|left (?:\w+ ){0,4}(?:alone|behind|"
            r"unattended|stranded|sitting|on the|waiting|in the|at the|outside|without)|injur\w*|fell\b|hospital\w*|"
            r"without (?:\w+ ){0,2}(?:food|water|medication|medicine|insulin|wheelchair|assistance|heat|heating|help|"
            r"power|chair)|no (?:wheelchair|assistance|food|water|heat|heating|help)\b|broke\w* (?:\w+ "
            r"){0,2}wheelchair|(?:damaged|lost|destroyed) (?:\w+ ){0,2}wheelchair|stuck (?:\w+ ){0,6}(?:elderly|"
            r"disabled|wheelchair|pregnant|grand\w+|# year)|made (?:\w+ ){0,3}(?:walk|stand)|denied (?:\w+ "
            r"){0,2}(?:boarding|assistance)|refus\w+ (?:\w+ ){0,3}(?:assist|help|board))"
        ),
        unless=r"left (?:\w+ )?(?:a )?(?:tip|review|happy)",
    ),
    Cue(
        "vulnerable",
        0.75,
        "{insulin|medication|medications|medicine|meds|chemo|oxygen|epipen|dialysis|heart pills|cpap}",
        needs=(
            r"(?:lost|stuck|stranded|without|missing|bags?|luggage|delayed|not (?:arrived|delivered)|need (?:my|his|"
            r"her|the)|ran out|cannot get|cant get)"
        ),
        unless=r"\b(?:side effects|advert|marketing|netflix|better with|is this ok|carry on|can i bring|sense of)\b",
    ),
    Cue(
        "vulnerable",
        0.75,
        "{funeral|memorial service|dying {father|mother|dad|mom|mum|grandmother|grandfather|wife|husband|brother|"
        "sister|friend}|deathbed|death in the family}",
        needs=(
            r"(?:miss(?:ed|ing|es)?\b|stranded|stuck|cancel\w*|delay\w*|refus\w+|wont (?:let|refund|rebook|change)|"
            r"charg\w+|late\b|not (?:going to )?make)"
        ),
        unless=r"\b(?:song|film|movie|march|plan|insurance|like a funeral)\b",
    ),
    # resolved, loyal: read on every post
    Cue(
        "resolved",
        0.75,
        "for {fixing|sorting|resolving|solving|rebooking|refunding|replacing|getting|finding|helping|taking care|"
        "the refund|your help|the help|the quick|the assistance|making it right|turning it around}",
        needs=r"\b(?:thanks?|thx|cheers|kudos|appreciate|grateful)\b",
        unless=(
            r"\b(?:until|unless|hope|when will|nothing|lack of|no thanks|in advance|getting back to|getting to|quick "
            r"(?:response|reply|answer)|still (?:no|not|wait)|not (?:fix|resolv|sort|solv|help))"
        ),
    ),
    Cue(
        "resolved",
        0.75,
        "{all|its|now|got it|issue|problem|it is|is now|everything} {been |} {sorted|resolved|fixed|solved|taken "
        "care of|straightened out};{has|have|had} been {resolved|fixed|sorted|solved|refunded};{works|working|back} "
        "again now;its working now;{up and running|back up} {again|now};{got|received|have} my {refund|bag|bags|"
        "luggage|money back|suitcase} {back |}{today|now|finally|this|thanks|thank|.|!};found my {bag|luggage|"
        "suitcase|wallet|phone|ipad|laptop};đã {đổi|hoàn tiền|xử lý|giải quyết} {cho|xong|rồi}",
        unless=(
            r"\b(?:not|isnt|hasnt|havent|until|unless|hope|when will|waiting|needs? to|should|please|could|can you|"
            r"would be|get this|wasnt|still|never|nothing|lack of|would like|want|yet)\b"
        ),
    ),
    Cue(
        "resolved",
        0.7,
        "{that|it} {worked|fixed it|did the trick|solved it};{now|finally|is|all} {working|fixed|sorted|resolved|"
        "good} {now|again|thanks|thank};problem solved;all good now;{you|they} {fixed|sorted|resolved|solved|made} "
        "it {right|quickly|for|fast|within|in|straight};{got it|got that|have it} {working|sorted|fixed|resolved}",
        unless=r"\b(?:not|isnt|until|unless|hope|when|wish|if|never|nothing|would|should|havent|hasnt|still)\b",
    ),
    Cue(
        "loyal",
        0.7,
        "again;back;for sure",
        needs=(
            r"\b(?:ill|i will|we will|i would|we would|would|gladly|definitely|happily) (?:definitely |certainly |"
            r"gladly |happily |always )?(?:fly|be|come|buy|order|book|use|return|shop|stay|go)\w*(?: \w+){0,3} "
            r"(?:again|back|for sure)\b"
        ),
        unless=(
            r"\b(?:not|never|wont|wouldnt|cant|cannot|dont|unless|if|no longer|reconsider|think twice|why|call|get|"
            r"money|refund)\b"
        ),
    ),
    Cue(
        "loyal",
        0.7,
        "{highly|definitely|would|will|can|totally|strongly|do} recommend;will be back;well be back;{still|always|"
        "will always} {love|be loyal|fly|choose|my favorite|my favourite|recommend|come back};{customer|fan|flyer} "
        "for life;{i|we} forgive;all is forgiven;{keep|keeping|earned|have|won} my {business|loyalty};{favorite|"
        "favourite} {airline|store|shop|brand|restaurant|place|bank};loyal {customer|flyer|fan} {forever|for life|"
        "now|because};sẽ {ủng hộ|quay lại|mua {lại|tiếp|thêm}|ghé lại};{nên mua|đáng mua|ủng hộ shop|rất hài lòng}",
        unless=(
            r"\b(?:not|never|wont|wouldnt|cant|cannot|dont|used to|unless|if you|was my|no longer|hard to|could not|"
            r"couldnt|reconsider|think twice|lost|why|kk|không)\b"
        ),
    ),
)
