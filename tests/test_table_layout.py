"""Which column holds what, for the layouts that people bring."""

import pandas as pd
import pytest

from songfeat.errors import TableError
from songfeat.labels import FEATURES
from store.sources.table_files import join_tables, read_table
from store.sources.table_layout import FIELDS, guess_mapping

TAIL = (
    *("danceability", "energy", "key", "loudness", "mode", "speechiness", "acousticness", "instrumentalness"),
    *("liveness", "valence", "tempo"),
)
SAME = {name: name for name in TAIL}
METER = {"time_signature": "time_signature"}
CAPITAL = {name: name.replace("_", " ").title() for name in (*TAIL, "time_signature")}

EXPORTIFY_NET = (
    "Track URI,Track Name,Album Name,Artist Name(s),Release Date,Duration (ms),Popularity,Explicit,Added By,Added At,"
    "Genres,Record Label," + ",".join(CAPITAL.values())
)
EXPORTIFY_NET_FIELDS = {
    "title": "Track Name", "artist": "Artist Name(s)", "album": "Album Name", "genre": "Genres",
    "year": "Release Date", "duration_ms": "Duration (ms)", "popularity": "Popularity", **CAPITAL,
}  # fmt: skip
EXPORTIFY_APP = (
    "Track URI,Track Name,Artist URI(s),Artist Name(s),Album URI,Album Name,Album Artist URI(s),Album Artist Name(s),"
    "Album Release Date,Album Image URL,Disc Number,Track Number,Track Duration (ms),Track Preview URL,Explicit,"
    "Popularity,ISRC,Added By,Added At"
)
EXPORTIFY_APP_FIELDS = {
    "track_id": "Track URI", "title": "Track Name", "artist": "Artist Name(s)", "album": "Album Name",
    "year": "Album Release Date", "duration_ms": "Track Duration (ms)", "popularity": "Popularity", "isrc": "ISRC",
    "preview_url": "Track Preview URL",
}  # fmt: skip

LAYOUTS = {
    "A": (
        ",track_id,artists,album_name,track_name,popularity,duration_ms,explicit,danceability,energy,key,loudness,mode,"
        "speechiness,acousticness,instrumentalness,liveness,valence,tempo,time_signature,track_genre",
        {
            "track_id": "track_id", "title": "track_name", "artist": "artists", "album": "album_name",
            "genre": "track_genre", "duration_ms": "duration_ms", "popularity": "popularity", **SAME, **METER,
        },
        "Spotify Tracks Dataset",
        ("explicit",),
    ),
    "B": (
        "id,name,album,album_id,artists,artist_ids,track_number,disc_number,explicit,danceability,energy,key,loudness,"
        "mode,speechiness,acousticness,instrumentalness,liveness,valence,tempo,duration_ms,time_signature,year,release_date",
        {
            "track_id": "id", "title": "name", "artist": "artists", "album": "album", "year": "year",
            "duration_ms": "duration_ms", **SAME, **METER,
        },
        "Spotify 1.2M+ Songs",
        ("album_id", "artist_ids", "track_number", "disc_number", "explicit", "release_date"),
    ),
    "C": (
        "track_id,track_name,track_artist,track_popularity,track_album_id,track_album_name,track_album_release_date,"
        "playlist_name,playlist_id,playlist_genre,playlist_subgenre,danceability,energy,key,loudness,mode,speechiness,"
        "acousticness,instrumentalness,liveness,valence,tempo,duration_ms,lyrics,language",
        {
            "track_id": "track_id", "title": "track_name", "artist": "track_artist", "album": "track_album_name",
            "genre": "playlist_genre", "year": "track_album_release_date", "duration_ms": "duration_ms",
            "popularity": "track_popularity", **SAME,
        },
        "30000 Spotify Songs",
        ("track_album_id", "playlist_name", "playlist_id", "playlist_subgenre", "lyrics", "language"),
    ),
    "D1": (
        EXPORTIFY_NET,
        {"track_id": "Track URI", **EXPORTIFY_NET_FIELDS},
        "Exportify (exportify.net)",
        ("Explicit", "Added By", "Added At", "Record Label"),
    ),
    "D2, early 2025": (
        EXPORTIFY_NET.replace("Explicit,", "").replace("Track URI", "Track ID"),
        {"track_id": "Track ID", **EXPORTIFY_NET_FIELDS},
        "Exportify (exportify.net)",
        ("Added By", "Added At", "Record Label"),
    ),
    "D2, without ids": (
        EXPORTIFY_NET.replace("Track URI,", ""),
        EXPORTIFY_NET_FIELDS,
        "Exportify (exportify.net)",
        ("Explicit", "Added By", "Added At", "Record Label"),
    ),
    "D2, 2019": (
        "Spotify ID,Artist IDs,Track Name,Album Name,Artist Name(s),Release Date,Duration (ms),Popularity,Added By,"
        "Added At,Genres," + ",".join(CAPITAL.values()),
        {"track_id": "Spotify ID", **EXPORTIFY_NET_FIELDS},
        "Exportify (exportify.net)",
        ("Artist IDs", "Added By", "Added At"),
    ),
    "D3": (
        EXPORTIFY_APP,
        EXPORTIFY_APP_FIELDS,
        "Exportify (exportify.app)",
        (
            "Artist URI(s)", "Album URI", "Album Artist URI(s)", "Album Artist Name(s)", "Album Image URL",
            "Disc Number", "Track Number", "Explicit", "Added By", "Added At",
        ),
    ),
    "D3 with everything": (
        EXPORTIFY_APP + ",Artist Genres," + ",".join(CAPITAL.values()) + ",Album Genres,Label,Copyrights",
        {**EXPORTIFY_APP_FIELDS, "genre": "Artist Genres", **CAPITAL},
        "Exportify (exportify.app)",
        (
            "Artist URI(s)", "Album URI", "Album Artist URI(s)", "Album Artist Name(s)", "Album Image URL",
            "Disc Number", "Track Number", "Explicit", "Added By", "Added At", "Album Genres", "Label", "Copyrights",
        ),
    ),
    "D4": (
        "Spotify URI,Track Name,Artist Name,Album Name,Disc Number,Track Number,Track Duration (ms),Added By,Added At",
        {
            "track_id": "Spotify URI", "title": "Track Name", "artist": "Artist Name", "album": "Album Name",
            "duration_ms": "Track Duration (ms)",
        },
        "Exportify (exportify.app)",
        ("Disc Number", "Track Number", "Added By", "Added At"),
    ),
    "E": (
        "genre,artist_name,track_name,track_id,popularity,acousticness,danceability,duration_ms,energy,instrumentalness,"
        "key,liveness,loudness,mode,speechiness,tempo,time_signature,valence",
        {
            "track_id": "track_id", "title": "track_name", "artist": "artist_name", "genre": "genre",
            "duration_ms": "duration_ms", "popularity": "popularity", **SAME, **METER,
        },
        "Ultimate Spotify Tracks DB",
        (),
    ),
    "F": (
        "artist,song,duration_ms,explicit,year,popularity,danceability,energy,key,loudness,mode,speechiness,acousticness,"
        "instrumentalness,liveness,valence,tempo,genre",
        {
            "title": "song", "artist": "artist", "genre": "genre", "year": "year", "duration_ms": "duration_ms",
            "popularity": "popularity", **SAME,
        },
        "Top Hits Spotify",
        ("explicit",),
    ),
    "G": (
        "valence,year,acousticness,artists,danceability,duration_ms,energy,explicit,id,instrumentalness,key,liveness,"
        "loudness,mode,name,popularity,release_date,speechiness,tempo",
        {
            "track_id": "id", "title": "name", "artist": "artists", "year": "year", "duration_ms": "duration_ms",
            "popularity": "popularity", **SAME,
        },
        "Spotify 1921-2020",
        ("explicit", "release_date"),
    ),
    "H": (
        "id,name,popularity,duration_ms,explicit,artists,id_artists,release_date,danceability,energy,key,loudness,mode,"
        "speechiness,acousticness,instrumentalness,liveness,valence,tempo,time_signature",
        {
            "track_id": "id", "title": "name", "artist": "artists", "year": "release_date",
            "duration_ms": "duration_ms", "popularity": "popularity", **SAME, **METER,
        },
        "Spotify 1922-2021",
        ("explicit", "id_artists"),
    ),
    "I": (
        "track_name,artist(s)_name,artist_count,released_year,released_month,released_day,in_spotify_playlists,"
        "in_spotify_charts,streams,in_apple_playlists,in_apple_charts,in_deezer_playlists,in_deezer_charts,"
        "in_shazam_charts,bpm,key,mode,danceability_%,valence_%,energy_%,acousticness_%,instrumentalness_%,liveness_%,"
        "speechiness_%",
        {
            "title": "track_name", "artist": "artist(s)_name", "year": "released_year", "tempo": "bpm", "key": "key",
            "mode": "mode", **{name: f"{name}_%" for name in set(TAIL) - {"tempo", "key", "mode", "loudness"}},
        },
        "Most Streamed Spotify Songs",
        (
            "artist_count", "released_month", "released_day", "in_spotify_playlists", "in_spotify_charts", "streams",
            "in_apple_playlists", "in_apple_charts", "in_deezer_playlists", "in_deezer_charts", "in_shazam_charts",
        ),
    ),
    "J": (
        "id,spotify_id,popularity,release,danceability,energy,key,mode,valence,tempo,duration_ms,artist,song,album_name,"
        "genres,tags,lang",
        {
            "track_id": "spotify_id", "title": "song", "artist": "artist", "album": "album_name", "genre": "genres",
            "year": "release", "duration_ms": "duration_ms", "popularity": "popularity",
            **{name: name for name in ("danceability", "energy", "key", "mode", "valence", "tempo")},
        },
        "Music4All",
        ("id", "tags", "lang"),
    ),
    "K": (
        "track_id,track_name,track_artist,danceability,instrumentalness,speechiness,acousticness,energy,valence,tempo,"
        "loudness,liveness,key,mode,time_signature,preview_url",
        {
            "track_id": "track_id", "title": "track_name", "artist": "track_artist", "preview_url": "preview_url",
            **SAME, **METER,
        },
        "song feature report",
        (),
    ),
}  # fmt: skip


@pytest.mark.parametrize("layout", LAYOUTS)
def test_every_layout_is_mapped_by_its_headers(layout):
    header, fields, name, unused = LAYOUTS[layout]
    mapping = guess_mapping(header.split(","), None, {})
    assert mapping.columns == fields
    assert mapping.layout == name
    assert mapping.unused == unused
    assert mapping.percent == ({field for field in fields if "%" in fields[field]} if layout == "I" else set())


SPOTIFY = "0aB1cD2eF3gH4iJ5kL6mN7"


def rows(**columns: list[object]) -> pd.DataFrame:
    return pd.DataFrame({name: pd.Series(values) for name, values in columns.items()})


def guess(sample: pd.DataFrame, **overrides: str):
    return guess_mapping(list(sample), sample, overrides)


def test_of_several_ids_the_one_of_spotify_is_taken():
    sample = rows(id=["1", "2"], track_id=["a", "b"], uri=[f"spotify:track:{SPOTIFY}", None], name=["A", "B"])
    assert guess(sample).columns["track_id"] == "uri"
    assert guess(sample[["id", "track_id", "name"]]).columns["track_id"] == "track_id"


@pytest.mark.parametrize(
    ("lengths", "field"),
    [
        (["231747", "198000"], "duration_ms"), (["231.7", "198"], "duration_s"), (["3.86", "2.75"], "duration_min"),
        (["3:51", "2:45"], "duration_s"), ([None, "0"], "duration_s"), ([231747.0, None], "duration_ms"),
    ],
)  # fmt: skip
def test_a_length_without_a_unit_is_told_by_its_values(lengths, field):
    assert guess(rows(title=["A", "B"], Duration=lengths)).columns == {"title": "title", field: "Duration"}


def test_the_length_of_a_clip_is_not_that_of_the_song():
    sample = rows(clip=["a.mp3"], title=["A"], duration=["30.0"])
    assert guess(sample).columns == {"title": "title", "clip": "clip"}
    assert guess(sample).unused == ("duration",)
    assert guess(sample, duration_s="duration").columns["duration_s"] == "duration"


def test_said_durations_replace_guessed_ones():
    sample = rows(title=["A"], duration_ms=["200000"], seconds=["200"])
    assert guess(sample, duration_s="seconds").columns == {"title": "title", "duration_s": "seconds"}


def test_per_cent_is_told_by_values():
    whole = [str(value) for value in (80, 55, 92, 40, 67, 71)]
    sample = rows(
        title=list("ABCDEF"), energy=whole, speechiness=["3", "0", "0", "0", "1", "0"], valence=["0"] * 6,
        danceability=["0.8", "0.1", "0.5", "0.4", "0.3", "1"], acousticness=["12.5", "30", "44.1", "80", "2.5", "9"],
        tempo=whole, mode=["1", "0", "1", "1", "0", "1"],
    )  # fmt: skip
    assert guess(sample).percent == {"energy", "speechiness", "acousticness"}
    assert guess(sample[["title", "speechiness", "mode"]]).percent == set()
    assert guess(rows(title=["A"], energy=["79,5 %"])).percent == {"energy"}


@pytest.mark.parametrize("values", [["0.5", "1", "1e9"], ["7"], ["1", "2", "3", "4", "5", "4", "3"], [0.5, 700.0]])
def test_values_out_of_range_are_no_per_cent(values):
    assert guess(rows(title=["A"] * len(values), energy=values)).percent == set()


def test_a_person_s_word_wins():
    sample = rows(name=["A"], mood=["0.3"], artist=["X"], col=["Y"])
    mapping = guess(sample, valence="mood", artist="col")
    assert mapping.columns == {"title": "name", "artist": "col", "valence": "mood"}
    assert mapping.unused == ("artist",)


def test_a_column_that_was_said_is_not_guessed_for_something_else():
    mapping = guess(rows(name=["X"], song=["A"], artist=["Y"]), artist="name")
    assert mapping.columns == {"title": "song", "artist": "name"}


def test_unknown_fields_and_columns_are_refused_with_the_choices():
    with pytest.raises(TableError, match=r"no field 'titel'.*track_id, title, artist"):
        guess(rows(name=["A"]), titel="name")
    with pytest.raises(TableError, match=r"no column 'nam' for title.*: name, tempo\."):
        guess(rows(name=["A"], tempo=["1"]), title="nam")


AVERAGES = {
    "year": "mode,year,acousticness,danceability,duration_ms,energy,instrumentalness,liveness,loudness,speechiness,"
    "tempo,valence,popularity,key",
    "genres": "mode,genres,acousticness,danceability,duration_ms,energy,instrumentalness,liveness,loudness,speechiness,"
    "tempo,valence,popularity,key",
    "artists": "mode,count,acousticness,artists,danceability,duration_ms,energy,instrumentalness,liveness,loudness,"
    "speechiness,tempo,valence,popularity,key",
    "artists and genres": "genres,artists,acousticness,danceability,duration_ms,energy,instrumentalness,liveness,"
    "loudness,speechiness,tempo,valence,popularity,key,mode,count",
}


@pytest.mark.parametrize("what", AVERAGES)
def test_averages_are_no_songs(what):
    with pytest.raises(TableError, match=rf"data\.csv holds values by {what} but neither ids nor titles"):
        guess_mapping(AVERAGES[what].split(","), None, {}, table="data.csv")


def test_tables_without_songs_are_refused():
    with pytest.raises(TableError, match=r"no column with ids or titles.*: price, tempo\. Name one with --map title="):
        guess(rows(price=["1"], tempo=["2"]))
    with pytest.raises(TableError, match="nothing to import beside its column 'track_id'"):
        guess(rows(track_id=[SPOTIFY]))
    with pytest.raises(TableError, match="nothing to import beside its column 'name'"):
        guess_mapping(["", "name", "what"], None, {})


def test_the_reader_s_own_and_index_columns_are_left_alone():
    sample = rows(
        **{"__line__": [2], "": ["0"], "Unnamed: 0": ["0"], "__index_level_0__": [0], "name": ["A"], "key": ["1"]}
    )
    assert guess(sample).columns == {"title": "name", "key": "key"}
    assert guess(sample).unused == ()


SPANISH_HEADER = (
    "URI de la canción,Nombre de la canción,URI(s) del artista,Nombre(s) del artista,URI del álbum,Nombre del álbum,"
    "URI(s) del artista del álbum,Nombre(s) del artista del álbum,Fecha de lanzamiento del álbum,"
    "URL de la imagen del álbum,Número de disco,Número de la canción,Duración de la canción (ms),"
    "URL de vista previa de la canción,Explícito,Popularidad,ISRC,Añadido por,Añadido en,Géneros del artista,"
    "Bailabilidad,Energía,Tonalidad,Volumen,Modo,Hablado,Acústica,Instrumentalidad,Vivacidad,Valencia,Tempo,Compás,"
    "Géneros del álbum,Sello,Derechos de autor"
)
SPANISH = SPANISH_HEADER.split(",")
SPANISH_FEATURES = dict(zip((*TAIL, "time_signature"), SPANISH[20:32], strict=True))


def spanish() -> pd.DataFrame:
    first = [
        f"spotify:track:{SPOTIFY}", "Luz", f"spotify:artist:{SPOTIFY}", "Mae Low", f"spotify:album:{SPOTIFY}", "Sol",
        f"spotify:artist:{SPOTIFY}", "Mae Low", "2019-05-03", "https://i.example/a.jpg", "1", "3", "215000",
        "https://p.example/a.mp3", "false", "44", "USABC2100001", "spotify:user:x", "2020-01-02T03:04:05Z", "pop, rock",
        "0.61", "0.7", "5", "-6.1", "1", "0.04", "0.3", "0.001", "0.1", "0.5", "121.5", "4", "pop", "Sello", "C",
    ]  # fmt: skip
    second = [
        *first[:8],
        "1999",
        first[9],
        "1",
        "4",
        "180500",
        "",
        "true",
        "0",
        "",
        *first[17:19],
        "",
        *[""] * 12,
        *first[32:],
    ]
    frame = pd.DataFrame([first, second], columns=SPANISH, dtype="str")
    return frame.mask(frame == "")


def test_headers_in_another_language_are_mapped_by_what_their_columns_hold():
    columns = {
        "track_id": "URI de la canción", "title": "Nombre de la canción", "artist": "Nombre(s) del artista",
        "album": "Nombre del álbum", "year": "Fecha de lanzamiento del álbum",
        "duration_ms": "Duración de la canción (ms)", "popularity": "Popularidad", "isrc": "ISRC",
        "preview_url": "URL de vista previa de la canción", **SPANISH_FEATURES,
    }  # fmt: skip
    assert guess(spanish()).columns == columns


def test_other_languages_without_genres_features_previews_or_with_a_playlist_name():
    base = spanish()
    without_genres = guess(base.drop(columns=["Géneros del artista", "ISRC", SPANISH[13]])).columns
    assert {field: without_genres[field] for field in SPANISH_FEATURES} == SPANISH_FEATURES
    assert "isrc" not in without_genres
    assert "preview_url" not in without_genres
    assert not FEATURES.keys() & guess(base[SPANISH[:19]]).columns.keys()
    named = base.copy()
    named.insert(0, "Name", "Mi lista")
    assert guess(named).columns["title"] == "Nombre de la canción"
    assert guess(base, genre="Géneros del artista").columns["genre"] == "Géneros del artista"


def test_addresses_of_albums_alone_do_not_make_it_another_language():
    sample = rows(
        uri=[f"spotify:track:{SPOTIFY}"], song=["A"], by=["X"], album_uri=[f"spotify:album:{SPOTIFY}"], energy=["0.5"]
    )
    assert guess(sample, artist="by").columns == {
        "track_id": "uri",
        "title": "song",
        "artist": "by",
        "energy": "energy",
    }


def test_every_feature_is_a_field():
    assert set(FEATURES) <= set(FIELDS)
    assert len(set(FIELDS)) == len(FIELDS)


def real_mapping(*paths):
    frame = join_tables({path: read_table(path) for path in paths}, {})
    return guess_mapping(list(frame), frame.head(500), {})


ALL = set(FEATURES)
NO_METER = ALL - {"time_signature"}


@pytest.mark.real
@pytest.mark.parametrize(
    ("names", "fields", "features"),
    [
        (
            ["raw_tables/ClassicHit.csv"],
            {"title": "Track", "artist": "Artist", "genre": "Genre", "year": "Year", "duration_ms": "Duration"},
            ALL,
        ),
        (
            ["raw_tables/songs_normalize.csv"],
            {"title": "song", "artist": "artist", "genre": "genre", "duration_ms": "duration_ms"},
            NO_METER,
        ),
        (
            ["raw_tables/spotify_songs.csv.gz"],
            {"track_id": "track_id", "artist": "track_artist", "genre": "playlist_genre"},
            NO_METER,
        ),
        (
            ["raw_tables/tracks.csv"],
            {"track_id": "track_id", "artist": "artist_name", "duration_min": "track_length", "year": "release_date"},
            set(),
        ),
        (["raw_tables/audio_features.csv"], {"track_id": "uri", "duration_ms": "duration_ms"}, ALL),
        (
            ["raw_tables/tracks.csv", "raw_tables/audio_features.csv"],
            {"title": "track_name", "artist": "artist_name", "genre": "genre", "duration_ms": "duration_ms"},
            ALL,
        ),
        (["raw_tables/data_emo.csv"], {"track_id": "track_id", "artist": "artists", "genre": "track_genre"}, ALL),
        (
            ["spotify_tracks.parquet"],
            {"track_id": "track_id", "title": "track_name", "genre_group": "genre_group", "popularity": "popularity"},
            ALL,
        ),
        (
            ["fma_echonest.parquet"],
            {"track_id": "track_id", "title": "title", "album": "album_name", "duration_s": "duration"},
            ALL - {"loudness", "key", "mode", "time_signature"},
        ),
        (
            ["clips/labelled.csv"],
            {"clip": "clip", "track_id": "spotify_id", "title": "title", "label_source": "label_source"},
            ALL - {"liveness"},
        ),
        (["clips/unlabelled.csv"], {"clip": "clip", "title": "title", "artist": "artist", "genre": "genre"}, set()),
    ],
)
def test_real_tables_are_mapped(real_data, names, fields, features):
    mapping = real_mapping(*[real_data / name for name in names])
    assert fields.items() <= mapping.columns.items()
    assert mapping.columns.keys() & FEATURES.keys() == features
    assert mapping.percent == frozenset()
    if "fma" in names[0]:
        assert mapping.layout == "Free Music Archive"
