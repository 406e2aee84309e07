"""Invented artists and titles: deliberately odd pairs of words, so that nobody takes them for real ones."""

SONGS_PER_BLOCK = 30
"""Songs of a genre before its line-up of artists changes."""

ARTISTS_PER_BLOCK = 7
"""Artists of a genre who take turns within a block, so that each has four or five songs."""

_ADJECTIVES = (
    "Absent-minded", "Apricot", "Backwards", "Balding", "Buttered", "Cardboard", "Clockwork", "Corduroy", "Crumpled",
    "Damp", "Edible", "Forgetful", "Frugal", "Gherkin", "Hesitant", "Inflatable", "Itchy", "Knitted", "Laminated",
    "Lopsided", "Marmalade", "Misfiled", "Nutmeg", "Overdue", "Part-time", "Pickled", "Polite", "Porcelain",
    "Reluctant", "Rhubarb", "Second-hand", "Sleepwalking", "Suburban", "Talkative", "Tepid", "Turnip", "Unpaid",
    "Waterproof", "Wobbling", "Zigzag",
)  # fmt: skip
_NOUNS = (
    "Abacus", "Accordion", "Badger", "Barometer", "Bathtub", "Biscuit", "Bollard", "Cabbage", "Casserole", "Colander",
    "Doorbell", "Dustpan", "Elevator", "Escalator", "Ferret", "Flowerpot", "Gondola", "Haddock", "Hatstand",
    "Ironing Board", "Kettle", "Lampshade", "Lighthouse", "Mackerel", "Microscope", "Notebook", "Ottoman", "Parsnip",
    "Pelican", "Postcard", "Radiator", "Sandwich", "Stapler", "Teapot", "Thermostat", "Trombone", "Umbrella",
    "Walrus", "Wheelbarrow", "Wristwatch",
)  # fmt: skip
_TITLES = (
    "{adjective} {noun}", "My {adjective} {noun}", "{adjective} {noun} Blues", "Ode to a {adjective} {noun}",
    "{adjective} {noun}, Again", "No More {adjective} {noun}",
)  # fmt: skip
_ARTISTS = {
    "pop": "The {adjective} {noun} Club",
    "rock": "{adjective} {noun} Riot",
    "hip-hop": "MC {adjective} {noun}",
    "classical": "{adjective} {noun} Chamber Players",
    "jazz": "{adjective} {noun} Quartet",
    "country": "The {adjective} {noun} Ramblers",
    "electronic": "DJ {adjective} {noun}",
    "reggae": "{adjective} {noun} Sound System",
}

GENRES = tuple(_ARTISTS)
"""The report's eight genres, as raw genre names; song `number` has genre ``GENRES[number % 8]``."""

_PAIRS = len(_ADJECTIVES) * len(_NOUNS)
# Steps without a factor in common with the number of pairs: every pair comes up once before any comes again.
_TITLE_STEP = 617
_ARTIST_STEP = 1019


def _pair(index: int) -> dict[str, str]:
    row, column = divmod(index % _PAIRS, len(_NOUNS))
    return {"adjective": _ADJECTIVES[row], "noun": _NOUNS[column]}


def genre_of(number: int) -> str:
    """The raw genre of a song."""
    return GENRES[number % len(GENRES)]


def artist_index(number: int) -> int:
    """Which artist a song belongs to; an artist has one genre, ``GENRES[artist_index % 8]``."""
    turn, genre = divmod(number, len(GENRES))
    block, place = divmod(turn, SONGS_PER_BLOCK)
    return (block * ARTISTS_PER_BLOCK + place % ARTISTS_PER_BLOCK) * len(GENRES) + genre


def artist_name(number: int, *, seed: int) -> str:
    """The invented artist of a song; no two of the first 1,600 artists share a name."""
    return _ARTISTS[genre_of(number)].format(**_pair((artist_index(number) + 100) * _ARTIST_STEP + seed * 7))


def title(number: int, *, seed: int) -> str:
    """The invented title of a song; no title comes twice within 1,600 songs."""
    return _TITLES[number % len(_TITLES)].format(**_pair(number * _TITLE_STEP + seed * 11))
