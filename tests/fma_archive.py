"""A Free Music Archive as published, in small: tables with several header rows, clips in folders of a thousand."""

import zipfile
from pathlib import Path

from tests.providers import mp3

TRACKS = """\
,album,album,artist,set,set,track,track,track,track,track,track,track
,date_released,title,name,split,subset,date_created,duration,genre_top,genres,license,listens,title
track_id,,,,,,,,,,,,
2,2009-01-05 00:00:00,AWOL,AWOL,training,small,2008-11-26 01:48:12,168,Hip-Hop,[21],Attribution,1293,Food
3,,"A way
of life",AWOL,training,medium,2008-11-26 01:48:14,237,,"[21, 4]",Attribution-NonCommercial,514,Electric Ave
5,,AWOL,AWOL,training,small,2008-11-26 01:48:20,206,Rock,[],,1151,This World
10,,Constant,Kurt Vile,training,small,2008-11-25 17:49:06,161,Pop,[10],Attribution,50135,Freeway
20,,Niris,Nicky Cook,training,large,2008-11-26 01:48:56,311,,[],Attribution,361,
"""
GENRES = "genre_id,#tracks,parent,title,top_level\n4,5,0,Jazz,4\n10,9,0,Pop,10\n21,7,0,Hip-Hop,21\n"
ECHONEST = """\
,echonest,echonest,echonest,echonest,echonest,echonest,echonest,echonest,echonest
,audio_features,audio_features,audio_features,audio_features,audio_features,audio_features,audio_features,audio_features,metadata
,acousticness,danceability,energy,instrumentalness,liveness,speechiness,tempo,valence,artist_name
track_id,,,,,,,,,
2,0.41,0.67,0.63,0.01,0.17,0.15,165.9,0.57,AWOL
10,0.95,0.53,1.70,0.00,0.53,0.05,0.0,0.13,Kurt Vile
20,0.95,0.53,0.30,0.00,0.53,0.05,114.2,,Nicky Cook
"""


def metadata(folder: Path, *, zipped: bool = False) -> Path:
    """The tables, in a folder or an archive."""
    tables = {"tracks.csv": TRACKS, "genres.csv": GENRES, "echonest.csv": ECHONEST}
    folder.mkdir(parents=True, exist_ok=True)
    if zipped:
        path = folder / "fma_metadata.zip"
        with zipfile.ZipFile(path, "w") as archive:
            for name, text in tables.items():
                archive.writestr(f"fma_metadata/{name}", text)
        return path
    for name, text in tables.items():
        (folder / name).write_text(text)
    return folder


def audio(folder: Path) -> Path:
    """Clips: two whole, one of a second and a half, one that is none, one without metadata."""
    place = folder / "000"
    place.mkdir(parents=True)
    for number, seconds in ((2, 30.0), (3, 29.0), (5, 1.5), (99, 30.0)):
        (place / f"{number:06d}.mp3").write_bytes(mp3(seconds))
    (place / "000010.mp3").write_bytes(b"<html>")
    return folder
