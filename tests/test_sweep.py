"""The search over settings: trials are recorded and resumed, the test part stays out of it, the best is the best."""

import json
import math
import threading
from pathlib import Path

import pytest
from filelock import FileLock

from songfeat import registry, search_space
from songfeat.cli import main
from songfeat.errors import ConfigError, UnknownName
from songfeat.labels import TARGETS
from songfeat.registry import ModelEntry
from store import jobs, runs, sweeps
from store.catalogue import Catalogue
from store.merge import merge
from store.progress import Cancelled, Progress
from store.sweeps import Trial
from store.work import sweep
from store.worker import work, work_here
from store.workspace import Workspace
from tests.test_train import table

EPOCHS = 6
QUICK = {"epochs": str(EPOCHS), "batch_size": "64"}


def filled(folder: Path) -> Catalogue:
    catalogue = Catalogue(Workspace.locate(folder))
    with catalogue.lease(write=True) as db:
        merge(db, table())
    return catalogue


@pytest.fixture
def catalogue(tmp_path: Path) -> Catalogue:
    return filled(tmp_path / "w")


@pytest.fixture(scope="module")
def straight(tmp_path_factory: pytest.TempPathFactory) -> tuple[Catalogue, dict]:
    """A search that nobody stopped, and what it gave."""
    catalogue = filled(tmp_path_factory.mktemp("straight") / "w")
    return catalogue, search(catalogue, trials=5, seed=2)


def search(catalogue: Catalogue, model: str = "numeric_mlp", *, trials: int = 3, **params) -> dict:
    params = {"settings": QUICK, **params}
    return work_here(catalogue.workspace, "sweep", {"model": model, "trials": trials, **params})


def outcome(trial: Trial) -> tuple:
    """All of a trial but how long it took."""
    return trial.number, trial.settings, trial.value, trial.state, trial.error, trial.val_errors


def test_trials_are_recorded_and_the_best_is_trained(straight: tuple[Catalogue, dict]):
    catalogue, result = straight
    recorded = sweeps.trials(catalogue, result["sweep_id"])
    assert [trial["number"] for trial in result["trials"]] == [trial.number for trial in recorded] == list(range(5))
    values = {trial["number"]: trial["value"] for trial in result["trials"] if trial["state"] == "done"}
    assert result["best"]["value"] == min(values.values()) == values[result["best"]["number"]]
    assert all(0 < trial.epochs <= EPOCHS for trial in recorded)
    config = json.loads(runs.get(catalogue, result["run_id"])["config"])
    wanted = {**result["best"]["settings"], "epochs": EPOCHS, "batch_size": 64}
    wanted["hidden"] = [int(width) for width in wanted["hidden"].split(",")]
    assert {name: config[name] for name in wanted} == wanted
    assert {score["feature"] for score in result["scores"]} == {*TARGETS, "average"}


def test_the_value_is_the_error_on_the_validation_part_beside_the_mean(straight: tuple[Catalogue, dict]):
    """The run at the end is the best trial again, so its scores on that part give the same value."""
    catalogue, result = straight
    scores = runs.scores(catalogue, [result["run_id"]], split="val", genre="all")
    mae = scores[(scores["metric"] == "mae") & (scores["feature"] != "average")]
    assert len(mae) == len(TARGETS)
    assert result["best"]["value"] == pytest.approx((mae["value"] / mae["mean_value"]).mean(), rel=1e-5)
    best = sweeps.trials(catalogue, result["sweep_id"])[result["best"]["number"]]
    assert any(best.value == pytest.approx(error, rel=1e-5) for error in best.val_errors), "that of its best epoch"


def test_the_first_trial_has_the_defaults(straight: tuple[Catalogue, dict]):
    first = straight[1]["trials"][0]["settings"]
    assert first["learning_rate"] == registry.get("numeric_mlp").train.learning_rate
    assert first["hidden"] == "64,32"
    assert first["weight_decay"] < 1e-6


class _Stops(Progress):
    """Is killed as soon as so much of a stage is told of."""

    def __init__(self, folder: Path, stage: str, at: int) -> None:
        super().__init__(folder)
        self.stage, self.at = stage, at

    def update(self, done: int, total: int | None = None, note: str = "") -> None:
        if note.startswith(self.stage) and done >= self.at:
            raise MemoryError
        super().update(done, total, note)


@pytest.mark.slow
@pytest.mark.parametrize(("stage", "at", "ended"), [("searching", 3 * EPOCHS + 2, 3), ("training", 4, 5)])
def test_a_killed_search_does_only_what_is_missing(
    catalogue: Catalogue, straight: tuple[Catalogue, dict], stage: str, at: int, ended: int
):
    params = {"model": "numeric_mlp", "trials": 5, "seed": 2, "settings": QUICK}
    elsewhere, expected = straight
    folder = catalogue.workspace.jobs / jobs.create(catalogue.workspace, "sweep", params)
    with pytest.raises(MemoryError):
        sweep.run(catalogue.workspace, params, _Stops(folder, stage, at))
    before = sweeps.trials(catalogue, folder.name)
    assert len(before) == ended
    resumed = work(folder)
    after = sweeps.trials(catalogue, folder.name)
    assert after[: len(before)] == before, "to the second"
    assert [*map(outcome, after)] == [*map(outcome, sweeps.trials(elsewhere, expected["sweep_id"]))]
    assert resumed["best"] == expected["best"]
    assert resumed["scores"] == expected["scores"]
    assert len(runs.all_runs(catalogue)) == 1


def test_other_data_start_a_search_anew(catalogue: Catalogue):
    params = {"model": "numeric_mlp", "trials": 3, "settings": QUICK}
    folder = catalogue.workspace.jobs / jobs.create(catalogue.workspace, "sweep", params)
    with pytest.raises(MemoryError):
        sweep.run(catalogue.workspace, params, _Stops(folder, "searching", 2 * EPOCHS))
    before = sweeps.trials(catalogue, folder.name)
    change(catalogue, "train")
    work(folder)
    after = sweeps.trials(catalogue, folder.name)
    assert len(after) == 3
    assert after[0].settings == before[0].settings
    assert after[0].value != before[0].value


def change(catalogue: Catalogue, part: str) -> None:
    """Other reference values for the tracks of a part, as a finished run says it."""
    (run_id, *_) = runs.all_runs(catalogue)["run_id"].tolist() or [
        work_here(catalogue.workspace, "train", {"model": "mean"})["run_id"]
    ]
    with catalogue.lease(write=True) as db:
        db.execute(
            f"UPDATE reference SET {', '.join(f'{name} = 1 - {name}' for name in TARGETS)} WHERE track_id IN"
            " (SELECT track_id FROM predictions WHERE run_id = ? AND split = ?)",
            [run_id, part],
        )


@pytest.mark.slow
def test_the_test_part_has_no_say_in_the_search(catalogue: Catalogue):
    first = search(catalogue)
    change(catalogue, "test")
    second = search(catalogue)
    change(catalogue, "val")
    third = search(catalogue)
    one, other, judged_otherwise = (
        [*map(outcome, sweeps.trials(catalogue, result["sweep_id"]))] for result in (first, second, third)
    )
    assert one == other != judged_otherwise
    assert first["scores"] != second["scores"]


def test_another_seed_is_another_search(catalogue: Catalogue, straight: tuple[Catalogue, dict]):
    other = search(catalogue, trials=2, seed=3)
    assert straight[1]["trials"][1]["settings"] != other["trials"][1]["settings"]


def test_given_settings_are_not_searched(catalogue: Catalogue):
    result = search(catalogue, settings={**QUICK, "learning_rate": "0.02", "hidden": "8"}, targets=[TARGETS[1]])
    assert {name for trial in result["trials"] for name in trial["settings"]} == {"weight_decay"}
    run = runs.get(catalogue, result["run_id"])
    config = json.loads(run["config"])
    assert (config["learning_rate"], config["hidden"], list(run["targets"])) == (0.02, [8], [TARGETS[1]])
    (known,) = sweeps.all_sweeps(catalogue).to_dict(orient="records")
    assert json.loads(known["fixed"]) == {**QUICK, "learning_rate": "0.02", "hidden": "8"}
    assert (known["trials"], known["best_value"]) == (3, result["best"]["value"])


def test_what_cannot_be_searched_is_said(catalogue: Catalogue):
    for model in ("mean", "ridge_numeric"):
        with pytest.raises(ConfigError, match="no settings that a search could change"):
            search(catalogue, model, settings={})
    everything = {"learning_rate": "0.01", "weight_decay": "0", "hidden": "8"}
    with pytest.raises(ConfigError, match="is given: hidden, batch_size, learning_rate, weight_decay"):
        search(catalogue, settings={**QUICK, **everything})
    with pytest.raises(ConfigError, match="Did you mean 'learning_rate'"):
        search(catalogue, settings={"learning_rat": "1"})
    with pytest.raises(ConfigError, match="trials must be"):
        search(catalogue, trials=0)
    with pytest.raises(UnknownName, match="numeric_mlp"):
        search(catalogue, "numeric_mpl", settings={})
    with pytest.raises(UnknownName, match="there are none yet"):
        sweeps.trials(catalogue, "nonsense")
    assert sweeps.all_sweeps(catalogue).empty


def test_trials_without_numbers_fail_and_the_others_go_on(catalogue: Catalogue, monkeypatch: pytest.MonkeyPatch):
    wild = search_space._real(1e-2, 1e38, log=True)
    monkeypatch.setitem(search_space._DISTRIBUTIONS, "learning_rate", lambda _: wild)
    result = search(catalogue, "numeric_mlp_relu", trials=5)
    recorded = sweeps.trials(catalogue, result["sweep_id"])
    failed = [trial for trial in recorded if trial.state == "failed"]
    assert 0 < len(failed) < 5
    assert all(trial.value is None and "The loss became" in trial.error for trial in failed)
    assert all(math.isfinite(trial.value) for trial in recorded if trial.state == "done")
    with pytest.raises(ConfigError, match=r"None of the 2 trials.*The loss became"):
        search(catalogue, "numeric_mlp_relu", trials=2, settings={**QUICK, "learning_rate": "1e38"})
    assert len(runs.all_runs(catalogue)) == 1


@pytest.mark.slow
def test_hopeless_trials_are_given_up_early(catalogue: Catalogue):
    result = search(catalogue, trials=12, settings={"epochs": "10", "hidden": "16"})
    recorded = sweeps.trials(catalogue, result["sweep_id"])
    pruned = [trial for trial in recorded if trial.state == "pruned"]
    assert pruned
    assert not [trial for trial in recorded[:5] if trial.state != "done"], "there is no median yet"
    assert all(2 <= trial.epochs < 10 and trial.value is None for trial in pruned)
    board = sweeps.trial_table(catalogue, result["sweep_id"])
    assert board["state"].eq("pruned").sum() == len(pruned)
    assert board["value"].min() == result["best"]["value"]
    assert {"learning_rate", "weight_decay", "batch_size"} <= set(board.columns)
    assert board["learning_rate"].tolist() == [trial.settings["learning_rate"] for trial in recorded]


def test_trees_are_searched_too(catalogue: Catalogue):
    result = search(catalogue, "hgb_numeric", settings={"n_trees": "10", "max_leaf_nodes": "6"})
    assert set(result["best"]["settings"]) == {"min_samples_leaf", "shrinkage"}
    assert all(trial.epochs == 0 for trial in sweeps.trials(catalogue, result["sweep_id"]))
    assert result["best"]["value"] < 1


@pytest.mark.parametrize("entry", registry.entries(), ids=lambda entry: entry.name)
def test_whatever_may_be_drawn_fits_the_model(entry: ModelEntry):
    from optuna.distributions import CategoricalDistribution

    if entry.name in ("mean", "ridge_numeric", "ridge_stats"):
        with pytest.raises(ConfigError, match="no settings"):
            search_space.space_of(entry, {})
        return
    space = search_space.space_of(entry, {})
    assert space.keys() >= ({"n_trees", "shrinkage"} if entry.train is None else {"learning_rate", "batch_size"})
    for name, distribution in space.items():
        ends = (
            distribution.choices
            if isinstance(distribution, CategoricalDistribution)
            else (distribution.low, distribution.high)
        )
        for value in ends:
            entry.configure({name: value})
    start, defaults = search_space.starting_point(entry, space), search_space._settings(entry, {})
    assert start.keys() == space.keys()
    config, train = entry.configure(start)
    changed = {name for name in space if getattr(config, name, getattr(train, name, None)) != defaults[name]}
    assert changed <= {"weight_decay"}


def test_a_search_and_a_training_take_turns(catalogue: Catalogue):
    folder = catalogue.workspace.jobs / jobs.create(
        catalogue.workspace, "sweep", {"model": "numeric_mlp", "trials": 1, "settings": QUICK}
    )
    with FileLock(catalogue.workspace.jobs / "train.turn"):
        stopper = threading.Timer(1.0, (folder / "cancel").touch)
        stopper.start()
        with pytest.raises(Cancelled):
            work(folder)
        stopper.join()
    assert sweeps.all_sweeps(catalogue).empty


def test_the_command_prints_one_document(catalogue: Catalogue, capfd: pytest.CaptureFixture[str]):
    command = ["--workspace", str(catalogue.workspace.folder), "--json", "sweep", "numeric_mlp", "--trials", "2"]
    assert main([*command, "--set", f"epochs={EPOCHS}", "--targets", TARGETS[0], "--seed", "5"]) == 0
    result = json.loads(capfd.readouterr().out)
    assert set(result) == {"sweep_id", "model", "trials", "best", "run_id", "scores"}
    assert set(result["trials"][0]) == {"number", "settings", "value", "state", "seconds"}
    assert runs.get(catalogue, result["run_id"])["seed"] == 5
