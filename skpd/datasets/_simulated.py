"""Simulated wrist recordings of people with tremor: labelled, imbalanced, and honest about being simulated."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import islice, product
from numbers import Integral, Real

import numpy as np
import pandas as pd
from sklearn.utils import Bunch, check_random_state
from sklearn.utils._param_validation import Interval, validate_params

from ._base import make_bunch
from ._tremor_model import SIDES, TASKS, draw_person, draw_tremor, simulate_recording

__all__ = ["make_tremor_recordings"]

#: Step of the sequence that spreads people evenly over the severities.
_GOLDEN = (np.sqrt(5) - 1) / 2

#: What is true of a recording and goes into the frame.
_TRUTH = ("latent_severity", "displacement_cm", "tremor_frequency_hz", "wrist_acceleration", "constancy")

_CARD = """\
Simulated wrist tremor recordings
=================================
THESE RECORDINGS ARE SIMULATED. No person was measured; scores reached on them say nothing about patients.

Who         {n_subjects} simulated people ("S01", ...), {n_recordings} recordings
Device      triaxial accelerometer at the wrist, {sampling_rate:g} Hz, {duration:g} s, +-8 g, 12 bit, m/s^2
Tasks       rest, postural (arms held out) and kinetic (reaching), left and right wrist
Target      severity 0-4 as a rater with limited reliability would score it; drawn with weights {weights}
Model       gravity in a drifting orientation, voluntary movement below 2 Hz, physiological tremor at 8-12 Hz, and a
            tremor of 3.5-12 Hz with second harmonic, wandering frequency, amplitude modulation and pauses, whose
            displacement follows the MDS-UPDRS thresholds (1, 3 and 10 cm) and whose acceleration is
            a = A / 2 (2 pi f)^2, times the part of it that reaches the wrist (the hand turns about the wrist and
            elbow, so the sensor moves less than the fingertips that the rater watches; median 0.15 here)
People      differ in tremor frequency, attenuation, constancy, style of movement, sensor gain, offset and fit
Limits      invented distributions, no medication state, no dyskinesia, no falls, no non-wear, no missing samples;
            left and right wrist are drawn separately
Licence     none needed: the numbers are made by skpd (BSD-3-Clause)
Reference   Goetz et al., Movement Disorders 23 (2008) 2129, for the scores' definitions
"""


@validate_params(
    {
        "n_subjects": [Interval(Integral, 1, None, closed="left")],
        "recordings_per_subject": [Interval(Integral, 1, None, closed="left")],
        "duration": [Interval(Real, 0, None, closed="neither")],
        "sampling_rate": [Interval(Real, 0, None, closed="neither")],
        "weights": ["array-like"],
        "rater_reliability": [Interval(Real, 0, 1, closed="right")],
        "random_state": ["random_state"],
        "return_X_y": ["boolean"],
    },
    prefer_skip_nested_validation=True,
)
def make_tremor_recordings(
    n_subjects: int = 30,
    *,
    recordings_per_subject: int = 6,
    duration: float = 30.0,
    sampling_rate: float = 50.0,
    weights: Sequence[float] = (0.58, 0.20, 0.12, 0.06, 0.04),
    rater_reliability: float = 0.95,
    random_state: int | np.random.RandomState | None = None,
    return_X_y: bool = False,
) -> Bunch | tuple[np.ndarray, np.ndarray]:
    """Simulate labelled triaxial wrist recordings of people with tremor.

    Parameters
    ----------
    n_subjects : int, default=30
        Number of people.
    recordings_per_subject : int, default=6
        Recordings of each person: rest, postural and kinetic on the left and the right wrist, then the same again
        as the next session.
    duration : float, default=30.0
        Seconds of each recording.
    sampling_rate : float, default=50.0
        Hz. Tremor reaches 12 Hz and its harmonic 24 Hz: components at or above half the rate are left out.
    weights : array-like of shape (5,), default=(0.58, 0.20, 0.12, 0.06, 0.04)
        Expected shares of the severities 0 to 4; they are normalised to sum to 1.
    rater_reliability : float, default=0.95
        Correlation of the severity that the rater perceives with the true one, in (0, 1]. At 1 the label follows
        from the displacement exactly.
    random_state : int, RandomState instance or None, default=None
        Seed. Person k is the same whatever `n_subjects` is, and so is their recording j whatever
        `recordings_per_subject` is.
    return_X_y : bool, default=False
        Return ``(data, target)`` instead of a Bunch.

    Returns
    -------
    data : :class:`~sklearn.utils.Bunch`
        With the entries

        data : ndarray of shape (n_subjects * recordings_per_subject, n_timesteps, 3)
            Acceleration in m/s^2, gravity included.
        target : ndarray of shape (n,), int
            Severity 0 to 4 as rated.
        target_names : list of int
            ``[0, 1, 2, 3, 4]``, also where the draw lacks one of them.
        groups : ndarray of shape (n,), str
            Person: "S01", "S02", ...
        sampling_rate : float
            Hz.
        units : str
            "m/s^2".
        channel_names : list of str
            ``["x", "y", "z"]``.
        frame : DataFrame
            One row a recording: recording, subject, session, task, side, severity, duration_s, n_timesteps, and the
            truth behind the label: latent_severity (its integer part is the true score), displacement_cm
            (peak to peak, at the hand, at the strongest moment), tremor_frequency_hz, wrist_acceleration
            (peak, m/s^2), constancy (share of the time with tremor).
        DESCR : str
            The data card.

        With ``return_X_y=True`` the tuple ``(data, target)``.

    Raises
    ------
    ValueError
        If `weights` are not five finite shares, none negative, or a recording would have no sample.

    See Also
    --------
    load_unm_rest : Real recordings at rest, Parkinson's disease against control.
    load_cloudupdrs : Real recordings with clinical scores, few people.

    Notes
    -----
    The latent severity of a recording is a sum of normal effects of the person (62 % of the variance), the side
    (12 %), the task (16 %) and the occasion (10 %), mapped to the scale 0-5 by the quantiles that `weights` ask for.
    People's own effects are not independent but evenly spread (a golden-ratio sequence through the normal
    quantiles), so that small cohorts hold mild and severe people alike. Severity 4 stays rare: with the default
    arguments it is about 7 of 180 recordings, of about four people (two or more for 197 of the seeds 0 to 199), so
    that subject-wise folds sometimes lack it.

    The displacement is interpolated between the thresholds of MDS-UPDRS items 3.15 to 3.17 [1]_ on a logarithmic
    scale, and larger tremors are slower. A rater watches the fingertips; the sensor on the wrist moves by a fraction
    of that, which differs between people and is not known to any model. Together with pauses, voluntary movement and
    the rater's error this bounds what can be learnt about unseen people, whereas windows of the same recording,
    person or sensor are easily told apart: random splits of windows score higher than subject-wise ones, as they do
    on real data.

    References
    ----------
    .. [1] Goetz C. G. et al., "Movement Disorder Society-sponsored revision of the Unified Parkinson's Disease Rating
       Scale (MDS-UPDRS)", Movement Disorders 23 (2008) 2129-2170.

    Examples
    --------
    >>> from skpd.datasets import make_tremor_recordings
    >>> tremor = make_tremor_recordings(n_subjects=4, duration=10, random_state=0)
    >>> tremor.data.shape, tremor.sampling_rate, tremor.units
    ((24, 500, 3), 50.0, 'm/s^2')
    >>> tremor.frame[["recording", "subject", "task", "side"]].head(3)
              recording subject  task   side
    0     S01_rest_left     S01  rest   left
    ...
    """
    shares = _check_weights(weights)
    n_timesteps = round(duration * sampling_rate)
    if n_timesteps < 1:
        raise ValueError(
            f"expected at least one sample, got duration={duration} s at sampling_rate={sampling_rate} Hz: lengthen it."
        )
    seed = int(check_random_state(random_state).randint(np.iinfo(np.int32).max))
    start = np.random.default_rng(seed).uniform()
    t = np.arange(n_timesteps) / sampling_rate
    edges = np.concatenate([[0.0], np.cumsum(shares)])
    recordings, rows = [], []
    for k in range(n_subjects):
        person = draw_person(np.random.default_rng(_seeds(seed, k)), (start + k * _GOLDEN) % 1.0)
        for j, (session, task, side) in enumerate(islice(_occasions(), recordings_per_subject)):
            rng = np.random.default_rng(_seeds(seed, k, j))
            truth = draw_tremor(rng, person, task, side, edges, rater_reliability)
            recordings.append(simulate_recording(rng, t, sampling_rate, person, task, truth))
            subject = f"S{k + 1:02d}"
            suffix = f"_{session}" if session > 1 else ""
            rows.append(
                {
                    "recording": f"{subject}_{task}_{side}{suffix}",
                    "subject": subject,
                    "session": session,
                    "task": task,
                    "side": side,
                    "severity": truth["severity"],
                    "duration_s": n_timesteps / sampling_rate,
                    "n_timesteps": n_timesteps,
                    **{key: truth[key] for key in _TRUTH},
                }
            )
    frame = pd.DataFrame(rows)
    return make_bunch(
        recordings,
        target=frame["severity"].to_numpy(dtype=np.int64),
        target_names=range(5),
        groups=frame["subject"].to_numpy(dtype=str),
        sampling_rate=sampling_rate,
        units="m/s^2",
        channel_names=("x", "y", "z"),
        frame=frame,
        descr=_CARD.format(
            n_subjects=n_subjects,
            n_recordings=len(frame),
            sampling_rate=sampling_rate,
            duration=n_timesteps / sampling_rate,
            weights=", ".join(f"{share:.3g}" for share in shares),
        ),
        ragged=False,
        return_X_y=return_X_y,
    )


def _check_weights(weights: Sequence[float]) -> np.ndarray:
    shares = np.asarray(weights, dtype=np.float64)
    if shares.shape != (5,) or not np.isfinite(shares).all() or (shares < 0).any() or shares.sum() <= 0:
        raise ValueError(
            f"weights: expected five shares, finite and not negative, one for each severity 0 to 4, got {weights!r}."
        )
    return shares / shares.sum()


def _seeds(seed: int, *key: int) -> np.random.SeedSequence:
    return np.random.SeedSequence(seed, spawn_key=key)


def _occasions():
    """Yield (session, task, side) without end."""
    session = 1
    while True:
        yield from ((session, task, side) for task, side in product(TASKS, SIDES))
        session += 1
