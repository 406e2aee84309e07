"""The figures of the report that Songfeat reproduces, corrected, to stand beside our own.

"Song feature prediction", a Deep Learning course report of spring 2023 (code:
Naaafis/Song_Feature_Pred on GitHub). They were measured on its own 21,325
songs, split at random, not by artist. Two corrections: four of the five columns
of its numeric network stood under other features' names (the variances that its
MSE and R² imply fit the features only in the order given here), and the MSE of
its simple CNN, .001, is a misprint of .0110.
"""

from songfeat.labels import AVERAGE, TARGETS

Figures = dict[str, dict[str, float]]
"""By feature (or the average), by metric; what the report does not say is not there."""

METRICS = ("mse", "mae", "pearson")
"""What its tables give, in their order."""


def _rows(*rows: tuple[float, float, float]) -> Figures:
    """One row a target in their order, the average last."""
    return {name: dict(zip(METRICS, row, strict=True)) for name, row in zip((*TARGETS, AVERAGE), rows, strict=True)}


_FIRST = TARGETS[0]

NUMERIC_MULTI_TASK = _rows(
    (0.017, 0.103, 0.699),
    (0.013, 0.089, 0.900),
    (0.008, 0.053, 0.321),
    (0.045, 0.159, 0.801),
    (0.070, 0.166, 0.644),
    (0.030, 0.114, 0.673),
)
RNN_MULTI_TASK = _rows(
    (0.019, 0.111, 0.615),
    (0.018, 0.107, 0.876),
    (0.007, 0.054, 0.363),
    (0.024, 0.113, 0.901),
    (0.052, 0.141, 0.772),
    (0.024, 0.105, 0.705),
)
COMBINER_A: Figures = {AVERAGE: {"mse": 0.042, "mae": 0.1455}}
COMBINER_B: Figures = {AVERAGE: {"mse": 0.043, "mae": 0.1472}}
COMBINER_C: Figures = {AVERAGE: {"mse": 0.044, "mae": 0.1497}}
COMBINER_D = _rows(
    (0.022, 0.117, 0.549),
    (0.030, 0.134, 0.771),
    (0.008, 0.058, 0.311),
    (0.066, 0.196, 0.694),
    (0.082, 0.200, 0.574),
    (0.042, 0.141, 0.580),
)
CNN_SINGLE: Figures = {_FIRST: {"mse": 0.011, "mae": 0.080, "pearson": 0.811}}
RNN_SINGLE: Figures = {_FIRST: {"mse": 0.010, "mae": 0.079, "pearson": 0.830}}
CNN_DEEP: Figures = {AVERAGE: {"mse": 0.026, "mae": 0.111}}
VALENCE: Figures = {"valence": {"mse": 0.041, "mae": 0.161, "pearson": 0.605}}
YES_OR_NO: Figures = {"danceable": {"accuracy": 0.83}}

_OF_TARGETS = (NUMERIC_MULTI_TASK, RNN_MULTI_TASK, COMBINER_D, CNN_SINGLE, RNN_SINGLE, VALENCE)


def lowest_mae() -> dict[str, float]:
    """The mean absolute error of whichever of its systems is best at a target, target by target."""
    figures = [(name, values["mae"]) for table in _OF_TARGETS for name, values in table.items() if name != AVERAGE]
    return {name: min(mae for other, mae in figures if other == name) for name, _ in figures}
