"""The command line: ``songfeat [--workspace DIR] COMMAND``.

Under ``--json`` a command prints one JSON document on standard output and
nothing else there; progress goes to standard error. Exit code 0 means done,
1 an error in words, 2 wrong usage.
"""

import argparse
import json
import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from songfeat import __version__
from songfeat.errors import ConfigError, SongfeatError
from songfeat.labels import ALL_TARGETS

Result = dict[str, Any]

_GROUPINGS = {"genre": "genre", "decade": "decade", "source": "label_source"}
"""By what scores are told apart on the command line, and how the catalogue calls it."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; gives the exit code."""
    options = _parser().parse_args(arguments)
    from store.progress import Cancelled

    try:
        result = _in_words(options)
    except SongfeatError as error:
        if options.json:
            print(json.dumps({"error": {"type": type(error).__name__, "message": str(error)}}, ensure_ascii=False))
        else:
            print(f"songfeat: {error}", file=sys.stderr)
        return 1
    except (Cancelled, KeyboardInterrupt):
        print("songfeat: cancelled; run it again to go on", file=sys.stderr)
        return 130
    if result is None:
        return 0
    if options.json:
        text = json.dumps(result, ensure_ascii=False, indent=1, default=str)
    else:
        from songfeat.cli_text import as_text

        text = as_text(result)
    try:
        print(text, flush=True)
    except BrokenPipeError:
        # Whoever reads (head, say) has seen enough; Python would complain again when it closes standard output.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return 0


def _in_words(options: argparse.Namespace) -> Result | None:
    """Run the command; faults of the machine become errors in words."""
    try:
        result: Result | None = options.command(options)
    except OSError as error:
        from store.faults import in_words

        if words := in_words(error, Path.cwd()):
            raise words from error
        raise
    return result


def _parser() -> argparse.ArgumentParser:
    common = argparse.ArgumentParser(add_help=False)
    common.add_argument("--workspace", metavar="DIR", default=argparse.SUPPRESS, help="default: workspace/")
    common.add_argument("--json", action="store_true", default=argparse.SUPPRESS, help="print one JSON document")
    parser = argparse.ArgumentParser(prog="songfeat", description="Spotify's audio features from sound and numbers.")
    parser.add_argument("--version", action="version", version=f"songfeat {__version__}")
    parser.add_argument("--workspace", metavar="DIR", default=None, help="default: $SONGFEAT_WORKSPACE or workspace/")
    parser.add_argument("--json", action="store_true", default=False, help="print one JSON document")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    def add(
        name: str,
        command: Callable[[argparse.Namespace], Result | None],
        help_text: str,
        *shared: argparse.ArgumentParser,
    ) -> argparse.ArgumentParser:
        one = commands.add_parser(name, help=help_text, parents=[common, *shared])
        one.set_defaults(command=command)
        return one

    demo = add("demo", _demo, "build the synthesised demo library in an empty workspace")
    demo.add_argument("--songs", type=_positive, default=240)

    table = add("import", _import, "bring in tables of songs and reference values")
    table.add_argument("files", nargs="+", metavar="FILE")
    table.add_argument("--source", metavar="NAME", help="whose values these are; default: table:<file name>")
    table.add_argument("--map", action="append", default=[], metavar="FIELD=COLUMN", type=_pair)
    table.add_argument("--dry-run", action="store_true", help="say what would happen, change nothing")

    scan = add("scan", _scan, "bring in a folder of audio files")
    scan.add_argument("folder")
    scan.add_argument("--labels", metavar="FILE", help="a table of reference values by file name")
    scan.add_argument("--source", metavar="NAME", help="whose values the labels are")
    scan.add_argument("--map", action="append", default=[], metavar="FIELD=COLUMN", type=_pair)

    extract = add("extract", _extract, "compute arrays for all clips that lack them")
    extract.add_argument("--spec", default="report")
    extract.add_argument("--jobs", type=_positive, metavar="N", help="processes; default: one a core")

    add("models", _models, "list the models that can be trained")

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

    train = add("train", _train, "train a model", training)
    train.add_argument("--epochs", type=_positive)
    train.add_argument("--cv", type=_positive, metavar="FOLDS", help="cross-validate: one model a fold, 2 or more")

    sweep = add(
        "sweep", _sweep, "search for settings of a model by its validation error, and train with the best", training
    )
    sweep.add_argument("--trials", type=_positive, metavar="N", required=True)

    add("runs", _runs, "list the finished runs with their scores")
    scores = add("scores", _scores, "scores of runs by feature and by genre, decade or source")
    scores.add_argument("runs", nargs="+", metavar="RUN")
    scores.add_argument("--split", choices=("train", "val", "test"))
    scores.add_argument("--genre")
    scores.add_argument("--by", choices=tuple(_GROUPINGS), default="genre", help="default: genre")

    compare = add("compare", _compare, "compare two runs on the songs that both predicted")
    compare.add_argument("first", metavar="RUN")
    compare.add_argument("second", metavar="RUN")
    compare.add_argument("--split", choices=("train", "val", "test"), default="test", help="default: test")
    compare.add_argument("--genre")

    song = add("song", _song, "find songs; reference and predicted values side by side")
    song.add_argument("query", nargs="+")
    song.add_argument("--limit", type=_positive, default=5)

    predict = add("predict", _predict, "predict for audio files, or for the rows of a table")
    predict.add_argument("files", nargs="+", metavar="AUDIO|TABLE")
    predict.add_argument("--run", metavar="RUN", help="default: the newest that fits")
    predict.add_argument("--out", metavar="FILE", help="write CSV or Parquet, one row each")

    export = add("export", _export, "write tracks, reference, predictions or scores as CSV or Parquet")
    export.add_argument("what", choices=("tracks", "reference", "predictions", "scores"))
    export.add_argument("file")

    add("jobs", _jobs, "list long work, newest first")
    cancel = add("cancel", _cancel, "stop a job")
    cancel.add_argument("job")
    resume = add("resume", _resume, "go on with a job that stopped")
    resume.add_argument("job")
    add("doctor", _doctor, "check versions, decoders and the workspace")

    backup = add("backup", _backup, "copy the whole workspace into one file, while others use it")
    backup.add_argument("file")
    restore = add("restore", _restore, "put a backup into an empty workspace")
    restore.add_argument("file")
    restore.add_argument("--replace", action="store_true", help="move what the workspace holds aside")
    rebuild = add("rebuild", _rebuild, "make a lost or damaged catalogue anew from runs and earlier imports")
    rebuild.add_argument("--force", action="store_true", help="also if the catalogue can be read")
    return parser


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


def _unique(pairs: Sequence[tuple[str, str]]) -> dict[str, str]:
    """Pairs as a dict; a key that is given twice is refused, as one of the two would be lost."""
    found: dict[str, str] = {}
    for key, value in pairs:
        if found.setdefault(key, value) != value:
            raise ConfigError(f"{key} is given twice, as {found[key]!r} and as {value!r}.")
    return found


def _work(options: argparse.Namespace, kind: str, params: Result, title: str) -> Result:
    """Do long work in this process, with a bar on standard error."""
    from store.worker import work_here
    from store.workspace import Workspace

    with _Bar(kind) as bar:
        return work_here(Workspace.locate(options.workspace), kind, params, title=title, listener=bar.show)


class _Bar:
    """A progress bar on standard error, started anew for each stage of a job."""

    def __init__(self, kind: str) -> None:
        self.kind = kind
        self.stage: tuple[str, int | None] | None = None
        self.bar: Any = None

    def __enter__(self) -> "_Bar":
        return self

    def __exit__(self, *_: object) -> None:
        self._close()

    def show(self, step: Any) -> None:
        self.tell(step.done, step.total, step.note)

    def tell(self, done: int, total: int | None, note: str) -> None:
        from tqdm import tqdm

        stage = (note, total)
        if stage != self.stage:
            self._close()
            self.stage = stage
            every_s = 0.5 if sys.stderr.isatty() else 10.0
            self.bar = tqdm(total=total, desc=note or self.kind, file=sys.stderr, mininterval=every_s)
        self.bar.update(done - self.bar.n)

    def _close(self) -> None:
        if self.bar is not None:
            self.bar.close()


def _demo(options: argparse.Namespace) -> Result:
    return _work(options, "demo", {"songs": options.songs}, "Demo library")


def _import(options: argparse.Namespace) -> Result:
    files = [str(Path(name).resolve()) for name in options.files]
    params = {"files": files, "source": options.source, "map": _unique(options.map), "dry_run": options.dry_run}
    return _work(options, "import", params, f"Import {Path(files[0]).name}")


def _scan(options: argparse.Namespace) -> Result:
    params = {
        "folder": str(Path(options.folder).resolve()),
        "labels": str(Path(options.labels).resolve()) if options.labels else None,
        "source": options.source,
        "map": _unique(options.map),
    }
    return _work(options, "scan", params, f"Scan {options.folder}")


def _extract(options: argparse.Namespace) -> Result:
    return _work(options, "extract", {"spec": options.spec, "jobs": options.jobs}, f"Extract to {options.spec}")


def _models(_options: argparse.Namespace) -> Result:
    from songfeat.registry import entries

    return {
        "models": [
            {"name": entry.name, "inputs": list(entry.inputs), "description": entry.description} for entry in entries()
        ]
    }


def _training_params(options: argparse.Namespace) -> Result:
    return {
        "model": options.model,
        "targets": options.targets,
        "source": options.source,
        "split": options.split,
        "spec": options.spec,
        "seed": options.seed,
        "settings": _unique(options.set),
    }


def _train(options: argparse.Namespace) -> Result | None:
    params = _training_params(options)
    if options.epochs is not None:
        params["settings"]["epochs"] = str(options.epochs)
    params["cv"] = options.cv
    if int(os.environ.get("WORLD_SIZE", "1")) == 1:
        return _work(options, "train", params, f"Train {options.model}")
    from songfeat import distributed

    with distributed.group():
        if distributed.rank() == 0:
            return _work(options, "train", params, f"Train {options.model}")
        from store.work.train import assist
        from store.workspace import Workspace

        assist(Workspace.locate(options.workspace))
        return None


def _sweep(options: argparse.Namespace) -> Result:
    params = {**_training_params(options), "trials": options.trials}
    return _work(options, "sweep", params, f"Search settings of {options.model}")


def _catalogue(options: argparse.Namespace) -> Any:
    from store.catalogue import Catalogue
    from store.workspace import Workspace

    return Catalogue(Workspace.locate(options.workspace))


def _runs(options: argparse.Namespace) -> Result:
    from store.answers import leaderboard

    return {"runs": leaderboard(_catalogue(options))}


def _scores(options: argparse.Namespace) -> Result:
    from store.answers import scores

    by = _GROUPINGS[options.by]
    return {"scores": scores(_catalogue(options), options.runs, split=options.split, genre=options.genre, by=by)}


def _compare(options: argparse.Namespace) -> Result:
    from store.answers import comparison

    return comparison(_catalogue(options), options.first, options.second, split=options.split, genre=options.genre)


def _song(options: argparse.Namespace) -> Result:
    from store.answers import matches

    return {"matches": matches(_catalogue(options), " ".join(options.query), limit=options.limit)}


def _predict(options: argparse.Namespace) -> Result:
    from store.prediction import predict_files

    out = Path(options.out) if options.out else None
    return predict_files(_catalogue(options), [Path(name) for name in options.files], run_id=options.run, out=out)


def _export(options: argparse.Namespace) -> Result:
    from store.export import export

    return {"rows": export(_catalogue(options), options.what, Path(options.file)), "file": options.file}


def _jobs(options: argparse.Namespace) -> Result:
    from store.answers import job_list
    from store.workspace import Workspace

    return {"jobs": job_list(Workspace.locate(options.workspace))}


def _cancel(options: argparse.Namespace) -> Result:
    from store import jobs
    from store.workspace import Workspace

    jobs.cancel(Workspace.locate(options.workspace), options.job)
    return {"job": options.job, "state": "cancelling"}


def _resume(options: argparse.Namespace) -> Result:
    from store import jobs
    from store.worker import work
    from store.workspace import Workspace

    job = jobs.get(Workspace.locate(options.workspace), options.job)
    jobs.prepare_again(job)
    with _Bar(job.kind) as bar:
        return work(job.folder, bar.show)


def _doctor(options: argparse.Namespace) -> Result:
    from store.doctor import checks
    from store.workspace import Workspace

    return {"checks": checks(Workspace.locate(options.workspace))}


def _backup(options: argparse.Namespace) -> Result:
    from store.backup import backup
    from store.workspace import Workspace

    with _Bar("backup") as bar:
        return backup(Workspace.locate(options.workspace), Path(options.file), bar.tell)


def _restore(options: argparse.Namespace) -> Result:
    from store.backup import restore
    from store.workspace import Workspace

    with _Bar("restore") as bar:
        workspace = Workspace.locate(options.workspace)
        return restore(workspace, Path(options.file), bar.tell, replace=options.replace)


def _rebuild(options: argparse.Namespace) -> Result:
    return _work(options, "rebuild", {"force": options.force}, "Rebuild the catalogue")
