"""The pen recordings of the handwriting study, and what their setup gives away about the classes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.stats import mannwhitneyu
from sklearn.metrics import roc_auc_score
from sklearn.utils import Bunch

from ..datasets import load_pahaw, load_uci_spirals, make_pen_trajectories
from ..exceptions import DataFileError
from ..recipes._pen import describe_setup

__all__ = ["HANDWRITING_DATASETS", "PenDataset", "find_confounds", "load_pens"]

#: The label of patients in all these datasets.
PATIENT = "parkinson"

#: A drawing is called stretched where it is this many times as wide as high.
STRETCHED = 1.3

#: A recording is slow where its rate is this much below the highest, as a share: clocks of one device differ less.
_RATE_STEP = 0.05


@dataclass(frozen=True)
class PenDataset:
    """A dataset of pen recordings and its tasks.

    Attributes
    ----------
    load : callable
        Called with the seed; a Bunch with `frame` whose column "task" or "test" names the task.
    spirals, others : tuple of str
        The tasks that are spirals, whose geometry can be measured, and the others. The first spiral is the default.
    """

    load: Callable[[int], Bunch]
    spirals: tuple[str, ...]
    others: tuple[str, ...]

    @property
    def tasks(self) -> tuple[str, ...]:
        """All of them."""
        return self.spirals + self.others


HANDWRITING_DATASETS = {
    "uci": PenDataset(lambda seed: load_uci_spirals(), ("static", "dynamic"), ("circular",)),
    "pahaw": PenDataset(
        lambda seed: load_pahaw(),
        ("spiral",),
        ("l", "le", "les", "lektorka", "porovnat", "nepopadnout", "sentence"),
    ),
    "simulated": PenDataset(
        lambda seed: make_pen_trajectories(tasks=("spiral", "wave"), random_state=seed), ("spiral",), ("wave",)
    ),
}


def load_pens(data: str, task: str, seed: int) -> tuple[Bunch, pd.DataFrame, pd.DataFrame]:
    """Load a dataset and keep the recordings of a task that are one person's alone.

    Parameters
    ----------
    data : str
        A name of `HANDWRITING_DATASETS`.
    task : str
        One of its tasks, or "all".
    seed : int
        Of simulated recordings.

    Returns
    -------
    pens : Bunch
        X, y, groups, index (with recording, task), heights (or None), units, channel_names and DESCR.
    left_out : DataFrame
        The rows of the frame that are found under several names, of the task.
    copies : DataFrame
        Those of all tasks.

    Raises
    ------
    ValueError
        If the data are not there, or nothing is left.
    """
    dataset = HANDWRITING_DATASETS[data]
    try:
        loaded = dataset.load(seed)
    except DataFileError as error:
        raise ValueError(f"{error} Or run it on simulated recordings, data 'simulated'.") from error
    frame = loaded.frame.rename(columns={"test": "task"})
    if "same_as" not in frame:
        frame["same_as"] = ""
    copied = ((frame["same_as"] != "") | frame["recording"].isin(frame["same_as"])).to_numpy()
    wanted = np.ones(len(frame), dtype=bool) if task == "all" else (frame["task"] == task).to_numpy()
    kept = np.flatnonzero(wanted & ~copied)
    if not len(kept):
        raise ValueError(f"task: {data} has no recording of {task!r}.")
    heights = loaded.get("heights")
    pens = Bunch(
        X=loaded.data[kept],
        y=loaded.target[kept],
        groups=loaded.groups[kept],
        index=frame.iloc[kept].reset_index(drop=True),
        heights=None if heights is None else heights[kept],
        DESCR=loaded.DESCR,
        units=loaded.units,
        channel_names=loaded.channel_names,
    )
    return pens, frame[wanted & copied], frame[copied]


def find_confounds(pens: Bunch, copies: pd.DataFrame) -> list[str]:
    """Say in words what tells the classes apart without a look at the movement.

    Parameters
    ----------
    pens : Bunch
        As `load_pens` returns it.
    copies : DataFrame
        Recordings that are found under several names.

    Returns
    -------
    lines : list of str
        One a finding; empty where there is none.
    """
    found = []
    sick = np.asarray(pens.y) == PATIENT
    rate, log_ratio = describe_setup(pens.X).T
    slow = rate < np.nanmax(rate) * (1 - _RATE_STEP)
    if _tells(sick, slow):
        first, second = np.median(rate[slow]), np.median(rate[~slow])
        found.append(
            f"of {slow.sum()} recordings at {first:.0f} points/s {sick[slow].sum()} are patients', of {(~slow).sum()} "
            f"at {second:.0f} {sick[~slow].sum()}: the rate alone has an AUC of {_area(sick, slow):.2f}"
        )
    ratio = np.exp(np.nan_to_num(log_ratio))
    stretched = ratio > STRETCHED
    if stretched.any() and _tells(sick, ratio):
        found.append(
            f"{stretched.sum()} drawings are more than {STRETCHED} times as wide as high, {sick[stretched].sum()} of "
            f"them patients': width/height alone has an AUC of {_area(sick, ratio):.2f}. Images and lengths along "
            "x show it"
        )
    if pens.heights is not None:
        flat = np.array([not np.any(height) for height in pens.heights])
        if flat.any() and not flat.all():
            found.append(
                f"the pen's height is 0 throughout in {flat.sum()} recordings, {sick[flat].sum()} of them patients', "
                "and never in the others; no recipe sees it"
            )
    for _, same in copies.groupby(copies["same_as"].where(copies["same_as"] != "", copies["recording"])):
        who = ", ".join(f"{n} {label}" for label, n in same["target"].value_counts().items())
        found.append(f"one {same['task'].iloc[0]} recording stands under {len(same)} names ({who}), and is left out")
    return found


def _tells(sick: np.ndarray, score: np.ndarray) -> bool:
    """Whether patients and controls differ by more than chance does, at 5 %."""
    if sick.all() or not sick.any() or np.ptp(score.astype(float)) == 0:
        return False
    return bool(mannwhitneyu(score[sick].astype(float), score[~sick].astype(float)).pvalue < 0.05)


def _area(sick: np.ndarray, score: np.ndarray) -> float:
    area = roc_auc_score(sick, score) if 0 < sick.sum() < len(sick) else np.nan
    return max(area, 1 - area)
