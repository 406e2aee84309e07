"""The library page by page, how features are spread and go together, and songs among them: against pandas and SciPy."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import pearsonr, percentileofscore

from songfeat.errors import UnknownName
from songfeat.labels import ALL_TARGETS, TARGETS
from store import browsing, distributions, neighbours, scatter
from store.browsing import Filter
from store.catalogue import Catalogue
from store.merge import merge
from store.neighbours import Whose
from store.scatter import View
from store.workspace import Workspace
from tests.workspaces import fill, song_rows

SONGS = 120
LSTM = "20260101-120000-lstm_multitask-0001"
FIRST, SECOND = TARGETS[:2]


@pytest.fixture(scope="module")
def filled(tmp_path_factory) -> Catalogue:
    catalogue = Catalogue(fill(tmp_path_factory.mktemp("filled"), songs=SONGS))
    rows = song_rows(10, seed=3).assign(
        track_id=[f"demo:later-{number}" for number in range(10)], title="Encore", title_key="encore", genre=None,
        genre_group=None, year=[1990, None, 2010, 1990, None, 2010, 1970, None, 2010, 1990],
        source="table:later",
    )  # fmt: skip
    rows["artist"] = rows["artist_key"] = [f"late {number}" for number in range(10)]
    with catalogue.lease(write=True) as db:
        merge(db, rows)
    return catalogue


@pytest.fixture
def empty(tmp_path) -> Catalogue:
    return Catalogue(Workspace(tmp_path / "w"))


def read(catalogue: Catalogue, query: str) -> pd.DataFrame:
    with catalogue.lease() as db:
        return db.execute(query).df()


@settings(max_examples=8, deadline=None)
@given(
    limit=st.integers(25, 140),
    sort=st.lists(st.sampled_from([sign + key for key in browsing.SORT_KEYS for sign in ("", "-")]), max_size=3),
)
def test_the_pages_together_hold_every_song_once_in_order(filled: Catalogue, limit: int, sort: list[str]):
    total = browsing.count(filled, Filter())
    pages = [
        browsing.page(filled, Filter(), sort=tuple(sort), limit=limit, offset=offset)
        for offset in range(0, total, limit)
    ]
    assert [len(page) for page in pages[:-1]] == [limit] * (len(pages) - 1)
    together = pd.concat(pages, ignore_index=True)
    assert sorted(together["track_id"]) == sorted(read(filled, "SELECT track_id FROM tracks")["track_id"])
    whole = browsing.page(filled, Filter(), sort=tuple(sort), limit=total)
    assert list(together["track_id"]) == list(whole["track_id"])


def test_several_keys_sort_one_after_the_other_and_what_is_not_known_comes_last(filled: Catalogue):
    table = browsing.page(filled, Filter(), sort=("-year", "artist"), limit=200)
    known = table.dropna(subset="year")
    assert table["year"][: len(known)].notna().all()
    assert known["year"].is_monotonic_decreasing
    assert all(part["artist"].is_monotonic_increasing for _, part in known.groupby("year"))
    rising = browsing.page(filled, Filter(), sort=("year",), limit=200)["year"]
    assert rising.dropna().is_monotonic_increasing
    assert rising[-3:].isna().all()


@pytest.mark.parametrize(
    ("wanted", "condition"),
    [
        (Filter(), "true"),
        (Filter(query="song 24"), "title LIKE 'Song %' AND (title LIKE '%24%' OR artist LIKE '%24%')"),
        (Filter(genres=("jazz/blues", "classical")), "genre_group IN ('jazz/blues', 'classical')"),
        (Filter(years=(1980, 2001)), "year >= 1980 AND year <= 2001"),
        (Filter(source="table:other"), "track_id IN (SELECT track_id FROM reference WHERE source = 'table:other')"),
        (Filter(with_clip=True), "track_id IN (SELECT track_id FROM clips)"),
        (Filter(with_predictions=True), "track_id NOT LIKE '%later%'"),
        (
            Filter(run=LSTM, part="test"),
            f"track_id IN (SELECT track_id FROM predictions WHERE run_id = '{LSTM}' AND split = 'test')",
        ),
        (
            Filter(genres=("pop",), with_clip=True, source="demo", run=LSTM),
            "genre_group = 'pop' AND track_id IN (SELECT track_id FROM clips)",
        ),
        (Filter(query="no such song"), "false"),
    ],
)
def test_a_filter_finds_what_it_says(filled: Catalogue, wanted: Filter, condition: str):
    expected = set(read(filled, f"SELECT track_id FROM tracks WHERE {condition}")["track_id"])
    assert set(browsing.page(filled, wanted, limit=200)["track_id"]) == expected
    assert browsing.count(filled, wanted) == len(expected)


def test_every_word_of_a_query_counts_in_any_order_and_spelling(filled: Catalogue):
    for query in ("band 51 SONG 103", "Söng, 103 band"):
        assert list(browsing.page(filled, Filter(query=query))["title"]) == ["Song 103"]


def test_a_source_brings_its_values(filled: Catalogue):
    table = browsing.page(filled, Filter(source="demo"), sort=(f"-{FIRST}",), limit=200)
    assert table[FIRST].is_monotonic_decreasing
    own = read(filled, "SELECT * FROM reference WHERE source = 'demo'").set_index("track_id")
    for target in ALL_TARGETS:
        pd.testing.assert_series_equal(table.set_index("track_id")[target], own[target].loc[table["track_id"]])
    assert not set(ALL_TARGETS) & set(browsing.page(filled, Filter()).columns)


def test_a_page_says_what_songs_have(filled: Catalogue):
    table = browsing.page(filled, Filter(), limit=200).set_index("track_id")
    assert table["has_clip"].sum() == 6
    assert table["has_predictions"].sum() == SONGS
    assert not table.loc[table.index.str.contains("later"), "has_predictions"].any()


@pytest.mark.parametrize("key", ["no_column", "title; DROP TABLE tracks", FIRST, "--year"])
def test_only_columns_that_are_there_sort(filled: Catalogue, key: str):
    with pytest.raises(UnknownName, match="sort key"):
        browsing.page(filled, Filter(), sort=(key,))


def test_years_of_the_library(filled: Catalogue, empty: Catalogue):
    assert browsing.years(filled) == (1970, 2010)
    assert browsing.years(empty) is None
    assert browsing.count(empty, Filter()) == 0
    assert browsing.page(empty, Filter(source="demo")).empty


@pytest.mark.parametrize("by", distributions.GROUPINGS)
@pytest.mark.parametrize("feature", [FIRST, "tempo", "key", "loudness"])
def test_a_spread_counts_every_song_of_each_group(filled: Catalogue, feature: str, by: str):
    shares = distributions.shares(filled, feature, by=by)
    joined = "FROM reference JOIN tracks USING (track_id)"
    values = read(filled, f"SELECT coalesce({by}, 'not known') AS name, {feature} AS value {joined}").dropna()
    assert shares.groupby("group")["songs"].sum().to_dict() == values["name"].value_counts().to_dict()
    assert np.allclose(shares.groupby("group")["share"].sum(), 1)
    assert (shares["low"] < shares["high"]).all()
    if feature != "tempo" and feature != "loudness":
        for name, part in shares.groupby("group"):
            own = values["value"][values["name"] == name]
            for row in part.itertuples():
                inside = (own >= row.low - 1e-9) & (own < row.high + 1e-9)
                assert inside.sum() >= row.songs


def test_a_summary_is_that_of_numpy(filled: Catalogue):
    summary = distributions.summary(filled, FIRST, by="genre_group", source="demo").set_index("group")
    values = read(
        filled, f"SELECT genre_group, {FIRST} FROM reference JOIN tracks USING (track_id) WHERE source = 'demo'"
    )
    for name, part in values.groupby("genre_group"):
        row, own = summary.loc[name], part[FIRST]
        assert row["n"] == len(own)
        assert np.allclose(
            row[["quarter", "median", "three_quarters"]].astype(float), np.quantile(own, [0.25, 0.5, 0.75])
        )
        half = 1.959964 * own.std() / np.sqrt(len(own))
        assert np.allclose(
            row[["mean", "low", "high"]].astype(float), [own.mean(), own.mean() - half, own.mean() + half]
        )
    assert summary["median"].is_monotonic_decreasing


def test_correlations_are_those_of_scipy(filled: Catalogue):
    table = distributions.correlations(filled, "demo")
    assert len(table) == len(distributions.CORRELATED) * (len(distributions.CORRELATED) - 1) / 2
    values = read(filled, "SELECT * FROM reference WHERE source = 'demo'")
    for row in table.dropna(subset="r").itertuples():
        right = pearsonr(values[row.first], values[row.second])
        interval = right.confidence_interval(0.95)
        assert np.allclose([row.r, row.low, row.high], [right.statistic, interval.low, interval.high], atol=1e-6)
        assert row.n == SONGS
    constant = table[(table["first"] == "time_signature") | (table["second"] == "time_signature")]
    assert constant["r"].isna().all()


def test_nothing_is_spread_in_an_empty_workspace(empty: Catalogue):
    assert distributions.shares(empty, "tempo", by="source").empty
    assert distributions.summary(empty, FIRST, by="genre_group", source="demo").empty
    assert distributions.correlations(empty, "demo")["r"].isna().all()
    assert scatter.cloud(empty, View(source="demo", x=FIRST, y="tempo")).songs == 0


def test_unknown_names_are_refused(filled: Catalogue):
    with pytest.raises(UnknownName, match="feature"):
        distributions.shares(filled, "loudness; DROP TABLE tracks", by="source")
    with pytest.raises(UnknownName, match="grouping"):
        distributions.summary(filled, FIRST, by="artist")
    with pytest.raises(UnknownName, match="axis"):
        View(source="demo", x="title", y=FIRST)


VIEW = View(source="demo", x=FIRST, y="tempo", size="loudness", colour="valence")


def test_a_cloud_holds_the_songs_themselves(filled: Catalogue):
    cloud = scatter.cloud(filled, VIEW)
    values = read(filled, "SELECT * FROM reference WHERE source = 'demo'").set_index("track_id")
    marks = cloud.marks.set_index("track_id")
    assert not cloud.by_square
    assert cloud.songs == len(marks) == SONGS
    for drawn, name in (("x", FIRST), ("y", "tempo"), ("size", "loudness"), ("colour", "valence")):
        assert np.array_equal(marks[drawn], values[name].loc[marks.index])
    of_genre = scatter.cloud(filled, View(source="demo", x=FIRST, y=SECOND, genres=("pop",)))
    assert of_genre.songs == browsing.count(filled, Filter(genres=("pop",), source="demo"))


def test_squares_hold_each_song_once_and_near_its_place(filled: Catalogue):
    cloud = scatter.cloud(filled, VIEW, most_points=10)
    assert cloud.by_square
    assert cloud.songs == cloud.marks["songs"].sum() == SONGS
    seen: list[str] = []
    for row in cloud.marks[::8].itertuples():
        inside = scatter.songs_in_squares(filled, VIEW, [row.square])
        assert len(inside) == row.songs
        assert np.isclose(inside["valence"].mean(), row.colour)
        assert (inside[FIRST] - row.x).abs().max() <= 0.5 / scatter.COLUMNS + 1e-9
        seen += list(inside["track_id"])
    together = scatter.songs_in_squares(filled, VIEW, list(cloud.marks["square"][::8]))
    assert sorted(together["track_id"]) == sorted(seen)
    assert len(scatter.songs_in_squares(filled, VIEW, list(cloud.marks["square"]))) == SONGS
    assert len(scatter.songs_in_squares(filled, VIEW, list(cloud.marks["square"]), limit=7)) == 7


def test_songs_of_a_view_come_with_the_values_of_its_source(filled: Catalogue):
    ids = ["demo:3", "demo:1", "demo:999"]
    own = scatter.songs(filled, VIEW, ids).set_index("track_id")
    other = scatter.songs(filled, View(source="table:other", x=FIRST, y=SECOND), ids).set_index("track_id")
    assert set(own.index) == set(other.index) == {"demo:1", "demo:3"}
    assert (other["energy"] == 0.5).all()
    assert (own["energy"] != 0.5).all()
    assert own["has_clip"].all()


def test_a_song_stands_in_its_genre_as_scipy_says(filled: Catalogue):
    table = neighbours.standing(filled, "demo:3", "demo").set_index("feature")
    joined = "FROM reference JOIN tracks USING (track_id) WHERE source = 'demo'"
    peers = read(
        filled, f"SELECT * {joined} AND genre_group = (SELECT genre_group FROM tracks WHERE track_id = 'demo:3')"
    )
    own = peers.set_index("track_id").loc["demo:3"]
    assert list(table.index) == list(ALL_TARGETS)
    for name in ALL_TARGETS:
        assert table.loc[name, "value"] == own[name]
        assert table.loc[name, "n"] == len(peers)
        assert np.isclose(100 * table.loc[name, "below"], percentileofscore(peers[name], own[name], kind="mean"))
    assert neighbours.standing(filled, "demo:later-1", "table:later").empty


def test_the_most_similar_songs_are_the_nearest(filled: Catalogue):
    found = neighbours.similar(filled, "demo:3", Whose(source="demo"), limit=5)
    values = read(filled, "SELECT * FROM reference WHERE source = 'demo'").set_index("track_id")[list(ALL_TARGETS)]
    apart = (((values - values.loc["demo:3"]) / values.std(ddof=0)) ** 2).sum(axis=1) ** 0.5
    nearest = apart.drop("demo:3").nsmallest(5)
    assert list(found["track_id"]) == list(nearest.index)
    assert np.allclose(found["distance"], nearest)


def test_without_values_no_song_is_similar(filled: Catalogue, empty: Catalogue):
    assert neighbours.similar(filled, "demo:3", Whose(source="nobody")).empty
    assert neighbours.similar(empty, "demo:3", Whose(run="nobody")).empty


def test_a_target_that_never_varies_tells_no_songs_apart(filled: Catalogue):
    found = neighbours.similar(filled, "demo:3", Whose(source="table:other"), limit=100)
    assert len(found) == SONGS // 4 - 1
    assert np.isfinite(found["distance"]).all()


def test_songs_are_similar_by_what_a_run_predicts(filled: Catalogue):
    found = neighbours.similar(filled, "demo:3", Whose(run=LSTM), limit=5)
    rows = read(filled, f"SELECT track_id, feature, value FROM predictions WHERE run_id = '{LSTM}'")
    values = rows.pivot(index="track_id", columns="feature", values="value").astype(float)
    apart = (((values - values.loc["demo:3"]) / values.std(ddof=0)) ** 2).sum(axis=1) ** 0.5
    nearest = apart.drop("demo:3").nsmallest(5)
    assert list(found["track_id"]) == list(nearest.index)
    assert np.allclose(found["distance"], nearest)
    assert neighbours.similar(filled, "demo:3", Whose(run="nobody")).empty


def three_songs(catalogue: Catalogue) -> None:
    """Three songs whose energies are 0.1, 0.3 and 0.5, and whose acousticness is 0 but for the last one's."""
    rows = song_rows(3).drop(columns=[*TARGETS, "valence"])
    values = {"energy": [0.1, 0.3, 0.5], "acousticness": [0.0, 0.0, 0.9]}
    with catalogue.lease(write=True) as db:
        merge(db, rows.assign(**values))


def test_the_songs_nearest_to_values_worked_by_hand(empty: Catalogue):
    three_songs(empty)
    found = neighbours.nearest(empty, {"energy": 0.3, "speechiness": 0.7}, Whose(source="demo"))
    assert list(found["track_id"]) == ["demo:1", "demo:0", "demo:2"]
    step = 0.2 / np.std([0.1, 0.3, 0.5])  # of speechiness nothing is known
    assert np.allclose(found["distance"], [0, step, step])
    both = neighbours.nearest(empty, {"energy": 0.5, "acousticness": 0.0}, Whose(source="demo"), limit=2)
    assert list(both["track_id"]) == ["demo:1", "demo:2"]
    assert np.allclose(both["distance"], [step, 0.9 / np.std([0, 0, 0.9])])
    assert neighbours.nearest(empty, {}, Whose(source="demo")).empty


def test_the_songs_that_sound_nearest_worked_by_hand(empty: Catalogue):
    three_songs(empty)
    heard = pd.DataFrame(
        {"mean_0": [0.0, 3.0, 6.0], "deviation_0": [1.0, 1.0, 1.0], "mean_1": [4.0, 4.0, 2.0]},
        index=pd.Index(["demo:0", "demo:1", "demo:2"], name="track_id"),
    )
    found = neighbours.similar_by_sound(empty, heard, "demo:1")
    across, up = 3 / np.std([0, 3, 6]), 2 / np.std([4, 4, 2])
    assert list(found["track_id"]) == ["demo:0", "demo:2"]
    assert np.allclose(found["distance"], [across, np.hypot(across, up)])
    assert list(found["title"]) == ["Song 0", "Song 2"]
    assert neighbours.similar_by_sound(empty, heard, "demo:9").empty
    assert neighbours.similar_by_sound(empty, heard.head(1), "demo:0").empty
