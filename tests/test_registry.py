import subprocess
import sys
from dataclasses import FrozenInstanceError, asdict, dataclass
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from songfeat import registry
from songfeat.errors import ConfigError, UnknownName
from songfeat.training_config import TrainConfig, apply_overrides, config_from_dict

ROOT = Path(__file__).resolve().parent.parent


@dataclass(frozen=True, kw_only=True)
class Config:
    hidden: int = 64
    dropout: float = 0.25
    deep: bool = False
    kernel: str = "wide"
    widths: tuple[int, ...] = (64, 32)


def register_toy(**changes):
    options = {"config": Config, "inputs": ("mfcc",), "description": "a toy", "train": TrainConfig(), **changes}
    return registry.register(options.pop("name", "toy"), **options)


def test_reading_the_entries_imports_nothing_heavy():
    code = (
        "import sys; from songfeat.registry import entries\n"
        "[(e.name, e.description, e.config(), e.train) for e in entries()]\n"
        "print(sorted({'torch', 'numpy', 'pandas', 'sklearn'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_the_first_models_are_there_the_one_without_a_network_first():
    assert registry.entries()[0].name == "mean"
    assert {"mean", "numeric_mlp", "lstm_multitask"} <= {entry.name for entry in registry.entries()}
    assert registry.get("mean").family == "baseline"
    assert registry.get("lstm_multitask").family == "network"


@pytest.mark.parametrize("entry", registry.entries(), ids=lambda entry: entry.name)
def test_each_entry_is_described_in_one_line_and_cannot_be_changed(entry):
    assert entry.description
    assert "\n" not in entry.description
    assert set(entry.inputs) <= set(registry.KINDS)
    with pytest.raises(FrozenInstanceError):
        entry.config().anything = 1
    with pytest.raises(FrozenInstanceError):
        entry.name = "other"


def test_an_unknown_model_is_refused_with_the_choices():
    with pytest.raises(UnknownName, match=r"'numeric_mpl'\. Did you mean 'numeric_mlp'\?.*lstm_multitask.*mean"):
        registry.get("numeric_mpl")


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"name": "mean"}, "a model 'mean' already.*lstm_multitask"),
        ({"inputs": ("mfcc", "spectrum")}, "asks for spectrum; inputs are numeric, metadata, mfcc"),
        ({"train": None}, "either defaults for its training or a fitter"),
        ({"fit": lambda model, train: None}, "either defaults for its training or a fitter"),
        ({"config": TrainConfig}, "as its training does"),
    ],
)
def test_what_cannot_be_registered(changes, message):
    before = registry.entries()
    with pytest.raises(ConfigError, match=message):
        register_toy(**changes)
    assert registry.entries() == before


def test_settings_reach_the_model_and_its_training_with_the_type_of_the_default():
    config, train = registry.get("numeric_mlp").configure(
        {"hidden": "8,4", "tempo_offset": "no", "epochs": "7", "learning_rate": "1e-3", "loss": "smooth_l1"}
    )
    assert (config.hidden, config.tempo_offset) == ((8, 4), False)
    assert (train.epochs, train.learning_rate, train.loss) == (7, 0.001, "smooth_l1")
    assert train.batch_size == registry.get("numeric_mlp").train.batch_size


def test_a_misspelt_setting_is_answered_with_the_right_one():
    with pytest.raises(ConfigError, match=r"no setting 'hiden' here\. Did you mean 'hidden'\?.*batch_size.*epochs"):
        registry.get("lstm_multitask").configure({"hiden": "64"})


def test_a_model_without_gradient_steps_has_no_epochs():
    with pytest.raises(ConfigError, match=r"no setting 'epochs' here\. There is nothing to set"):
        registry.get("mean").configure({"epochs": "3"})


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("hidden", "64.5", "hidden must be a whole number, got '64.5'"),
        ("hidden", "many", "hidden must be a whole number"),
        ("hidden", True, "hidden must be a whole number, got True"),
        ("hidden", 64.0, "hidden must be a whole number"),
        ("dropout", "nan", "dropout must be a number"),
        ("dropout", "1e999", "dropout must be a number"),
        ("dropout", None, "dropout must be a number"),
        ("deep", "maybe", "deep must be true or false"),
        ("deep", 2, "deep must be true or false"),
        ("kernel", 3, "kernel must be text"),
        ("widths", "64,", "widths must be whole numbers"),
        ("widths", 64, "widths must be whole numbers"),
    ],
)
def test_a_value_of_the_wrong_type_is_refused(name, value, message):
    with pytest.raises(ConfigError, match=message):
        apply_overrides({name: value}, Config())


@given(
    hidden=st.integers(-(10**6), 10**6),
    dropout=st.floats(allow_nan=False, allow_infinity=False),
    deep=st.booleans(),
    kernel=st.text(),
    widths=st.lists(st.integers(1, 999), min_size=1).map(tuple),
)
def test_values_and_their_texts_are_the_same_setting(**values):
    texts = {name: str(value) for name, value in values.items()} | {"widths": ",".join(map(str, values["widths"]))}
    (expected,) = apply_overrides(values, Config())
    assert asdict(expected) == values
    assert apply_overrides(texts, Config()) == (expected,)
    assert config_from_dict(Config, values) == expected


def test_a_stored_config_must_be_complete():
    values = asdict(Config())
    del values["deep"]
    with pytest.raises(ConfigError, match="'deep' is missing"):
        config_from_dict(Config, values)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("epochs", 0),
        ("batch_size", 0),
        ("min_steps", 0),
        ("patience", 0),
        ("threads", 0),
        ("learning_rate", 0.0),
        ("weight_decay", -0.1),
        ("grad_clip", -1.0),
        ("plateau_patience", -1),
        ("plateau_factor", 1.0),
        ("loss", "hinge"),
    ],
)
def test_a_training_that_makes_no_sense_is_refused_by_the_name_of_the_setting(name, value):
    with pytest.raises(ConfigError, match=f"{name} must be .*, got {value!r}"):
        apply_overrides({name: value}, TrainConfig())


def test_the_readme_names_every_model():
    readme = (Path(__file__).resolve().parent.parent / "README.md").read_text(encoding="utf-8")
    assert [entry.name for entry in registry.entries() if f"`{entry.name}`" not in readme] == []
