"""Apple's search of the iTunes Store, as far as previews need it: songs by name."""

from collections.abc import Iterator
from typing import Any

from store.sources.matching import Candidate, Wanted, best
from store.sources.payload import dict_of, dicts_of, number_of, text_of
from store.web.client import Client
from store.web.provider import Provider

# About twenty questions a minute are allowed; whoever asks more is locked out for a while. Its terms allow no copies.
API = Provider(name="iTunes", base="https://itunes.apple.com/", route="/it/", interval_s=3.0, kept=False)
PREVIEWS = Provider(
    name="iTunes' previews", base="https://audio-ssl.itunes.apple.com/", route="/itp/", concurrency=4, json=False
)


def find(client: Client, wanted: Wanted) -> Candidate | str:
    """The song's preview by name, or why there is none; Apple knows no ISRCs."""
    term = f"{wanted.title} {wanted.artist.split(';')[0]}"
    answer = client.ask("search", term=term, media="music", entity="song", limit=25)
    return best(wanted, candidates(dict_of(answer).get("results")))


def candidates(items: Any) -> Iterator[Candidate]:
    """The songs of an answer that have a preview."""
    for item in dicts_of(items):
        if not (link := text_of(item.get("previewUrl"))):
            continue
        length_ms = number_of(item.get("trackTimeMillis"))
        yield Candidate(
            title=text_of(item.get("trackName")),
            artist=text_of(item.get("artistName")),
            duration_s=length_ms and length_ms / 1000,
            link=link,
            provider_id=str(item.get("trackId")),
        )
