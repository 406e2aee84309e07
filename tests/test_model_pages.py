"""The pages on which models are trained and compared: what is chosen, what stands in the address, what comes back."""

import pytest
import streamlit
from streamlit.testing.v1 import AppTest

from pages.ui import genre_parts, places, training_words
from songfeat import registry
from songfeat.labels import TARGETS
from songfeat.settings import settings_of
from store import predicted, runs, slices
from store.catalogue import Catalogue
from store.slices import Slice
from store.workspace import Workspace
from tests.test_pages import LSTM, begun, empty, library, no_demo, pick, press, show, texts  # noqa: F401 - fixtures

NUMERIC = "20260101-120000-numeric_mlp-0001"


@pytest.fixture
def filled(library: Workspace, monkeypatch) -> Workspace:  # noqa: F811
    monkeypatch.setenv("SONGFEAT_WORKSPACE", str(library.folder))
    return library


def drawn_around(monkeypatch, *points: tuple[int, int]) -> None:
    """As if one had drawn a line around these points of the plot: the curve and the number of each."""
    found = [{"curve_number": curve, "point_index": index} for curve, index in points]
    monkeypatch.setattr(streamlit, "plotly_chart", lambda *_, **__: {"selection": {"points": found}})


def listed(at: AppTest) -> list:
    return [table.value for table in at.dataframe if "error" in table.value]


def test_every_model_has_a_card_among_those_that_see_the_same(filled: Workspace):
    cards: list[str] = []
    for group in {training_words.inputs(entry.inputs) for entry in registry.entries()}:
        at = show(places.TRAIN, sees=group)
        shown = [button.label for button in at.button if button.key and button.key.startswith("choose-")]
        assert {training_words.inputs(registry.get(name).inputs) for name in shown} == {group}
        cards += shown
    assert sorted(cards) == sorted(entry.name for entry in registry.entries())


def test_a_card_says_what_a_model_is_and_whether_it_can_be_trained(filled: Workspace):
    said = texts(show(places.TRAIN, model="numeric_mlp"))
    entry = registry.get("numeric_mlp")
    assert entry.description[1:] in said
    assert ":green[●] 120 songs are ready" in said
    assert "Train numeric_mlp" in said
    assert ":orange[○] 4 songs of the 50 it takes: extract arrays first" in texts(show(places.TRAIN, model="cnn2d"))
    assert ":orange[○] no song of the 50 it takes" in texts(show(places.TRAIN, model="crnn"))


def test_what_a_choice_yields_is_said_before_one_trains(filled: Workspace):
    at = show(places.TRAIN, model="numeric_mlp")
    run = runs.get(Catalogue(filled), LSTM)
    said = texts(at)
    assert "**120** songs · **60** artists · **5** genres" in said
    assert f"{run['n_train']} to train on, {run['n_val']} to tune by, {run['n_test']} to test on" in said
    assert f"Only {run['n_test']} songs would be left to test on" in said


def test_every_setting_of_the_dataclasses_can_be_chosen(filled: Workspace, begun):  # noqa: F811
    at = show(places.TRAIN, model="numeric_mlp")
    labels = {
        element.label for kind in ("number_input", "selectbox", "toggle", "text_input") for element in at.get(kind)
    }
    names = {setting.name.replace("_", " ").capitalize() for setting in settings_of(registry.get("numeric_mlp"))}
    assert names <= labels
    pick(at, "selectbox", "Loss").select("by_target")
    pick(at, "number_input", "Learning rate").set_value(0.002)
    pick(at, "toggle", "Tempo offset").set_value(False)
    pick(at, "text_input", "Hidden").set_value("8,4")
    press(at.run(), "Train")
    ((_, params),) = begun
    chosen = {"loss": "by_target", "learning_rate": "0.002", "tempo_offset": "False", "hidden": "8,4"}
    assert params["settings"] == chosen
    config, train = registry.get("numeric_mlp").configure(params["settings"])
    assert (config.hidden, config.tempo_offset, train.loss, train.learning_rate) == ((8, 4), False, "by_target", 0.002)


def test_a_setting_that_does_not_fit_is_said(filled: Workspace):
    at = show(places.TRAIN, model="numeric_mlp")
    pick(at, "text_input", "Hidden").set_value("many").run()
    assert not at.exception
    assert "hidden must be whole numbers" in at.error[0].value
    assert "Train" not in [button.label for button in at.button]


def test_a_model_that_stands_on_others_asks_for_them(filled: Workspace, begun):  # noqa: F811
    at = show(places.TRAIN, model="combiner")
    assert pick(at, "selectbox", "Audio run").options == ["lstm_multitask"]
    assert not [box for box in at.selectbox if box.label.startswith("Whose values")]
    pick(at, "selectbox", "Variant").select("a")
    press(at.run(), "Train")
    ((_, params),) = begun
    assert params["settings"] == {"audio_run": LSTM, "numeric_run": NUMERIC, "variant": "a"}
    assert not {"source", "split", "spec", "seed"} & set(params)


def test_settings_are_kept_while_one_looks_elsewhere(filled: Workspace):
    at = show(places.TRAIN, model="numeric_mlp")
    pick(at, "number_input", "Epochs").set_value(7)
    pick(at, "multiselect", "Targets").set_value(["energy"]).run()
    at.switch_page(places.RUNS).run()
    at.switch_page(places.TRAIN).run()
    assert not at.exception
    assert "Train numeric_mlp" in texts(at)
    assert pick(at, "number_input", "Epochs").value == 7
    assert pick(at, "multiselect", "Targets").value == ["energy"]


def test_songs_that_one_draws_around_are_listed_most_wrong_first(filled: Workspace, monkeypatch):
    catalogue = Catalogue(filled)
    marks = predicted.agreement(catalogue, Slice(run_id=LSTM)).marks
    energies = marks[marks["feature"] == "energy"]
    drawn_around(monkeypatch, (0, 0), (0, 3), (0, 5))
    at = show(places.COMPARE, run=LSTM, songs_of="energy")
    (songs,) = listed(at)
    expected = energies.iloc[[0, 3, 5]]
    assert set(songs["title"]) == set(expected["title"])
    assert songs["error"].abs().is_monotonic_decreasing
    assert sorted(songs["predicted"]) == pytest.approx(sorted(expected["predicted"]))
    assert "3 songs" in texts(at)
    assert at.get("download_button")


def test_of_two_runs_the_other_one_is_shown_beside(filled: Workspace, monkeypatch):
    drawn_around(monkeypatch, (1, 0))
    at = AppTest.from_file("../app.py", default_timeout=30)
    at.switch_page(places.COMPARE)
    at.query_params["run"] = [LSTM, NUMERIC]
    at.run()
    assert not at.exception
    (songs,) = listed(at)
    assert "Chosen in the picture of numeric\\_mlp" in texts(at) or "Chosen in the picture of numeric_mlp" in texts(at)
    assert "predicted by lstm_multitask" in songs
    assert songs["predicted by lstm_multitask"].notna().all()


def test_squares_that_one_draws_around_stand_for_all_their_songs(filled: Workspace, monkeypatch):
    monkeypatch.setattr(predicted, "MOST_POINTS", 5)
    monkeypatch.setattr(predicted.agreement, "__kwdefaults__", {"most_points": 5})
    streamlit.cache_data.clear()
    marks = predicted.agreement(Catalogue(filled), Slice(run_id=LSTM)).marks
    number = int(marks[marks["feature"] == "energy"]["songs"].iloc[:4].sum())
    drawn_around(monkeypatch, *((0, index) for index in range(4)))
    at = show(places.COMPARE, run=LSTM, songs_of="energy")
    (songs,) = listed(at)
    assert len(songs) == number
    assert f"{number} songs" in texts(at)
    streamlit.cache_data.clear()


@pytest.mark.parametrize("address", [{"genre": "pop"}, {"against": "table:other"}, {"genre": "pop", "part": "train"}])
def test_a_link_opens_the_same_slice(filled: Workspace, address: dict[str, str]):
    at = show(places.COMPARE, run=LSTM, targets="energy", **address)
    part = Slice(
        run_id=LSTM, split=address.get("part", "test"), genre=address.get("genre"), source=address.get("against")
    )
    scores = slices.scores(Catalogue(filled), part).set_index(["metric", "feature"])
    mae = scores.loc[("mae", "energy")]
    said = texts(at)
    assert f"MAE **{mae['value']:.3f}**" in said
    assert f"n {int(mae['n']):,}" in said
    assert len(at.get("vega_lite_chart")) == 1
    for name, value in address.items():
        assert at.query_params[name] == value


def test_a_slice_without_songs_says_so(filled: Workspace):
    catalogue = Catalogue(filled)
    genres = runs.pairs(catalogue, LSTM, split=None)["genre_group"].unique()
    parts = (Slice(run_id=LSTM, split="val", genre=genre, source="table:other") for genre in genres)
    part = next(part for part in parts if not predicted.agreement(catalogue, part).songs)
    at = show(places.COMPARE, run=LSTM, genre=part.genre, against="table:other", part="val")
    assert not at.error
    assert "There is nothing of it to show" in texts(at)


def test_a_link_wins_over_what_was_chosen_before_and_a_visit_keeps_it(filled: Workspace):
    at = show(places.COMPARE, run=NUMERIC, part="val")
    at.switch_page(places.RUNS).run()
    assert pick(at, "button_group", "Part").value == "val", "the pages share it"
    at.switch_page(places.COMPARE).run()
    assert pick(at, "multiselect", "Runs").value == [NUMERIC]
    at.switch_page(places.RUNS).run()
    at.switch_page(places.COMPARE)
    at.query_params["run"] = [LSTM]
    at.run()
    assert pick(at, "multiselect", "Runs").value == [LSTM]
    pick(at, "multiselect", "Runs").set_value([]).run()
    assert "Choose a run" in texts(at)


@pytest.mark.parametrize("metric", ["mae", "pearson", "r2"])
def test_genres_shows_other_metrics_by_the_address(filled: Workspace, metric: str):
    at = show(places.GENRES, run=LSTM, metric=metric, genre="pop", target="energy", order="energy")
    assert at.query_params["metric"] == metric
    assert pick(at, "selectbox", "Genre").value == "pop"
    assert pick(at, "selectbox", "Target").value == "energy"
    scores = runs.scores(Catalogue(filled), [LSTM], split="test", genre="pop").set_index(["metric", "feature"])
    table = at.dataframe[0].value.set_index("genre")
    assert table.loc["pop", "energy"].startswith(f"{scores.loc[(metric, 'energy'), 'value']:.3f}".replace("-", "−"))


def test_a_click_on_a_cell_chooses_it(filled: Workspace, monkeypatch):
    at = show(places.GENRES, run=LSTM)
    clicked = {"genres": {"selection": {"points": [{"customdata": ["pop", "acousticness", "0.10 ± 0.01"]}]}}}
    with monkeypatch.context() as patch:
        patch.setattr(streamlit, "session_state", clicked)
        genre_parts.choose_clicked()
    for name in set(clicked) - {"genres"}:
        at.session_state[name] = clicked[name]
    at.run()
    assert not at.exception
    assert "The songs in pop whose acousticness it is most wrong about" in texts(at)
    assert (at.query_params["genre"], at.query_params["target"]) == ("pop", "acousticness")


def test_runs_says_by_its_address_what_it_shows(filled: Workspace):
    at = show(places.RUNS, metric="r2", part="val")
    scores = runs.scores(Catalogue(filled), [LSTM], split="val", genre="all").set_index(["metric", "feature"])
    board = at.dataframe[0].value.set_index("run")
    assert board.loc["lstm_multitask", "energy"].startswith(f"{scores.loc[('r2', 'energy'), 'value']:.3f}")
    assert "mean · hardly varies" in board.index
    assert list(board.columns)[2:8] == ["average", *TARGETS]


@pytest.mark.parametrize("metric", ["mae", "r2"])
def test_a_link_to_runs_opens_the_chosen_one_in_whatever_order(filled: Workspace, metric: str):
    at = show(places.RUNS, metric=metric, run=NUMERIC)
    assert at.subheader[0].value == "numeric_mlp"
    assert at.query_params["run"] == NUMERIC
    at = show(places.RUNS, metric=metric, run="20260101-120000-mean-0001")
    assert "answers almost the same for every song" in at.warning[0].value
