"""Values that are words rather than numbers: contract numbers, names, supplier types."""

from __future__ import annotations

import re
from functools import lru_cache

from rapidfuzz import fuzz, process

from actions.fields.text import EMAIL, MASK, Hit, masked, words_pattern
from actions.fields.words import field_words, supplier_types

ALIKE = 85
"""How alike (0-100) a misspelt word and an alias of a supplier type must be."""

LONGEST_CONTRACT = 150
LONGEST_NAME = 60
_MOST_WORDS = 60
_FEW_WORDS = 3
_SHORTEST_FUZZY = 5
_WORD = re.compile(rf"[^\s{re.escape(MASK)}]+")
_URL = re.compile(r"https?:|www\.|\w{3}\.(?:com|net|org|co\.id|go\.id|id)(?!\w)", re.IGNORECASE)


@lru_cache(maxsize=1)
def _aliases() -> dict[str, str]:
    found = dict(field_words().supplier_number)
    for kind in supplier_types():
        found.update({_squeezed(alias): kind.code for alias in (kind.name, *kind.aliases)})
    return found


def _squeezed(alias: str) -> str:
    return " ".join(re.findall(r"\w+", alias.lower()))


def _supplier_code(phrase: str) -> str | None:
    aliases = _aliases()
    if phrase in aliases:
        return aliases[phrase]
    bare = re.sub("(?:nya|ku|mu)$", "", phrase)
    if bare in aliases and bare not in field_words().supplier_number:
        return aliases[bare]
    if len(phrase) < _SHORTEST_FUZZY:
        return None
    longer = [alias for alias in aliases if len(alias) >= _SHORTEST_FUZZY]
    best = process.extractOne(phrase, longer, scorer=fuzz.ratio, score_cutoff=ALIKE)
    return aliases[best[0]] if best else None


def supplier_codes(text: str) -> list[Hit]:
    """Return the supplier types a text names by number ("2", "dua") or word ("rekanan")."""
    words = list(re.finditer(r"\w+", text))[:_MOST_WORDS]
    found: list[Hit] = []
    at = 0
    while at < len(words):
        for size in (4, 3, 2, 1):
            some = words[at : at + size]
            gap = text[some[0].start() : some[-1].end()]
            if len(some) < size or MASK in gap:
                continue
            code = _supplier_code(" ".join(word[0].lower() for word in some))
            if code is None and size == 1 and re.fullmatch("[1-8]", some[0][0]):
                code = some[0][0]
            if code is not None:
                found.append(Hit(code, some[0].start(), some[-1].end()))
                at += size - 1
                break
        at += 1
    return found


def contracts(text: str) -> list[Hit]:
    """Return what may be contract numbers: runs of words that hold digits, "/" or capitals.

    Upper-cased, blanks closed up, so that two ways of writing one number compare equal.
    """
    found: list[Hit] = []
    breaks = re.compile(rf"[\n;]|, |[{re.escape(MASK)}]+")
    pieces = [match.span() for match in breaks.finditer(text)]
    pieces += [match.span() for match in words_pattern("conjunction").finditer(text)]
    start = 0
    for left, right in [*sorted(pieces), (len(text), len(text))]:
        if left >= start:
            found += _contract_runs(text, start, left)
            start = right
    strong = [hit for hit in found if re.search("[/-]", hit.value)]
    if not strong and len(text.split()) > _FEW_WORDS:  # "2" in a sentence counts something
        return [hit for hit in found if not re.fullmatch(r"\d{1,2}", hit.value)]
    return strong or found


def _contract_runs(text: str, start: int, end: int) -> list[Hit]:
    words = list(_WORD.finditer(text, start, end))
    part, number = words_pattern("contract_part"), words_pattern("number")
    runs: list[list[re.Match[str]]] = [[]]
    for at, word in enumerate(words):
        bare = word[0].strip(".,:;!?'\"")
        near = "".join(other[0] for other in words[max(0, at - 1) : at + 2 : 2])
        slash = "/" in bare or (at > 0 and words[at - 1][0].endswith("/"))
        slash = slash or (at + 1 < len(words) and words[at + 1][0].startswith("/"))
        lone = bool(near) and not re.search(r"\w", bare)
        if (
            slash
            or lone
            or re.search(r"\d", bare)
            or part.fullmatch(bare)
            or (bare.isupper() and not _everyday(bare))
        ):
            runs[-1].append(word)
        elif runs[-1]:
            runs.append([])
    found = []
    for run in runs:
        while run and (
            number.fullmatch(run[0][0].strip(".,:;")) or not re.search(r"\w", run[0][0])
        ):
            run = run[1:]
        value = "".join(word[0] for word in run).upper().strip(".,:;!?'\"")
        if re.search(r"\d", value):
            found.append(Hit(value, run[0].start(), run[-1].end()))
    return found


def _everyday(word: str) -> bool:
    lists = ("courtesy", "name_stop", "towards", "correction")
    return any(words_pattern(name).fullmatch(word) for name in lists)


def names(text: str) -> list[Hit]:
    """Return the name a text gives, if any: letters, blanks and . ' , - without introduction.

    Nothing is returned for a question or a web address; an e-mail address is no part of it.
    """
    text = masked(text, [match.span() for match in EMAIL.finditer(text)])
    if re.search(r"[?@]", text) or _URL.search(text):
        return []
    at = _begin(text)
    words: list[re.Match[str]] = []
    for word in _WORD.finditer(text, at):
        bare = word[0].strip(".,!;:'-")
        ends = any(words_pattern(name).match(text, word.start()) for name in _NAME_ENDS)
        if ends or not bare or not all(char.isalpha() or char in ".',-" for char in word[0]):
            break
        gap = text[words[-1].end() : word.start()] if words else ""
        if "\n" in gap or MASK in gap or (words and _clause_ends(words[-1][0], word[0])):
            break
        words.append(word)
    if not words:
        return []
    end = words[-1].end()
    value = " ".join(word[0] for word in words).rstrip(",-'")
    if not re.search(r"\w\.\w|^\w\.$|\s\w{1,3}\.$|,", value):
        value = value.rstrip(".")
    return [Hit(value, words[0].start(), end)] if sum(map(str.isalpha, value)) >= 2 else []


def bare(text: str) -> str:
    """Return a text without the words that introduce a name: "ini kak, KPPN Contoh"."""
    return text[_begin(text) :].strip()


def _begin(text: str) -> int:
    """Return where a name begins behind its introduction."""
    at = 0
    lead = (words_pattern("name_intro"), words_pattern("name_courtesy"))
    while True:
        skipped = re.compile(rf"[\s,.:;!=\-{re.escape(MASK)}]*").match(text, at)
        at = skipped.end() if skipped else at
        match = next((found for one in lead if (found := one.match(text, at))), None)
        if match is None:
            return at
        at = match.end()


_NAME_ENDS = ("name_stop", "name_courtesy", "towards", "correction")


def _clause_ends(before: str, after: str) -> bool:
    """Tell whether a comma or stop ends the name; a title may follow a comma ("Sari, S.E.")."""
    bare = after.rstrip(",.")
    title = "." in bare or after.endswith(".") or (bare.isupper() and len(bare) <= 4)
    return before.endswith((",", ";", ":", "!")) and not title
