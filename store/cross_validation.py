"""A training for each fold, each with a checkpoint in a folder of its own; together they predict every track once."""

from pathlib import Path

import pandas as pd

from songfeat import checkpoint
from songfeat.predictor import Predictor
from store.progress import Progress
from store.training_folder import Outcome, Training, forget_state, train_in


def train_folds(folder: Path, training: Training, progress: Progress) -> Outcome:
    """Train a model for each column of the layout; a fold that is finished is not trained again.

    Each track that is measured on gets the prediction of the model that was
    tested on it, and the mean of that model's training part beside it; all
    other tracks get the mean of the models' predictions.
    """
    task, right, layout = training.task, training.right, training.layout
    answers, tested, constant, epochs = [], [], [], 0
    for number, (name, parts) in enumerate(layout.items(), start=1):
        own = folder / str(name)
        own.mkdir(exist_ok=True)
        test = parts.index[parts == "test"]
        always = task.constant(right.loc[parts.index[parts == "train"]], test)
        if (own / checkpoint.DESCRIPTION_FILE).exists():
            trained = checkpoint.load(own).trained
        else:
            stage = f"{training.stage}, fold {number} of {layout.shape[1]}"
            trained = train_in(own, training, parts, stage, progress)
        said = Predictor(trained).predict(training.examples)
        if not (own / checkpoint.DESCRIPTION_FILE).exists():
            artists = training.examples.tracks.loc[test, ["artist"]]
            scores = task.evaluate(said.loc[test], always, right.loc[test], tracks=artists)
            split = {**training.split, "fold": number, "folds": layout.shape[1]}
            checkpoint.save(own, trained, split=split, data_digest=training.digest, scores=scores)
        forget_state(own)
        answers.append(said)
        tested.append(said.loc[test])
        constant.append(always)
        epochs += len(trained.history)
    out_of_fold = pd.concat(tested)
    together = sum(answers[1:], start=answers[0]) / len(answers)
    together.loc[out_of_fold.index] = out_of_fold
    return Outcome(
        trained=trained,
        predicted=together,
        constant=pd.concat(constant).loc[layout.index],
        parts=pd.Series("test", index=layout.index, name="part"),
        epochs=epochs,
    )
