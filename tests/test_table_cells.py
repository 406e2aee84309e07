"""What single cells mean."""

import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from songfeat.labels import FEATURES, Feature
from store.sources import table_cells as cells


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("0.487", 0.487), (" 12 ", 12), ("-5,912", -5.912), ("4.97e-06", 4.97e-06), ("4,97E-06", 4.97e-06),
        ("−7.5", -7.5), (".5", 0.5), ("5.", 5), ("+3", 3),
        ("abc", None), ("", None), ("1 2", None), ("0x10", None), ("1_000", None), ("inf", None), ("nan", None),
        ("1,2,3", None), ("1.234,5", None), ("١٢", None),
    ],
)  # fmt: skip
def test_numbers(text, number):
    assert cells.parse_number(text) == number


@pytest.mark.parametrize(
    ("parse", "text", "number"),
    [
        (cells.parse_percent, "80", 80), (cells.parse_percent, "79,5 %", 79.5),
        (cells.parse_milliseconds, "231,747", 231747), (cells.parse_milliseconds, "1.231.747", 1231747),
        (cells.parse_milliseconds, "231\u202f747", 231747), (cells.parse_milliseconds, "231747.0", 231747),
        (cells.parse_milliseconds, "-231,747", -231747),
        (cells.parse_seconds, "3:45", 225), (cells.parse_seconds, "1:02:03", 3723),
        (cells.parse_seconds, "215,5", 215.5), (cells.parse_seconds, "3:75", None),
        (cells.parse_key, "C", 0), (cells.parse_key, "C#", 1), (cells.parse_key, "D♭", 1), (cells.parse_key, "cb", 11),
        (cells.parse_key, "B", 11), (cells.parse_key, "A♯/B♭", 10), (cells.parse_key, "7.0", 7),
        (cells.parse_key, "H", None),
        (cells.parse_mode, "Major", 1), (cells.parse_mode, "minor ", 0), (cells.parse_mode, "1", 1),
        (cells.parse_mode, "dorian", None),
        (cells.parse_meter, "4/4", 4), (cells.parse_meter, "5", 5), (cells.parse_meter, "04-Apr", None),
    ],
)  # fmt: skip
def test_other_ways_to_write_numbers(parse, text, number):
    assert parse(text) == number


@pytest.mark.parametrize(
    ("text", "year"),
    [
        ("1921", 1921), ("1921.0", 1921), ("2019-05", 2019), ("2019-05-03", 2019), ("2008-11-26 01:44:45", 2008),
        ("2019-05-03T10:00:00Z", 2019), ("2019/05/03", 2019), ("12/14/2005", 2005), ("14.12.2005", 2005),
        ("12/14/2005 00:00", 2005), ("May 2019", 2019), ("14 May 2019", 2019), ("Dec 14, 2005", 2005),
        ("März 1999", 1999), ("20190503", 2019), ("0", 0), ("0000", 0), ("0000-00-00", 0), ("0.0", 0),
        ("12/14/05", None), ("the eighties", None), ("-2005", -2005), ("0.2005", 0.2005), ("12345", 12345), ("", None),
    ],
)  # fmt: skip
def test_years(text, year):
    assert cells.parse_year(text) == year


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("['Mae Low']", "Mae Low"), ("""['Mae Low', "The O'Dells"]""", "Mae Low;The O'Dells"),
        ("Mae Low;Otis Vane", "Mae Low;Otis Vane"), ("Low, Mae", "Low, Mae"), ("  Mae \n Low ", "Mae Low"),
        ("{'rock', 'pop'}", "pop;rock"), ("[]", ""), ("[Mae", "[Mae"), ("[1, 2]", "[1, 2]"), ("{1: 'a'}", "{1: 'a'}"),
        ("[unknown]", "[unknown]"), ("['a', ['b']]", "['a', ['b']]"),
    ],
)  # fmt: skip
def test_names(text, names):
    assert cells.parse_names(text) == names


def test_a_list_that_is_too_long_or_too_deep_stays_text():
    long = "[" + ", ".join(["'a'"] * 5000) + "]"
    deep = "[" * 4000 + "]" * 4000
    assert cells.parse_names(long) == long
    assert cells.parse_names(deep) == deep


def test_nothing_in_a_cell_is_run():
    text = "[__import__('os').getcwd()]"
    assert cells.parse_names(text) == text


def test_escaped_commas_belong_to_a_name():
    assert cells.parse_escaped_names(r"Ash\, Elm & Oak, Otis Vane") == "Ash, Elm & Oak;Otis Vane"


@pytest.mark.parametrize(
    ("text", "genre"),
    [
        ("rock, pop", "rock, pop"), ("set()", ""), ("[]", ""), ("['rock', 'pop']", "rock;pop"), ("null", ""),
        ("Children’s Music", "Children's Music"),
    ],
)  # fmt: skip
def test_genres(text, genre):
    assert cells.parse_genres(text) == genre


BARE = "0aB1cD2eF3gH4iJ5kL6mN7"


@pytest.mark.parametrize(
    ("text", "track_id"),
    [
        (BARE, f"spotify:{BARE}"), (f"spotify:track:{BARE}", f"spotify:{BARE}"), (f"spotify:{BARE}", f"spotify:{BARE}"),
        (f"https://open.spotify.com/track/{BARE}?si=x", f"spotify:{BARE}"), ("fma:000123", "fma:123"),
        ("name:" + "0f" * 10, "name:" + "0f" * 10), ("local:" + "a1" * 32, "local:" + "a1" * 32), ("demo:7", "demo:7"),
        ("123", None), ("spotify:local:Mae+Low:Album:Song:123", None), ("spotify:track:short", None), ("", None),
    ],
)  # fmt: skip
def test_track_ids(text, track_id):
    assert cells.parse_track_id(text) == track_id


def test_bare_numbers_are_ids_only_in_the_free_music_archive():
    assert cells.parse_track_id("139", fma=True) == "fma:139"
    assert cells.parse_track_id("139.0", fma=True) == "fma:139"
    assert cells.parse_track_id("9" * 5000, fma=True) is None


def test_addresses_and_isrcs():
    assert cells.read_isrc("us-abc-21-00001") == ("USABC2100001", None)
    assert cells.read_isrc("undefined") == (None, None)
    assert "'12345' is no ISRC" in cells.read_isrc("12345")[1]
    assert cells.read_web_address(" https://example.org/a.mp3 ") == ("https://example.org/a.mp3", None)
    assert "http" in cells.read_web_address("file:///etc/hosts")[1]


def quantity(name: str) -> cells.Quantity:
    return cells.Quantity(limits=FEATURES[name])


@pytest.mark.parametrize(
    ("name", "cell", "reason"),
    [
        ("danceability", "1e9", "1e9 is above 1, the largest danceability there can be"),
        ("danceability", "-0.1", "-0.1 is below 0, the smallest danceability there can be"),
        ("energy", "1e999", "1e999 is above 1, the largest energy there can be"),
        ("energy", math.inf, "inf is above 1, the largest energy there can be"),
        ("tempo", "300", "300 is above 260 BPM, the largest tempo there can be"),
        ("time_signature", "3.5", "3.5 is not whole, as time signature must be"),
        ("key", "loud", "'loud' cannot be read; key is a whole number from 0 to 11"),
        ("loudness", "loud", "'loud' cannot be read; loudness is a number from -70 to 6 dB"),
    ],
)
def test_what_cannot_be_says_why(name, cell, reason):
    value, said = quantity(name).read(cell)
    assert math.isnan(value)
    assert said == reason


@pytest.mark.parametrize(
    ("name", "cell"),
    [
        ("tempo", "0"),
        ("tempo", 0.0),
        ("key", "-1"),
        ("time_signature", 0),
        ("energy", "undefined"),
        ("energy", " NaN "),
    ],
)
def test_unknown_values_are_missing_without_a_word(name, cell):
    value, reason = quantity(name).read(cell)
    assert math.isnan(value)
    assert reason is None


def test_the_stored_value_is_in_the_field_s_own_unit():
    percent = Feature(name="energy", low=0, high=100, unit="per cent", meaning="")
    read = cells.Quantity(limits=percent, per_unit=100, parse=cells.parse_percent).read
    assert read("80%") == (0.8, None)
    assert read("150")[1] == "150 is above 100 per cent, the largest energy there can be"


CELL = st.one_of(
    st.text(max_size=30),
    st.floats().map(str),
    st.integers().map(str),
    st.from_regex(r"[-+]?[0-9]{0,4}[.,:/eE-]?[0-9]{0,4}[.,:/eE-]?[0-9]{0,4}%?", fullmatch=True),
    st.floats(),
)
PARSERS = [
    cells.parse_number, cells.parse_percent, cells.parse_milliseconds, cells.parse_seconds, cells.parse_key,
    cells.parse_mode, cells.parse_meter, cells.parse_year,
]  # fmt: skip


@settings(deadline=None)
@given(CELL, st.sampled_from(sorted(FEATURES)), st.sampled_from(PARSERS))
def test_no_cell_crashes_or_gives_a_value_out_of_range(cell, name, parse):
    limits = FEATURES[name]
    value, reason = cells.Quantity(limits=limits, parse=parse).read(cell)
    assert math.isnan(value) or (limits.low <= value <= limits.high and reason is None)
    assert math.isnan(value) or not limits.whole or value == round(value)


@settings(deadline=None)
@given(st.one_of(st.floats(), st.integers(-70, 300).map(float)), st.sampled_from(sorted(FEATURES)))
def test_a_column_of_numbers_is_checked_as_its_cells_are(number: float, name: str):
    read, reason = quantity(name).read(number)
    assert quantity(name).are_sound(np.array([number]))[0] == (reason is None and not math.isnan(read))


@settings(deadline=None)
@given(st.one_of(st.text(max_size=60), st.text(alphabet="[](){}'\",;\\ab0x ", max_size=60)))
def test_no_text_crashes(text):
    assert isinstance(cells.parse_names(text), str)
    assert isinstance(cells.parse_genres(text), str)
    assert isinstance(cells.parse_escaped_names(text), str)
    track_id = cells.parse_track_id(text, fma=True)
    assert track_id is None or ":" in track_id
    for read in (cells.read_isrc, cells.read_web_address):
        value, reason = read(text)
        assert value is None or reason is None


@settings(deadline=None)
@given(st.floats(0, 1))
def test_shares_come_back_exactly_with_either_decimal_sign(value):
    assert cells.parse_number(repr(value)) == value
    assert cells.parse_number(repr(value).replace(".", ",")) == value


@settings(deadline=None)
@given(st.lists(st.text(max_size=20)))
def test_a_python_list_of_names_comes_back(names):
    plain = [" ".join(name.split()) for name in names]
    assert cells.parse_names(repr(plain)) == ";".join(filter(None, plain))


def test_equal_cells_are_worked_out_once():
    seen = []
    results = cells.map_cells(pd.Series(["a", None, "b", "a"], dtype="str"), lambda text: seen.append(text) or text * 2)
    assert results.tolist() == ["aa", None, "bb", "aa"]
    assert sorted(seen) == ["a", "b"]
    texts = cells.map_texts(pd.Series(["a", None, "b", "a"], dtype="str"), lambda text: None if text == "b" else text)
    assert texts.isna().tolist() == [False, True, True, False]
    assert texts.dropna().tolist() == ["a", "a"]


def test_whole_numbers_as_text_have_no_decimal_point():
    texts = cells.as_text(pd.Series([7.0, np.nan, 0.5]))
    assert texts.isna().tolist() == [False, True, False]
    assert texts.dropna().tolist() == ["7", "0.5"]
