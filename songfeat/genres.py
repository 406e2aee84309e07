"""From a thousand spellings of genres to fifteen groups that a chart can show."""

import re
from functools import lru_cache

from songfeat.text import normalise

OTHER = "other"

_KEYWORDS: tuple[tuple[str, tuple[str, ...]], ...] = (
    # Order matters: the first group with a matching word wins, so narrow words stand before broad ones.
    ("hip-hop", ("hip hop", "hiphop", "rap", "trap", "drill", "g funk", "grime")),
    ("reggae", ("reggae", "dub", "ragga", "roots reggae")),
    ("metal", ("metal", "heavymetal", "metalcore", "grindcore", "deathcore")),
    ("punk", ("punk", "emo", "ska", "hardcore", "post punk")),
    ("jazz/blues", ("jazz", "blues", "swing", "bebop", "bossa nova", "big band", "hard bop")),
    ("r&b/soul", ("r and b", "r n b", "rnb", "soul", "funk", "disco", "gospel", "motown")),
    ("ambient/new-age", ("ambient", "new age", "study", "sleep", "chill", "lo fi", "lofi")),
    ("classical", ("classical", "opera", "piano", "baroque", "orchestra", "symphony", "chamber")),
    (
        "latin",
        (
            "latin",
            "latino",
            "salsa",
            "tango",
            "samba",
            "forro",
            "sertanejo",
            "pagode",
            "mpb",
            "brazil",
            "spanish",
            "reggaeton",
            "cumbia",
            "bachata",
            "merengue",
            "mambo",
            "ranchera",
            "mariachi",
            "tropical",
        ),
    ),
    (
        "electronic",
        (
            "edm",
            "electronic",
            "electronica",
            "electro",
            "electropop",
            "house",
            "techno",
            "trance",
            "dubstep",
            "dance",
            "drum and bass",
            "breakbeat",
            "idm",
            "club",
            "garage",
            "synthpop",
            "synth pop",
            "synthwave",
            "eurodance",
            "hardstyle",
            "dancehall",
        ),
    ),
    (
        "world",
        (
            "world",
            "world music",
            "international",
            "afro",
            "afrobeat",
            "afrobeats",
            "arab",
            "desi",
            "indian",
            "iranian",
            "malay",
            "turkish",
            "french",
            "german",
            "swedish",
            "cajun",
            "j idol",
        ),
    ),
    ("country/folk", ("country", "folk", "acoustic", "bluegrass", "honky tonk", "singer songwriter", "americana")),
    ("rock/indie", ("rock", "indie", "grunge", "alternative", "guitar", "british", "rockabilly", "rocksteady", "alt")),
    (
        "pop",
        (
            "pop",
            "anime",
            "children",
            "childrens",
            "kids",
            "disney",
            "mandopop",
            "cantopop",
            "britpop",
            "happy",
            "party",
        ),
    ),
)

GENRE_GROUPS = (*sorted(group for group, _ in _KEYWORDS), OTHER)
"""The fifteen groups, by name; ``other`` last."""

_PATTERNS = tuple(
    (group, re.compile(r"\b(?:" + "|".join(re.escape(word) for word in words) + r")\b")) for group, words in _KEYWORDS
)


@lru_cache(maxsize=4096)
def genre_group(genre: str) -> str | None:
    """The group of a raw genre, or None where none is given.

    Of several genres in one cell (``"Pop/Rock; R&B"``) the first that belongs
    to a group decides; one that no word matches is ``"other"``.
    """
    parts = [normalise(part) for part in re.split(r"[;,/|]", genre) if part.strip() not in ("", "set()")]
    if not parts:
        return None
    for part in parts:
        for group, pattern in _PATTERNS:
            if pattern.search(part):
                return group
    return OTHER
