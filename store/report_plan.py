"""The report's systems as trainings, the baselines beside them, and the experiments that its conclusions hang on."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from songfeat import published as of_report
from songfeat.labels import TARGETS

DANCE = TARGETS[0]


@dataclass(frozen=True, kw_only=True)
class System:
    """One training of the report.

    Attributes
    ----------
    key : str
        Its name among the systems.
    title : str
        For a person.
    model : str
        In the registry.
    targets : tuple of str or None
        None for the model's own.
    spec : str or None
        None for the model's own.
    split : {"artist", "random"}
    settings : mapping of str to str
    parents : mapping of str to str
        The systems that it stands on, by the setting that names their runs.
    published : mapping
        What the report says of it; see :data:`songfeat.published.Figures`.
    """

    key: str
    title: str
    model: str
    targets: tuple[str, ...] | None = None
    spec: str | None = None
    split: str = "artist"
    settings: Mapping[str, str] = field(default_factory=dict)
    parents: Mapping[str, str] = field(default_factory=dict)
    published: of_report.Figures = field(default_factory=dict)


_PARENTS = {"audio_run": "rnn_multi_task", "numeric_run": "numeric_sigmoid"}
_MISTAKES = {"reshaped_frames": "true", "raw_numbers": "true", "frozen": "false", "start_at_mean": "false"}
# The report gives no plateaus and no early stopping for these; a patience as long as the training is none.
_AS_PUBLISHED = {
    "epochs": "20", "learning_rate": "0.1", "loss": "smooth_l1", "balance_targets": "false", "patience": "20",
    "plateau_patience": "20",
}  # fmt: skip
_AS_SINGLE_TASK = {"learning_rate": "0.001", "loss": "mse"}


def _combiner(letter: str, figures: of_report.Figures) -> System:
    return System(
        key=f"combiner_{letter}",
        title=f"Combiner ({letter})",
        model="combiner",
        settings={"variant": letter},
        parents=_PARENTS,
        published=figures,
    )


SYSTEMS: dict[str, System] = {
    system.key: system
    for system in (
        System(key="mean", title="Mean of the training part", model="mean"),
        System(key="ridge_numeric", title="Ridge on numbers", model="ridge_numeric"),
        System(key="hgb_numeric", title="Boosted trees on numbers", model="hgb_numeric"),
        System(key="ridge_stats", title="Ridge on MFCC statistics", model="ridge_stats"),
        System(key="hgb_stats", title="Boosted trees on MFCC statistics", model="hgb_stats"),
        System(key="numeric_relu", title="Multi-task regression, ReLU", model="numeric_mlp_relu"),
        System(key="numeric_deep", title="Multi-task regression, one more layer", model="numeric_mlp_deep"),
        System(
            key="numeric_sigmoid",
            title="Multi-task regression, sigmoid",
            model="numeric_mlp",
            published=of_report.NUMERIC_MULTI_TASK,
        ),
        System(
            key="cnn_single",
            title="Simple 2D CNN",
            model="cnn2d",
            targets=(DANCE,),
            published=of_report.CNN_SINGLE,
        ),
        System(
            key="rnn_single",
            title="Simple 1D RNN",
            model="lstm",
            targets=(DANCE,),
            published=of_report.RNN_SINGLE,
        ),
        System(
            key="rnn_multi_task",
            title="Multi-task 1D RNN",
            model="lstm_multitask",
            published=of_report.RNN_MULTI_TASK,
        ),
        System(
            key="cnn_deep",
            title="Complex CNN, on arrays an eighth as fine",
            model="cnn_deep",
            spec="deep_small",
            # The report's had 6; each takes as long as all epochs of the others.
            settings={"epochs": "12"},
            published=of_report.CNN_DEEP,
        ),
        System(
            key="valence",
            title="Valence from MFCCs",
            model="lstm_multitask",
            targets=("valence",),
            published=of_report.VALENCE,
        ),
        System(
            key="yes_or_no",
            title="Danceable or not, spectrogram CNN",
            model="spectrogram_cnn_binary",
            published=of_report.YES_OR_NO,
        ),
        _combiner("a", of_report.COMBINER_A),
        _combiner("b", of_report.COMBINER_B),
        _combiner("c", of_report.COMBINER_C),
        _combiner("d", of_report.COMBINER_D),
        System(key="ours", title="Our own network", model="attention_cnn"),
        System(
            key="combiner_as_published",
            title="Combiner (d) with the notebook's mistakes",
            model="combiner",
            settings={"variant": "d", **_MISTAKES},
            parents=_PARENTS,
        ),
        System(
            key="rnn_as_published",
            title="Multi-task RNN at the report's learning rate, 0.1",
            model="lstm_multitask",
            settings=_AS_PUBLISHED,
        ),
        System(
            key="rnn_as_single_task",
            title="Multi-task RNN at the single-task learning rate and loss",
            model="lstm_multitask",
            settings=_AS_SINGLE_TASK,
        ),
        System(key="rnn_random", title="Multi-task RNN, random split", model="lstm_multitask", split="random"),
        System(key="numeric_random", title="Multi-task regression, random split", model="numeric_mlp", split="random"),
    )
}
"""Every training, parents before those that stand on them."""

TABLES: dict[str, tuple[str, ...]] = {
    "Table 1. From numbers: multi-task regression": (
        "mean", "ridge_numeric", "hgb_numeric", "numeric_relu", "numeric_deep", "numeric_sigmoid",
    ),
    "Table 2. From sound: single-task, multi-task and deep networks": (
        "mean", "ridge_stats", "hgb_stats", "cnn_single", "rnn_single", "rnn_multi_task", "cnn_deep", "valence",
        "yes_or_no",
    ),
    "Table 3. From both: the linear combiner": (
        "rnn_multi_task", "numeric_sigmoid", "combiner_a", "combiner_b", "combiner_c", "combiner_d",
    ),
    "Table 4. Everything side by side": (
        "mean", "ridge_numeric", "hgb_numeric", "ridge_stats", "hgb_stats", "numeric_sigmoid", "rnn_multi_task",
        "cnn_deep", "combiner_d", "ours",
    ),
}  # fmt: skip
"""Which systems stand in each table. The report's own are about the same systems; baselines are ours."""


@dataclass(frozen=True, kw_only=True)
class Experiment:
    """Two trainings that differ in one thing.

    Attributes
    ----------
    question : str
    first, second : str
        Keys of systems.
    paired : bool
        Whether they are compared on the same test songs; a random and an artist split have others.
    """

    question: str
    first: str
    second: str
    paired: bool = True


EXPERIMENTS = (
    Experiment(
        question="Does the combiner suffer from the notebook's mistakes?",
        first="combiner_d",
        second="combiner_as_published",
    ),
    Experiment(
        question="Does multi-task suffer from the report's learning rate and loss?",
        first="rnn_as_single_task",
        second="rnn_as_published",
    ),
    Experiment(
        question="Does a random split flatter the network of sound?", first="rnn_random", second="rnn_multi_task",
        paired=False,
    ),
    Experiment(
        question="Does a random split flatter the network of numbers?", first="numeric_random",
        second="numeric_sigmoid", paired=False,
    ),
)  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Claim:
    """Something that the report says: that one system has a larger error than each of others.

    Attributes
    ----------
    sentence : str
    worse : str
        Key of a system.
    better : tuple of str
        Keys of systems.
    feature : str or None
        Whose error; None for the average over the targets.
    """

    sentence: str
    worse: str
    better: tuple[str, ...]
    feature: str | None = None


CLAIMS = (
    Claim(
        sentence="Combining hurts: the combiner is worse than both networks that it joins.",
        worse="combiner_d",
        better=("rnn_multi_task", "numeric_sigmoid"),
    ),
    Claim(
        sentence="Simpler is better: the complex CNN is worse than the LSTM.",
        worse="cnn_deep",
        better=("rnn_multi_task",),
    ),
    Claim(
        sentence="Learning all targets at once makes danceability worse.",
        worse="rnn_as_single_task",
        better=("rnn_single",),
        feature=DANCE,
    ),
    Claim(
        sentence="Of the networks of numbers the one with sigmoids is the best: ReLUs are worse.",
        worse="numeric_relu",
        better=("numeric_sigmoid",),
    ),
    Claim(
        sentence="Of the combiners (d) is the best: joining the finished answers, (c), is worse.",
        worse="combiner_c",
        better=("combiner_d",),
    ),
    Claim(
        sentence="Sound says more than numbers: multi-task regression is worse than the multi-task LSTM.",
        worse="numeric_sigmoid",
        better=("rnn_multi_task",),
    ),
)
