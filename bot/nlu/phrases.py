"""Messages that say an example word for word, ornament aside: control words above all."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from bot.nlu.lexicon import Lexicon


class Phrases:
    """Knows the intent of every example.

    Args:
        examples: Intent, text and plain words of each example.
        lexicon: Which words are ornament, which intents are control.
    """

    def __init__(self, examples: Iterable[tuple[str, str, list[str]]], lexicon: Lexicon) -> None:
        self._lexicon = lexicon
        self._intents: dict[str, str] = {}
        known = list(examples)
        for intent, text, words in known:
            self._intents.setdefault(_spoken(words, text), intent)
        for intent, text, words in known:
            # "makasih infonya" must not leave "infonya" as a way to say thanks.
            for core in self._cores(words)[: 2 if intent in lexicon.control else 3]:
                self._intents.setdefault(_spoken(core, text), intent)
        said = (phrase for phrase, intent in self._intents.items() if intent in lexicon.control)
        self._longest = max((len(phrase.split()) for phrase in said), default=0)

    def core(self, words: list[str]) -> list[str]:
        """Return the words without address and courtesy, never down to nothing."""
        return self._cores(words)[-1]

    def find(self, words: list[str], text: str) -> str | None:
        """Return the intent whose example a message is, or the one of a chain of control words.

        Args:
            words: The plain words of the message.
            text: The message, for one without words ("-").
        """
        cores = self._cores(words)
        hits = (self._intents.get(_spoken(core, text)) for core in cores)
        return next((hit for hit in hits if hit), None) or self._chain(cores[1])

    def behind_courtesy(self, words: list[str]) -> list[str]:
        """Return the words behind greetings, thanks and openings ("makasih kak, mau tanya ...")."""
        lexicon = self._lexicon
        aside = lexicon.address | lexicon.courtesy | lexicon.opening
        polite = {*lexicon.polite, *lexicon.categories[:1]}
        start, greeted = 0, False
        while start < len(words):
            said = range(min(len(words), start + self._longest), start, -1)
            meant = ((end, self._intents.get(" ".join(words[start:end]))) for end in said)
            end = next((end for end, intent in meant if intent in polite), 0)
            if not end and words[start] not in aside:
                break
            start, greeted = end or start + 1, greeted or bool(end)
        return words[start:] if greeted else words

    def _cores(self, words: list[str]) -> list[list[str]]:
        spoken = [word for word in words if word not in self._lexicon.address]
        spoken = spoken or [word for word in words if word in self._intents] or words
        core = [word for word in spoken if word not in self._lexicon.courtesy] or spoken
        return [words, spoken, core]

    def _chain(self, words: Sequence[str]) -> str | None:
        """Read "ok terima kasih terima kasih", "halo menu": only control phrases, one meaning."""
        meant: list[str] = []
        start = 0
        while start < len(words):
            for end in range(min(len(words), start + self._longest), start, -1):
                intent = self._intents.get(" ".join(words[start:end]))
                if intent in self._lexicon.control:
                    meant.append(intent)
                    start = end
                    break
            else:
                return None
        strong = {intent for intent in meant if intent not in self._lexicon.polite}
        if len(strong) > 1:
            return None
        return strong.pop() if strong else next(reversed(meant), None)


def _spoken(words: Sequence[str], text: str) -> str:
    return " ".join(words) or text.strip()
