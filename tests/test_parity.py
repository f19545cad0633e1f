"""Both languages say the same: element by element, the same numbers and the same strength."""

import base64
import re
from dataclasses import dataclass, field
from html.parser import HTMLParser

import pytest

from coaching_stats.output import REPORTS
from coaching_stats.texts import LANGUAGES, texts

RUNS = ["theory_run", "one_client_run", "attitude_run", "lq2002_run"]
VOID = {"meta", "img", "br", "link", "input", "hr"}
SPOKEN = ("alt", "aria-label", "data-label")  # attributes that people read or hear
PICTURE = "data:image/svg+xml;base64,"

# What a sentence claims, by words that stand for it in each language.
MARKS = {
    "shows": (r"\bshow (that|an effect)\b", r"\b(osoittaa, että|näkyy \w+ suuruinen)\b"),
    "not shown": (r"\bnot shown\b", r"\bei (ole osoitettu|näytetä)\b"),
    "supported": (r"\bsupported\b", r"\b(saa(da)? tukea|tukea saa|sai tukea)\b"),
    "fits": (r"\b(?<!not )fit the claim\b|\bconsistent\b", r"\bsopi(i|vat)\b"),
    "does not fit": (r"\bnot fit the claim\b", r"\beivät sovi väitteeseen\b"),
    "association": (r"\b(association|relation)s?\b", r"\byhtey(s|ttä|tenä|destä|den|delle)\b"),
    "contradicted": (r"\bcontradict(ed|s)?\b", r"\b(kumoutu\w*|ristiriidassa)\b"),
    "ruled out": (r"\brule[sd]? out\b", r"\b(sulkee|sulkevat) pois\b|\bpoissuljettu\b"),
    "undecided": (r"\bdo not decide\b", r"\bei ratkaise\b"),
    "untestable": (
        r"\bcannot (be )?test(ed)?\b|\bnot testable\b",
        r"\bei (voi testata|testattavissa)\b",
    ),
    "mixed": (r"\bevidence\b.*\bmixed\b", r"\bnäyttö\b.*\bristiriitaista\b"),
    "rivals too": (r"\bequally with rivals\b", r"\byhtä hyvin kilpaileviin\b"),
}
# The sentences that may be printed as conclusions (docs/decision-rules.md, sections 4 and 5).
STRENGTH = {
    "licence/supported/A": {"supported", "shows"},
    "licence/supported/B": {"supported", "fits"},
    "licence/supported/C": {"supported", "association", "not shown"},
    "licence/supported/D": {"fits"},
    "licence/supported/D_rates": {"fits"},
    "licence/contradicted/A": {"contradicted", "ruled out"},
    "licence/contradicted/B": {"contradicted", "ruled out"},
    "licence/contradicted/C": {"contradicted", "ruled out", "association"},
    "licence/contradicted/D": {"does not fit"},
    "licence/inconclusive": {"undecided"},
    "licence/not testable": {"untestable"},
    "licence/contradicted_equivalence": {"shows"},
    "theory/not testable": {"untestable"},
    "theory/supported": {"supported"},
    "theory/mixed": {"mixed"},
    "theory/contradicted": {"contradicted"},
    "theory/consistent": {"fits", "rivals too"},
    "theory/consistent_by_design": {"fits", "ruled out"},
    "theory/undecided": {"undecided"},
    "theory/no_headline": set(),
}
# Never printed, at any grade; and what is said only of a roll-out (grade A).
NEVER = {
    "en": r"\b(prove[snd]?|proving|proofs?|confirm(s|ed|ing)?|no effect)\b",
    "fi": r"\b(todist\w+|vahvisti?|vahvist(aa|avat|ettu|uu|ui)|ei (ole )?vaikut\w+)\b",
}
CAUSAL = {
    "en": r"\b(caus(e|es|ed|ing)|due to|leads? to|results? in|thanks to)\b",
    "fi": r"\b(aiheut\w+|johtu\w+|saa aikaan|saavat aikaan|ansiosta)\b",
}
# Roles in a causal graph, what a picture of it shows, and a question: no finding.
NO_FINDING = (
    r"common cause|cause of the \w+ only|reversed cause|taken for the cause"
    r"|arrows from causes to outcomes"
)

SAME_WORDS = {"ICC(1)", "ICC(2)"}

NUMBERS = {
    "en": r"−?(?:\d{1,3}(?:,\d{3})+(?!\d)|\d+(?:\.\d+)?)",
    "fi": r"−?(?:\d{1,3}(?:[ \u00a0\u202f]\d{3})+(?!\d)|\d+(?:,\d+)?)",
}
ZERO = {"en": r"\bzero\b", "fi": r"\bnolla(a|n|sta|an)?\b"}
VERBATIM = r"\d+\.\d+\.\d+|\b[0-9a-f]{12}\b"  # versions and hashes


def numbers(text, language):
    """Every number of a text, smallest first; their order in a sentence may differ."""
    text = re.sub(ZERO[language], "0", re.sub(VERBATIM, "", text))
    found = re.findall(NUMBERS[language], text)
    if language == "fi":
        found = [re.sub(r"\s", "", one).replace(",", ".") for one in found]
    return sorted(float(one.replace(",", "").replace("−", "-")) for one in found)


def marks(text, language):
    """What a text claims."""
    place = LANGUAGES.index(language)
    return {
        name
        for name, patterns in MARKS.items()
        if re.search(patterns[place], text, re.IGNORECASE | re.DOTALL)
    }


@dataclass
class Element:
    """A tag with its attributes, the text in it, its own text, and the words of a picture."""

    tag: str
    attributes: dict
    language: str
    text: str = ""
    own: str = ""
    inside: list = field(default_factory=list)

    @property
    def words(self):
        """Whatever people read or hear of the element itself."""
        return " ".join([self.own, *(self.attributes.get(name, "") for name in SPOKEN)])

    @property
    def structure(self):
        """What must not differ between the languages."""
        skipped = {*SPOKEN, "lang", "src", "content"}
        return self.tag, {k: v for k, v in self.attributes.items() if k not in skipped}


class Walk(HTMLParser):
    """The elements of a page in order; a picture that stands in the page is one element."""

    def __init__(self, html):
        super().__init__()
        self.elements, self.open, self.svg = [], [], None
        self.feed(html)
        self.close()
        assert self.open == []

    def element(self, tag, attributes):
        language = attributes.get("lang") or (self.open[-1].language if self.open else "")
        element = Element(tag, attributes, language)
        if self.svg is None:
            self.elements.append(element)
        return element

    def handle_starttag(self, tag, attrs):
        element = self.element(tag, dict(attrs))
        if tag not in VOID:
            self.open.append(element)
        if tag == "svg":
            self.svg = element

    def handle_startendtag(self, tag, attrs):
        self.element(tag, dict(attrs))

    def handle_endtag(self, tag):
        closed = self.open.pop()
        assert closed.tag == tag
        if closed is self.svg:
            self.svg = None

    def handle_data(self, data):
        if self.svg is not None:
            if self.open[-1].tag == "title":
                self.svg.inside.append(data)
        elif self.open:
            self.open[-1].own += data
            for element in self.open:
                element.text += data

    def handle_comment(self, data):
        if self.svg is not None:  # text that is drawn as paths stands beside them
            self.svg.inside.append(data)


@pytest.fixture(scope="module", params=RUNS)
def pages(request, outputs):
    """One run, and the elements of its page in each language."""
    folder = outputs(request.param)
    elements = {
        language: Walk((folder / file).read_text(encoding="utf-8")).elements
        for language, file in REPORTS.items()
    }
    return request.getfixturevalue(request.param), elements


def pairs(pages, *, but=("style", "script")):
    english, finnish = (pages[1][language] for language in LANGUAGES)
    return [(one, other) for one, other in zip(english, finnish, strict=True) if one.tag not in but]


def visible(elements, language):
    """All that people read or hear in a language; technical notes are in English everywhere."""
    read = [e for e in elements if e.language == language and e.tag not in ("style", "script")]
    return " ".join([*(e.words for e in read), *(text for e in read for text in e.inside)])


def test_both_pages_have_the_same_elements_in_the_same_order(pages):
    english, finnish = ([e.structure for e in pages[1][language]] for language in LANGUAGES)
    assert english == finnish


def test_both_pages_hold_the_same_numbers_everywhere(pages):
    differ = [
        (one.words.strip(), other.words.strip())
        for one, other in pairs(pages)
        if numbers(one.words, "en") != numbers(other.words, "fi")
    ]
    assert differ == []


def test_pictures_hold_the_same_numbers(pages):
    for one, other in pairs(pages):
        source = one.attributes.get("src", "")
        if source.startswith(PICTURE):
            drawn = [
                Walk(base64.b64decode(e.attributes["src"][len(PICTURE) :]).decode()).elements
                for e in (one, other)
            ]
            one, other = (next(e for e in d if e.tag == "svg") for d in drawn)
        english = numbers(" ; ".join(one.inside), "en")
        finnish = numbers(" ; ".join(other.inside), "fi")
        assert english == finnish


def test_numbers_are_written_as_readers_of_the_language_write_them(pages):
    for language, elements in pages[1].items():
        text = re.sub(VERBATIM, "", visible(elements, language))
        wrong_mark = r"(?<![\d.])\d+\.\d+" if language == "fi" else r"\d,\d(?!\d\d)"
        assert re.findall(wrong_mark, text) == []
        assert re.findall(r"(?<![\w–-])-\d", text) == []  # a hyphen is no minus
        assert re.findall(r"\d%", text) == []
        between = ";" if language == "fi" else ","
        whole = " ".join(e.text for e in elements if e.tag == "main")
        ends = re.findall(r"\[−?[\d.,∞]*\d(.) −?[\d.,∞]+\]", whole)
        assert set(ends) <= {between}


def test_every_verdict_is_the_same_word_in_both_pages(pages):
    run, _ = pages
    keys = [
        {word: key for key, word in texts(language)["verdicts"].items()} for language in LANGUAGES
    ]
    said = [
        (keys[0][one.text], keys[1][other.text])
        for one, other in pairs(pages)
        if one.attributes.get("class", "").startswith("verdict")
    ]
    assert all(one == other for one, other in said)
    ordered = sorted(run.verdicts.judged, key=lambda v: not v.hypothesis.is_core)
    expected = [keys[0][v.word("en")] for v in ordered]
    assert [one for one, _ in said] == expected


def test_every_element_claims_as_much_in_both_pages(pages):
    differ = [
        (one.own.strip(), marks(one.own, "en") ^ marks(other.own, "fi"))
        for one, other in pairs(pages)
        if other.language == "fi" and marks(one.own, "en") != marks(other.own, "fi")
    ]
    assert differ == []


def test_no_page_says_more_than_the_rules_allow(pages):
    run, elements = pages
    assert "A" not in {v.grade for v in run.verdicts.judged}
    for page in elements.values():
        for language in LANGUAGES:
            text = re.sub(NO_FINDING, "", visible(page, language), flags=re.IGNORECASE)
            assert re.findall(NEVER[language], text, re.IGNORECASE) == []
            assert re.findall(CAUSAL[language], text, re.IGNORECASE) == []


def test_nothing_in_the_finnish_page_is_left_in_english(pages):
    same = [
        one.own.strip()
        for one, other in pairs(pages)
        if other.language == "fi"
        and one.own == other.own
        and len(re.findall(r"[^\W\d_]{3,}", one.own)) >= 3
    ]
    assert same == []


def test_what_stays_in_english_is_marked_and_the_same(pages):
    """A screen reader is told that a note without a translation is in English."""
    foreign = [(one, other) for one, other in pairs(pages) if other.language == "en"]
    assert [one.own for one, _ in foreign] == [other.own for _, other in foreign]


def leaves(tree, place=""):
    """Every text by its address."""
    if isinstance(tree, dict):
        items = tree.items()
    elif isinstance(tree, list):
        items = enumerate(tree)
    else:
        return {place.lstrip("/"): str(tree)}
    return {k: v for key, value in items for k, v in leaves(value, f"{place}/{key}").items()}


def test_only_names_of_statistics_are_the_same_in_both_languages():
    english, finnish = (leaves(texts(language)) for language in LANGUAGES)
    same = {
        text
        for at, text in english.items()
        if text == finnish[at] and re.search(r"[^\W\d_]{3}", re.sub(r"\{\w+\}", "", text))
    }
    assert same <= SAME_WORDS


def test_every_conclusion_claims_what_its_verdict_and_grade_allow():
    for language in LANGUAGES:
        said = leaves({part: texts(language)[part] for part in ("licence", "theory")})
        assert {at: marks(text, language) for at, text in said.items()} == STRENGTH


def test_every_text_claims_as_much_in_both_languages():
    english, finnish = (leaves(texts(language)) for language in LANGUAGES)
    differ = {
        at: (text, finnish[at], marks(text, "en") ^ marks(finnish[at], "fi"))
        for at, text in english.items()
        if marks(text, "en") != marks(finnish[at], "fi")
    }
    assert differ == {}


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_text_at_all_uses_a_forbidden_word(language):
    found = {
        at: word
        for at, text in leaves(texts(language)).items()
        for pattern in (NEVER[language], CAUSAL[language])
        if (word := re.search(pattern, re.sub(NO_FINDING, "", text, flags=re.I), re.I))
    }
    assert found == {}


@pytest.mark.parametrize(
    ("english", "finnish", "are_same"),
    [
        ("95 % CI [−0.54, 5,000]", "95 %:n väli [−0,54; 5 000]", True),
        ("excludes 0 and H1", "ei sisällä nollaa, ja H1", True),
        ("of 12, 3", "3 12 tiimistä", True),
        ("0.54", "0,55", False),
        ("−0.54", "0,54", False),
        ("0.54", "54", False),
        ("5,000", "5", False),
    ],
)
def test_the_same_numbers_are_told_from_others(english, finnish, are_same):
    assert (numbers(english, "en") == numbers(finnish, "fi")) is are_same


@pytest.mark.parametrize(
    ("english", "finnish"),
    [
        ("The data show that H.", "Aineisto sopii väitteeseen, että H."),
        ("Supported as an association: H.", "Tukea saa: H."),
        ("These data do not decide whether H.", "Kumoutuu: H."),
    ],
)
def test_a_stronger_word_in_one_language_is_seen(english, finnish):
    assert marks(english, "en") != marks(finnish, "fi")
