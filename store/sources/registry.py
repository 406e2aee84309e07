"""The sources of songs, reference values and sound: what each gives, needs and allows.

A source that is collected from has a module with two functions:

``collect(options, work) -> Iterator[Song | Reject]``
    Yields what it finds (:mod:`store.sources.interface`); `options` hold what
    its :class:`Option` s ask.
``probe(work) -> Iterator[Capability]``
    Asks once for each thing that it may give, and says in words what works.

The others are brought in by a job of their own kind.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any

from songfeat.errors import ConfigError, UnknownName

REPORT_GENRES = ("pop", "rock", "hip-hop", "classical", "jazz", "country", "electronic", "reggae")
"""The eight genres that the report searched for."""


@dataclass(frozen=True, kw_only=True)
class Option:
    """Something to choose about a collection; `kind` is ``number``, ``words``, ``flag`` or ``path``."""

    name: str
    kind: str
    help: str
    default: Any = None

    def read(self, value: Any) -> Any:
        """A value as the source takes it.

        Raises
        ------
        ConfigError
        """
        if self.kind == "number" and (not isinstance(value, int) or isinstance(value, bool) or value < 1):
            raise ConfigError(f"{self.name} is {value!r}; expected a whole number of 1 or more.")
        if self.kind == "words":
            return tuple(word.strip() for word in value if word.strip())
        return str(Path(value).expanduser().resolve()) if self.kind == "path" else value


@dataclass(frozen=True, kw_only=True)
class Source:
    """A source as it is shown and chosen.

    Attributes
    ----------
    gives : tuple of str
        Any of ``songs``, ``values`` and ``audio``.
    needs : str
        What must be there first, in words; ``""`` for nothing.
    rights : str
        What its terms say on storing and on training, in plain words.
    links : tuple of str
        Where these terms stand.
    options : tuple of Option
    work : str
        The kind of job that brings it in.
    """

    name: str
    title: str
    gives: tuple[str, ...]
    needs: str
    rights: str
    links: tuple[str, ...] = ()
    options: tuple[Option, ...] = ()
    work: str = "collect"

    def read_options(self, given: Mapping[str, Any]) -> dict[str, Any]:
        """All options by name, with defaults where nothing is given.

        Raises
        ------
        UnknownName, ConfigError
        """
        known = {option.name: option for option in self.options}
        for name in given:
            if name not in known:
                raise UnknownName(f"option of {self.name}", name, known)
        return {
            name: option.default if given.get(name) is None else option.read(given[name])
            for name, option in known.items()
        }

    def module(self) -> ModuleType:
        """Where it is collected; loaded late."""
        return import_module(f"store.sources.{self.name}")


_LIMIT = Option(name="limit", kind="number", help="how many tracks at most; default: all that lack it")

SOURCES: dict[str, Source] = {
    source.name: source
    for source in (
        Source(
            name="spotify",
            title="Spotify",
            gives=("songs", "values"),
            needs="an app of your own: SPOTIPY_CLIENT_ID and SPOTIPY_CLIENT_SECRET; for playlists and the library"
            " also SPOTIPY_REDIRECT_URI and songfeat sign-in",
            rights="Spotify's Developer Policy bars training models on Spotify content, and keeping more of it, or"
            " for longer, than an app strictly needs. Link back to Spotify where you show it.",
            links=("https://developer.spotify.com/policy", "https://developer.spotify.com/terms"),
            options=(
                Option(name="genres", kind="words", help="genres to search, each alike", default=REPORT_GENRES),
                Option(name="total", kind="number", help="how many tracks the search should bring", default=2000),
                Option(name="playlist", kind="words", help="playlists instead: ids or links of your own"),
                Option(name="library", kind="flag", help="your saved songs instead", default=False),
                Option(name="tracks", kind="words", help="single tracks instead: ids or links"),
            ),
        ),
        Source(
            name="reccobeats",
            title="ReccoBeats",
            gives=("values",),
            needs="songs with a Spotify id; with upload, clips",
            rights="ReccoBeats publishes no terms on storing or training. Its values for Spotify ids are said to"
            " mirror Spotify's: take the same care with them.",
            links=("https://reccobeats.com/docs/documentation/introduction",),
            options=(
                _LIMIT,
                Option(name="upload", kind="flag", help="send your clips to be analysed instead", default=False),
            ),
        ),
        Source(
            name="previews",
            title="Previews from Deezer and iTunes",
            gives=("audio",),
            needs="songs with title and artist; M4A previews of iTunes need songfeat[m4a]",
            rights="Deezer and Apple offer previews to promote the songs, with a link back. Neither grants training or"
            " lasting storage: keep the arrays, and pass no clip on.",
            links=("https://developers.deezer.com/termsofuse", "https://performance-partners.apple.com/search-api"),
            options=(_LIMIT,),
        ),
        Source(
            name="musicbrainz",
            title="MusicBrainz",
            gives=("songs",),
            needs="songs with title and artist; SONGFEAT_CONTACT, an address where MusicBrainz can reach you",
            rights="Core data such as ISRCs are free (CC0). Tags, which become genres here, are CC BY-NC-SA: name"
            " MusicBrainz, and make no money with them.",
            links=("https://musicbrainz.org/doc/About/Data_License",),
            options=(_LIMIT,),
        ),
        Source(
            name="fma",
            title="Free Music Archive",
            gives=("songs", "values", "audio"),
            needs="fma_metadata (the archive or its folder), and for sound a folder such as fma_small",
            rights="Metadata are CC BY 4.0. Each recording has a Creative Commons licence of its artist, kept with"
            " it; many allow no commercial use and no derivatives. Training for research is what FMA is for.",
            links=("https://github.com/mdeff/fma", "https://creativecommons.org/licenses/by/4.0/"),
            options=(
                Option(name="metadata", kind="path", help="fma_metadata.zip, or the folder it was unpacked to"),
                Option(name="audio", kind="path", help="fma_small, fma_medium, … with their folders 000 to 155"),
                Option(name="labelled", kind="flag", help="only tracks with Echo Nest values", default=False),
            ),
        ),
        Source(
            name="table",
            title="A table of yours",
            gives=("songs", "values"),
            needs="a file in one of a dozen layouts",
            rights="Who published the table says what you may do with it; a table of Spotify's values stands under"
            " Spotify's terms.",
            work="import",
        ),
        Source(
            name="folder",
            title="Your audio files",
            gives=("songs", "audio"),
            needs="MP3, FLAC, Ogg, WAV, AIFF or M4A files",
            rights="Your own files stay where they are. What you may train on depends on your country's copyright.",
            work="scan",
        ),
    )
}
"""Every source by name, in the order in which they are shown."""


def get_source(name: str) -> Source:
    """One source.

    Raises
    ------
    UnknownName
        If there is none; the message lists the choices.
    """
    if name not in SOURCES:
        raise UnknownName("source to collect from", name, SOURCES)
    return SOURCES[name]


def collected() -> list[Source]:
    """The sources that are collected from, rather than brought in by a job of another kind."""
    return [source for source in SOURCES.values() if source.work == "collect"]
