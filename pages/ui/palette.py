"""The colours of charts, one set for the light and one for the dark theme.

The targets' colours are those of Okabe and Ito (2008), which people with any
kind of colour vision tell apart. Genres have no colours: they get positions.
"""

from dataclasses import dataclass, field

from songfeat.labels import ALL_TARGETS

_OKABE_ITO = ("#E69F00", "#D55E00", "#56B4E9", "#009E73", "#0072B2", "#CC79A7")

RUN_SHAPES = ("circle", "square", "triangle-up")
"""The marks of the first, second and third run, as Altair and Plotly both call them."""

REFERENCE_SHAPE = "diamond"
REPORT_SHAPE = "cross"


@dataclass(frozen=True, kw_only=True)
class Palette:
    """What each colour is for; hexadecimal.

    Attributes
    ----------
    muted : str
        Whatever stands in the background of a chart but must be seen.
    runs : tuple of str
        The first, second and third run.
    magnitude : tuple of str
        Little, middle, much.
    difference : tuple of str
        Below zero, zero, above zero.
    targets : dict of str to str
    """

    accent: str
    background: str
    raised: str
    ink: str
    border: str
    muted: str
    runs: tuple[str, str, str]
    magnitude: tuple[str, str, str]
    difference: tuple[str, str, str]
    targets: dict[str, str] = field(default_factory=lambda: dict(zip(ALL_TARGETS, _OKABE_ITO, strict=True)))


LIGHT = Palette(
    accent="#5B3FD6",
    background="#FFFFFF",
    raised="#F5F6FA",
    ink="#141821",
    border="#D9DCE3",
    muted="#8A90A0",
    runs=("#5B3FD6", "#E69F00", "#009E73"),
    magnitude=("#F3F0FF", "#A993FF", "#3B1FA8"),
    difference=("#0072B2", "#FFFFFF", "#D55E00"),
)

DARK = Palette(
    accent="#A993FF",
    background="#12141A",
    raised="#1B1E27",
    ink="#E8EAF0",
    border="#343946",
    muted="#7C8394",
    runs=("#A993FF", "#E69F00", "#009E73"),
    magnitude=("#3B1FA8", "#A993FF", "#F3F0FF"),
    difference=("#0072B2", "#12141A", "#D55E00"),
)


def palette_for(theme: str | None) -> Palette:
    """The colours for a theme as Streamlit names it: ``"dark"``, else light."""
    return DARK if theme == "dark" else LIGHT
