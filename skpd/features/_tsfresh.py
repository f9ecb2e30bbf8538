"""Any features of tsfresh, as a transformer of windows."""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, ClassVar

import numpy as np
from sklearn.utils._param_validation import StrOptions

from ._windows import WindowFeatures

__all__ = ["TsfreshFeatures"]


class TsfreshFeatures(WindowFeatures):
    """Describe each window by features of tsfresh.

    tsfresh's calculators are called window by window, without its long data frames and its pool of processes; the
    values are those of ``tsfresh.extract_features``.

    Parameters
    ----------
    settings : {"minimal", "efficient", "comprehensive"} or dict, default="efficient"
        A set of tsfresh's, or a dictionary in the form of tsfresh's ``default_fc_parameters``: from the name of a
        calculator to a list of its parameters, each a dictionary, or to None where it has none.
    channel_names : sequence of str, default=None
        One name a channel, for the names of the columns. By default "ch0", "ch1", ...
    undefined : "nan" or float, default="nan"
        What stands for a feature that is undefined: for which tsfresh gives nan or infinity.
    pool : sequence of str, default=None
        Only for recordings cut into windows, 4-D input: the statistics over the windows of a recording that make one
        row of it, ignoring undefined values. "mean", "std", "min", "max", "median" and percentiles such as "p90".
    n_jobs : int, default=None
        Processes, by joblib: tsfresh's calculators hold the interpreter's lock.
    non_finite : {"raise", "nan"}, default="raise"
        Whether nan or infinite samples are an error or make a row of nan of their window.

    Attributes
    ----------
    n_features_in_ : int
        Number of timesteps of a window.
    n_channels_ : int
        Number of channels.
    channel_names_ : tuple of str
        The names of the channels.
    feature_names_ : tuple of str
        The names of the features of one channel, as tsfresh's: the calculator and its parameters.
    feature_names_in_ : ndarray of str
        The columns, where the windows were a data frame.

    See Also
    --------
    TremorFeatures : The 34 published features, about three orders of magnitude faster.

    Notes
    -----
    Calculators that need timestamps (`linear_trend_timewise`) are left out of the named sets, as tsfresh does for data
    without them, and are an error in a dictionary.

    Which features there are is found by computing those of the first window in `fit`. A calculator that fails on
    windows so short raises its error.

    References
    ----------
    .. [1] Christ, M., Braun, N., Neuffer, J. and Kempa-Liehr, A. W. (2018). "Time Series FeatuRe Extraction on basis of
       Scalable Hypothesis tests (tsfresh - A Python package)", Neurocomputing 307, 72-77.

    Examples
    --------
    >>> import numpy as np
    >>> from skpd.features import TsfreshFeatures
    >>> X = np.random.default_rng(0).normal(size=(5, 100, 2))
    >>> settings = {"abs_energy": None, "autocorrelation": [{"lag": 1}, {"lag": 2}]}
    >>> tsfresh = TsfreshFeatures(settings, channel_names=["x", "y"]).set_output(transform="pandas")
    >>> tsfresh.fit_transform(X).columns.tolist()
    ['x__abs_energy', 'x__autocorrelation__lag_1', 'x__autocorrelation__lag_2',
     'y__abs_energy', 'y__autocorrelation__lag_1', 'y__autocorrelation__lag_2']
    """

    _parameter_constraints: ClassVar[dict] = {
        **WindowFeatures._parameter_constraints,
        "settings": [StrOptions({"minimal", "efficient", "comprehensive"}), Mapping],
    }

    _prefer = "processes"
    _task_windows = 64

    def __init__(
        self,
        settings: str | Mapping[str, Sequence[Mapping[str, Any]] | None] = "efficient",
        *,
        channel_names: Sequence[str] | None = None,
        undefined: str | float = "nan",
        pool: Sequence[str] | None = None,
        n_jobs: int | None = None,
        non_finite: str = "raise",
    ) -> None:
        self.settings = settings
        self.channel_names = channel_names
        self.undefined = undefined
        self.pool = pool
        self.n_jobs = n_jobs
        self.non_finite = non_finite

    def _prepare(self, windows: np.ndarray) -> Sequence[str]:
        self._calculators = _read_settings(self.settings)
        finite = np.flatnonzero(np.isfinite(windows).all(axis=(1, 2)))
        if not len(finite):
            raise ValueError("TsfreshFeatures expected at least one window without nan or infinity in fit, got none.")
        return [name for name, _ in _calculate(windows[finite[0], :, 0], self._calculators)]

    def _compute(self, windows: np.ndarray, channel: int) -> np.ndarray:
        table = np.full((len(windows), len(self.feature_names_)), np.nan)
        for row, window in zip(table, windows, strict=True):
            values = dict(_calculate(window, self._calculators))
            row[:] = [values[name] for name in self.feature_names_]
        table[~np.isfinite(table)] = np.nan
        return table


def _read_settings(settings: str | Mapping) -> dict[str, list[dict] | None]:
    """Return the parameters of each calculator, refusing what tsfresh does not have or cannot compute of windows."""
    from tsfresh.feature_extraction import feature_calculators
    from tsfresh.feature_extraction import settings as presets

    sets = {
        "minimal": presets.MinimalFCParameters,
        "efficient": presets.EfficientFCParameters,
        "comprehensive": presets.ComprehensiveFCParameters,
    }
    named = isinstance(settings, str)
    wanted = sets[settings]() if isinstance(settings, str) else settings
    calculators = {}
    for name, parameters in wanted.items():
        calculator = getattr(feature_calculators, str(name), None)
        if not hasattr(calculator, "fctype"):
            raise ValueError(f"settings: expected names of tsfresh's feature calculators, got {name!r}.")
        if getattr(calculator, "index_type", None) is None:
            calculators[name] = parameters
        elif not named:
            raise ValueError(f"settings: {name} needs timestamps, which windows do not have: remove it.")
    if not calculators:
        raise ValueError("settings: expected at least one feature calculator, got none.")
    return calculators


def _calculate(window: np.ndarray, calculators: Mapping[str, list[dict] | None]) -> Iterator[tuple[str, float]]:
    """Yield name and value of every feature of one window."""
    import pandas as pd
    from tsfresh.feature_extraction import feature_calculators
    from tsfresh.utilities.string_manipulation import convert_to_output_format

    window = np.ascontiguousarray(window)
    series = pd.Series(window)
    with warnings.catch_warnings():
        # Flat and short windows make many calculators divide by zero; the nan that results is the message.
        warnings.simplefilter("ignore")
        for name, parameters in calculators.items():
            calculator = getattr(feature_calculators, name)
            x = series if getattr(calculator, "input", None) == "pd.Series" else window
            if calculator.fctype == "combiner":
                features = calculator(x, param=parameters)
            elif parameters:
                features = [(convert_to_output_format(kwargs), calculator(x, **kwargs)) for kwargs in parameters]
            else:
                features = [("", calculator(x))]
            for key, value in features:
                yield (f"{name}__{key}" if key else name), value
