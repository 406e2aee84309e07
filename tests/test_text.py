"""Names in the form in which they are compared: the short ways for plain names give what the long ones would."""

import re
import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from songfeat.text import artist_key, normalise, title_key

ASCII = st.text(st.characters(max_codepoint=127), max_size=40)
PIECES = ["Feat.", "ft", "FEATURING", "with", "(", "[", ")", "]", " ", "Song", "é", "'", "&", "_", "\x1c", ";"]
NAMES = st.one_of(st.text(max_size=40), ASCII, st.lists(st.sampled_from(PIECES), max_size=10).map("".join))


def spelt_out(text: str) -> str:
    """What `normalise` does, without a thought to time."""
    folded = unicodedata.normalize("NFKD", text).casefold().replace("&", " and ")
    plain = "".join(char for char in folded if not unicodedata.combining(char))
    return re.sub(r"[\W_]+", " ", plain.replace("'", "").replace("’", "")).strip() or folded.strip()


@settings(max_examples=300, deadline=None)
@given(text=NAMES)
def test_plain_names_are_folded_as_others_are(text: str):
    assert normalise(text) == spelt_out(text)


@settings(max_examples=300, deadline=None)
@given(name=NAMES)
def test_guests_are_left_out_whatever_is_around_them(name: str):
    pattern = r"\s*[\(\[]\s*(?:feat|ft|featuring|with)\b\.?[^\)\]]*[\)\]]|\s+(?:feat|ft|featuring)\b\.?.*$"
    assert title_key(name) == spelt_out(re.sub(pattern, "", name, flags=re.IGNORECASE) or name)


@pytest.mark.parametrize(
    ("title", "key"),
    [
        ("Halo", "halo"),
        ("Beyoncé – Halo!", "beyonce halo"),
        ("Déjà Vu (feat. JAY-Z)", "deja vu"),
        ("Smooth (with Rob Thomas)", "smooth"),
        ("Left Outside Alone", "left outside alone"),
        ("Don't Stop", "dont stop"),
        ("You & I", "you and i"),
        ("???", "???"),
    ],
)
def test_keys_of_titles(title: str, key: str):
    assert title_key(title) == key


def test_the_key_of_an_artist_is_of_the_first_without_guests():
    assert artist_key("Eminem; Rihanna") == "eminem"
    assert artist_key("Mark Ronson ft. Bruno Mars") == "mark ronson"
    assert artist_key(None) == ""
