"""What can be set about a model is what its dataclasses hold, with what they say of it."""

from dataclasses import fields

import pytest

from songfeat import registry
from songfeat.settings import settings_of
from songfeat.training_config import LOSSES, SAMPLINGS, TrainConfig

NAMES = [entry.name for entry in registry.entries()]


@pytest.mark.parametrize("name", NAMES)
def test_every_setting_is_named_explained_and_accepted(name: str):
    entry = registry.get(name)
    settings = {setting.name: setting for setting in settings_of(entry)}
    configs = [config for config in entry.configure({}) if config is not None]
    assert set(settings) == {field.name for config in configs for field in fields(config)} - set(entry.parents)
    for setting in settings.values():
        assert setting.meaning, f"{name} does not say what {setting.name} is"
        assert not setting.choices or setting.default in setting.choices
        for choice in setting.choices:
            entry.configure({setting.name: choice})
    given = {name: ",".join(map(str, one.default)) if isinstance(one.default, tuple) else str(one.default)
             for name, one in settings.items()}  # fmt: skip
    assert entry.configure(given) == entry.configure({})


def test_the_settings_of_a_network_by_hand():
    settings = {setting.name: setting for setting in settings_of(registry.get("lstm_multitask"))}
    assert settings["loss"].choices == LOSSES
    assert settings["sampling"].choices == SAMPLINGS
    assert settings["hidden"].default == 64
    assert settings["hidden"].meaning == "Values that it remembers from frame to frame."
    assert settings["grad_clip"].meaning == "Longest gradient (Pascanu et al., 2013); 0 for no limit."
    assert list(settings)[: len(fields(TrainConfig))] == [field.name for field in fields(TrainConfig)]


def test_of_a_model_without_training_there_is_less_to_set():
    assert settings_of(registry.get("mean")) == ()
    assert settings_of(registry.get("hgb_numeric"))[0].name == "tempo_offset"
    assert "audio_run" not in {setting.name for setting in settings_of(registry.get("combiner"))}
