"""Simulated spirals and waves of healthy people and of people with tremor, drawer by drawer."""

from __future__ import annotations

from numbers import Integral

import numpy as np
import pandas as pd
from sklearn.utils import Bunch, check_random_state
from sklearn.utils._param_validation import Interval, StrOptions, validate_params

from ._drawing_model import draw_path, draw_style, draw_tremor_course, scan_drawing

__all__ = ["make_spiral_drawings"]

_CLASSES = ("healthy", "parkinson")

#: Step of the sequence that spreads the drawers of a class evenly over its amplitudes of tremor.
_GOLDEN = (np.sqrt(5) - 1) / 2

_CARD = """\
Simulated spiral and wave drawings
==================================
THESE DRAWINGS ARE SIMULATED. No person drew them; scores reached on them say nothing about patients.

Who         {n_drawers} simulated drawers ("healthy V01", "parkinson V01", ...), {n_drawings} {kind}s
Device      a pen on paper, scanned and cut out, {height} x {width} pixels
Units       uint8, 0 to 255, RGB
Target      "healthy" or "parkinson"
Groups      drawer
Model       an Archimedean spiral or a wave as the drawer's hand would lead it, and tremor along it: wandering
            frequency, bursts, a main direction and irregular jerks. The amplitude is log-normal in each class, with a
            median of 0.4 % of the drawing's width among the healthy and 1 % with Parkinson's disease, and the classes
            overlap
Drawers     differ in size and tightness, tilt, lobes, speed, pen and ink; one style in all of a drawer's sheets
Scans       one in four (split "testing") plain and bright, the others ("training") grey, grainy, of raised contrast, in
            equal shares of both classes, as in the published data set
Limits      invented distributions; no hesitation, no pen lifts, no micrographia, no age; left-handed means mirrored
Licence     none needed: the pixels are made by skpd (BSD-3-Clause)
Reference   Zham P. et al., Frontiers in Neurology 8 (2017) 435, for the drawings that these are like
"""


@validate_params(
    {
        "n_drawers": [Interval(Integral, 2, None, closed="left")],
        "drawings_per_drawer": [Interval(Integral, 1, None, closed="left")],
        "kind": [StrOptions({"spiral", "wave"})],
        "image_size": [tuple, list],
        "random_state": ["random_state"],
        "return_X_y": ["boolean"],
    },
    prefer_skip_nested_validation=True,
)
def make_spiral_drawings(
    n_drawers: int = 28,
    *,
    drawings_per_drawer: int = 4,
    kind: str = "spiral",
    image_size: tuple[int, int] = (100, 100),
    random_state: int | np.random.RandomState | None = None,
    return_X_y: bool = False,
) -> Bunch | tuple[np.ndarray, np.ndarray]:
    """Simulate scanned spirals or waves by people with and without Parkinson's disease.

    Parameters
    ----------
    n_drawers : int, default=28
        Number of people, healthy and with Parkinson's disease in turn.
    drawings_per_drawer : int, default=4
        Drawings by each. The first, fifth, ... are plain scans, the others grainy.
    kind : {"spiral", "wave"}, default="spiral"
        Which drawings.
    image_size : (height, width), default=(100, 100)
        In pixels, each from 16 to 2000. The drawing is stretched to it.
    random_state : int, RandomState instance or None, default=None
        Seed. Drawer k is the same whatever `n_drawers` is, and so is their drawing j whatever `drawings_per_drawer`
        is.
    return_X_y : bool, default=False
        Return ``(data, target)`` instead of a Bunch.

    Returns
    -------
    data : :class:`~sklearn.utils.Bunch`
        With the entries

        data : ndarray of shape (n, height, width, 3), uint8
            RGB.
        target : ndarray of shape (n,), str
            "healthy" or "parkinson".
        target_names : list of str
            ``["healthy", "parkinson"]``.
        groups : ndarray of shape (n,), str
            Drawer, such as "healthy V01".
        units : str
            "uint8".
        frame : DataFrame
            One row a drawing: drawing, drawer, number, target, split ("testing": plain scan; "training": grainy), kind,
            and the truth behind it: tremor_percent (peak amplitude in percent of the drawing's width),
            tremor_frequency_hz, duration_s.
        DESCR : str
            The data card.

        With ``return_X_y=True`` the tuple ``(data, target)``.

    Raises
    ------
    ValueError
        If `image_size` is not two numbers of pixels from 16 to 2000.

    See Also
    --------
    load_spiral_drawings : Real ones.
    make_tremor_recordings : Simulated wrist recordings.

    Notes
    -----
    Drawers differ in style, and the classes overlap in tremor, so what is learnt from some drawers holds for others
    only in part, whereas drawings by one hand are easily told apart from those by another: splits by drawing score
    higher than splits by drawer, as they do on real data, and splits after augmentation higher still.

    Within a class the amplitudes are not independent but evenly spread (a golden-ratio sequence through the normal
    quantiles), so that small cohorts hold mild and severe tremor alike.

    Examples
    --------
    >>> from skpd.datasets import make_spiral_drawings
    >>> spirals = make_spiral_drawings(n_drawers=4, drawings_per_drawer=2, random_state=0)
    >>> spirals.data.shape, spirals.data.dtype
    ((8, 100, 100, 3), dtype('uint8'))
    >>> spirals.frame[["drawing", "drawer", "split"]].head(3)
       drawing        drawer     split
    0  V01HE01   healthy V01   testing
    1  V01HE02   healthy V01  training
    2  V01PE01 parkinson V01   testing
    """
    size = _check_size(image_size)
    seed = int(check_random_state(random_state).randint(np.iinfo(np.int32).max))
    start = np.random.default_rng(seed).uniform()
    images, rows = [], []
    for k in range(n_drawers):
        target, person = _CLASSES[k % 2], k // 2
        style = draw_style(_generator(seed, k), target, (start + person * _GOLDEN) % 1.0)
        for j in range(drawings_per_drawer):
            rng = _generator(seed, k, j)
            duration = style["duration_s"] * np.exp(rng.normal(0, 0.1))
            x, y = draw_path(rng, style, kind)
            dx, dy = draw_tremor_course(rng, style, duration)
            plain = j % 4 == 0
            images.append(scan_drawing(rng, x + dx, y + dy, style, "plain" if plain else "grainy", size))
            letters = target[0].upper() + ("E" if kind == "spiral" else "O")
            rows.append(
                {
                    "drawing": f"V{person + 1:02d}{letters}{j + 1:02d}",
                    "drawer": f"{target} V{person + 1:02d}",
                    "number": j + 1,
                    "target": target,
                    "split": "testing" if plain else "training",
                    "kind": kind,
                    "tremor_percent": style["tremor_percent"],
                    "tremor_frequency_hz": style["frequency_hz"],
                    "duration_s": duration,
                }
            )
    data, frame = np.stack(images), pd.DataFrame(rows)
    target_array = frame["target"].to_numpy(dtype=str)
    if return_X_y:
        return data, target_array
    return Bunch(
        data=data,
        target=target_array,
        target_names=list(_CLASSES),
        groups=frame["drawer"].to_numpy(dtype=str),
        units="uint8",
        frame=frame,
        DESCR=_CARD.format(n_drawers=n_drawers, n_drawings=len(frame), kind=kind, height=size[0], width=size[1]),
    )


def _check_size(image_size: tuple[int, int]) -> tuple[int, int]:
    if len(image_size) != 2 or not all(isinstance(n, Integral) and 16 <= n <= 2000 for n in image_size):
        raise ValueError(f"image_size: expected (height, width), each 16 to 2000 pixels, got {image_size!r}.")
    return int(image_size[0]), int(image_size[1])


def _generator(seed: int, *key: int) -> np.random.Generator:
    return np.random.default_rng(np.random.SeedSequence(seed, spawn_key=key))
