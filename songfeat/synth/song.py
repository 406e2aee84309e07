"""One song of the demo library: its name, its values and its sound."""

from dataclasses import dataclass

import numpy as np

from songfeat.errors import ConfigError
from songfeat.synth.names import artist_index, artist_name, title
from songfeat.synth.recipe import draw_recipe
from songfeat.synth.render import render
from songfeat.synth.values import song_values
from songfeat.synth.wavetable import FloatArray

ALBUM = "Songfeat demo"
_FIRST_YEAR, _LAST_YEAR = 1965, 2024


@dataclass(frozen=True, kw_only=True)
class DemoSong:
    """A synthesised song by an invented artist.

    Attributes
    ----------
    values : dict of str to float
        Every feature of :data:`songfeat.labels.FEATURES` by name.
    """

    number: int
    title: str
    artist: str
    genre: str
    album: str
    year: int
    values: dict[str, float]


def make_song(
    number: int, *, seed: int = 0, sample_rate: int = 44_100, seconds: float = 29.72
) -> tuple[DemoSong, FloatArray]:
    """Compose and play song `number`; the same for the same `seed` and `number`.

    The values follow from the recipe by which the song was made, and loudness
    is measured on its sound. Genres take turns: song `number` has genre
    ``GENRES[number % 8]``.

    Returns
    -------
    song : DemoSong
    waveform : numpy.ndarray
        (n_samples, 2), float32, within [-1, 1].

    Raises
    ------
    ConfigError
        If an argument is out of range.
    """
    for name, value, least in (
        ("number", number, 0), ("seed", seed, 0), ("sample_rate", sample_rate, 8_000), ("seconds", seconds, 1),
    ):  # fmt: skip
        if value < least:
            raise ConfigError(f"A demo song needs a {name} of {least} or more; got {value}.")
    recipe = draw_recipe(number, seed=seed)
    rng = np.random.default_rng([seed, 3, number])
    waveform = render(recipe, n_samples=round(seconds * sample_rate), sample_rate=sample_rate, rng=rng)
    years = np.random.default_rng([seed, 4, artist_index(number)])
    debut = int(years.integers(_FIRST_YEAR, _LAST_YEAR - 10))
    song = DemoSong(
        number=number,
        title=title(number, seed=seed),
        artist=artist_name(number, seed=seed),
        genre=recipe.genre,
        album=ALBUM,
        year=debut + number // 8 % 11,
        values=song_values(recipe, waveform),
    )
    return song, waveform
