"""The signal road for recordings that do not fit into memory."""

from __future__ import annotations

import math
import mmap
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from numbers import Integral
from os import PathLike
from typing import Any

import numpy as np
from joblib import effective_n_jobs
from scipy.signal import sos2zpk
from sklearn.base import clone
from sklearn.pipeline import Pipeline

from ._bands import TremorBandFilter, channel_products, principal_axes, project_on
from ._magnitude import VectorMagnitude

__all__ = ["iter_filtered"]

#: A transient has settled where the slowest pole has decayed to this: below the rounding of float64.
_SETTLED = 1e-17

Read = Callable[[int, int], np.ndarray]


def iter_filtered(
    recording: Any,
    road: TremorBandFilter | Pipeline,
    *,
    chunk_size: int = 2**17,
    overlap: int = 0,
    apply: Callable[[int, np.ndarray], Any] | None = None,
    n_jobs: int | None = None,
) -> Iterator[Any]:
    """Filter one recording of any length chunk by chunk.

    The chunks are those of the recording filtered whole, but for rounding, and the memory needed does not depend on
    its length.

    Parameters
    ----------
    recording : array of shape (n_timesteps,) or (n_timesteps, n_channels), or iterable of such arrays
        One recording: an array or anything else with a `shape` that slices to arrays, such as ``numpy.load(file,
        mmap_mode="r")`` or an HDF5 dataset, or its consecutive pieces, of any lengths. In any unit; NaN marks a gap.
    road : TremorBandFilter or Pipeline
        The filter, or the pipeline of `VectorMagnitude` and it. Fitted or not; it is not changed.
    chunk_size : int, default=131072
        Timesteps a chunk. The last chunk may be shorter.
    overlap : int, default=0
        Timesteps that a chunk repeats of the one before it: with one less than the length of a window, every window
        is whole in some chunk.
    apply : callable or None, default=None
        ``apply(start, filtered)`` is called for every chunk and its result takes the place of the pair.
    n_jobs : int or None, default=None
        Threads that filter chunks and `apply`. None is 1, -1 is one a core. The results do not depend on it.

    Yields
    ------
    start : int
        Position of the chunk's first timestep in the recording.
    filtered : ndarray of shape (chunk_size, n_outputs)
        As `road.transform` returns it.

    Raises
    ------
    ValueError
        If the recording is not of that form, is transposed or holds an infinite value, if the road holds other steps,
        or if ``combine="principal_axis"`` meets pieces that can be read only once.
    TypeError
        If the recording is a path, or neither an array nor an iterable.

    See Also
    --------
    TremorBandFilter : The same in memory, for a batch of recordings.

    Notes
    -----
    Every chunk is filtered together with a halo on both sides (of a causal filter on the left alone) that is cut off
    afterwards. The halo is so long that the slowest pole of the filters has decayed to 1e-17: 1,570 timesteps of the
    published bands at 100 Hz. What happens outside of it, a chunk's border or a movement, reaches the chunk only below
    the rounding of float64. Where a recording is exactly constant for longer than that, both ways return what is left
    of the transient of the last movement, below 1e-17 of it, and there the two differ.

    ``combine="principal_axis"`` needs the power of the whole recording before the first chunk, so it reads twice.

    Pages of a read-only memory map are given back to the system chunk by chunk, so that they do not count as memory in
    use.

    Examples
    --------
    >>> import numpy as np
    >>> from skpd.signal import TremorBandFilter, iter_filtered
    >>> X = np.random.default_rng(0).normal(size=(30_000, 3))
    >>> bands = TremorBandFilter(sampling_rate=100)
    >>> whole = bands.fit_transform(X[None])[0]
    >>> for start, chunk in iter_filtered(X, bands, chunk_size=12_000):
    ...     print(start, chunk.shape, np.allclose(chunk, whole[start : start + len(chunk)], rtol=0, atol=1e-13))
    0 (12000, 9) True
    12000 (12000, 9) True
    24000 (6000, 9) True
    """
    whole = all(isinstance(n, Integral) for n in (overlap, chunk_size))
    if not whole or not 0 <= overlap < chunk_size:
        raise ValueError(
            f"expected whole numbers 0 <= overlap < chunk_size, got overlap={overlap} and chunk_size={chunk_size}."
        )
    _check_form(recording)
    bandpass = _bandpass(road)
    if bandpass.combine and _is_iterator(recording):
        raise ValueError(
            'recording: combine="principal_axis" reads the recording twice, but it is an iterator, which can be read '
            "only once: pass an array, a memory map, a list of pieces or an object whose __iter__ starts anew."
        )
    return _iter_filtered(recording, road, chunk_size, overlap, apply or _pair, effective_n_jobs(n_jobs))


def _check_form(recording: Any) -> None:
    """Refuse at once what is neither an array nor pieces of one, and an array that lies on its side."""
    if isinstance(recording, (str, PathLike)):
        raise TypeError(
            f"recording: expected an array or an iterable of pieces, got the path {str(recording)!r}: open it first, "
            'for example by numpy.load(path, mmap_mode="r").'
        )
    if not hasattr(recording, "shape"):
        if not isinstance(recording, Iterable):
            raise TypeError(
                f"recording: expected an array or an iterable of pieces, got {type(recording).__name__}: pass an "
                "array of shape (n_timesteps, n_channels)."
            )
        return
    _check_shape(recording.shape)
    if len(recording.shape) == 2 and recording.shape[0] < recording.shape[1]:
        raise ValueError(
            "recording: expected shape (n_timesteps, n_channels), got more channels than timesteps, shape "
            f"{tuple(recording.shape)}: it looks transposed, pass recording.T."
        )


def _is_iterator(recording: Any) -> bool:
    """Whether a recording is an iterator, which is used up by reading it."""
    return not hasattr(recording, "shape") and iter(recording) is recording


def _iter_filtered(
    recording: Any,
    road: TremorBandFilter | Pipeline,
    size: int,
    overlap: int,
    apply: Callable[[int, np.ndarray], Any],
    n_threads: int,
) -> Iterator[Any]:
    read = _reader(recording)
    n_channels = read(0, 1).shape[1]
    road = clone(road)
    bandpass = _bandpass(road)
    if bandpass.combine:
        bandpass.set_params(combine=None)
        project = _Projection(n_channels)
        pieces = _iter_filtered(recording, road, size, 0, project.products, n_threads)
        project.axes = principal_axes(sum(pieces))
        yield from _iter_filtered(recording, road, size, overlap, lambda start, x: apply(start, project(x)), n_threads)
        return
    road.fit(np.zeros((1, 1, n_channels)))
    before = max(map(_settling_time, bandpass.sos_))
    after = before if bandpass.zero_phase else 0

    def work(start: int, stop: int, left: int, samples: np.ndarray) -> Any:
        infinite = np.isinf(samples)
        if infinite.any():
            raise ValueError(
                "recording: expected finite samples, or NaN in gaps, found an infinite one at timestep "
                f"{left + int(infinite.any(axis=1).argmax())}: mark what the sensor did not measure by NaN."
            )
        return apply(start, road.transform(samples[None])[0, start - left : stop - left])

    yield from _map_in_order(work, _spans(read, size, overlap, before, after), n_threads)


class _Projection:
    """Joins the channels of every band of a chunk along axes that are found in a first pass."""

    axes: np.ndarray

    def __init__(self, n_channels: int) -> None:
        self.n_channels = n_channels

    def _bands(self, filtered: np.ndarray) -> np.ndarray:
        return filtered.T.reshape(1, self.n_channels, -1, len(filtered))

    def products(self, start: int, filtered: np.ndarray) -> np.ndarray:
        return channel_products(self._bands(filtered))

    def __call__(self, filtered: np.ndarray) -> np.ndarray:
        return project_on(self._bands(filtered), self.axes)[0].T


def _pair(start: int, filtered: np.ndarray) -> tuple[int, np.ndarray]:
    return start, filtered


def _bandpass(road: TremorBandFilter | Pipeline) -> TremorBandFilter:
    """Return the filter of a road, in which everything before it must work sample by sample."""
    *before, last = [step for _, step in road.steps] if isinstance(road, Pipeline) else [road]
    if not isinstance(last, TremorBandFilter) or not all(isinstance(step, VectorMagnitude) for step in before):
        raise ValueError(
            "road: expected a TremorBandFilter, or a pipeline of VectorMagnitude and TremorBandFilter, "
            f"got {road!r}: only of these it is known how far a timestep reaches."
        )
    return last


def _settling_time(sos: np.ndarray) -> int:
    """Timesteps until the slowest pole has decayed."""
    return math.ceil(math.log(_SETTLED) / math.log(np.abs(sos2zpk(sos)[1]).max()))


def _spans(read: Read, size: int, overlap: int, before: int, after: int) -> Iterator[tuple[int, int, int, np.ndarray]]:
    """Yield start, stop, start of the halo and the samples of each chunk with its halo."""
    start = 0
    while True:
        left = max(0, start - before)
        samples = read(left, start + size + after)
        stop = min(start + size, left + len(samples))
        # Nothing new: what is left was part of the chunk before.
        if stop <= start + (overlap if start else 0):
            return
        yield start, stop, left, samples
        start += size - overlap


def _map_in_order(function: Callable[..., Any], tasks: Iterable[tuple], n_threads: int) -> Iterator[Any]:
    """Map on threads; no more tasks are taken than there are threads to keep busy, whoever waits for the results."""
    if n_threads == 1:
        yield from (function(*task) for task in tasks)
        return
    pending: deque[Future] = deque()
    with ThreadPoolExecutor(n_threads) as pool:
        try:
            for task in tasks:
                pending.append(pool.submit(function, *task))
                if len(pending) > 2 * n_threads:
                    yield pending.popleft().result()
            while pending:
                yield pending.popleft().result()
        finally:
            for future in pending:
                future.cancel()


def _reader(recording: Any) -> Read:
    """Return ``read(start, stop)``, which gives (n, n_channels) samples, fewer at the end of the recording."""
    if not hasattr(recording, "shape"):
        return _Pieces(recording).read
    forget = _page_releaser(recording)

    def read(start: int, stop: int) -> np.ndarray:
        samples = np.array(recording[start:stop])
        forget()
        return samples[:, None] if samples.ndim == 1 else samples

    return read


def _check_shape(shape: tuple[int, ...]) -> None:
    if len(shape) not in (1, 2) or 0 in shape:
        raise ValueError(
            "recording: expected one recording of shape (n_timesteps,) or (n_timesteps, n_channels) with at least one "
            f"timestep and channel, got shape {tuple(shape)}."
        )


class _Pieces:
    """Reads an iterable of pieces from left to right as if it were one array."""

    def __init__(self, pieces: Iterable[Any]) -> None:
        self._pieces = iter(pieces)
        #: The pieces still needed, each with the position of its first sample.
        self._kept: deque[tuple[int, np.ndarray]] = deque()
        self._stop = 0

    def read(self, start: int, stop: int) -> np.ndarray:
        """Return a range of samples that starts no earlier than the last one did, and forget what lies before it."""
        while self._stop < stop and (piece := next(self._pieces, None)) is not None:
            if isinstance(piece, (list, tuple)) and np.ndim(piece) < 2:
                # The rows of a recording given as lists would be pieces of one channel.
                raise ValueError(
                    f"recording: expected pieces that are arrays, got a {type(piece).__name__} of numbers: pass a "
                    "recording of lists as np.asarray(recording)."
                )
            self._append(np.asarray(piece))
        if not self._kept:
            raise ValueError("recording: expected at least one piece, got none.")
        while len(self._kept) > 1 and self._kept[1][0] <= start:
            self._kept.popleft()
        return np.concatenate([piece[max(0, start - first) : max(0, stop - first)] for first, piece in self._kept])

    def _append(self, piece: np.ndarray) -> None:
        _check_shape(piece.shape)
        if piece.ndim == 1:
            piece = piece[:, None]
        if self._kept and piece.shape[1] != self._kept[0][1].shape[1]:
            raise ValueError(
                f"recording: expected pieces with one number of channels, got {self._kept[0][1].shape[1]} "
                f"and {piece.shape[1]}."
            )
        self._kept.append((self._stop, piece))
        self._stop += len(piece)


def _page_releaser(recording: Any) -> Callable[[], None]:
    """Return a function that unloads the pages of a read-only memory map; they are read again where needed."""
    base = recording
    while isinstance(base, np.ndarray):
        # A map that is written to, above all a private one (mode "c"), would lose what was written.
        if isinstance(base, np.memmap) and base.mode == "r" and isinstance(base.base, mmap.mmap):
            memory = base.base
            if hasattr(mmap, "MADV_DONTNEED"):
                return lambda: memory.madvise(mmap.MADV_DONTNEED)
        base = base.base
    return lambda: None
