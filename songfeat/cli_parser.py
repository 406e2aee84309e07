"""What the command line takes: its commands and their options."""

import argparse
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from songfeat import __version__
from songfeat.labels import ALL_TARGETS

GROUPINGS = {"genre": "genre", "decade": "decade", "source": "label_source"}
"""By what scores are told apart on the command line, and how the catalogue calls it."""


def build_parser(sources: Iterable[Any]) -> argparse.ArgumentParser:
    """The parser of every command, whose name it leaves in ``command``.

    `sources` are those that can be collected from, each with its name, title, rights, links and options.
    """
    common = argparse.ArgumentParser(add_help=False)
    common.add_argument("--workspace", metavar="DIR", default=argparse.SUPPRESS, help="default: workspace/")
    common.add_argument("--json", action="store_true", default=argparse.SUPPRESS, help="print one JSON document")
    parser = argparse.ArgumentParser(prog="songfeat", description="Spotify's audio features from sound and numbers.")
    parser.add_argument("--version", action="version", version=f"songfeat {__version__}")
    parser.add_argument("--workspace", metavar="DIR", default=None, help="default: $SONGFEAT_WORKSPACE or workspace/")
    parser.add_argument("--json", action="store_true", default=False, help="print one JSON document")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    def add(name: str, help_text: str, *shared: argparse.ArgumentParser) -> argparse.ArgumentParser:
        one = commands.add_parser(name, help=help_text, parents=[common, *shared])
        one.set_defaults(command=name)
        return one

    machines = argparse.ArgumentParser(add_help=False)
    machines.add_argument("--dask", metavar="ADDRESS", help="work on a Dask cluster that you trust: tcp://HOST:PORT")

    demo = add("demo", "build the synthesised demo library in an empty workspace")
    demo.add_argument("--songs", type=_positive, default=240)

    table = add("import", "bring in tables of songs and reference values")
    table.add_argument("files", nargs="+", metavar="FILE")
    table.add_argument("--source", metavar="NAME", help="whose values these are; default: table:<file name>")
    table.add_argument("--map", action="append", default=[], metavar="FIELD=COLUMN", type=_pair)
    table.add_argument("--dry-run", action="store_true", help="say what would happen, change nothing")

    scan = add("scan", "bring in a folder of audio files, or what lies below a URL", machines)
    scan.add_argument("folder", metavar="FOLDER|URL")
    scan.add_argument("--labels", metavar="FILE", help="a table of reference values by file name")
    scan.add_argument("--source", metavar="NAME", help="whose values the labels are")
    scan.add_argument("--map", action="append", default=[], metavar="FIELD=COLUMN", type=_pair)

    extract = add("extract", "compute arrays for all clips that lack them", machines)
    extract.add_argument("--spec", default="report")
    extract.add_argument("--jobs", type=_positive, metavar="N", help="processes; default: one a core")

    _add_sources(add("collect", "collect songs, values or sound from a source"), sources, common)
    add("sources", "list the sources, what they give, need and allow")
    add("sign-in", "sign in to Spotify, for playlists and the library")

    add("models", "list the models that can be trained")

    training = argparse.ArgumentParser(add_help=False)
    training.add_argument("model")
    targets = f"{', '.join(ALL_TARGETS)}; default: what the model is for"
    training.add_argument("--targets", nargs="+", metavar="NAME", help=targets)
    source = "whose values to learn, of several the first that knows a track; default: the one with most tracks"
    training.add_argument("--source", nargs="+", metavar="NAME", help=source)
    training.add_argument("--split", choices=("artist", "random"), help="default: artist")
    training.add_argument("--spec", metavar="NAME", help="which arrays; default: the ones that the model is for")
    training.add_argument("--seed", type=int, help="default: 0")
    training.add_argument("--set", action="append", default=[], metavar="KEY=VALUE", type=_pair)

    train = add("train", "train a model", training)
    train.add_argument("--epochs", type=_positive)
    train.add_argument("--cv", type=_positive, metavar="FOLDS", help="cross-validate: one model a fold, 2 or more")

    sweep = add("sweep", "search for settings of a model by its validation error, and train with the best", training)
    sweep.add_argument("--trials", type=_positive, metavar="N", required=True)

    report = add("report", "train the report's systems where they are not trained, and replay its tables")
    report.add_argument("--source", metavar="NAME", help="whose values to learn; default: the one with most clips")
    report.add_argument("--seed", type=int, default=0, help="default: 0")

    add("runs", "list the finished runs with their scores")
    scores = add("scores", "scores of runs by feature and by genre, decade or source")
    scores.add_argument("runs", nargs="+", metavar="RUN")
    scores.add_argument("--split", choices=("train", "val", "test"))
    scores.add_argument("--genre")
    scores.add_argument("--by", choices=tuple(GROUPINGS), default="genre", help="default: genre")

    compare = add("compare", "compare two runs on the songs that both predicted")
    compare.add_argument("first", metavar="RUN")
    compare.add_argument("second", metavar="RUN")
    compare.add_argument("--split", choices=("train", "val", "test"), default="test", help="default: test")
    compare.add_argument("--genre")

    agreement = add("agreement", "how far two sources of reference values agree")
    agreement.add_argument("first", metavar="SOURCE")
    agreement.add_argument("second", metavar="SOURCE")

    quality = add("quality", "what looks odd in the catalogue, and the songs behind it")
    quality.add_argument("check", nargs="?", metavar="CHECK", help="list the songs of one check")
    quality.add_argument("--measure", action="store_true", help="measure first how loud clips are")
    exclude = add("exclude", "keep songs, or all values of a source, from training; alone: list what is")
    exclude.add_argument("tracks", nargs="*", metavar="TRACK_ID")
    exclude.add_argument("--check", metavar="NAME", help="all songs behind a check")
    exclude.add_argument("--source", metavar="NAME", help="all values of a source")
    exclude.add_argument("--reason", metavar="TEXT", help="kept with it; default: the check's title")
    include = add("include", "take exclusions back")
    include.add_argument("names", nargs="+", metavar="TRACK_ID|SOURCE")

    song = add("song", "find songs; reference and predicted values side by side")
    song.add_argument("query", nargs="+")
    song.add_argument("--limit", type=_positive, default=5)

    pretrain = add("pretrain", "make a model that answers for any audio file, from a folder of clips")
    pretrain.add_argument("folder", help="holds labelled.csv and labelled/, perhaps unlabelled.csv and unlabelled/")
    pretrain.add_argument("--out", metavar="DIR", required=True, help="where the model and its card go")
    pretrain.add_argument("--label-source", metavar="NAME", help="only labels whose label_source begins so")
    pretrain.add_argument("--songs", metavar="FILE", help="Parquet of other songs, for the unlabelled clips' artists")
    pretrain.add_argument("--terms", metavar="TEXT", help="on what terms clips and labels are used, for the card")

    predict = add("predict", "predict for audio files and folders, or for the rows of a table", machines)
    predict.add_argument("files", nargs="*", metavar="AUDIO|FOLDER|URL|TABLE")
    predict.add_argument("--library", action="store_true", help="every song with a clip, kept as a run to compare")
    predict.add_argument("--run", metavar="RUN", help="default: the shipped model; for a table the newest that fits")
    predict.add_argument("--out", metavar="FILE", help="write CSV or Parquet, one row each")

    serve = add("serve", "answer programs that were written for Spotify's audio features")
    serve.add_argument("--host", default="127.0.0.1", help="default: this machine alone")
    serve.add_argument("--port", type=_positive, default=8642)
    serve.add_argument("--token", help="what requests must carry; made up where other machines can ask")

    export = add("export", "write tracks, reference, predictions or scores as CSV or Parquet, or the whole catalogue")
    export.add_argument("what", choices=("tracks", "reference", "predictions", "scores", "provenance", "catalogue"))
    export.add_argument(
        "file", metavar="FILE", help="for catalogue a new folder or URL, where each table is a Parquet file"
    )

    add("jobs", "list long work, newest first")
    cancel = add("cancel", "stop a job")
    cancel.add_argument("job")
    resume = add("resume", "go on with a job that stopped")
    resume.add_argument("job")
    add("doctor", "check versions, decoders, the workspace, and what each source can do")

    backup = add("backup", "copy the whole workspace into one file, while others use it")
    backup.add_argument("file")
    restore = add("restore", "put a backup into an empty workspace")
    restore.add_argument("file")
    restore.add_argument("--replace", action="store_true", help="move what the workspace holds aside")
    rebuild = add("rebuild", "make a lost or damaged catalogue anew from runs and earlier imports")
    rebuild.add_argument("--force", action="store_true", help="also if the catalogue can be read")
    return parser


def _add_sources(collect: argparse.ArgumentParser, sources: Iterable[Any], common: argparse.ArgumentParser) -> None:
    """A command for each source, with the options that it describes itself."""
    kinds: dict[str, dict[str, Any]] = {
        "number": {"type": _positive, "metavar": "N"},
        "words": {"nargs": "+", "metavar": "NAME"},
        "flag": {"action": "store_true"},
        "path": {"metavar": "PATH", "type": lambda text: str(Path(text).resolve())},
    }
    commands = collect.add_subparsers(required=True, metavar="SOURCE", dest="source")
    for source in sources:
        about = f"{source.title}: {source.rights} {' '.join(source.links)}"
        one = commands.add_parser(source.name, help=source.title, description=about, parents=[common])
        for option in source.options:
            one.add_argument(f"--{option.name}", default=argparse.SUPPRESS, help=option.help, **kinds[option.kind])


def _positive(text: str) -> int:
    value = int(text)
    if value < 1:
        raise argparse.ArgumentTypeError(f"{text} is not 1 or more")
    return value


def _pair(text: str) -> tuple[str, str]:
    key, equals, value = text.partition("=")
    if not (key and equals):
        raise argparse.ArgumentTypeError(f"{text!r} is not of the form KEY=VALUE")
    return key, value
