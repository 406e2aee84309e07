from dataclasses import replace

import numpy as np
import pytest
import scipy.signal
from hypothesis import given, settings
from hypothesis import strategies as st

from songfeat.errors import ConfigError
from songfeat.genres import OTHER, genre_group
from songfeat.labels import FEATURES, TARGETS
from songfeat.synth import GENRES, make_song
from songfeat.synth.accompaniment import BASS_LINES, COMPINGS
from songfeat.synth.clock import onset_seconds
from songfeat.synth.drums import PATTERNS
from songfeat.synth.harmony import Harmony
from songfeat.synth.instruments import INSTRUMENTS
from songfeat.synth.mix import bring_to_level, reverberation, rms
from songfeat.synth.names import artist_index, artist_name, title
from songfeat.synth.profiles import PROFILES
from songfeat.synth.recipe import draw_recipe
from songfeat.synth.render import render
from songfeat.synth.score import write_score
from songfeat.synth.values import loudness_db, song_values
from songfeat.synth.voices import VOWELS, sung

RATE = 22_050  # of all but the full-size songs: half the work, and every cue lies below 11 kHz
LIBRARY = 240


@pytest.fixture(scope="module")
def songs():
    """Forty-eight shortened songs, six of each genre."""
    return [make_song(number, sample_rate=RATE, seconds=12.0) for number in range(48)]


@pytest.fixture(scope="module")
def table():
    """Recipes and values of a whole library, by name, without the sound (the level asked for is its loudness)."""
    recipes = [draw_recipe(number, seed=0) for number in range(LIBRARY)]
    rows = [song_values(recipe, np.full(2, 10 ** (recipe.level / 20))) for recipe in recipes]
    return {name: np.array([row[name] for row in rows]) for name in FEATURES}


def correlation(a, b):
    return float(np.corrcoef(a, b)[0, 1])


class TestSong:
    def test_full_size_song_is_what_the_reports_mfcc_expects(self):
        song, waveform = make_song(6)
        assert waveform.shape == (round(29.72 * 44_100), 2)
        assert waveform.dtype == np.float32
        assert waveform.flags.c_contiguous
        assert 1 + len(waveform) // 8192 == 160
        assert np.isfinite(waveform).all()
        assert 0.05 < np.abs(waveform).max() <= 1.0
        assert (song.number, song.genre, song.album) == (6, GENRES[6], "Songfeat demo")

    def test_is_deterministic(self, songs):
        song, waveform = make_song(17, sample_rate=RATE, seconds=12.0)
        assert song == songs[17][0]
        np.testing.assert_array_equal(waveform, songs[17][1])

    def test_numbers_and_seeds_give_different_songs(self, songs):
        sounds = {waveform.tobytes() for _, waveform in songs}
        assert len(sounds) == len(songs)
        other, _ = make_song(0, seed=1, sample_rate=RATE, seconds=2.0)
        assert other.values != songs[0][0].values
        assert other.title != songs[0][0].title

    @settings(max_examples=15, deadline=None)
    @given(
        number=st.integers(0, 5000),
        seed=st.integers(0, 2**31),
        sample_rate=st.sampled_from([8_000, 16_000, 22_050, 48_000]),
        seconds=st.floats(1.0, 3.0),
    )
    def test_any_song_is_complete_and_in_range(self, number, seed, sample_rate, seconds):
        song, waveform = make_song(number, seed=seed, sample_rate=sample_rate, seconds=seconds)
        assert waveform.shape == (round(seconds * sample_rate), 2)
        assert np.isfinite(waveform).all()
        assert np.abs(waveform).max() <= 1.0
        assert tuple(sorted(song.values)) == tuple(sorted(FEATURES))
        for name, value in song.values.items():
            feature = FEATURES[name]
            assert feature.low <= value <= feature.high, name
            assert not feature.whole or value == int(value), name

    def test_values_depend_on_the_recipe_and_only_loudness_on_the_sound(self, songs):
        short, _ = make_song(3, sample_rate=16_000, seconds=3.0)
        assert short.values | {"loudness": 0} == songs[3][0].values | {"loudness": 0}

    def test_loudness_is_the_rms_level_of_the_waveform(self, songs):
        for song, waveform in songs:
            power = np.mean(waveform.astype(np.float64) ** 2)
            assert song.values["loudness"] == pytest.approx(10 * np.log10(power), abs=0.1)

    def test_loudness_reference_points(self):
        assert loudness_db(np.ones((100, 2), np.float32)) == pytest.approx(0.0)
        sine = np.sin(2 * np.pi * np.arange(1000) / 100)
        assert loudness_db(sine) == pytest.approx(-3.0103, abs=1e-3)
        assert loudness_db(np.zeros(100, np.float32)) == FEATURES["loudness"].low

    @pytest.mark.parametrize(
        ("arguments", "named"),
        [
            ({"number": -1}, "number"),
            ({"number": 0, "seed": -5}, "seed"),
            ({"number": 0, "sample_rate": 4000}, "sample_rate"),
            ({"number": 0, "seconds": 0.2}, "seconds"),
        ],
    )
    def test_refuses_what_it_cannot_make(self, arguments, named):
        with pytest.raises(ConfigError, match=f"{named} of .* or more; got"):
            make_song(**arguments)


class TestNames:
    @pytest.mark.parametrize("seed", [0, 1, 99])
    def test_titles_never_repeat_within_a_thousand(self, seed):
        assert len({title(number, seed=seed) for number in range(1000)}) == 1000

    @pytest.mark.parametrize("seed", [0, 7])
    def test_each_artist_has_one_genre_and_one_name(self, seed):
        genres, names = {}, {}
        for number in range(1000):
            name = artist_name(number, seed=seed)
            genres.setdefault(name, set()).add(GENRES[number % len(GENRES)])
            names.setdefault(artist_index(number), set()).add(name)
        assert all(len(its) == 1 for its in genres.values())
        assert all(len(its) == 1 for its in names.values())
        assert len(genres) == len(names)

    def test_a_library_has_four_or_five_songs_per_artist(self):
        counts = np.unique([artist_index(number) for number in range(LIBRARY)], return_counts=True)[1]
        assert len(counts) == 56
        assert set(counts) == {4, 5}

    def test_genres_are_balanced_and_known(self, songs):
        assert [song.genre for song, _ in songs] == [*GENRES] * 6
        groups = [genre_group(genre) for genre in GENRES]
        assert len(set(groups)) == len(GENRES)
        assert OTHER not in groups


class TestDistribution:
    def test_instrumentalness_is_bimodal(self, table):
        value = table["instrumentalness"]
        assert np.mean((value > 0.25) & (value < 0.7)) < 0.08
        assert np.mean(value >= 0.7) > 0.15
        assert np.mean(value <= 0.25) > 0.5

    def test_speechiness_is_mostly_low_with_a_long_tail(self, table):
        value = table["speechiness"]
        assert np.median(value) < 0.06
        assert np.mean(value > 0.2) > 0.08
        assert value.max() > 0.5

    @pytest.mark.parametrize("name", TARGETS)
    def test_genre_alone_does_not_decide(self, table, name):
        by_genre = table[name].reshape(-1, len(GENRES))  # song n has genre n % 8
        assert by_genre.std(axis=0).mean() > 0.5 * table[name].std()

    @pytest.mark.parametrize("name", ["danceability", "energy", "acousticness", "valence"])
    def test_values_are_spread(self, table, name):
        assert table[name].std() > 0.14
        assert table[name].min() < 0.2
        assert table[name].max() > 0.8

    def test_songs_of_an_artist_resemble_each_other(self, table):
        artists = np.array([artist_index(number) for number in range(LIBRARY)])
        within = np.mean([table["energy"][artists == artist].std() for artist in np.unique(artists)])
        by_genre = table["energy"].reshape(-1, len(GENRES)).std(axis=0).mean()
        assert within < 0.9 * by_genre

    @pytest.mark.parametrize(
        ("value", "numeric", "low", "high"),
        [
            ("energy", "loudness", 0.7, 0.97),
            ("energy", "tempo", 0.3, 0.9),
            ("acousticness", "loudness", -0.9, -0.4),
            ("danceability", "valence", 0.25, 0.9),
            ("instrumentalness", "loudness", -0.8, -0.2),
        ],
    )
    def test_numeric_inputs_tell_something_of_the_targets(self, table, value, numeric, low, high):
        assert low < correlation(table[value], table[numeric]) < high


def power_frames(sound, n_fft=1024):
    """Frequencies (Hz) and power spectrogram (frequency, frame) at a hop of 256."""
    frequency, _, spectrum = scipy.signal.stft(
        sound, RATE, nperseg=n_fft, noverlap=n_fft - 256, boundary=None, padded=False
    )
    return frequency, np.abs(spectrum) ** 2


def flatness(waveform):
    """Log spectral flatness, averaged over frames of equal weight: low for pure tones, high for noise and saws."""
    _, power = power_frames(waveform.mean(axis=1))
    return np.log10(np.mean(np.exp(np.mean(np.log(power + 1e-10), axis=0)) / (power.mean(axis=0) + 1e-10)))


def beat_strength(waveform, tempo):
    """Autocorrelation of the onset envelope at one beat."""
    _, power = power_frames(waveform.mean(axis=1))
    onsets = np.maximum(np.diff(np.log1p(1000 * power / power.mean()), axis=1), 0).sum(axis=0)
    onsets -= onsets.mean()
    lags = np.correlate(onsets, onsets, "full")[len(onsets) - 1 :]
    beat = round(60 / tempo * RATE / 256)
    return lags[beat - 1 : beat + 2].max() / lags[0]


def syllable_modulation(waveform):
    """Modulation of the voice band's level between 3.5 and 7 Hz (after Scheirer & Slaney, 1997)."""
    frequency, power = power_frames(waveform.mean(axis=1))
    level = np.log(power[(frequency > 300) & (frequency < 3500)].sum(axis=0) + 1e-6)
    rate, spectrum = scipy.signal.welch(level - level.mean(), RATE / 256, nperseg=256)
    return spectrum[(rate > 3.5) & (rate < 7)].sum()


def voice_band_flux(waveform):
    """How much the spectrum of the voice band moves: vibrato and syllables never stand still."""
    frequency, power = power_frames(waveform.mean(axis=1), n_fft=2048)
    level = np.log(power[(frequency > 300) & (frequency < 3500)] + 1e-5 * power.mean())
    return np.abs(np.diff(level[:, ::2], axis=1)).mean()


def brightness(waveform):
    """Share of the power above 1.5 kHz, in dB."""
    frequency, power = power_frames(waveform.mean(axis=1))
    return 10 * np.log10(power[frequency > 1500].sum() / power.sum())


def punch(waveform):
    """How much the level jumps from frame to frame, dB."""
    _, power = power_frames(waveform.mean(axis=1))
    return np.abs(np.diff(10 * np.log10(power.sum(axis=0) + 1e-9))).mean()


def side_level(waveform):
    """What differs between left and right, in dB under the whole."""
    return loudness_db(waveform[:, 0] - waveform[:, 1]) - loudness_db(waveform)


class TestAudible:
    """What the values say can be measured in the sound, over songs of all genres."""

    def heard(self, songs, name, cue):
        return correlation([song.values[name] for song, _ in songs], [cue(song, waveform) for song, waveform in songs])

    def test_energy_is_loud(self, songs):
        assert self.heard(songs, "energy", lambda _, waveform: 20 * np.log10(rms(waveform))) > 0.8

    def test_danceability_has_a_beat(self, songs):
        assert self.heard(songs, "danceability", lambda song, wave: beat_strength(wave, song.values["tempo"])) > 0.45

    def test_speechiness_has_syllables(self, songs):
        assert self.heard(songs, "speechiness", lambda _, waveform: syllable_modulation(waveform)) > 0.8

    def test_acousticness_is_tonal(self, songs):
        assert self.heard(songs, "acousticness", lambda _, waveform: flatness(waveform)) < -0.45

    def test_instrumentalness_lacks_a_moving_voice(self, songs):
        assert self.heard(songs, "instrumentalness", lambda _, waveform: voice_band_flux(waveform)) < -0.4

    @pytest.mark.parametrize(
        ("ingredient", "less", "more", "cue"),
        [
            ("electric", 0.1, 0.9, flatness),
            ("distortion", 0.0, 1.0, flatness),
            ("level", -24.0, -8.0, loudness_db),
            ("register", -7.0, 9.0, brightness),
            ("crowd", 0.0, 0.8, side_level),
            ("regularity", 0.1, 1.0, lambda waveform: beat_strength(waveform, 120.0)),
            ("drum_level", 0.1, 1.0, punch),
            ("spoken_share", 0.0, 0.9, syllable_modulation),
            ("voice_share", 0.0, 0.95, voice_band_flux),
        ],
    )
    def test_one_ingredient_changes_what_it_should(self, ingredient, less, more, cue):
        base = replace(
            draw_recipe(0, seed=0), tempo=120.0, meter=4, swing=0.0, drum_pattern="four on the floor", comping="pad",
            drum_level=0.6, regularity=0.9, density=0.5, electric=0.3, distortion=0.0, level=-16.0, register=0.0,
            voice_share=0.6, spoken_share=0.0, reverb=0.1, crowd=0.0,
        )  # fmt: skip
        quiet, strong = (
            render(
                replace(base, **{ingredient: value}),
                n_samples=8 * RATE,
                sample_rate=RATE,
                rng=np.random.default_rng(5),
            )
            for value in (less, more)
        )
        assert cue(strong) > cue(quiet) + 0.05 * abs(cue(quiet))


class TestScore:
    @pytest.mark.parametrize("number", range(0, 64, 3))
    def test_tunes_and_chords_keep_to_the_key(self, number):
        recipe = draw_recipe(number, seed=0)
        score = write_score(recipe, 12, np.random.default_rng(0))
        scale = {1: {0, 2, 4, 5, 7, 9, 11}, 0: {0, 2, 3, 5, 7, 8, 10}}[recipe.mode]
        for note in [*score.chords, *score.bass, *score.lead, *score.sung]:
            assert {(pitch - recipe.key) % 12 for pitch in note.pitches} <= scale
            assert all(28 <= pitch <= 95 for pitch in note.pitches)

    @pytest.mark.parametrize("number", range(8))
    def test_bass_starts_each_chord_on_its_root(self, number):
        recipe = replace(draw_recipe(number, seed=0), bass_line="roots", sevenths=False)
        harmony = Harmony(recipe, np.random.default_rng(0))
        for bar in range(4):
            root = harmony.bass(bar) % 12
            intervals = {(pitch - root) % 12 for pitch in harmony.chord(bar)}
            assert intervals in ({0, 4, 7}, {0, 3, 7}, {0, 3, 6})

    @pytest.mark.parametrize(("voice_share", "spoken_share"), [(0.0, 0.0), (0.5, 0.0), (0.6, 0.5), (1.0, 1.0)])
    def test_voice_has_its_share_of_the_bars(self, voice_share, spoken_share):
        recipe = replace(draw_recipe(0, seed=0), voice_share=voice_share, spoken_share=spoken_share)
        score = write_score(recipe, 100, np.random.default_rng(0))

        def bars(notes):
            return {int(note.beat) // recipe.meter for note in notes}

        spoken, voiced = len(bars(score.spoken)), len(bars(score.sung) | bars(score.spoken))
        assert voiced / 100 == pytest.approx(voice_share, abs=0.03)
        assert spoken / 100 == pytest.approx(voice_share * spoken_share, abs=0.03)
        assert bars(score.lead).isdisjoint(bars(score.sung) | bars(score.spoken))

    def test_average_tempo_is_the_recipes_however_loose_the_beat(self):
        for regularity in (0.0, 0.5, 1.0):
            recipe = replace(draw_recipe(0, seed=0), tempo=90.0, regularity=regularity, swing=0.1)
            onsets = onset_seconds(recipe, np.arange(200), np.random.default_rng(0))
            slope = np.polyfit(np.arange(200), onsets, 1)[0]
            assert slope == pytest.approx(60 / 90, rel=2e-3)
            steadiness = np.std(np.diff(onsets))
            assert steadiness == pytest.approx(0.0, abs=1e-9) if regularity == 1.0 else steadiness > 0.01

    def test_every_name_in_a_profile_exists(self):
        assert tuple(PROFILES) == GENRES
        for profile in PROFILES.values():
            assert set(profile.drum_patterns) <= set(PATTERNS)
            assert set(profile.compings) <= set(COMPINGS)
            assert set(profile.bass_lines) <= set(BASS_LINES)
            played = profile.acoustic_chords + profile.acoustic_leads + profile.electric_chords + profile.electric_leads
            assert set(played) <= set(INSTRUMENTS)
            assert sum(profile.meters.values()) == pytest.approx(1.0)


A3 = 220.5  # Hz; 200 samples at 44.1 kHz, so that the autocorrelation peaks on a whole lag


def fundamental(sound, sample_rate):
    """Frequency at which a sound repeats, from the peak of its autocorrelation, Hz."""
    lags = scipy.signal.correlate(sound, sound, "full")[len(sound) - 1 :]
    first = int(sample_rate / 1000)
    lag = first + int(np.argmax(lags[first : int(sample_rate / 100)]))
    return sample_rate / lag


class TestSounds:
    @pytest.mark.parametrize("name", [name for name in INSTRUMENTS if name not in ("bell", "fuzz guitar")])
    def test_instruments_are_in_tune(self, name):
        assert fundamental(INSTRUMENTS[name](A3, 0.5, 44_100), 44_100) == pytest.approx(A3, rel=0.006)

    @pytest.mark.parametrize("name", INSTRUMENTS)
    def test_notes_start_and_end_in_silence(self, name):
        note = INSTRUMENTS[name](330.0, 0.3, RATE)
        assert note.dtype == np.float32
        assert 0.3 * RATE <= len(note) <= 0.5 * RATE
        assert abs(note[0]) < 1e-3
        assert abs(note[-1]) < 1e-3
        assert rms(note) > 0.01

    @pytest.mark.parametrize("vowel", VOWELS)
    def test_sung_vowels_keep_their_pitch(self, vowel):
        assert fundamental(sung(vowel, A3, 0.6, 44_100, high=False), 44_100) == pytest.approx(A3, rel=0.03)

    def test_reverberation_dies_away_by_sixty_decibels(self):
        click = np.zeros(2 * RATE, np.float32)
        click[0] = 1.0
        echo = reverberation(click, RATE, decay_seconds=1.0, rng=np.random.default_rng(0))
        start, late = (rms(np.ascontiguousarray(echo[:, int(at * RATE) : int((at + 0.1) * RATE)])) for at in (0.0, 0.8))
        assert 20 * np.log10(start / late) == pytest.approx(48.0, abs=2.0)
        assert np.abs(echo[:, int(1.01 * RATE) :]).max() < 1e-4
        assert abs(correlation(echo[0], echo[1])) < 0.1

    @pytest.mark.parametrize("level", [-30.0, -15.0, -7.0])
    def test_mix_reaches_its_level_below_the_ceiling(self, level):
        noise = np.random.default_rng(0).standard_normal((2, RATE), dtype=np.float32)
        noise[:, 500] = 30.0
        finished = bring_to_level(noise, level)
        assert loudness_db(finished) == pytest.approx(level, abs=0.3)
        assert np.abs(finished).max() < 1.0
